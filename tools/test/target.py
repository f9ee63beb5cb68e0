"""One test on the target: a built image, run by tools/run, its output and status judged.

For: tools/test/qemu; the table of cases is in cases.py.
Idea: a case is data.  Patterns are Python regular expressions, searched line by line, in order.
Badly: output that other output interrupts in mid-line does not match.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from guest.platform import ROOT, Platform

TAIL_LINES = 25
GUARD_SECONDS = 15.0  # beyond the runner's own limit, in case the runner itself hangs


class Build(NamedTuple):
    """What `make flat` is asked for."""

    platform: str
    app: str
    alloc: str = ""
    pages: str = ""
    log: str = ""
    features: str = ""

    def variables(self) -> Dict[str, str]:
        return dict(zip(("PLATFORM", "APP", "ALLOC", "PAGES", "LOG", "FEATURES"), self))


class Prepared(NamedTuple):
    """What a case runs in place of the built image."""

    image: Path
    options: Sequence[str] = ()  # more arguments for tools/run, before --
    arguments: Sequence[str] = ()  # more arguments for QEMU
    check: Callable[[], str] = lambda: ""  # afterwards: what is wrong, or ""
    heard: Callable[[Sequence[str]], str] = lambda lines: ""  # the same, of the guest's lines


class Case(NamedTuple):
    name: str
    build: Build
    lines: Sequence[str] = ()  # patterns, in order; none: the app's file `expected`
    status: int = 0
    args: str = ""  # boot arguments
    mem: str = ""  # the platform's, if not said
    qemu: Sequence[str] = ()  # more arguments for QEMU
    options: Sequence[str] = ()  # more arguments for tools/run
    absent: Sequence[str] = ()  # patterns that no line may match
    once: Sequence[str] = ()  # patterns that exactly one line matches
    typed: Sequence[Tuple[str, bytes]] = ()  # (pattern to wait for, what is typed then)
    seconds: float = 30.0
    silence: float = 10.0
    fills_mib: int = 0  # of this machine's memory
    end_within: Optional[float] = None  # seconds from the last pattern's line to the end
    prepare: Optional[Callable[[Path, Path], Prepared]] = None  # (built image, work folder)


class Result(NamedTuple):
    case: Case
    wrong: str  # "" for ok
    seconds: float
    tail: List[str]


class Run:
    """The runner's process while a case runs: lines as they come, with the time of each."""

    alive: "set[subprocess.Popen]" = set()

    def __init__(self, command: List[str], case: Case) -> None:
        self.lines: List[Tuple[float, str]] = []
        self._typed = list(case.typed)
        stdin = subprocess.PIPE if case.typed else subprocess.DEVNULL
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=stdin, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        Run.alive.add(self.process)
        guard = threading.Timer(case.seconds + GUARD_SECONDS, self.process.kill)
        guard.start()
        self._read()
        self.status = self.process.wait()
        self.ended = time.monotonic()
        guard.cancel()
        Run.alive.discard(self.process)

    def _read(self) -> None:
        text = ""
        while True:
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                break
            *whole, text = (text + data.decode("utf-8", "replace")).split("\n")
            self.lines += [(time.monotonic(), line.rstrip("\r")) for line in whole]
            self._type(whole + [text])
        self.lines += [(time.monotonic(), text)] if text else []

    def _type(self, fresh: List[str]) -> None:
        """Type what was waiting for one of these lines (the last may lack its end: a prompt)."""
        if self._typed and any(re.search(self._typed[0][0], line) for line in fresh):
            self.process.stdin.write(self._typed.pop(0)[1])
            self.process.stdin.flush()

    @staticmethod
    def end_all() -> None:
        for process in list(Run.alive):
            process.terminate()


def command_line(case: Case, platform: Platform, image: Path, prepared: Prepared) -> List[str]:
    command = [sys.executable, str(ROOT / "tools/run"), "--qemu", platform.qemu]
    command += [f"--machine-args={platform.arguments}", "--image", str(prepared.image)]
    command += ["--elf", str(image.with_suffix(".elf")), "--mem", case.mem or platform.mem]
    command += ["--cpus-besides", str(platform.cpus_besides)]
    command += [f"--append={case.args}", "--timeout", str(case.seconds)]
    tree = platform.tree(image)
    command += ["--smp", platform.smp, *(["--dtb", str(tree)] if tree else [])]
    command += [f"--disk-args={platform.disk}", f"--uboot={platform.uboot}", "--load", platform.load]
    command += ["--silence", str(case.silence), *case.options, *prepared.options]
    return command + ["--", *case.qemu, *prepared.arguments]


def run(case: Case, platform: Platform, image: Path) -> Result:
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=image.parent) as folder:
        prepared = case.prepare(image, Path(folder)) if case.prepare else Prepared(image)
        done = Run(command_line(case, platform, image, prepared), case)
        wrong = judge(case, done) or prepared.check()
        wrong = wrong or prepared.heard([line for _, line in done.lines])
    early = [line for _, line in done.lines[:-TAIL_LINES] if re.match(r"not ok |# ", line)]
    tail = early + [line for _, line in done.lines[-TAIL_LINES:]]  # what failed before, too
    return Result(case, wrong, time.monotonic() - started, tail)


def judge(case: Case, done: Run) -> str:
    """What is wrong with a run; "" for nothing."""
    at, last = 0, None
    for pattern in case.lines or expected(case.build.app):
        found = next((i for i in range(at, len(done.lines))
                      if re.search(pattern, done.lines[i][1])), None)
        if found is None:
            return f"no line (in order) matches: {pattern}"
        at, last = found + 1, done.lines[found][0]
    for pattern, most in [(p, 0) for p in case.absent] + [(p, 1) for p in case.once]:
        count = sum(bool(re.search(pattern, line)) for _, line in done.lines)
        if count != most:
            return f"{count} lines, not {most}, match: {pattern}"
    if done.status != case.status:
        return f"status {done.status}, not {case.status}"
    if case.end_within is not None and done.ended - last > case.end_within:
        return f"ended {done.ended - last:.1f} s after the last line, not {case.end_within:g} s"
    return ""


def expected(app: str) -> List[str]:
    lines = (ROOT / "apps" / app / "expected").read_text().splitlines()
    return [line for line in lines if line.strip()]


def end_on_signals() -> None:
    """SIGINT and SIGTERM end every run, and with it every QEMU."""
    def leave(number: int, _: object) -> None:
        Run.end_all()
        os._exit(128 + number)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
