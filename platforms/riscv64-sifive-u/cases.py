"""What `make test` runs on this board: the apps, and what is its own.

For: tools/test/cases.py.  The instruction set and what does not know the board is tested on
riscv64-qemu-virt, with every allocator and feature.
"""

from typing import Callable, Iterator, List

import hostile
from cpus import THREADS, online, smp
from fdt import Node, wide
from target import Build, Case, expected
from trees import Handover, Machine, Tree, edited

PANIC, FAULT = 134, 139
FIRMWARES = r"warn: no UART answers where the tree says: the console is the firmware's$"


def app_cases(board: str) -> Iterator[Case]:
    """On the least memory, the most CPUs; ends of all kinds."""
    fault = Build(board, "fault")
    yield Case(f"{board} helloworld MEM=5M", Build(board, "helloworld"), mem="5M")
    yield Case(f"{board} helloworld MEM=8G", Build(board, "helloworld"), mem="8G")
    yield Case(f"{board} memtest", Build(board, "memtest"), mem="16M",
               args=hostile.SMALL_MEMTEST)
    yield Case(f"{board} selftest", Build(board, "selftest"))
    yield smp(Case(f"{board} selftest SMP=4", Build(board, "selftest"),
                   [online(4, 4), *expected("selftest")], args="only=axruntime"), 4)
    yield smp(Case(f"{board} stress SMP=4", Build(board, "stress", features="unfair-locks"),
                   args="seconds=2 seed=4"), 4)
    yield Case(f"{board} status of the app", fault, ["^axle: exit status 3$"], 3, "exit-3")
    yield Case(f"{board} reboot", fault, ["^rebooting$"] * 2, 123, "reboot",
               options=["--allow-reboot", "1"])
    yield Case(f"{board} fault write-text", fault, ["is the image's text"], FAULT, "write-text")
    yield smp(Case(f"{board} fault panic cpu=all", fault, [r"^axle: panic on CPU \d"], PANIC,
                   "panic cpu=all", once=[r"^axle: (fault|panic) on CPU \d"]), 4)


def interrupt_cases(board: str) -> Iterator[Case]:
    """Hart 0 has one PLIC context, the others two: so each boots, and is interrupted."""
    typed = [("^about to: echo", b"Hello, Axle\n")]
    for hart in (1, 4):
        yield Case(f"{board} echo by interrupt of hart {hart}", Build(board, "fault"),
                   ["^received: Hello, Axle$"], args="echo-by-interrupt", typed=typed,
                   options=["--smp", "4"], qemu=THREADS, prepare=hostile.booted_by(board, hart))


def with_uarts_at(address: int) -> Callable[[Machine], Handover]:
    """The board's tree with every UART somewhere else."""
    def change(root: Node) -> None:
        for node in root.child("soc").children:
            if node.name.startswith("serial@"):
                node.properties["reg"] = wide(address, 4096)
    return lambda machine: Handover(edited(machine, change))


def with_engine_at(address: int) -> Callable[[Machine], Handover]:
    def change(root: Node) -> None:
        engine = next(n for n in root.child("soc").children if n.name.startswith("dma@"))
        engine.properties["reg"] = wide(address, 0x100000)
    return lambda machine: Handover(edited(machine, change))


def dma_cases(board: str) -> Iterator[Case]:
    """The FU540's engine reads and writes memory of every kind; where none is, it is not used."""
    app = Build(board, "dmatest")
    copies = [r"^dmatest: sifive-pdma 0x3000000 copies$", "^dmatest: copied between odd addresses: ok$",
              "^dmatest: copied coherent memory: ok$", "^dmatest: copied by bounce buffers: ok$",
              "^dmatest: everything was given back, by 7 interrupts$", "^dmatest: 8 tried, 0 wrong$"]
    yield Case(f"{board} dmatest", app, copies, absent=["WRONG"])
    yield smp(Case(f"{board} dmatest SMP=4 debug", Build(board, "dmatest", features="debug"), copies,
                   absent=["WRONG"]), 4)
    for name, address in (("nothing", 0x10080000), ("zeroed-memory", 0x08000000)):
        tree = Tree("", None, False, ("riscv64",), with_engine_at(address))
        yield Case(f"{board} tree engine-in-{name}", app, [
            r" warn: dma@3000000 \(sifive,fu540-c000-pdma\) cannot be used: AX_EBADMSG$",
            "^dmatest: this machine has no engine that copies$"], 1, prepare=hostile.handed(board, tree, ""))


def as_it_is(machine: Machine) -> Handover:
    """Firmware disables the hart that has no S-mode; here nobody has."""
    return Handover(edited(machine, lambda root: None))


def tree_cases(board: str) -> Iterator[Case]:
    for name, address in (("nothing", 0x10080000), ("zeroed-memory", 0x08000000)):
        tree = Tree("", None, False, ("riscv64",), with_uarts_at(address))
        yield Case(f"{board} tree uart-in-{name}", Build(board, "helloworld"),
                   [FIRMWARES, *expected("helloworld")], prepare=hostile.handed(board, tree, ""))
    tree = Tree("", None, False, ("riscv64",), as_it_is)
    yield Case(f"{board} tree hart-without-s-mode", Build(board, "selftest"),
               ["warn: CPU 0x0 is left out: it does not come up$", online(1, 2),
                *expected("selftest")], prepare=hostile.handed(board, tree, "only=axruntime"))


def cases(board: str) -> List[Case]:
    kinds = (app_cases, interrupt_cases, dma_cases, tree_cases)
    return [case._replace(seconds=120.0, silence=60.0) for kind in kinds for case in kind(board)]
