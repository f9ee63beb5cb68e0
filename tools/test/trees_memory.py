"""The hostile device trees, second part: what the tree says of memory, CPUs and boot arguments.

For and badly: as trees.py.  Where the tree claims RAM that QEMU does not have, that RAM is also
reserved, or is out of the CPU's reach: a kernel cannot know that a plausible claim is a lie.
"""

from fdt import Node, cells, text, wide
import fdt
from trees import MIB, TOP, Handover, edited, set_memory, tree

RESERVED_AT = 48 * MIB  # from the start of RAM; clear of stub, kernel and tree
PATTERN = bytes((i * 7 + (i >> 8)) & 0xFF for i in range(64 << 10))


def ram_end(m):
    return m.ram + m.ram_bytes


# RAM.

@tree("memory-absent", r"memory|RAM")
def _(m):
    return edited(m, lambda root: root.remove("memory"))


@tree("memory-zero-sized", r"memory|RAM")
def _(m):
    return set_memory(m, (m.ram, 0))


@tree("memory-empty-reg", r"memory|RAM")
def _(m):
    return set_memory(m)


@tree("memory-reg-cut", r"memory|reg|RAM")
def _(m):
    return edited(m, lambda root: root.child("memory").properties.update(reg=wide(m.ram) + b"\0\0"))


@tree("memory-disabled", r"memory|RAM")
def _(m):
    return edited(m, lambda root: root.child("memory").properties.update(status=text("disabled")))


@tree("memory-unsorted")
def _(m):
    half = m.ram_bytes // 2
    return set_memory(m, (m.ram + half, half), (m.ram, half))


@tree("memory-overlapping")
def _(m):
    return set_memory(m, (m.ram, m.ram_bytes), (m.ram + 16 * MIB, 32 * MIB), (m.ram, 8 * MIB))


@tree("memory-with-holes")
def _(m):
    return set_memory(m, (m.ram + 96 * MIB, 32 * MIB), (m.ram, 32 * MIB), (m.ram + 48 * MIB, MIB))


@tree("memory-64-ranges")
def _(m):
    piece = m.ram_bytes // 64
    ranges = [(m.ram + i * piece, piece - (65536 if i > 8 else 0)) for i in range(64)]
    return set_memory(m, *reversed(ranges))


@tree("memory-1000-ranges", r"memory|ranges|RAM|room")
def _(m):
    first = (m.ram, 64 * MIB)
    return set_memory(m, first, *[(m.ram + 64 * MIB + i * 65536, 4096) for i in range(1000)])


@tree("memory-unaligned")
def _(m):
    return set_memory(m, (m.ram + 0x123, m.ram_bytes - 0x1457))


@tree("memory-8-mib")
def _(m):
    return set_memory(m, (m.ram, 8 * MIB))


@tree("memory-ends-inside-kernel", r"kernel|image|RAM")
def _(m):
    return set_memory(m, (m.ram, m.kernel + 4096 - m.ram))


@tree("memory-without-kernel", r"kernel|image|RAM")
def _(m):
    return set_memory(m, (m.ram + 64 * MIB, 64 * MIB))


@tree("memory-wraps", r"wrap|memory|RAM|2\^64|overflow")
def _(m):
    return set_memory(m, (m.ram, m.ram_bytes), (TOP - 0x10000, 0x20000))


@tree("memory-wraps-from-ram", r"wrap|memory|RAM|2\^64|overflow")
def _(m):
    return set_memory(m, (m.ram, TOP - 0x1000))


@tree("memory-ends-at-2-64")
def _(m):
    """Out of the reach of any CPU here: left out, with a warning."""
    return set_memory(m, (m.ram, m.ram_bytes), (TOP - 2 * MIB, 2 * MIB))


@tree("memory-at-0")
def _(m):
    root = m.root()
    root.child("memory").properties["reg"] = wide(m.ram, m.ram_bytes, 0, 2 * MIB)
    return fdt.assemble(m.blocks(root, [(0, 2 * MIB)]))


@tree("memory-two-nodes")
def _(m):
    def split(root: Node) -> None:
        half = m.ram_bytes // 2
        root.child("memory").properties["reg"] = wide(m.ram, half)
        more = Node(f"memory@{m.ram + half:x}", device_type=text("memory"), reg=wide(m.ram + half, half))
        root.add(more)
    return edited(m, split)


# #address-cells and #size-cells.

def set_cells(machine, address: int, size: int) -> bytes:
    def change(root: Node) -> None:
        root.properties.update({"#address-cells": cells(address), "#size-cells": cells(size)})
    return edited(machine, change)


@tree("cells-0", r"cells|memory|RAM")
def _(m):
    return set_cells(m, 0, 0)


@tree("cells-3", r"cells|memory|reg|RAM")
def _(m):
    return set_cells(m, 3, 2)


@tree("cells-5", r"cells|memory|reg|RAM")
def _(m):
    return set_cells(m, 2, 5)


@tree("cells-huge", r"cells|memory|reg|RAM")
def _(m):
    return set_cells(m, 0xFFFFFFFF, 0xFFFFFFFF)


@tree("cells-property-short", r"cells|memory|reg|RAM")
def _(m):
    return edited(m, lambda root: root.properties.update({"#address-cells": b"\0\2"}))


@tree("cells-of-the-node-itself")
def _(m):
    """A node's own #cells are for its children: the memory node's reg keeps the root's."""
    return edited(m, lambda root: root.child("memory").properties.update(
        {"#address-cells": cells(1), "#size-cells": cells(1)}))


@tree("cells-not-inherited")
def _(m):
    """Two levels down, a parent without #cells has the default, not its own parent's."""
    def nest(root: Node) -> None:
        parent = root.add(Node("bus", **{"#address-cells": cells(3), "#size-cells": cells(3)}), first=True)
        parent.add(Node("inner")).add(Node("memory-like@0", reg=cells(1, 2, 3)))
    return edited(m, nest)


# Reservations.  Handover.files puts a pattern there, which must outlive memtest.

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
        node.properties.update({"#address-cells": cells(cells_wide), "#size-cells": cells(cells_wide)})
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

def set_initrd(m, start: int, end: int) -> bytes:
    return edited(m, lambda root: root.child("chosen").properties.update(
        {"linux,initrd-start": wide(start % TOP), "linux,initrd-end": wide(end % TOP)}))


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


@tree("bootargs-without-end")
def _(m):
    return edited(m, lambda root: root.child("chosen").properties.update(bootargs=b"log=warn"))


@tree("bootargs-100-kib")
def _(m):
    return edited(m, lambda root: root.child("chosen").properties.update(bootargs=b"x=y " * 25600 + b"\0"))


@tree("bootargs-binary")
def _(m):
    return edited(m, lambda root: root.child("chosen").properties.update(bootargs=bytes(range(255, 0, -1)) + b"\0"))


@tree("cpus-absent", r"cpu|CPU|timebase")
def _(m):
    return edited(m, lambda root: root.remove("cpus"))


@tree("console-absent")
def _(m):
    """No stdout-path: SBI's console, or the platform's address of last resort."""
    return edited(m, lambda root: root.child("chosen").properties.pop("stdout-path", None))
