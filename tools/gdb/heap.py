"""`axle heap [blocks]`: the byte allocator's regions and blocks.

Each of the tree's byte allocators has a walk here, found by the fields of its state; of another one
only the totals are told. A chain that makes no sense ends the walk with what is wrong, and where.
Badly: knows how blocks lie (tlsf_block.h, list_heap.h, slab.h, buddy_words.h), which changes there.
"""

from typing import Callable, Dict, Iterator, List, NamedTuple, Tuple

import gdb

import guest


class Block(NamedTuple):
    start: int  # of its header, if it has one
    bytes: int
    is_free: bool


class Region(NamedTuple):
    start: int
    end: int
    blocks: Iterator[Block]


def checked(start: int, end: int, block: Block, grain: int) -> Block:
    if block.bytes == 0 or block.bytes % grain or block.start + block.bytes > end or block.start < start:
        raise guest.Broken(f"the block at {block.start:#x} says {block.bytes:#x} bytes: it is overwritten, "
                           "or what lies before it is")
    return block


def tlsf_blocks(first: int, mark: int) -> Iterator[Block]:
    """tlsf_block.h: word 1 of a block is its size, with flags in the low 4 bits; bit 0: free."""
    start = first
    while start != mark:
        tag = guest.words(start, 2)[1]
        block = Block(start, tag & ~15, bool(tag & 1))
        yield checked(first, mark, block, 16)
        start += block.bytes


def tlsf(heap: gdb.Value) -> Iterator[Region]:
    for region in guest.chain(heap["regions"]):
        first, mark = guest.number(region["first"]), guest.number(region.address)
        yield Region(first, mark, tlsf_blocks(first, mark))


LIST_RECORD = 32  # list_heap.h


def list_blocks(first: int, end: int) -> Iterator[Block]:
    """list_heap.h: next and size; a live block's next is the complement of its address."""
    start = first
    while start != end:
        after, size = guest.words(start, 2)
        yield checked(first, end, Block(start, size, after != ~start & (1 << 64) - 1), 16)
        start += size


def free_list(heap: gdb.Value) -> Iterator[Region]:
    for region in guest.chain(heap["regions"]):
        first = guest.number(region.address) + LIST_RECORD
        end = first + guest.number(region["size"])
        yield Region(first, end, list_blocks(first, end))


UNIT = 32  # buddy_words.h


def buddy_units(region: gdb.Value) -> int:
    return guest.number(region["high"]) - guest.number(region["low"])


def report_buddy(heap: gdb.Value, _: bool) -> None:
    for region in guest.chain(heap["regions"]):
        start = guest.number(region["origin"]) + guest.number(region["low"]) * UNIT
        units, used = buddy_units(region), guest.number(region["used"])
        print(f"region 0x{start:016x} to 0x{start + units * UNIT:x}: {used * UNIT} of {units * UNIT} bytes live, "
              f"{guest.number(region['levels'])} levels")


def report_slab(heap: gdb.Value, with_blocks: bool) -> None:
    """By class: slabs that have free slots. Full ones are on no list."""
    rows: Dict[int, Tuple[int, int, int]] = {}
    slabs = heap["slabs"]
    for index in range(slabs.type.range()[1] + 1):
        fills = guest.number(heap["fills"][index])
        for fill in [f for f in range(slabs[index].type.range()[1] + 1) if fills >> f & 1]:
            for slab in guest.chain(slabs[index][fill]):
                count, slots, free = rows.get(index, (0, 0, 0))
                rows[index] = (count + 1, slots + guest.number(slab["slots"]), free + guest.number(slab["free_slots"]))
                if with_blocks:
                    print(f"  slab 0x{guest.number(slab['base']):016x} class {index}: "
                          f"{guest.number(slab['free_slots'])} of {guest.number(slab['slots'])} slots free")
    for index, (count, slots, free) in rows.items():
        print(f"class {index}: {count} slabs with room, {free} of {slots} slots free")
    print(f"{guest.number(heap['empty_slabs'])} empty slabs kept; full slabs are on no list")


def report_regions(regions: Iterator[Region], with_blocks: bool) -> None:
    for region in regions:
        live: List[int] = []
        free: List[int] = []
        print(f"region 0x{region.start:016x} to 0x{region.end:x}")
        for block in region.blocks:
            (free if block.is_free else live).append(block.bytes)
            if with_blocks:
                print(f"  0x{block.start:016x} {block.bytes:10} {'free' if block.is_free else 'live'}")
        print(f"  live {len(live)} blocks, {sum(live)} bytes; free {len(free)} blocks, {sum(free)} bytes, "
              f"the largest {max(free, default=0)}")


# By the fields of struct axalloc_bytes that nobody else has.
WALKS: Tuple[Tuple[str, Tuple[str, ...], Callable[[gdb.Value, bool], None]], ...] = (
    ("tlsf", ("bins", "occupied_words"), lambda heap, blocks: report_regions(tlsf(heap), blocks)),
    ("list", ("allocations", "frees"), lambda heap, blocks: report_regions(free_list(heap), blocks)),
    ("slab", ("slabs", "homes"), report_slab),
    ("buddy", ("lists", "occupied"), report_buddy),
)


def report(argument: str) -> None:
    if argument not in ("", "blocks"):
        raise gdb.GdbError("axle heap: the argument can be: blocks")
    heap = guest.variable("axalloc_instance")["heap"]
    name, walk = next(((n, w) for n, fields, w in WALKS if guest.has(heap, *fields)), ("not of the tree", None))
    if guest.has(heap, "used_bytes", "total_bytes"):
        print(f"heap         {guest.number(heap['used_bytes']):10} of {guest.number(heap['total_bytes'])} bytes, "
              f"allocator {name}")
    if walk is not None:
        walk(heap, argument == "blocks")
