"""The programs that are measured on this machine: Axle's allocators and Debian's, built and run.

For: tools/bench/*. Axle's come from `make PLATFORM=host FEATURES=release host-bench`, one build an
allocator; Debian's are the program bytes_libc with the library in LD_PRELOAD. What is not there is
left out, and said.
"""

import glob
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Dict, Iterable, List, NamedTuple, Tuple, TypeVar

from guest.platform import ROOT

PLUGIN = ROOT / "build/bench/op_count.so"
EMULATOR = "qemu-x86_64"
TIME_LIMIT_S = 300
PEERS = {"mimalloc": "libmimalloc.so.2", "jemalloc": "libjemalloc.so.2",
         "tcmalloc": "libtcmalloc_minimal.so.4"}
LIBRARY_FOLDERS = "/usr/lib/*-linux-gnu"
EMPTY = ROOT / "modules/axalloc/bench/empty"

Item = TypeVar("Item")
Out = TypeVar("Out")


class Failed(Exception):
    """A program or a build failed; the message says which and how."""


class TooSlow(Failed):
    """It was given up."""


class Program(NamedTuple):
    name: str
    path: Path
    environment: Dict[str, str]

    def run(self, *arguments: str, limit: float = TIME_LIMIT_S) -> str:
        return checked([str(self.path), *arguments], dict(os.environ, **self.environment),
                       f"{self.name}: {' '.join(arguments)}", limit)

    def count(self, *arguments: str) -> Dict[str, Dict[str, "Count"]]:
        """Instructions of each section and kind of operation: section -> kind -> Count."""
        out = PLUGIN.with_name(f"count.{self.name.replace(' ', '-')}.{self.path.name}")
        preload = [word for name, value in self.environment.items() for word in ("-E", f"{name}={value}")]
        command = [EMULATOR, *preload, "-plugin", f"{PLUGIN},out={out}", str(self.path), *arguments]
        said = checked(command, dict(os.environ), f"{self.name}: counting")
        return counts_of(said, out.read_text())


class Count(NamedTuple):
    operations: int
    instructions: int
    largest: int

    def mean(self) -> float:
        return self.instructions / self.operations


def counts_of(said: str, counted: str) -> Dict[str, Dict[str, Count]]:
    """What the plugin wrote, by the names of the sections that the program printed."""
    names = [line.split()[1] for line in said.splitlines() if line.startswith("section ")]
    found: Dict[str, Dict[str, Count]] = {name: {} for name in names}
    for line in counted.splitlines():
        section, kind, operations, total, largest, *_ = line.split()
        if int(section) > 0:
            found[names[int(section) - 1]][kind] = Count(int(operations), int(total), int(largest))
    return found


def checked(command: List[str], environment: Dict[str, str], what: str,
            limit: float = TIME_LIMIT_S) -> str:
    try:
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              errors="replace", timeout=limit, check=False)
    except subprocess.TimeoutExpired as slow:
        raise TooSlow(f"{what}: no end within {limit:.0f} s") from slow
    if done.returncode:
        raise Failed(f"{what}: status {done.returncode}: {(done.stdout + done.stderr).strip()[-400:]}")
    return done.stdout


def compile_plugin(name: str = "op_count") -> None:
    source, plugin = ROOT / f"tools/bench/{name}.c", PLUGIN.with_name(f"{name}.so")
    plugin.parent.mkdir(parents=True, exist_ok=True)
    sources = (source, source.with_name("qemu_plugin.h"))
    if plugin.exists() and all(plugin.stat().st_mtime > s.stat().st_mtime for s in sources):
        return
    subprocess.run(["gcc", "-std=c11", "-pedantic-errors", "-Wall", "-Wextra", "-Werror", "-O2",
                    "-shared", "-fPIC", "-o", plugin, source], check=True)


def allocators(kind: str) -> List[str]:
    """The folders under modules/axalloc/bytes or pages."""
    return sorted(path.parent.name for path in ROOT.glob(f"modules/axalloc/{kind}/*/Kconfig"))


def wanted(text: str) -> List[str]:
    """The byte allocators that ALLOC= names, of the tree or folders elsewhere; all of the tree's if none."""
    there = allocators("bytes")
    names = [name for name in text.replace(",", " ").split() if name]
    for name in names:
        if name not in there and not ("/" in name and (ROOT / name / "Kconfig").exists()):
            raise Failed(f"unknown allocator {name}. Valid: {' '.join(there)}, or the path of an allocator's folder")
    return names or there


def label(name: str) -> str:
    """The name of an allocator in tables, wherever it is."""
    return Path(name).name


def features() -> List[str]:
    return [path.stem for path in ROOT.glob("configs/features/*.config")]


def build(flags: Iterable[str] = (), **variables: str) -> Path:
    """The folder of axalloc's benchmark programs, in this configuration."""
    command = ["make", "--no-print-directory", "PLATFORM=host",
               f"FEATURES={' '.join(['release', *flags])}", "host-bench"]
    command += [f"{name}={value}" for name, value in variables.items()]
    environment = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"}
    said = checked(command, environment, " ".join(command[2:]), 600)
    return ROOT / said.split()[-1] / "axalloc"


def core(folder: Path, what: str) -> Path:
    """The program of an allocator's core: with its cache in front, where that is how it is meant."""
    cached = folder / f"bench-{what}_cached"
    return cached if cached.exists() else folder / f"bench-{what}_axle"


def peers(program: Path) -> Tuple[List[Program], List[str]]:
    """`program` on each of Debian's allocators that is installed, and what is missing."""
    found, missing = [Program("glibc", program, {})], []
    for name, library in PEERS.items():
        paths = glob.glob(f"{LIBRARY_FOLDERS}/{library}")
        if paths:
            found.append(Program(name, program, {"LD_PRELOAD": paths[0]}))
        else:
            missing.append(f"{name} is not installed (tools/setup bench): not compared with")
    return found, missing


def available_bytes() -> int:
    """Memory that programs may still take without others being ended for it."""
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) << 10
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def in_parallel(work: Callable[[Item], Out], items: Iterable[Item]) -> List[Out]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(work, items))


def progress(text: str) -> None:
    print(f"  ... {text}", file=sys.stderr, flush=True)
