"""The hostile device trees, fourth part: interrupts, of controllers and of those that raise them.

For and badly: as trees.py.  The app is selftest, since helloworld has nothing that looks at them.
What cannot be used is left out: its cases are skipped, and the others pass.
"""

from fdt import Node, cells, wide
from trees import MIB, edited, tree
from trees_reserved import nowhere

RISCV64, AARCH64 = ["riscv64"], ["aarch64"]
NOBODY = 0x7777  # no node's phandle


def controller(m, root: Node) -> Node:
    return root.child("soc").child("plic") if m.isa == "riscv64" else root.child("intc")


def clock(m, root: Node) -> Node:
    return root.child("soc").child("rtc") if m.isa == "riscv64" else root.child("pl031")


def with_controller(m, **properties) -> bytes:
    names = {name.replace("_", ","): value for name, value in properties.items()}
    return edited(m, lambda root: controller(m, root).properties.update(names))


@tree("interrupt-controller-elsewhere", tests="axhal")
def _(m):
    return with_controller(m, reg=wide(nowhere(m), MIB * 6, nowhere(m) + 8 * MIB, 0x10000))


@tree("interrupt-controller-is-the-clock", tests="axhal")
def _(m):
    """Something answers, but it is no controller of ours (on riscv64 that cannot be told)."""
    place = 0x09010000 if m.isa == "aarch64" else nowhere(m)
    return with_controller(m, reg=wide(place, 0x1000, place, 0x1000))


@tree("interrupt-controller-without-registers", tests="axhal")
def _(m):
    return with_controller(m, reg=b"")


@tree("interrupt-controller-without-cells", tests="axhal")
def _(m):
    return edited(m, lambda root: controller(m, root).properties.pop("#interrupt-cells"))


@tree("interrupt-controller-of-nine-cells", tests="axhal")
def _(m):
    return edited(m, lambda root: controller(m, root).properties.update(
        {"#interrupt-cells": cells(9)}))


@tree("interrupt-controller-of-no-hart", isas=RISCV64, tests="axhal")
def _(m):
    return edited(m, lambda root: controller(m, root).properties.update(
        {"interrupts-extended": cells(NOBODY, 11, NOBODY, 9)}))


@tree("interrupt-controller-with-half-a-hart", isas=RISCV64, tests="axhal")
def _(m):
    def cut(root: Node) -> None:
        properties = controller(m, root).properties
        properties["interrupts-extended"] = properties["interrupts-extended"][:-4]
    return edited(m, cut)


@tree("interrupt-controller-of-no-sources", isas=RISCV64, tests="axhal")
def _(m):
    return with_controller(m, riscv_ndev=cells(0))


@tree("interrupt-controller-of-too-many-sources", isas=RISCV64, tests="axhal")
def _(m):
    return with_controller(m, riscv_ndev=cells(0xFFFFFFFF))


@tree("interrupt-of-nobody", tests="axhal")
def _(m):
    return edited(m, lambda root: clock(m, root).properties.update(
        {"interrupts-extended": cells(NOBODY, 0, 2, 4)}))


@tree("interrupt-out-of-range", tests="axhal")
def _(m):
    line = cells(0, 5000, 4) if m.isa == "aarch64" else cells(5000)
    return edited(m, lambda root: clock(m, root).properties.update(interrupts=line))


@tree("interrupts-cut", tests="axhal")
def _(m):
    return edited(m, lambda root: clock(m, root).properties.update(interrupts=cells(0)[:2]))


@tree("timer-without-interrupts", isas=AARCH64, tests="axhal")
def _(m):
    return edited(m, lambda root: root.child("timer").properties.pop("interrupts"))


@tree("timer-of-a-shared-line", isas=AARCH64, tests="axhal")
def _(m):
    return edited(m, lambda root: root.child("timer").properties.update(
        interrupts=cells(1, 13, 4, 1, 14, 4, 2, 99, 4, 1, 10, 4)))
