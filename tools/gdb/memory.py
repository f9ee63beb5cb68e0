"""`axle memory` and `axle cpus`: what the machine is, as the kernel read it."""

from typing import List, NamedTuple

import guest

KIND = "AXHAL_MEMORY_"


class Entry(NamedTuple):
    start: int
    bytes: int
    kind: str

    def end(self) -> int:
        return self.start + self.bytes


# As axhal_memory_kind_name() says them.
WORDS = {"KERNEL_PAGE_TABLE": "page tables", "NO_MAP": "not mapped"}


def name_of(kind: str) -> str:
    kind = kind[len(KIND):] if kind.startswith(KIND) else kind
    return WORDS.get(kind, kind.lower().replace("_", " "))


def entries() -> List[Entry]:
    """The memory map; empty before the tree is read."""
    memory = guest.variable("machine")["memory"]
    count = guest.number(memory["entry_count"])
    found = [memory["entries"][i] for i in range(min(count, memory["entries"].type.range()[1] + 1))]
    return [Entry(guest.number(e["range"]["start"]), guest.number(e["range"]["size_bytes"]),
                  name_of(str(e["kind"]))) for e in found]


def report_memory(_: str) -> None:
    found = entries()
    if not found:
        print("no memory map yet: the device tree has not been read")
    for entry in found:
        print(f"0x{entry.start:010x} {entry.bytes >> 10:9} KiB {entry.kind}")
    total = sum(entry.bytes for entry in found)
    print(f"{guest.size(total)} of RAM, {guest.size(sum(e.bytes for e in found if e.kind == 'free'))} free at boot")


STATES = ("not started", "starting", "online", "left out")


def report_cpus(_: str) -> None:
    blocks = guest.variable("axcpu_percpus")
    for index in range(blocks.type.range()[1] + 1):
        block = blocks[index]
        state = guest.number(block["state"])
        if index > 0 and state == 0:
            continue
        words = "booted" if index == 0 else STATES[state] if state < len(STATES) else f"state {state}"
        print(f"CPU {index}: hardware id {guest.number(block['hardware_id']):#x}, {words}, "
              f"traps being handled: {guest.number(block['trap_depth'])}")
