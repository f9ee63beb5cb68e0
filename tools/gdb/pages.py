"""`axle pages`: the page allocator and who has its pages.

Knows the regions of both page allocators by their fields, which they share; of one from outside
only the totals.
"""

import gdb

import guest

KIND = "AXALLOC_"
LONG_FROM = 6  # bitmap_region.h: long_classes bit k is runs of 2^(k + 6) pages and more


def kinds(accounts: gdb.Value) -> None:
    names = {f.enumval: f.name for f in gdb.lookup_type("enum axalloc_kind").fields()}
    print(f"{'pages':12} {'now':>10} {'peak':>10}")
    usage = accounts["usage"]
    for i in range(usage.type.range()[1] + 1):
        name = names.get(i, str(i))[len(KIND):].lower().replace("_", " ")
        print(f"{name.replace('dma', 'DMA'):12} {guest.number(usage[i]['pages']):10} "
              f"{guest.number(usage[i]['peak_pages']):10}")


def longest(region: gdb.Value) -> str:
    """The longest free run, as far as the region's records say without a search."""
    if guest.has(region, "classes", "long_classes", "front"):
        long = guest.number(region["long_classes"])
        classes = guest.number(region["classes"]).bit_length()
        others = 1 << long.bit_length() - 1 + LONG_FROM if long else classes
        front = guest.number(region["front"]["end"]) - guest.number(region["front"]["start"])
        return f"longest free run {max(front, others)} pages{' or more' if others > front and long else ''}"
    if guest.has(region, "orders_there", "runs"):
        orders = guest.number(region["orders_there"])
        largest = 1 << orders.bit_length() - 1 if orders else 0
        return f"{guest.number(region['runs'])} free runs, largest block {largest} pages"
    return ""


def report(_: str) -> None:
    instance = guest.variable("axalloc_instance")
    pages = instance["pages"]
    kinds(instance["accounts"])
    spare = guest.number(instance["accounts"]["spare"]["size_bytes"]) // guest.PAGE
    hot = pages["hot"] if guest.has(pages, "hot") else None
    hot_pages = guest.number(hot["end"]) - guest.number(hot["start"]) if hot is not None else 0
    total = guest.number(pages["total_pages"])
    free = guest.number(pages["free_pages"]) + hot_pages + spare
    print(f"{'in use':12} {total - free:10} of {total}")
    print(f"free {free}, of them {hot_pages} hot, {spare} spare of the heap")
    if not guest.has(pages, "regions"):
        return
    counted = 0
    for region in guest.chain(pages["regions"]):
        if not guest.has(region, "first_page", "pages", "free_pages"):
            print("regions are not shown: this image has two structs of that name, and gdb takes the other")
            return
        start = guest.number(region["first_page"]) * guest.PAGE
        count, free_here = guest.number(region["pages"]), guest.number(region["free_pages"])
        counted += free_here
        print(f"region 0x{start:016x} {count:9} pages, {free_here} free, {longest(region)}".rstrip(", "))
    if counted != guest.number(pages["free_pages"]):
        raise guest.Broken(f"the regions have {counted} free pages, the allocator counts "
                           f"{guest.number(pages['free_pages'])} (or it was stopped in between)")
