"""gdb's commands for a stopped guest: `source tools/gdb/axle.py`, which `make debug` does.

    axle memory           the memory map, as boot made it
    axle cpus             which CPUs there are, and what they are at
    axle pages            the page allocator, and whose its pages are
    axle heap [blocks]    the byte allocator; each of its blocks
    axle tables [ROOT]    what the page tables map

They read the guest and call nothing in it. Before boot has made a thing, they say so or show zeros.
"""

import sys
from pathlib import Path
from typing import Callable, Dict

import gdb

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import heap  # noqa: E402
import memory  # noqa: E402
import pages  # noqa: E402
import tables  # noqa: E402

COMMANDS: Dict[str, Callable[[str], None]] = {
    "memory": memory.report_memory, "cpus": memory.report_cpus, "pages": pages.report,
    "heap": heap.report, "tables": tables.report,
}


class Axle(gdb.Command):
    """What the Axle guest holds: axle memory, cpus, pages, heap [blocks], tables [ROOT]."""

    def __init__(self) -> None:
        super().__init__("axle", gdb.COMMAND_DATA, prefix=True)


class Part(gdb.Command):
    def __init__(self, name: str, report: Callable[[str], None]) -> None:
        self._report = report
        super().__init__(f"axle {name}", gdb.COMMAND_DATA)

    def invoke(self, argument: str, from_tty: bool) -> None:
        try:
            self._report(argument.strip())
        except gdb.MemoryError as error:
            raise gdb.GdbError(f"{error}: the guest has not come so far, or has broken its tables") from error


Axle()
for command, function in COMMANDS.items():
    Part(command, function)
