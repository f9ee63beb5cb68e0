"""Flattened device trees, read and written, right or wrong.

For: the hostile trees (tools/test/trees.py).  A tree is a Python structure that is edited and
written out; the writer takes header fields and blocks to put in place of the right ones, so that
each way to be wrong is one argument.
Source: Devicetree Specification 0.4, chapter 5.
Badly: the reader trusts its input (QEMU's own dump); the writer shares no strings by suffix.
"""

import struct
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

MAGIC = 0xD00DFEED
BEGIN_NODE, END_NODE, PROP, NOP, END = 1, 2, 3, 4, 9
VERSION, LAST_COMPATIBLE = 17, 16
HEADER = ("magic", "totalsize", "off_dt_struct", "off_dt_strings", "off_mem_rsvmap", "version",
          "last_comp_version", "boot_cpuid_phys", "size_dt_strings", "size_dt_struct")
HEADER_BYTES = 4 * len(HEADER)

Range = Tuple[int, int]  # start, size


def cells(*values: int) -> bytes:
    """32-bit big-endian cells."""
    return struct.pack(f">{len(values)}I", *values)


def wide(*values: int) -> bytes:
    """64-bit values as two cells each."""
    return struct.pack(f">{len(values)}Q", *values)


def text(*strings: str) -> bytes:
    return b"".join(s.encode() + b"\0" for s in strings)


class Node:
    """A node: its properties as bytes, and its children in order."""

    def __init__(self, name: str, **properties: bytes) -> None:
        self.name = name
        self.properties: Dict[str, bytes] = {k.replace("_", "-"): v for k, v in properties.items()}
        self.children: List["Node"] = []

    def child(self, name: str) -> "Node":
        """The first child whose name, or name before the @, is this."""
        return next(c for c in self.children if name in (c.name, c.name.split("@")[0]))

    def add(self, child: "Node", first: bool = False) -> "Node":
        self.children.insert(0 if first else len(self.children), child)
        return child

    def remove(self, name: str) -> "Node":
        found = self.child(name)
        self.children.remove(found)
        return found


class Blocks(NamedTuple):
    """A blob's parts, each as bytes."""

    structure: bytes
    strings: bytes
    reservations: bytes


def flatten(root: Node, reserved: List[Range] = ()) -> Blocks:
    """The blocks of a well-formed tree."""
    strings = bytearray()
    offsets: Dict[str, int] = {}

    def offset(name: str) -> int:
        if name not in offsets:
            offsets[name] = len(strings)
            strings.extend(text(name))
        return offsets[name]

    body = b"".join(_tokens(root, offset)) + cells(END)
    entries = b"".join(wide(start, size) for start, size in reserved)
    return Blocks(body, bytes(strings), entries + wide(0, 0))


def _tokens(root: Node, offset) -> Iterator[bytes]:
    """The structure block, without recursion: depth is one of the things that are tested."""
    todo: List[Optional[Node]] = [root]
    while todo:
        node = todo.pop()
        if node is None:
            yield cells(END_NODE)
            continue
        yield cells(BEGIN_NODE) + _padded(text(node.name))
        for name, value in node.properties.items():
            yield cells(PROP, len(value), offset(name)) + _padded(value)
        todo += [None, *reversed(node.children)]


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def assemble(blocks: Blocks, **fields: int) -> bytes:
    """The blob of these blocks; `fields` replace header fields by name, whatever they say."""
    reservations_at = HEADER_BYTES
    structure_at = reservations_at + len(blocks.reservations)
    strings_at = structure_at + len(blocks.structure)
    right = dict(magic=MAGIC, totalsize=strings_at + len(blocks.strings),
                 off_dt_struct=structure_at, off_dt_strings=strings_at,
                 off_mem_rsvmap=reservations_at, version=VERSION,
                 last_comp_version=LAST_COMPATIBLE, boot_cpuid_phys=0,
                 size_dt_strings=len(blocks.strings), size_dt_struct=len(blocks.structure))
    header = cells(*({**right, **fields}[name] for name in HEADER))
    return header + blocks.reservations + blocks.structure + blocks.strings


def parse(blob: bytes) -> Node:
    """The root of a well-formed blob."""
    header = dict(zip(HEADER, struct.unpack_from(">10I", blob)))
    at, strings = header["off_dt_struct"], header["off_dt_strings"]
    above = [Node("above the root")]
    while True:
        token, at = struct.unpack_from(">I", blob, at)[0], at + 4
        if token == BEGIN_NODE:
            end = blob.index(b"\0", at)
            above.append(above[-1].add(Node(blob[at:end].decode())))
            at = (end + 4) & ~3
        elif token == PROP:
            length, name_at = struct.unpack_from(">II", blob, at)
            start = strings + name_at
            name = blob[start:blob.index(b"\0", start)].decode()
            above[-1].properties[name] = blob[at + 8:at + 8 + length]
            at = (at + 8 + length + 3) & ~3
        elif token == END_NODE:
            above.pop()
        elif token == END:
            return above[0].children[0]
