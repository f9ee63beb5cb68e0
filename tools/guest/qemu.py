"""One run of a guest in QEMU: started, watched, and ended in every case.

For: tools/run (and through it `make run` and the target tests), tools/bench.
Idea: QEMU starts paused with a QMP socket.  Its greeting tells a machine that QEMU refused (no
greeting, STATUS_QEMU) from a guest that ran and failed.  The runner then lets it go, copies its
output, and minds the clock.  A guest that hangs is asked where before it is ended.
The child also gets PR_SET_PDEATHSIG, so a killed runner leaves no QEMU behind.
Badly: Linux only; time limits are in host time, so a loaded host needs generous ones.
"""

import ctypes
import os
import re
import select
import signal
import subprocess
import termios
import time
from typing import List, NamedTuple, Optional, Tuple

from guest.console import Console
from guest.hang import where_it_hangs
from guest.qmp import Qmp, QmpError, image_address, stop_reason

STATUS_REBOOTED = 123  # the guest asked for a reset that was not allowed
STATUS_TIMEOUT = 124  # as timeout(1)
STATUS_QEMU = 125  # QEMU itself failed
STATUS_USER = 130  # the user ended it: as a shell reports SIGINT
PR_SET_PDEATHSIG = 1  # <sys/prctl.h>
GREETING_SECONDS = 30.0
ONE_DAY = 86400.0


class Limits(NamedTuple):
    """Seconds of host time; None for no limit."""

    total: Optional[float] = None
    silence: Optional[float] = None


class Outcome(NamedTuple):
    """How a run ended: the guest's own status, or one of STATUS_* with what to say."""

    status: int
    message: str = ""


class Screen:
    """A picture of the screen that is to be taken when the guest says so."""

    def __init__(self, pattern: str, file: str) -> None:
        self._pattern, self._line, self.file = re.compile(pattern.encode()), b"", file
        self._is_taken = False

    def is_due(self, data: bytes) -> bool:
        """These bytes end the first line that matches."""
        *lines, self._line = (self._line + data).split(b"\n")
        found = not self._is_taken and any(map(self._pattern.search, lines))
        self._is_taken = self._is_taken or found
        return found


class Guest:
    """A QEMU process.  Use in a `with`: leaving it ends QEMU and restores the terminal."""

    def __init__(self, command: List[str], stdin: Optional[int] = None) -> None:
        self.qmp = Qmp()
        self._resets = 0
        self._command = command + ["-S"] + self.qmp.qemu_arguments()
        self._stdin = subprocess.DEVNULL if stdin is None else stdin
        is_terminal = stdin is not None and os.isatty(stdin)
        self._screen: Optional[Screen] = None
        self._terminal = termios.tcgetattr(stdin) if is_terminal else None

    def __enter__(self) -> "Guest":
        self._process = subprocess.Popen(
            self._command, stdin=self._stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            pass_fds=[self.qmp.remote_fd()], preexec_fn=_die_with_parent)
        self.qmp.started()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self.qmp.close()
        if self._terminal is not None:
            termios.tcsetattr(self._stdin, termios.TCSANOW, self._terminal)

    def build_machine(self) -> Optional[Outcome]:
        """Wait until the machine stands, paused; an Outcome where QEMU refuses it."""
        try:
            self.qmp.greet(GREETING_SECONDS)
            return None
        except QmpError as error:
            self._process.kill()
            said = self._process.communicate()[1].decode("utf-8", "replace").strip()
            return Outcome(STATUS_QEMU, f"QEMU refuses this machine:\n{said or error}")

    def load_address(self, image: str) -> Optional[int]:
        """Where QEMU put the flat image given as -kernel."""
        return image_address(self.qmp.monitor("info roms"), image)

    def take_screen(self, pattern: str, file: str) -> None:
        """Have QEMU write the screen to `file` once a line of output matches `pattern`."""
        self._screen = Screen(pattern, file)

    def run(self, console: Console, limits: Limits, reboots: int = 0, go: bool = True) -> Outcome:
        """Let the machine go (unless a debugger will), and watch it to its end."""
        self._allow_reboots(reboots)
        if go:
            self._tell("cont")
        started = heard = time.monotonic()
        sources = {self._process.stdout.fileno(), self._process.stderr.fileno(), self.qmp.fileno()}
        while sources:
            limit, reason = _next_limit(limits, started, heard)
            ready = select.select(sources, [], [], max(0.0, limit - time.monotonic()))[0]
            if not ready:
                return Outcome(STATUS_TIMEOUT, self._hang_report(reason, console))
            for source in ready:
                if not self._take_in(source, console, reboots):
                    sources.remove(source)
            if self._process.stdout.fileno() in ready:
                heard = time.monotonic()
        return self._ended()

    def _take_in(self, source: int, console: Console, reboots: int) -> bool:
        """Read what one source has; False at its end."""
        if source == self.qmp.fileno():
            alive = self.qmp.receive()
            resets = stop_reason(self.qmp.events)[1]
            if alive and resets != self._resets:
                self._resets = resets
                self._allow_reboots(reboots - resets)
            return alive
        data = os.read(source, 65536)
        if source == self._process.stdout.fileno():
            console.feed(data)
            if self._screen and self._screen.is_due(data):
                self._tell("screendump", filename=self._screen.file)
                console.feed(b"axle: the screen is in %s\n" % self._screen.file.encode())
        else:
            os.write(2, data)
        return bool(data)

    def _allow_reboots(self, left: int) -> None:
        """Whether the guest's next reset goes through or ends QEMU."""
        self._tell("set-action", reboot="reset" if left > 0 else "shutdown")

    def _tell(self, command: str, **arguments: str) -> None:
        try:
            self.qmp.command(command, **arguments)
        except QmpError:
            pass  # a short guest has ended before the answer, which the loop will see

    def _hang_report(self, reason: str, console: Console) -> str:
        return "\n".join([reason] + where_it_hangs(self.qmp, console.elf))

    def _ended(self) -> Outcome:
        """Read the end off QEMU's exit code and its last event."""
        status = self._process.wait()
        if status < 0:
            return Outcome(STATUS_QEMU, f"QEMU died of {signal.Signals(-status).name}")
        reason = stop_reason(self.qmp.events)[0]
        if reason == "guest-reset":
            return Outcome(STATUS_REBOOTED, "the guest asked for a reboot (see --allow-reboot)")
        if reason.startswith("host"):
            return Outcome(STATUS_USER, "ended from QEMU's monitor")
        return Outcome(status)


def load_address(command: List[str], image: str) -> Optional[int]:
    """Where QEMU puts a flat image on this machine; None where it refuses either."""
    with Guest(command + ["-display", "none", "-kernel", image]) as guest:
        return None if guest.build_machine() else guest.load_address(image)


def _next_limit(limits: Limits, started: float, heard: float) -> Tuple[float, str]:
    """The next instant at which patience ends, and what to say then."""
    total, silence = limits
    ends = [(started + total, f"not done after {total:g} s")] if total else []
    if silence:
        ends.append((heard + silence, f"silent for {silence:g} s"))
    return min(ends, default=(time.monotonic() + ONE_DAY, "not done after a day"))


def _die_with_parent() -> None:
    """In the child before exec: the kernel kills QEMU when the runner dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
