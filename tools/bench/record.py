"""Records what an app or a Linux program allocates, as a trace for tools/bench/compare.

For: `make compare APP=` and `make compare RUN=`; docs/compare.md describes the format.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Tuple

from bench.programs import Failed, progress
from guest import platform
from guest.build import image
from guest.platform import ROOT

FIRST_LINE = "axalloc-trace 1"
FOLDER = ROOT / "build/compare"
LIBRARY = FOLDER / "libaxalloc-trace.so"
# What a guest says: with @ before it, anywhere in a line, since an app may have begun one.
SAID = re.compile(r"@([arf] [0-9a-f]+(?: [0-9a-f]+)*)\r?$")
TIME_LIMIT_S = 600


def compile_recorder() -> Path:
    source = ROOT / "tools/bench/record.c"
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not LIBRARY.exists() or LIBRARY.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["gcc", "-std=c11", "-D_GNU_SOURCE", "-pedantic-errors", "-Wall", "-Wextra",
                        "-Werror", "-O2", "-fno-builtin", "-shared", "-fPIC", "-o", LIBRARY, source], check=True)
    return LIBRARY


def sound(lines: Iterable[str]) -> Iterator[str]:
    """Without what no allocation comes before: the recorder began in the middle of things."""
    live = set()
    for line in lines:
        kind, *words = line.split()
        if kind == "a":
            if words[0] in live:  # its free was not seen
                yield f"f {words[0]}"
            live.add(words[0])
            yield line
        elif kind == "f" and words[0] in live:
            live.remove(words[0])
            yield line
        elif kind == "r":
            known = words[0] in live
            live.discard(words[0])
            if words[1] in live:
                yield f"f {words[1]}"
            live.add(words[1])
            yield line if known else f"a {words[1]} {words[2]}"


def write(path: Path, what: str, lines: Iterable[str]) -> Path:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write(f"{FIRST_LINE}\n# {what}\n")
        out.writelines(f"{line}\n" for line in sound(lines))
    return path


def from_guest(variables: Dict[str, str]) -> Path:
    """Run an app with FEATURES=trace; `variables` are make's: APP or A, PLATFORM, ARGS, MEM."""
    app = Path(variables.get("A") or variables["APP"]).name
    if variables["PLATFORM"] not in platform.names():
        raise Failed(f"PLATFORM={variables['PLATFORM']} is no machine of QEMU: apps are recorded on one of "
                     f"{' '.join(platform.names())}; RUN= records a program of this machine")
    machine = platform.read(variables["PLATFORM"])
    flags = f"{variables.get('FEATURES', '')} trace".strip()
    progress(f"recording app {app} on {machine.name}")
    built, said = image(**{name: variables.get(name, "") for name in ("PLATFORM", "APP", "A")}, FEATURES=flags)
    if built is None:
        raise Failed(f"app {app} does not build with FEATURES=trace: {said}")
    command = [str(ROOT / "tools/run"), "--qemu", machine.qemu, f"--machine-args={machine.arguments}",
               "--image", str(built), "--mem", variables.get("MEM") or "128M", "--timeout", str(TIME_LIMIT_S),
               f"--append=log=warn {variables.get('ARGS', '')}".rstrip()]
    events, others = split(subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=ROOT,
                                          text=True, errors="replace", check=False))
    if not events:
        raise Failed(f"app {app} allocated nothing from axalloc; it said:\n" + "\n".join(others[-10:]))
    return write(FOLDER / f"{app}.trace", f"app {app} on {machine.name}", events)


def split(run: "subprocess.CompletedProcess[str]") -> Tuple[List[str], List[str]]:
    """The events, and what the app itself said, which is shown."""
    events, others = [], []
    for line in run.stdout.splitlines():
        found = SAID.search(line)
        if found:
            events.append(found[1])
        else:
            others.append(line)
    if run.returncode:
        print("\n".join(others[-20:]), file=sys.stderr)
        print(f"compare: the app ended with status {run.returncode}; what it did until then is compared",
              file=sys.stderr)
    return events, others


def from_linux(command: str) -> Path:
    """Run a command line under the recorder; the process that did most is taken."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise Failed(f"RUN={command}: {error}") from error
    name = Path(words[0]).name if words else ""
    if not name:
        raise Failed("RUN= is empty: give a command, as in RUN='git log --stat'")
    prefix = compile_recorder().with_name(f"run-{name}")
    for old in FOLDER.glob(f"{prefix.name}.*.trace"):
        old.unlink()
    progress(f"recording {command}")
    try:
        done = subprocess.run(words, env=dict(os.environ, LD_PRELOAD=str(LIBRARY), AXALLOC_TRACE=str(prefix)),
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=TIME_LIMIT_S,
                              check=False)
    except FileNotFoundError as error:
        raise Failed(f"RUN={command}: there is no command {words[0]}") from error
    except OSError as error:
        raise Failed(f"RUN={command}: {words[0]} cannot be run: {error.strerror}") from error
    except subprocess.TimeoutExpired as slow:
        raise Failed(f"RUN={command}: no end within {TIME_LIMIT_S} s") from slow
    found = sorted(FOLDER.glob(f"{prefix.name}.*.trace"), key=lambda path: path.stat().st_size)
    if not found or found[-1].stat().st_size < 100:
        raise Failed(f"RUN={command}: nothing was recorded: the program allocates little, and ends by "
                     "_exit, as shells do, or is linked statically")
    if done.returncode:
        print(f"compare: {words[0]} ended with status {done.returncode}", file=sys.stderr)
    with open(found[-1], encoding="utf-8", errors="replace") as file:
        lines = [line for line in file.read().splitlines() if line]
    for old in found:
        old.unlink()
    return write(FOLDER / f"{name}.trace", lines[1].lstrip("# "), lines[2:])
