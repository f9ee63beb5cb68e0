"""Cases of gdb's commands (tools/gdb): what they say of a stopped guest is what the guest says itself.

For: cases.py.  The guest waits for gdb, which stops it at its end, asks, and lets it go; the runner
then judges the guest as in any other case.
Badly: where gdb fails to come, the guest waits until the guard ends the case.
"""

import re
import socket
import subprocess
from pathlib import Path
from typing import Callable, Iterator, Sequence

from guest.platform import ROOT, read
from target import Build, Case, Prepared

LIMIT_SECONDS = 40
AT_THE_END = ("hbreak axruntime_exit", "continue")

Judge = Callable[[Sequence[str], Sequence[str]], str]  # (guest's lines, gdb's): what is wrong, or ""


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("localhost", 0))
        return asked.getsockname()[1]


def asked(commands: Sequence[str], judge: Judge) -> Callable[[Path, Path], Prepared]:
    """prepare() of a case in which gdb does `commands`."""
    def prepare(image: Path, folder: Path) -> Prepared:
        port, log = free_port(), folder / "gdb.log"
        script = ["set tcp connect-timeout 30", f"target remote localhost:{port}", *commands, "detach"]
        command = ["gdb-multiarch", "-nx", "-batch", "-x", ROOT / "tools/gdb/axle.py"]
        command += [word for line in script for word in ("-ex", line)] + [image.with_suffix(".elf")]
        with open(log, "w", encoding="utf-8") as file:
            gdb = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)

        def heard(lines: Sequence[str]) -> str:
            try:
                gdb.wait(LIMIT_SECONDS)
            except subprocess.TimeoutExpired:
                gdb.kill()
                return "gdb does not end"
            said = log.read_text(errors="replace").splitlines()
            wrong = judge(lines, said)
            return wrong and wrong + "; gdb said:\n" + "\n".join(said[-30:])
        return Prepared(image, ["--gdb", str(port)], heard=heard)
    return prepare


def same_lines(pattern: str) -> Judge:
    """The lines of the guest that match are the first of gdb's that do, and there are some."""
    def judge(guest: Sequence[str], gdb: Sequence[str]) -> str:
        theirs, ours = ([line for line in lines if re.search(pattern, line)] for lines in (guest, gdb))
        if not theirs or theirs != ours[:len(theirs)]:
            return f"of {pattern} the guest says {theirs}, gdb {ours}"
        return ""
    return judge


def matching(*patterns: str) -> Judge:
    """gdb's lines match these, in order."""
    def judge(_: Sequence[str], gdb: Sequence[str]) -> str:
        at = 0
        for pattern in patterns:
            found = next((i for i in range(at, len(gdb)) if re.search(pattern, gdb[i])), None)
            if found is None:
                return f"no line of gdb's (in order) matches: {pattern}"
            at = found + 1
        return ""
    return judge


def all_of(*judges: Judge) -> Judge:
    return lambda guest, gdb: next(filter(None, (judge(guest, gdb) for judge in judges)), "")


def overwrite(expression: str) -> Sequence[str]:
    """Of the block whose header is there: the size, which then makes no sense."""
    return (f"python import guest; region = guest.variable('axalloc_instance')['heap']['regions'].dereference(); "
            f"gdb.selected_inferior().write_memory({expression} + 8, bytes([7] * 8))", "axle heap")


REPORT = r"^(pages  |heap  |page tables|DMA|stacks|caches|app  |in use)"  # of axalloc_report()
BROKEN = "says .* bytes: it is overwritten"
# The walks through the heaps, each on one platform: allocators, what besides, and what gdb says of it.
HEAPS = {
    "riscv64": (("tlsf", "", overwrite("guest.number(region['first'])"), (r"^  live \d+ blocks", BROKEN)),
                ("slab", "", ("axle heap blocks",), (r"^\d+ empty slabs kept", r"^\d+ empty slabs kept"))),
    "aarch64": (("list", "", overwrite("guest.number(region.address) + 32"), (r"^  live \d+ blocks", BROKEN)),
                ("buddy", "buddy", (), ("^region .* bytes live, ",))),
}


def heap_cases(platform: str) -> Iterator[Case]:
    for alloc, pages, more, patterns in HEAPS[read(platform).isa]:
        regions = () if pages else ("^region .* pages, ",)
        judge = all_of(same_lines(REPORT), matching(*regions, f"^heap .*allocator {alloc}$", *patterns))
        yield Case(f"{platform} gdb shows the allocators {alloc} {pages}".rstrip(),
                   Build(platform, "memtest", alloc, pages), args="keys=100", mem="8M", seconds=60.0,
                   prepare=asked([*AT_THE_END, "axle pages", "axle heap", *more], judge))


def cases(platform: str) -> Iterator[Case]:
    before = ("axle memory", "axle tables", "hbreak axcpu_port_boot", "continue", "axle memory")
    early = matching("Cannot access memory|optimized out", "the MMU is off", "^no memory map yet")
    yield Case(f"{platform} gdb shows the tables", Build(platform, "ptdump"), seconds=60.0,
               prepare=asked([*AT_THE_END, "axle tables"], same_lines("^ffff")))
    yield Case(f"{platform} gdb shows memory and CPUs", Build(platform, "helloworld"), seconds=60.0,
               prepare=asked([*before, *AT_THE_END, "axle memory", "axle cpus"], all_of(early, matching(
                   "MiB of RAM, ", "^CPU 0: hardware id 0x[0-9a-f]+, booted, traps"))))
    yield from heap_cases(platform)
