"""The hostile device trees, third part: reservations, the initrd, boot arguments, CPUs, devices.

For and badly: as trees.py.  Cases made by kept() put a pattern into reserved RAM, and hostile.py
looks after it once memtest has used all that it could get.
"""

from fdt import Node, cells, text, wide
from trees import MIB, TOP, Handover, edited, tree

RESERVED_AT = 48 * MIB  # from the start of RAM; clear of stub, kernel and tree
PATTERN = bytes((i * 7 + (i >> 8)) & 0xFF for i in range(64 << 10))


def ram_end(m):
    return m.ram + m.ram_bytes


# Reservations.

def kept(machine, blob: bytes, at: int = RESERVED_AT) -> Handover:
    return Handover(blob, files=((machine.ram + at, PATTERN),))


@tree("reserved-by-memreserve", keeps=True)
def _(m):
    return kept(m, edited(m, lambda root: None, [(m.ram + RESERVED_AT, len(PATTERN))]))


def reserved_memory(m, *children: Node, cells_wide: int = 2) -> bytes:
    def add(root: Node) -> None:
        if any(c.name == "reserved-memory" for c in root.children):
            root.remove("reserved-memory")
        node = Node("reserved-memory", ranges=b"")
        count = cells(cells_wide)
        node.properties.update({"#address-cells": count, "#size-cells": count})
        node.children.extend(children)
        root.add(node)
    return edited(m, add)


@tree("reserved-by-node", keeps=True)
def _(m):
    return kept(m, reserved_memory(m, Node("kept@1", reg=wide(m.ram + RESERVED_AT, len(PATTERN)))))


@tree("reserved-with-one-cell", keeps=True)
def _(m):
    """Regression case 14: the node's own #cells count, not the root's."""
    reg = cells(m.ram + RESERVED_AT, len(PATTERN))
    return kept(m, reserved_memory(m, Node("kept@1", reg=reg), cells_wide=1))


@tree("reserved-strangely", keeps=True)
def _(m):
    """Without reg, empty, cut, outside RAM, wrapping, nested, twice the same: only one counts."""
    good = Node("kept@1", reg=wide(m.ram + RESERVED_AT, len(PATTERN)))
    nested = Node("nested", compatible=text("weird"))
    nested.add(Node("inner@0", reg=wide(m.ram, m.ram_bytes)))
    return kept(m, reserved_memory(
        m, Node("dynamic", size=wide(MIB), alignment=wide(4096)), Node("empty@0", reg=b""),
        Node("outside@0", reg=wide(0x10, 0x10)), good, nested,
        Node("again@1", reg=wide(m.ram + RESERVED_AT, len(PATTERN)))))


@tree("reserved-unaligned", keeps=True)
def _(m):
    return kept(m, edited(m, lambda root: None, [(m.ram + RESERVED_AT + 1, len(PATTERN) - 2)]))


@tree("reserved-kernel")
def _(m):
    return edited(m, lambda root: None, [(m.kernel, m.kernel_bytes)])


@tree("reserved-everything", r"memory|RAM|free|reserv")
def _(m):
    return edited(m, lambda root: None, [(m.ram, m.ram_bytes)])


@tree("reserved-in-500-pieces", r"reserv|ranges|room|memory")
def _(m):
    return edited(m, lambda root: None, [(m.ram + 64 * MIB + i * 65536, 4096) for i in range(500)])


# The initrd, chosen, CPUs.

def set_chosen(m, **properties: bytes) -> bytes:
    return edited(m, lambda root: root.child("chosen").properties.update(properties))


def set_initrd(m, start: int, end: int) -> bytes:
    return set_chosen(m, **{"linux,initrd-start": wide(start), "linux,initrd-end": wide(end)})


@tree("initrd-kept", keeps=True)
def _(m):
    start = m.ram + RESERVED_AT
    return kept(m, set_initrd(m, start, start + len(PATTERN)))


@tree("initrd-over-kernel", r"initrd")
def _(m):
    return set_initrd(m, m.kernel + 4096, m.kernel + 8192)


@tree("initrd-over-tree", r"initrd")
def _(m):
    return set_initrd(m, m.tree_at, m.tree_at + 4096)


@tree("initrd-backwards", r"initrd")
def _(m):
    return set_initrd(m, m.ram + RESERVED_AT, m.ram + RESERVED_AT - 4096)


@tree("initrd-outside-ram", r"initrd")
def _(m):
    return set_initrd(m, ram_end(m) + MIB, ram_end(m) + 2 * MIB)


@tree("chosen-absent")
def _(m):
    return edited(m, lambda root: root.remove("chosen"))


@tree("bootargs-without-end", r"bootargs")
def _(m):
    return set_chosen(m, bootargs=b"log=warn")


@tree("bootargs-100-kib")
def _(m):
    return set_chosen(m, bootargs=b"x=y " * 25600 + b"\0")


@tree("bootargs-binary")
def _(m):
    return set_chosen(m, bootargs=bytes(range(255, 0, -1)) + b"\0")


@tree("cpus-absent", r"counter", isas=["riscv64"])
@tree("cpus-absent", isas=["aarch64"])
def _(m):
    """With it goes the only word on how fast riscv64's counter runs."""
    return edited(m, lambda root: root.remove("cpus"))


@tree("console-absent")
def _(m):
    """No stdout-path: SBI's console, or the platform's address of last resort."""
    return edited(m, lambda root: root.child("chosen").properties.pop("stdout-path", None))


# Devices that are not where the tree says.

def nowhere(m) -> int:
    """Where no device answers."""
    return 0x18000000 if m.isa == "riscv64" else 0x0B000000


def move_console(m, start: int) -> bytes:
    def move(root: Node) -> None:
        uart = root.child("soc").child("serial") if m.isa == "riscv64" else root.child("pl011")
        uart.properties["reg"] = wide(start, 0x1000)
    return edited(m, move)


@tree("console-elsewhere")
def _(m):
    return move_console(m, nowhere(m))


@tree("console-is-the-clock")
def _(m):
    return move_console(m, 0x101000 if m.isa == "riscv64" else 0x09010000)


@tree("console-never-ready")
def _(m):
    """What is there reads as a UART with no room: flash of zeros, PCI without a device."""
    return move_console(m, 0x20000000 if m.isa == "riscv64" else 0x4010008000)


@tree("power-switch-elsewhere", isas=["riscv64"])
def _(m):
    """The firmware can end the run too."""
    return edited(m, lambda root: root.child("soc").child("test").properties.update(
        reg=wide(nowhere(m), 0x1000)))
