#!/usr/bin/python3
"""Disk images for app blktest: made before a run, checked after it.

    tools/test/disk.py make IMAGE      one of 2 MiB
    tools/test/disk.py check IMAGE     how often its sectors were written, or which one is wrong

Idea: a sector says its number and how often it was written, and the rest of it follows from these
(apps/blktest/blktest.h: struct sector); so any sector that is old, another one's or torn is told from
a good one, and the counts of all sectors together are what the app says that it has written.
"""

import struct
import sys
from pathlib import Path
from typing import List

SECTOR_BYTES = 512
MAGIC = 0x656C78416B736964
WORDS = SECTOR_BYTES // 8 - 3
MASK = (1 << 64) - 1
SECTOR = struct.Struct(f"<3Q{WORDS}Q")


def sector(number: int, writes: int) -> bytes:
    """As apps/blktest/main.c:sector_fill."""
    word = next_word((number * 0x9E3779B97F4A7C15 & MASK) ^ writes)
    words = []
    for _ in range(WORDS):
        words.append(word)
        word = next_word(word)
    return SECTOR.pack(MAGIC, number, writes, *words)


def next_word(word: int) -> int:
    return (word * 6364136223846793005 + 1442695040888963407) & MASK


def make(path: Path, sectors: int) -> None:
    path.write_bytes(b"".join(sector(number, 0) for number in range(sectors)))


def check(path: Path) -> int:
    """How many sectors were written in all. ValueError: a sector that is not as it should be."""
    data = path.read_bytes()
    total = 0
    for number in range(len(data) // SECTOR_BYTES):
        here = data[number * SECTOR_BYTES:(number + 1) * SECTOR_BYTES]
        writes = SECTOR.unpack(here)[2]
        if here != sector(number, writes):
            raise ValueError(f"sector {number} of the image is not what was written")
        total += writes
    return total


def main(words: List[str]) -> str:
    """What to print, unless all is well and there is nothing to say; SystemExit says what was wrong."""
    if len(words) != 2 or words[0] not in ("make", "check"):
        sys.exit("usage: tools/test/disk.py make|check IMAGE")
    try:
        if words[0] == "check":
            return f"{check(Path(words[1]))} sectors written, and each is as it should be\n"
        make(Path(words[1]), 4096)
    except (OSError, ValueError, struct.error) as wrong:
        sys.exit(f"{words[1]}: {wrong}")
    return ""


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1:]))
