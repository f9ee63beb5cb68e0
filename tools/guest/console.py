"""The guest's output on its way to the terminal: shown at once, addresses named.

Lines that the guest prints for this (docs/testing.md):
    `  #0 0xffffffff80001234`          a frame of a backtrace
    `... pc 0xffffffff80001234`        a line that ends with a program counter
get ` function (file:line)` appended.  Every byte is passed on when it comes; only the end of such
a line waits, for the name.
Badly: a line that another output interrupts is not recognised.
"""

import re
from typing import Callable, List, Optional

from guest.symbols import Elf, describe

FRAME = re.compile(rb"^\s+#\d+ 0x([0-9a-f]{16})$")
PC_LAST = re.compile(rb"\bpc 0x([0-9a-f]{16})$")
LONGEST_LINE = 200  # bytes kept to match; a longer line is none of ours


class Console:
    """Feeds guest bytes to `write`, with names appended to the lines above; `hear` gets each line."""

    def __init__(self, write: Callable[[bytes], None], elf: Optional[Elf],
                 hear: Optional[Callable[[bytes], None]] = None) -> None:
        self._write = write
        self._hear = hear
        self.elf = elf
        self._line = bytearray()

    def feed(self, data: bytes) -> None:
        for piece in data.splitlines(keepends=True):
            self._feed_piece(piece)

    def _feed_piece(self, piece: bytes) -> None:
        body = piece.rstrip(b"\r\n")
        if body:
            self._write(body)
            self._line += body[: LONGEST_LINE - len(self._line)]
        end = piece[len(body):]
        if end:
            self._write(self._names() + end)
            if self._hear:
                self._hear(bytes(self._line))
            self._line.clear()

    def _names(self) -> bytes:
        """What to append to the line that just ended."""
        line = bytes(self._line)
        found = FRAME.match(line) or PC_LAST.search(line)
        if found is None or self.elf is None:
            return b""
        address = int(found.group(1), 16)
        text = describe(self.elf.frames(address))
        return b" " + text.encode() if text else b""
