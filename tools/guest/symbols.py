"""Names for guest addresses, from the ELF of the image.

For: the runner's backtraces, and the boot benchmark's tables.
Idea: addr2line and nm do the work (the cross binutils' or LLVM's, whichever is there).  Boot code
runs at physical addresses before the MMU is on: an address inside the loaded flat image is moved
to the window that the image was linked for.
Badly: one addr2line process a question (about 10 ms); a backtrace is short.
"""

import bisect
import functools
import os
import shutil
import struct
import subprocess
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

# ELF-64 object file format: e_machine values, and program headers.
GNU_PREFIX = {243: "riscv64-linux-gnu-", 183: "aarch64-linux-gnu-"}
PT_LOAD, PF_X = 1, 1

Frame = Tuple[str, str]  # function, and "file:line" or ""


class Segment(NamedTuple):
    start: int
    end: int
    flags: int


class Elf:
    """One image: its extent, and names for addresses in it."""

    def __init__(self, path: str, load_address: Optional[int] = None) -> None:
        with open(path, "rb") as file:
            data = file.read()
        if data[:5] != b"\x7fELF\x02":
            raise ValueError(f"{path} is not a 64-bit ELF file")
        self.path = path
        self.load_address = load_address
        self.machine = struct.unpack_from("<H", data, 18)[0]
        headers = _loaded(data)
        self.start = min((h.start for h in headers), default=0)
        self.end = max((h.end for h in headers), default=0)
        self._text = [h for h in headers if h.flags & PF_X]
        self._known: Dict[int, List[Frame]] = {}
        self._is_llvm = b"clang version" in data  # DW_AT_producer

    def tool(self, name: str) -> Optional[str]:
        """GNU's or LLVM's program `name`: rather that of the compiler which made the image."""
        names = [GNU_PREFIX.get(self.machine, "") + name, "llvm-" + name]
        ordered = reversed(names) if self._is_llvm else names
        return next((n for n in ordered if shutil.which(n)), None)

    def linked_address(self, address: int) -> Optional[int]:
        """`address` as the ELF knows it; None where it is not in the image."""
        if self.start <= address < self.end:
            return address
        if self.load_address is None:
            return None
        moved = address - self.load_address + self.start
        return moved if self.start <= moved < self.end else None

    def frames(self, address: int) -> List[Frame]:
        """The function at `address`, innermost inlined one first; empty when it has no name."""
        linked = self.linked_address(address)
        if linked is None or not any(h.start <= linked < h.end for h in self._text):
            return []
        if linked not in self._known:  # recursion repeats itself
            self._known.update(self.frames_of([linked]))
        return self._known[linked]

    def frames_of(self, linked: Sequence[int]) -> Dict[int, List[Frame]]:
        """frames() for many linked addresses by one process."""
        tool = self.tool("addr2line")
        if tool is None or not linked:
            return {address: [] for address in linked}
        asked = "".join(f"{address:#x}\n" for address in linked)
        answer = subprocess.run([tool, "-a", "-f", "-i", "-e", self.path], input=asked, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        found = _parse_frames(answer.stdout, linked)
        return {address: self._without_labels(address, found[address]) for address in linked}

    @functools.cached_property
    def symbols(self) -> List[Tuple[int, str]]:
        """(address, name) of what the image defines, but compilers' labels, by address."""
        tool = self.tool("nm")
        if tool is None:
            return []
        text = subprocess.run([tool, "--defined-only", self.path], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        rows = [line.split() for line in text.splitlines()]
        found = [(int(r[0], 16), r[2]) for r in rows if len(r) == 3 and not _is_label(r[2])]
        return sorted((a, name) for a, name in found if self.start <= a < self.end)

    def symbol_at(self, linked: int) -> str:
        """The last symbol up to a linked address; "?" before the first."""
        index = bisect.bisect_right(self.symbols, (linked, "\x7f"))
        return self.symbols[index - 1][1] if index else "?"

    def _without_labels(self, linked: int, frames: List[Frame]) -> List[Frame]:
        """llvm-addr2line may name a compiler's label in place of its function."""
        return [(self.symbol_at(linked) if _is_label(function) else function, place)
                for function, place in frames]


def _is_label(symbol: str) -> bool:
    return symbol.startswith((".L", "$"))


def _loaded(data: bytes) -> List[Segment]:
    """The loaded segments, as program headers tell."""
    table = struct.unpack_from("<Q", data, 32)[0]
    size, count = struct.unpack_from("<HH", data, 54)
    headers = [struct.unpack_from("<IIQQQQQ", data, table + i * size) for i in range(count)]
    return [Segment(h[3], h[3] + h[6], h[1]) for h in headers if h[0] == PT_LOAD]


def _parse_frames(text: str, linked: Sequence[int]) -> Dict[int, List[Frame]]:
    """addr2line's answer: an address line, then pairs of function and place, for each question."""
    found: Dict[int, List[Frame]] = {address: [] for address in linked}
    address, function = None, None
    for line in text.splitlines():
        if line.startswith("0x"):
            address, function = int(line, 16), None
        elif function is None:
            function = line
        else:
            if function != "??" and address in found:
                found[address].append((function, _short_place(line)))
            function = None
    return found


def _short_place(place: str) -> str:
    """"file:line" with the file relative to here where it is below, or "" where unknown."""
    file, _, line = place.split(" (discriminator")[0].rpartition(":")
    if file in ("", "??"):
        return ""
    here = os.getcwd() + os.sep
    file = os.path.normpath(file)
    return f"{file[len(here):] if file.startswith(here) else file}:{line}"


def describe(frames: List[Frame]) -> str:
    """`inner (file:line) in outer (file:line)`, as the runner appends it to a line."""
    named = [f"{function} ({place})" if place else function for function, place in frames]
    return " in ".join(named)
