"""Whose each instruction address is: its module, and the function it is in.

For: tools/bench/boot.  An address outside the image is the firmware's.
Badly: what assembly lacks a line table for is counted under "?".
"""

import re
from collections import Counter
from typing import Dict, Iterable, Tuple

from guest.symbols import Elf

FIRMWARE = "firmware"
UNKNOWN = "?"


class Image:
    """Names for all of `addresses`, asked once."""

    def __init__(self, elf: Elf, addresses: Iterable[int]) -> None:
        linked = {address: elf.linked_address(address) for address in set(addresses)}
        inside = sorted({to for to in linked.values() if to is not None})
        frames = elf.frames_of(inside)
        self._owner: Dict[int, Tuple[str, str]] = {}
        for address, to in linked.items():
            if to is None:
                self._owner[address] = (FIRMWARE, FIRMWARE)
                continue
            place = frames[to][0][1] if frames[to] else ""
            self._owner[address] = (module_of(place), elf.symbol_at(to))

    def by_module(self, counts: Counter) -> Counter:
        return self._sum(counts, 0)

    def by_function(self, counts: Counter) -> Counter:
        return self._sum(counts, 1)

    def _sum(self, counts: Counter, part: int) -> Counter:
        sums: Counter = Counter()
        for address, count in counts.items():
            sums[self._owner[address][part]] += count
        return sums


def module_of(place: str) -> str:
    """modules/axhal/src/map.c:12 -> axhal; a platform or an app -> its path."""
    match = re.search(r"(?:^|/)modules/(\w+)/|(?:^|/)((?:platforms|apps)/[\w-]+)/", place)
    return UNKNOWN if match is None else match.group(1) or match.group(2)
