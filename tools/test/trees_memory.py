"""The hostile device trees, second part: RAM, and the #cells that say how to read it.

For and badly: as trees.py.  Where the tree claims RAM that QEMU does not have, that RAM is also
reserved, or is out of the CPU's reach: a kernel cannot know that a plausible claim is a lie.
"""

import fdt
from fdt import Node, cells, text, wide
from trees import MIB, TOP, edited, set_memory, tree

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
    """Reserved, and below every device that there is a driver for."""
    low = MIB // 2
    root = m.root()
    root.child("memory").properties["reg"] = wide(m.ram, m.ram_bytes, 0, low)
    return fdt.assemble(m.blocks(root, [(0, low)]))


@tree("memory-over-console", r"device|memory|RAM")
def _(m):
    console = 0x10000000 if m.isa == "riscv64" else 0x9000000
    lie = (console - MIB, 2 * MIB)
    root = m.root()
    root.child("memory").properties["reg"] = wide(m.ram, m.ram_bytes, *lie)
    return fdt.assemble(m.blocks(root, [lie]))


@tree("memory-two-nodes")
def _(m):
    def split(root: Node) -> None:
        half = m.ram_bytes // 2
        root.child("memory").properties["reg"] = wide(m.ram, half)
        more = root.add(Node(f"memory@{m.ram + half:x}", device_type=text("memory")))
        more.properties["reg"] = wide(m.ram + half, half)
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
        parent = root.add(Node("bus"), first=True)
        parent.properties.update({"#address-cells": cells(3), "#size-cells": cells(3)})
        parent.add(Node("inner")).add(Node("memory-like@0", reg=cells(1, 2, 3)))
    return edited(m, nest)
