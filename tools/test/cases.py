"""The table of target tests: what is run, on what machine, and what must come out.

For: tools/test/qemu, which adds the hostile trees (hostile.py).  Fields: target.py:Case.
Badly: patterns of kernel messages live here, apart from the kernel.
"""

from importlib.util import module_from_spec, spec_from_file_location
from typing import Callable, Iterable, Iterator, List, Optional, Sequence

import boots
import cpus
import debugger
import devices
import disks
import dma
import hostile
import paging
from guest.platform import ROOT, folder, names
from target import Build, Case

OUTSIDE_ALLOCATOR = "modules/axalloc/tests/bytes/bump"
OUTSIDE_PLATFORM = "tools/test/aarch64-versal-virt"
DEFAULT_APPS = ("helloworld", "memtest", "selftest")
HELLO_SIZES = ("5M", "6M", "8M", "16M", "64M", "512M", "1G", "2G", "3G", "4G", "8G")
MEMTEST_MIB = (5, 16, 1024, 8192)
NAMED_FRAME = r"^ +#\d+ 0x[0-9a-f]{16} \w+ \(.*:\d+\)"  # as tools/run names it
COLOR = "\x1b"  # no terminal here
LEVELS = ("error", "warn", "info", "debug", "trace")

TWO_NODES = ("-smp 2 -object memory-backend-ram,id=m0,size=48M -numa node,memdev=m0 "
             "-object memory-backend-ram,id=m1,size=80M -numa node,memdev=m1")

# Further machines, by platform: name, QEMU arguments.
MACHINES = {
    "riscv64-qemu-virt": (
        ("plain rv64gc", "-cpu rv64,sstc=off,zba=off,zbb=off,zbc=off,zbs=off"),
        ("Svpbmt", "-cpu rv64,svpbmt=on"),
        ("Svinval", "-cpu rv64,svinval=on"),
        ("vectors", "-cpu rv64,v=on"),
        ("SiFive U54", "-cpu sifive-u54"),
        ("four CPUs", "-smp 4"),
        ("two memory nodes", TWO_NODES),
        ("AIA", "-machine aia=aplic-imsic"),
    ),
    "aarch64-qemu-virt": (
        ("EL2", "-machine virtualization=on"),
        ("EL2 max", "-machine virtualization=on -cpu max"),
        ("EL2 GICv3", "-machine virtualization=on,gic-version=3"),
        ("GICv2", "-machine gic-version=2"),
        ("GICv3", "-machine gic-version=3"),
        ("GICv3 and four CPUs", "-machine gic-version=3 -smp 4"),
        ("EL2 GICv3 and four CPUs", "-machine virtualization=on,gic-version=3 -smp 4"),
        ("Cortex-A53", "-cpu cortex-a53"),
        ("Cortex-A76", "-cpu cortex-a76"),
        ("max", "-cpu max"),
        ("a secure world", "-machine secure=on"),
        ("high memory off", "-machine highmem=off"),
        ("four CPUs", "-smp 4"),
        ("two memory nodes", TWO_NODES),
    ),
}

# The other interrupt controllers of a platform, on which the console interrupts too.
CONTROLLERS = {"aarch64-qemu-virt": (
    ("GICv3", "-machine gic-version=3 -smp 2"),
    ("GICv3 EL2", "-machine virtualization=on,gic-version=3"))}

# What app `fault` is told to do, what must be said of it, and the status (axhal/power.h).
PANIC, FAULT = 134, 139
FAULTED = r"^axle: fault on CPU 0: "
PANICKED = r"^axle: panic on CPU 0 at "
NULL = "is a null pointer: the first page is never mapped"
FAULTS = (
    ("write-text", FAULT, [FAULTED + ".*, writing", "is the image's text, which is not writable"]),
    ("write-rodata", FAULT, [FAULTED + ".*, writing", "is the image's constants"]),
    ("write-text-alias", FAULT, [FAULTED + ".*, writing", "linear map"]),
    ("null", FAULT, [FAULTED + ".*, reading 0x0{16}", NULL]),
    ("exec-data", FAULT, [FAULTED + ".*, executing", "is the image's data, which is not exec"]),
    ("exec-linear-map", FAULT, [FAULTED + ".*, executing", "linear map"]),
    ("stack-overflow", FAULT, [FAULTED + ".*: stack overflow$", "guard page below the boot stack"]),
    ("mapped-overflow", FAULT, [FAULTED + ".*, writing",
                                "is the guard page above virtually contiguous memory"]),
    ("mapped-use-after-free", FAULT, [FAULTED + ".*, reading",
                                      "in the window of mapped memory, where nothing is mapped$"]),
    ("mapped-stack-overflow", FAULT, [FAULTED + ".*: stack overflow$",
                                      "guard page below the example's stack of CPU 0: 16 KiB at "]),
    ("trap-stack-overflow", FAULT, [FAULTED + ".*: stack overflow$",
                                    "guard page below the trap stack"]),
    ("code-write", FAULT, [FAULTED + ".*, writing", "executable memory, writable only while"]),
    ("code-execute-open", FAULT, [FAULTED + ".*, executing", "executable memory, writable only"]),
    ("ud", FAULT, [FAULTED + ".*(illegal|undefined|unknown)"]),
    ("device-freed-as-stack", PANIC, [PANICKED + ".*axmm_stack_free of 0x[0-9a-f]{16}, where something else is"]),
    ("smash", PANIC, [PANICKED + ".*stack smashed"]),
    ("panic", PANIC, [PANICKED + ".*asked to, with the number 42"]),
)

# What the same app does to the heap, and what a hardened build says of it: then where from.
ADDRESS = "0x[0-9a-f]+"
BY_APP = r"at pc 0x[0-9a-f]{16} \w+ \(apps/fault/heap.c:\d+\)"
ALLOCATED = rf"^  allocated {BY_APP}"
LEAKS = [r"^axle: leaked: 4 blocks, 332 bytes$", rf"^  3 blocks, 300 bytes, allocated {BY_APP}",
         rf"^  1 block, 32 bytes, allocated {BY_APP}", "^  2 pages of kind app$"]
HEAP_FAULTS = (
    ("double-free", rf"axalloc: double free of {ADDRESS} \(size 100, allocated at {ADDRESS}, "
                    rf"freed at {ADDRESS}\)$", [ALLOCATED, rf"^  freed {BY_APP}"]),
    ("interior-free", rf"axalloc: interior free of {ADDRESS}, 16 bytes into the live block "
                      rf"{ADDRESS} \(size 100, allocated at {ADDRESS}\)$", [ALLOCATED]),
    ("misaligned-free", rf"axalloc: misaligned free of {ADDRESS}, 3 bytes into the live block "
                        rf"{ADDRESS} \(size 100, allocated at {ADDRESS}\)$", [ALLOCATED]),
    ("foreign-free", rf"axalloc: foreign free of {ADDRESS} \(outside of this allocator's memory\)$",
     [rf"^  now {BY_APP}"]),
    ("wrong-size-free", rf"axalloc: wrong-size free of {ADDRESS} \(size 100, allocated at "
                        rf"{ADDRESS}, freed as size 104\)$", [ALLOCATED, rf"^  now {BY_APP}"]),
    ("overflow", rf"axalloc: overflow of {ADDRESS} \(size 100, allocated at {ADDRESS}\), found by "
                 "free$", [ALLOCATED, rf"^  found {BY_APP}"]),
    ("write-after-free", rf"axalloc: write after free of {ADDRESS}, at byte 8 \(size 100, allocated "
                         rf"at {ADDRESS}, freed at {ADDRESS}\)$", [ALLOCATED, rf"^  freed {BY_APP}"]),
)
PAGE_OVERFLOW = [FAULTED + ".*, writing", rf"is the unmapped page behind a block of axalloc: "
                 rf"{ADDRESS} \(size 4096, allocated at {ADDRESS}\)$", ALLOCATED]


def allocators() -> List[str]:
    folders = ROOT.glob("modules/axalloc/bytes/*/Kconfig")
    return sorted(f.parent.name for f in folders)


def page_allocators() -> List[str]:
    folders = ROOT.glob("modules/axalloc/pages/*/Kconfig")
    return sorted(f.parent.name for f in folders)


def apps_cases(platform: str) -> Iterator[Case]:
    """Every app on every allocator, the default ones by no name."""
    choices = [("", "")] + [(a, "") for a in allocators()] + [("", p) for p in page_allocators()]
    for alloc, pages in choices:
        for app in DEFAULT_APPS:
            name = " ".join(filter(None, [platform, app, alloc, pages]))
            # list frees in time that grows with its free blocks: 50,000 keys would take half a minute
            few = hostile.SMALL_MEMTEST if (app, alloc) == ("memtest", "list") else ""
            yield Case(name, Build(platform, app, alloc, pages), args=few)
    for app in ("helloworld", "selftest"):
        name = f"{platform} {app} with an allocator from outside"
        yield Case(name, Build(platform, app, OUTSIDE_ALLOCATOR))
    yield Case(f"{platform} ownpages, its page allocator its own", Build(platform, "ownpages"))


def ptdump_cases(platform: str) -> Iterator[Case]:
    """The picture of the address space, at boot and with one of each kind; boot's check of it."""
    app = Build(platform, "ptdump")
    yield Case(f"{platform} ptdump", app)
    yield Case(f"{platform} ptdump all", app, args="all",
               lines=[r"  r-x---g +4  mapped: code$", r" 4096 .*  rw----g +2048  mapped: virtually",
                      r"  rw----g +4  mapped: example's stack of CPU 0$", "^axmm_check: sound$"])
    yield Case(f"{platform} ptdump debug", Build(platform, "ptdump", features="debug"), args="all")
    yield Case(f"{platform} ptdump told nonsense", app, args="x", status=2,
               lines=["^ptdump: the argument can be: all$"])


def bench_cases(platform: str) -> Iterator[Case]:
    for alloc in allocators():
        yield Case(f"{platform} bench {alloc}", Build(platform, "bench", alloc), args="5")
    yield Case(f"{platform} bench payload", Build(platform, "bench"), args="payload", lines=[r"^payload \d{7,}$"])
    yield Case(f"{platform} bench cpus", Build(platform, "bench", "slab"), args="cpus 2", qemu=["-smp", "2"], lines=[r"^cpu 1 waits 0$"])
    yield Case(f"{platform} bench told nonsense", Build(platform, "bench"), args="101", status=2,
               lines=["^bench: the argument can be payload, cpus and a number, or a number from 1 to 100$"])


# In all a minute, by far the most of it where locks need not wait for CPUs that this machine does not run.
STRESS = (("8", "slab", "unfair-locks", 14), ("4", "tlsf", "unfair-locks", 10), ("4", "tlsf", "", 3), ("2", "slab", "debug", 3))


def stress_cases(platform: str) -> Iterator[Case]:
    for cpus, alloc, features, seconds in STRESS:
        yield Case(f"{platform} stress SMP={cpus} {alloc} {features}".strip(), Build(platform, "stress", alloc, features=features),
                   args=f"seconds={seconds} seed={cpus}", qemu=["-smp", cpus], seconds=60.0 + seconds, silence=45.0)
    yield Case(f"{platform} stress told nonsense", Build(platform, "stress"), args="seconds=x", status=2,
               lines=["^stress: the arguments can be seconds=<n>, up to 86400, and seed=<n>$"])


def memory_cases(platform: str) -> Iterator[Case]:
    for mem in HELLO_SIZES:
        yield Case(f"{platform} helloworld MEM={mem}", Build(platform, "helloworld"), mem=mem)
    for mib in MEMTEST_MIB:
        yield Case(f"{platform} memtest MEM={mib}M", Build(platform, "memtest"), mem=f"{mib}M",
                   args=hostile.SMALL_MEMTEST, seconds=120.0, silence=60.0, fills_mib=mib)


def machine_cases(platform: str) -> Iterator[Case]:
    for name, arguments in MACHINES.get(platform, ()):
        for app in ("helloworld", "selftest"):
            yield Case(f"{platform} {app} on {name}", Build(platform, app), qemu=arguments.split())


def interrupt_cases(platform: str) -> Iterator[Case]:
    """On every controller: nothing is passed over for want of an interrupt, and the console has one."""
    for machine, arguments in (("", ""), *CONTROLLERS.get(platform, ())):
        on = f" on {machine}" if machine else ""
        yield Case(f"{platform} devices interrupt{on}", Build(platform, "selftest"),
                   args="only=axhal/", absent=["# SKIP the tree"], qemu=arguments.split())
        yield Case(f"{platform} echo by interrupt{on}", Build(platform, "fault"),
                   ["^received: Hello, Axle$"], args="echo-by-interrupt", qemu=arguments.split(),
                   typed=[("^about to: echo", b"Hello, Axle\n")])


def initrd_cases(platform: str) -> Iterator[Case]:
    yield Case(f"{platform} initrd from QEMU", Build(platform, "helloworld", log="debug"),
               args="log=debug", lines=["debug:.* KiB initrd$", "Hello, world!"],
               options=["--initrd", "Makefile"])


def moved_cases(platform: str) -> Iterator[Case]:
    for grains in (1, 3, 7):
        yield Case(f"{platform} moved by {2 * grains} MiB", Build(platform, "selftest"),
                   prepare=hostile.moved(platform, grains))


def log_cases(platform: str) -> Iterator[Case]:
    for place, level in enumerate(LEVELS):
        quieter = "|".join(LEVELS[place + 1:])
        yield Case(f"{platform} log={level}", Build(platform, "helloworld"), args=f"log={level}",
                   absent=[COLOR, rf"^\[.*\] ({quieter}): "] if quieter else [COLOR])


def fault_cases(platform: str) -> Iterator[Case]:
    for args, status, lines in FAULTS:
        yield Case(f"{platform} fault {args}", Build(platform, "fault"), args=args,
                   lines=[*lines, "^backtrace:$", NAMED_FRAME], status=status)


def hardened_cases(platform: str) -> Iterator[Case]:
    """FEATURES=hardened: no false alarm from what behaves, and a name for what does not."""
    choices = [(alloc, "hardened") for alloc in allocators()] + [("", "debug")]
    for alloc, flag in choices:
        name = " ".join(filter(None, [alloc, flag]))
        yield Case(f"{platform} selftest {name}", Build(platform, "selftest", alloc, features=flag))
        yield Case(f"{platform} memtest {name}", Build(platform, "memtest", alloc, features=flag),
                   args=hostile.SMALL_MEMTEST)
        # the gaps of aligned blocks are most of this memory
        yield Case(f"{platform} memtest {name} MEM=32M",
                   Build(platform, "memtest", alloc, features=flag), mem="32M",
                   args=hostile.SMALL_MEMTEST)
    yield Case(f"{platform} leaks of an app", Build(platform, "fault", features="debug"), LEAKS,
               args="heap-leak")
    fault = Build(platform, "fault", features="hardened")
    for name, words, calls in HEAP_FAULTS:
        yield Case(f"{platform} hardened fault heap-{name}", fault, args=f"heap-{name}",
                   lines=[PANICKED + ".*" + words, *calls, "^backtrace:$", NAMED_FRAME], status=PANIC)
    yield Case(f"{platform} hardened fault heap-page-overflow", fault, args="heap-page-overflow",
               lines=[*PAGE_OVERFLOW, "^backtrace:$", NAMED_FRAME], status=FAULT)


def talk_cases(platform: str) -> Iterator[Case]:
    """Other ends of a run, and the console's way in."""
    fault = Build(platform, "fault")
    yield Case(f"{platform} no argument", fault, status=2)
    yield Case(f"{platform} names in a backtrace", fault, args="panic", status=PANIC, lines=[
        r"^  #\d+ 0x[0-9a-f]{16} panic \(apps/fault/main.c:\d+\)", r" main \(apps/fault/main.c:\d+\)"])
    yield Case(f"{platform} status of the app", fault, ["^axle: exit status 3$"], 3, "exit-3")
    yield Case(f"{platform} echo", fault, ["^read: Hello, Axle$"], args="echo",
               typed=[("^about to: echo", b"Hello, Axle\n")])
    yield Case(f"{platform} reboot not allowed", fault, ["^rebooting$"], 123, "reboot")
    yield Case(f"{platform} reboot", fault, ["^rebooting$"] * 3, 123, "reboot",
               options=["--allow-reboot", "2"])


def runner_cases(platform: str) -> Iterator[Case]:
    """The runner itself: each way for a run not to be one, and to be told apart."""
    hello = Build(platform, "helloworld")
    yield Case(f"{platform} runner names a hang", hello, status=124, silence=1.0, end_within=2.0,
               lines=["silent for 1 s", r"CPU 0 hangs at pc 0x[0-9a-f]{16}"],
               prepare=hostile.hanging(platform))
    for name, case in (
            ("machine", Case("", hello, ["QEMU refuses this machine"], qemu=["-cpu", "nonsense"])),
            ("amount of memory", Case("", hello, ["QEMU refuses this machine"], mem="1M")),
            ("disk", Case("", hello, ["DISK=/no/such disk: no such file"],
                          options=["--disk", "/no/such disk"])),
            ("size", Case("", hello, ["MEM=12Q: give a size"], mem="12Q")),
            ("program", Case("", hello, ["No such file"], options=["--qemu", "qemu-none"]))):
        yield case._replace(name=f"{platform} runner tells a wrong {name}", status=125)


def own_cases(platform: str) -> Optional[List[Case]]:
    """What the platform's own cases.py lists, in place of all the kinds below; None if there is none."""
    path = folder(platform) / "cases.py"
    if not path.exists():
        return None
    spec = spec_from_file_location(f"cases_{path.parent.name}", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.cases(platform)


def cases_of(platform: str, kinds: Sequence[Callable[[str], Iterable[Case]]]) -> List[Case]:
    own = own_cases(platform)
    return [case for kind in kinds for case in kind(platform)] if own is None else own


def all_cases() -> List[Case]:
    kinds = (apps_cases, ptdump_cases, bench_cases, stress_cases, memory_cases, machine_cases, interrupt_cases, initrd_cases, moved_cases,
             log_cases, fault_cases, hardened_cases, talk_cases, runner_cases, boots.cases, cpus.cases,
             debugger.cases, devices.cases, disks.cases, dma.cases, paging.cases, hostile.cases)
    return [case for platform in [*names(), OUTSIDE_PLATFORM]
            for case in [*cases_of(platform, kinds), boots.handover(platform)]]
