"""`axle tables [ROOT]`: what the page tables map, as `make ptdump` prints it, from a stopped guest.

ROOT is the physical address of a root, of the kernel's half; without it, the one that the CPU uses
now: satp, or TTBR1_EL1. Tables are read as physical memory.
Sources: RISC-V Privileged Architecture 20211203, 4.4 and 4.5; Arm ARM DDI 0487, D8.3.
Badly: names what is in the linear map and the image, not which area something mapped belongs to.
"""

from typing import Iterator, List, NamedTuple, Optional, Tuple

import gdb

import guest
import memory

ENTRIES, INDEX_BITS, PAGE_BITS = 512, 9, 12
IMAGE = 0xFFFFFFFF80000000  # axcpu/image_window.h


class Format(NamedTuple):
    levels: int
    linear_base: int  # axcpu/layout.h
    is_riscv: bool


SV39 = Format(3, 0xFFFFFFC000000000, True)
SV48 = Format(4, 0xFFFF800000000000, True)
AARCH64 = Format(4, 0xFFFF000000000000, False)


class Run(NamedTuple):
    start: int
    bytes: int
    physical: int
    flags: str
    leaf: int
    what: str

    def end(self) -> int:
        return self.start + self.bytes

    def line(self) -> str:
        return (f"{self.start:016x}  {self.bytes >> 10:12}  {self.physical:012x}  {self.flags}  "
                f"{self.leaf >> 10:8}  {self.what}")


def in_use() -> Tuple[Format, int]:
    """The format and the root that the CPU translates by."""
    satp = guest.register("satp")
    if satp is not None:
        formats = {8: SV39, 9: SV48}
        if satp >> 60 == 0:
            raise gdb.GdbError("the MMU is off: satp is 0")
        if satp >> 60 not in formats:
            raise gdb.GdbError(f"satp {satp:#x} is of no mode that we use")
        return formats[satp >> 60], (satp & (1 << 44) - 1) << PAGE_BITS
    root = guest.register("TTBR1_EL1")
    if root is None or not (guest.register("SCTLR") or guest.register("SCTLR_EL1") or 0) & 1:
        raise gdb.GdbError("the MMU is off, or this CPU has no registers that we know")
    return AARCH64, root & 0xFFFFFFFFF000


def flags_of(entry: int, form: Format) -> str:
    """r w x u d c g, as axmm_dump()."""
    if form.is_riscv:
        on = [entry >> bit & 1 for bit in (1, 2, 3, 4, 8, 9, 5)]
    else:
        user, attr = entry >> 6 & 1, entry >> 2 & 7
        never = entry >> (54 if user else 53) & 1
        on = [1, not entry >> 7 & 1, not never, user, attr == 0, attr == 2, not entry >> 11 & 1]
    return "".join(letter if bit else "-" for letter, bit in zip("rwxudcg", on))


def decode(entry: int, level: int, form: Format) -> Optional[Tuple[bool, int]]:
    """(is a table, physical address); None: not present."""
    if not entry & 1:
        return None
    if form.is_riscv:
        return level > 0 and not entry >> 1 & 7, (entry >> 10 & (1 << 44) - 1) << PAGE_BITS
    return level > 0 and bool(entry & 2), entry & 0xFFFFFFFFF000


def leaves(table: int, level: int, base: int, form: Format, seen: Tuple[int, ...] = ()) -> Iterator[Run]:
    if table in seen:
        raise guest.Broken(f"the table at physical {table:#x} is its own ancestor")
    each = 1 << PAGE_BITS + INDEX_BITS * level
    top = level == form.levels - 1
    for index, entry in enumerate(guest.words(table, ENTRIES)):
        found = decode(entry, level, form)
        if found is None or (top and form.is_riscv and index < ENTRIES // 2):
            continue
        start = base + index * each
        if found[0]:
            yield from leaves(found[1], level - 1, start, form, (*seen, table))
        elif found[1] % each:
            raise guest.Broken(f"entry {index} of the table at physical {table:#x}, {entry:#x}, is a leaf of "
                               f"{guest.size(each)} that is not aligned: that is no table, or it is overwritten")
        else:
            yield Run(start, each, found[1], flags_of(entry, form), each, "")


def top_of(form: Format) -> int:
    """The address of entry 0 of a root: entries of the upper half have the sign bits set."""
    bits = PAGE_BITS + INDEX_BITS * form.levels
    return (1 << 64) - (1 << bits)


IMAGE_PARTS = (  # as modules/axmm/src/dump.c
    ("axcpu_text_start", "axcpu_text_end", "text"), ("axcpu_rodata_start", "axcpu_rodata_end", "constants"),
    ("axcpu_data_start", "axcpu_boot_stack_guard", "data"),
    ("axcpu_boot_stack_bottom", "axcpu_boot_stack_top", "the boot stack"),
    ("axcpu_boot_stack_top", "axcpu_trap_stack_guard", "padding"),
    ("axcpu_trap_stack_bottom", "axcpu_trap_stack_top", "the trap stack"),
    ("axcpu_emergency_stack_bottom", "axcpu_emergency_stack_top", "the emergency stack"))
TREE, TREE_BYTES = 0xFFFFFFFFA0000000, 0x400000  # axcpu/image_window.h


class Namer:
    """What is at an address, and how far that reaches."""

    def __init__(self, form: Format) -> None:
        self._form = form
        self._entries = memory.entries()
        self._parts = [(guest.address_of(start), guest.address_of(end), name) for start, end, name in IMAGE_PARTS]
        self._parts.append((TREE, TREE + TREE_BYTES, "the device tree"))

    def name(self, leaf: Run) -> Iterator[Run]:
        """The leaf, cut where what it is ends."""
        while leaf.bytes:
            what, left = self._what(leaf)
            size = min(leaf.bytes, left)
            yield leaf._replace(bytes=size, what=what)
            leaf = leaf._replace(start=leaf.start + size, bytes=leaf.bytes - size, physical=leaf.physical + size)

    def _what(self, leaf: Run) -> Tuple[str, int]:
        if leaf.start >= IMAGE:
            for start, end, name in self._parts:
                if start <= leaf.start < end:
                    return f"image: {name}", end - leaf.start
            return "image: the page to edit tables by" if leaf.start >= TREE else "image", leaf.bytes
        if leaf.start - leaf.physical != self._form.linear_base:
            return "mapped", leaf.bytes
        for entry in self._entries:
            if entry.start <= leaf.physical < entry.end():
                return f"linear map: {entry.kind}", entry.end() - leaf.physical
        return "linear map: a device", leaf.bytes


def joined(pieces: Iterator[Run]) -> Iterator[Run]:
    """Neighbours that are the same thing as one."""
    run = None
    for piece in pieces:
        if (run is not None and piece[3:] == run[3:] and piece.start == run.end()
                and piece.physical == run.physical + run.bytes):
            run = run._replace(bytes=run.bytes + piece.bytes)
            continue
        if run is not None:
            yield run
        run = piece
    if run is not None:
        yield run


def report(argument: str) -> None:
    form, root = in_use()
    if argument:
        root = guest.number(gdb.parse_and_eval(argument))
    with guest.Physical():
        found: List[Run] = list(leaves(root, form.levels - 1, top_of(form), form))
    namer = Namer(form)
    print(f"root at physical {root:#x}, {form.levels} levels")
    print("virtual                    KiB      physical    flags  leaf KiB  what")
    for run in joined(piece for leaf in found for piece in namer.name(leaf)):
        print(run.line())
