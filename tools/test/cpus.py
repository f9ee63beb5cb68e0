"""Cases of several CPUs: how many, in which order, which boots, and one that is not there.

For: cases.py.  QEMU runs each CPU as a thread of this machine (-accel tcg,thread=multi), so they
truly run at the same time, as far as there are threads to be had.
Badly: x86 orders memory more strictly than the guests, so a missing barrier may not show.
"""

import struct
from typing import Callable, Iterator, List

import hostile
from fdt import Node, cells, text, wide
from target import Build, Case, expected
from trees import Handover, Machine, Tree, edited

THREADS = ("-accel", "tcg,thread=multi")
MAX = 8  # CONFIG_AXCPU_CPUS_MAX
GIC_V3 = ("-machine", "gic-version=3")
MORE_MACHINES = {
    "riscv64-qemu-virt": (("a timer by firmware", ("-cpu", "rv64,sstc=off"), 4),),
    "aarch64-qemu-virt": (("GICv3", GIC_V3, 8),
                          ("EL2", ("-machine", "virtualization=on"), 4),
                          ("EL2 GICv3", ("-machine", "virtualization=on,gic-version=3"), 4)),
}
BEYOND = {"riscv64-qemu-virt": (), "aarch64-qemu-virt": GIC_V3}  # a GICv2 serves no more than MAX
ONE_BEHIND_THE_OTHER = r"^axle: (fault|panic) on CPU \d"


def smp(case: Case, cpus: int, machine: tuple = ()) -> Case:
    """The case on so many CPUs, each a thread."""
    return case._replace(options=[*case.options, "--smp", str(cpus)],
                         qemu=[*THREADS, *machine, *case.qemu], seconds=120.0, silence=60.0)


def online(cpus: int, of: int) -> str:
    return f" {cpus} of {of} CPUs$"


def quick_tests(platform: str) -> Build:
    """selftest for more CPUs than this machine has: a fair lock would wait for its scheduler."""
    return Build(platform, "selftest", features="unfair-locks")


def count_cases(platform: str) -> Iterator[Case]:
    tests = Build(platform, "selftest")
    for cpus in (1, 2, 4, 8):
        yield smp(Case(f"{platform} selftest SMP={cpus}",
                       tests if cpus <= 4 else quick_tests(platform),
                       [online(cpus, cpus), *expected("selftest")]), cpus)
    for name, machine, cpus in MORE_MACHINES.get(platform, ()):
        yield smp(Case(f"{platform} selftest SMP={cpus} on {name}", quick_tests(platform),
                       [online(cpus, cpus), *expected("selftest")]), cpus, machine)
    left_out = [r"warn: CPU 0x[0-9a-f]+ is left out: the image is built for no more"] * 4
    yield smp(Case(f"{platform} SMP={MAX + 4} on an image for {MAX}",
                   Build(platform, "selftest"),
                   [*left_out, online(MAX, MAX + 4), *expected("selftest")], args="only=axruntime"),
              MAX + 4, BEYOND[platform])
    yield smp(Case(f"{platform} SMP=4 with an app that has no use for them",
                   Build(platform, "helloworld"), [online(1, 4), "^Hello, world!$"]), 4)
    yield smp(Case(f"{platform} SMP=2 on an image for one",
                   Build(platform, "selftest", features="one-cpu"),
                   [online(1, 2), *expected("selftest")]), 2)


def order_cases(platform: str) -> Iterator[Case]:
    for cpu in (1, 3):
        yield smp(Case(f"{platform} selftest SMP=4, CPU {cpu} boots", quick_tests(platform),
                       [online(4, 4), *expected("selftest")],
                       prepare=hostile.booted_by(platform, cpu)), 4)


def cpu_node(original: Node, hardware_id: int) -> Node:
    """A node like `original` for another CPU."""
    node = Node(f"cpu@{hardware_id:x}")
    node.properties = dict(original.properties, reg=cells(hardware_id))
    node.children = [child for child in original.children]
    return node


def with_cpus(*ids: int) -> Callable[[Machine], Handover]:
    """The machine's tree with these CPUs, in this order, in place of its own."""
    def change(root: Node) -> None:
        cpus = root.child("cpus")
        first = cpus.child("cpu")
        cpus.children = [cpu_node(first, i) for i in ids]
    return lambda machine: Handover(edited(machine, change))


def fewer_redistributors(machine: Machine) -> Handover:
    """A GICv3 that has a part for the first two CPUs only."""
    def change(root: Node) -> None:
        properties = root.child("intc").properties
        place, size = struct.unpack_from(">QQ", properties["reg"], 16)
        properties["reg"] = properties["reg"][:16] + wide(place, 2 * 0x20000)
    return Handover(edited(machine, change))


def without_controller(machine: Machine) -> Handover:
    return Handover(edited(machine, lambda root: root.child("intc").properties.update(
        compatible=text("nobody,knows"))))


def sleeping(machine: Machine) -> Handover:
    def change(root: Node) -> None:
        cpus = root.child("cpus")
        cpus.add(cpu_node(cpus.child("cpu"), 1)).properties["status"] = text("disabled")
    return Handover(edited(machine, change))


def tree_cases(platform: str) -> Iterator[Case]:
    absent, again = "firmware knows no such CPU", "firmware says that it runs already"
    table = (
        ("cpus-backwards", with_cpus(3, 2, 1, 0), [], (4, 4)),
        ("cpu-that-is-not-there", with_cpus(0, 9, 1), [f"warn: CPU 0x9 is left out: {absent}"],
         (2, 3)),
        ("cpu-twice", with_cpus(0, 1, 1, 2), [f"warn: CPU 0x1 is left out: {again}"], (3, 4)),
        ("cpu-that-sleeps", sleeping, [], (1, 1)),
        ("cpus-without-the-one-that-boots", with_cpus(1, 2), [], (3, 3)),
    )
    for name, make, lines, (cpus, of) in table:
        tree = Tree(name, None, False, ("riscv64", "aarch64"), make)
        prepare = hostile.handed(platform, tree, "only=axruntime", boot_cpu=0)
        lines = [*lines, online(cpus, of), *expected("selftest")]
        yield smp(Case(f"{platform} tree {name}", Build(platform, "selftest"), lines,
                       prepare=prepare), 4)
    last = Tree("last-cpu-not-there", None, False, ("riscv64", "aarch64"), with_cpus(0, 1, 9))
    yield smp(Case(f"{platform} tree {last.name} debug", Build(platform, "selftest", features="debug"),
                   [f"warn: CPU 0x9 is left out: {absent}", online(2, 3), *expected("selftest")],
                   prepare=hostile.handed(platform, last, "only=axruntime", boot_cpu=0)), 4)


def deaf_cases(platform: str) -> Iterator[Case]:
    """CPUs that cannot be interrupted are left out, or calls of them would hang."""
    if platform != "aarch64-qemu-virt":
        return
    table = (("a GICv3 of two CPUs", GIC_V3, fewer_redistributors,
              [r"warn: the interrupt controller has no part for CPU \d$",
               r"warn: CPU 0x\d is left out: it does not come up$"], 2),
             ("no controller that is known", (), without_controller,
              ["warn: no CPU can interrupt another here: all but one are left out$"], 1))
    for name, machine, make, lines, cpus in table:
        tree = Tree(name, None, False, ("aarch64",), make)
        prepare = hostile.handed(platform, tree, "only=axruntime", (*machine, "-smp", "4"))
        yield smp(Case(f"{platform} SMP=4 on {name}", Build(platform, "selftest"),
                       [*lines, online(cpus, 4), *expected("selftest")], prepare=prepare), 4, machine)


def disaster_cases(platform: str) -> Iterator[Case]:
    """Of one CPU or of all at once: one report."""
    app = Build(platform, "fault")
    for args, status, line in (
            ("panic cpu=2", 134, r"^axle: panic on CPU 2 at .*asked to, with the number 42"),
            ("null cpu=3", 139, r"^axle: fault on CPU 3: .*, reading 0x0{16}"),
            ("smash cpu=1", 134, r"^axle: panic on CPU 1 at .*stack smashed"),
            ("stack-overflow cpu=2", 139, r"^axle: 0x[0-9a-f]{16} is the guard page below the "
                                          r"ordinary stack of CPU 2$"),
            ("trap-stack-overflow cpu=1", 139, r"^axle: 0x[0-9a-f]{16} is the guard page below the "
                                               r"trap stack of CPU 1$"),
            ("stack-overflow cpu=2", 139, r"^axle: fault on CPU 2: .*: stack overflow$"),
            ("panic-interrupted", 134, r"^axle: panic on CPU 0 at .*asked to, interrupted"),
            ("panic-interrupted cpu=3", 134, r"^axle: panic on CPU 3 at .*asked to, interrupted"),
            ("exit-under-panic", 134, r"^axle: panic on CPU 1 at .*while another CPU ends"),
            ("panic cpu=all", 134, r"^axle: panic on CPU \d at .*asked to"),
            ("ud cpu=all", 139, r"^axle: fault on CPU \d: .*(illegal|undefined|unknown)")):
        yield smp(Case(f"{platform} fault {args}", app, [line, "^backtrace:$"], status, args,
                       once=[ONE_BEHIND_THE_OTHER], absent=["^done: "]), 4)


def line_cases(platform: str) -> Iterator[Case]:
    """Lines of CPUs that print at the same time are whole."""
    whole = r"^\[ *\d+\.\d{6} \d \w+\] info: (said by CPU \d, number \d+ of 100|Axle on .*)$"
    for cpus in (4, 8):
        last = r"said by CPU \d, number 100 of 100$"
        yield smp(Case(f"{platform} lines of {cpus} CPUs", Build(platform, "fault"),
                       [*[last] * cpus, "^done: say$"], args="say cpu=all",
                       absent=[rf"^(?!{whole[1:]}).*(said by|CPU \d,|number \d|of 100)"]), cpus)


def cases(platform: str) -> List[Case]:
    kinds = (count_cases, order_cases, tree_cases, deaf_cases, disaster_cases, line_cases)
    return [case for kind in kinds for case in kind(platform)]
