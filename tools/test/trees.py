"""The hostile device trees, and what each must come to.

For: tools/test/qemu.  Each case edits the machine's own tree (QEMU's dump) in one way.  The kernel
must either boot as if nothing were (BOOTS: the app's lines, status 0) or refuse in one line,
`axle: cannot boot: <reason>`, whose reason matches the pattern given here, with status 1.
Badly: one damage a case; combinations are the fuzzer's.
"""

from typing import Callable, List, NamedTuple, Optional, Sequence, Tuple

import fdt
from fdt import BEGIN_NODE, END, END_NODE, HEADER_BYTES, NOP, PROP, Node, cells, text, wide

MIB = 1 << 20
TOP = 1 << 64
ROOT_BEGIN = 8  # bytes of the token and the empty name that open the root
BOOTS = None


class Machine(NamedTuple):
    """What a case may use: the machine's tree, and where everything is."""

    isa: str
    blob: bytes  # QEMU's own tree
    args: str  # boot arguments, put into every tree
    ram: int
    ram_bytes: int
    kernel: int
    kernel_bytes: int
    tree_at: int  # where the tree will be
    firmware: Sequence[fdt.Range]  # reserved in every tree

    def root(self) -> Node:
        root = fdt.parse(self.blob)
        root.child("chosen").properties["bootargs"] = text(self.args)
        return root

    def blocks(self, root: Optional[Node] = None, reserved: Sequence[fdt.Range] = ()) -> fdt.Blocks:
        return fdt.flatten(root or self.root(), [*self.firmware, *reserved])

    def good(self, **fields: int) -> bytes:
        """The machine's tree with other header fields."""
        return fdt.assemble(self.blocks(), **fields)


class Handover(NamedTuple):
    blob: Optional[bytes]
    pointer: Optional[int] = None  # in place of the blob's address
    files: Sequence[Tuple[int, bytes]] = ()  # loaded at these addresses; must be there at the end


class Tree(NamedTuple):
    name: str
    refused: Optional[str]  # BOOTS, or the pattern of the reason
    keeps: bool  # its Handover has files
    isas: Sequence[str]
    make: Callable[[Machine], Handover]
    tests: str = ""  # which of selftest's cases must pass or be skipped; "": any app will do


TREES: List[Tree] = []


def tree(name: str, refused: Optional[str] = BOOTS, keeps: bool = False,
         isas: Sequence[str] = ("riscv64", "aarch64"), tests: str = ""):
    """Put a case into the table; the function gives a blob or a Handover."""
    def register(make: Callable) -> Callable:
        def handover(machine: Machine) -> Handover:
            made = make(machine)
            return made if isinstance(made, Handover) else Handover(made)
        TREES.append(Tree(name, refused, keeps, isas, handover, tests))
        return make
    return register


def edited(machine: Machine, edit: Callable[[Node], object],
           reserved: Sequence[fdt.Range] = ()) -> bytes:
    """The machine's tree after `edit` of its root."""
    root = machine.root()
    edit(root)
    return fdt.assemble(machine.blocks(root, reserved))


def set_memory(machine: Machine, *ranges: fdt.Range) -> bytes:
    reg = b"".join(wide(start % TOP, size % TOP) for start, size in ranges)
    return edited(machine, lambda root: root.child("memory").properties.update(reg=reg))


def restructured(machine: Machine, change: Callable[[bytes], bytes]) -> bytes:
    """The tree with its structure block changed as bytes."""
    blocks = machine.blocks()
    return fdt.assemble(blocks._replace(structure=change(blocks.structure)))


# The pointer and the header.

@tree("none", r"device tree")
def _(m):
    return Handover(None, pointer=0)


@tree("pointer-odd", r"device tree")
def _(m):
    return Handover(m.good(), pointer=m.tree_at + 3)


@tree("pointer-outside-ram", r"device tree")
def _(m):
    return Handover(None, pointer=0x60000000 if m.isa == "riscv64" else 0x38000000)


@tree("pointer-beyond-addresses", r"device tree")
def _(m):
    return Handover(None, pointer=0xFFFFFFFFFFFF0000)


@tree("zeros", r"magic")
def _(m):
    return bytes(4096)


@tree("magic-little-endian", r"magic")
def _(m):
    return m.good(magic=0xEDFE0DD0)


@tree("size-zero", r"total size")
def _(m):
    return m.good(totalsize=0)


@tree("size-below-header", r"total size")
def _(m):
    return m.good(totalsize=HEADER_BYTES - 4)


@tree("size-cuts-strings", r"block")
def _(m):
    blob = m.good()
    return m.good(totalsize=len(blob) - 64)


@tree("size-cuts-structure", r"block")
def _(m):
    return m.good(totalsize=len(m.good()) // 2)


@tree("size-4-gib", r"total size")
def _(m):
    return m.good(totalsize=0xFFFFFFFF)


@tree("size-generous")
def _(m):
    return m.good(totalsize=MIB).ljust(MIB, b"\0")


@tree("structure-offset-outside", r"block")
def _(m):
    return m.good(off_dt_struct=0x7FFFFFF0)


@tree("structure-offset-odd", r"block")
def _(m):
    return m.good(off_dt_struct=HEADER_BYTES + 18)


@tree("structure-size-wraps", r"block")
def _(m):
    return m.good(size_dt_struct=0xFFFFFFFC)


@tree("strings-offset-outside", r"block")
def _(m):
    return m.good(off_dt_strings=0xFFFFFF00)


@tree("reservations-offset-outside", r"block")
def _(m):
    return m.good(off_mem_rsvmap=0x7FFFFFF0)


@tree("reservations-without-end", r"reservation|block")
def _(m):
    body = wide(*([m.ram + 96 * MIB, 4096] * 3))
    at = (len(m.good()) + 7) & ~7
    return m.good(off_mem_rsvmap=at, totalsize=at + len(body)).ljust(at, b"\0") + body


@tree("version-16")
def _(m):
    """The version before, which has no size_dt_struct: garbage there is padding."""
    return m.good(version=16, last_comp_version=16, size_dt_struct=0xFFFFFFFF)


@tree("version-2", r"version")
def _(m):
    return m.good(version=2, last_comp_version=2)


@tree("version-from-the-future", r"version")
def _(m):
    return m.good(version=99, last_comp_version=99)


# The structure block.

@tree("no-end-token", r"token|end")
def _(m):
    return restructured(m, lambda s: s[:-4])


@tree("nodes-not-closed", r"token|end")
def _(m):
    return restructured(m, lambda s: s[:-8] + cells(END))


@tree("node-closed-twice", r"token")
def _(m):
    return restructured(m, lambda s: s[:-4] + cells(END_NODE, END_NODE, END))


@tree("unknown-token", r"token")
def _(m):
    return restructured(m, lambda s: s[:-8] + cells(0x55) + s[-8:])


@tree("second-root", r"token|root")
def _(m):
    return restructured(m, lambda s: s[:-4] + s)


@tree("node-name-without-end", r"node|structure block")
def _(m):
    return restructured(m, lambda s: s[:-8] + cells(BEGIN_NODE) + b"aaaa" * 64)


@tree("property-beyond-end", r"node|property")
def _(m):
    return restructured(m, lambda s: s[:ROOT_BEGIN] + cells(PROP, 0x7FFFFFFF, 0) + s[ROOT_BEGIN:])


@tree("property-length-wraps", r"node|property")
def _(m):
    return restructured(m, lambda s: s[:ROOT_BEGIN] + cells(PROP, 0xFFFFFFFD, 0) + s[ROOT_BEGIN:])


@tree("property-name-outside", r"name|node|property")
def _(m):
    bad = cells(PROP, 4, 0x7FFFFFFF, 0)
    return restructured(m, lambda s: s[:ROOT_BEGIN] + bad + s[ROOT_BEGIN:])


@tree("no-operations")
def _(m):
    some = cells(NOP) * 64
    return restructured(m, lambda s: s[:ROOT_BEGIN] + some + s[ROOT_BEGIN:-4] + some + s[-4:])


@tree("depth-bomb", r"deep")
def _(m):
    def bomb(root: Node) -> None:
        node = root
        for _ in range(20000):
            node = node.add(Node("d"), first=True)
    return edited(m, bomb)


@tree("depth-16")
def _(m):
    """The most that docs/devicetree.md promises, the root counted."""
    def deep(root: Node) -> None:
        node = root
        for _ in range(15):
            node = node.add(Node("d"), first=True)
    return edited(m, deep)


@tree("ten-thousand-nodes")
def _(m):
    return edited(m, lambda root: [root.add(Node(f"n{i}"), first=True) for i in range(10000)])
