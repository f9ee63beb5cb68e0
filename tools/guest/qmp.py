"""A client for QEMU's machine protocol (QMP), over one socket that QEMU inherits.

For: starting a paused guest, hearing why it stopped, and asking where it hangs.
Idea: the socket is one half of a socketpair, so nothing is left on disk and nothing has to be
polled for; QEMU's death is an end of file here.  Source: docs/interop/qmp-spec.txt in QEMU.
Badly: one command at a time, no asynchronous replies.
"""

import json
import re
import select
import socket
import time
from typing import Any, Dict, List, Optional, Tuple


class QmpError(Exception):
    """QEMU went away, did not answer in time, or refused a command."""


class Qmp:
    """One connection.  Events that arrive while a reply is awaited are kept in `events`."""

    def __init__(self) -> None:
        self._socket, self._remote = socket.socketpair()
        self._socket.setblocking(False)
        self._pending = b""
        self._replies: List[Dict[str, Any]] = []
        self.events: List[Dict[str, Any]] = []

    def qemu_arguments(self) -> List[str]:
        """The arguments that give QEMU its half; pass remote_fd() down to it."""
        chardev = f"socket,id=axle-qmp,fd={self.remote_fd()}"
        return ["-chardev", chardev, "-mon", "chardev=axle-qmp,mode=control"]

    def remote_fd(self) -> int:
        return self._remote.fileno()

    def fileno(self) -> int:
        return self._socket.fileno()

    def started(self) -> None:
        """QEMU holds its half now; drop ours, so that its death reads as end of file."""
        self._remote.close()

    def close(self) -> None:
        self._remote.close()
        self._socket.close()

    def receive(self) -> bool:
        """Take in what has arrived, without waiting.  False at end of file."""
        try:
            data = self._socket.recv(65536)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not data:
            return False
        self._pending += data
        *lines, self._pending = self._pending.split(b"\n")
        for line in filter(None, map(bytes.strip, lines)):
            message = json.loads(line)
            (self.events if "event" in message else self._replies).append(message)
        return True

    def _next_reply(self, deadline: float) -> Dict[str, Any]:
        while not self._replies:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._socket], [], [], left)[0]:
                raise QmpError("QEMU does not answer")
            if not self.receive():
                raise QmpError("QEMU has ended")
        return self._replies.pop(0)

    def greet(self, seconds: float) -> None:
        """Wait for QEMU's greeting (its machine is built by then), and switch to commands."""
        self._next_reply(time.monotonic() + seconds)
        self.command("qmp_capabilities")

    def command(self, name: str, seconds: float = 5.0, **arguments: Any) -> Any:
        request = json.dumps({"execute": name, "arguments": arguments})
        try:
            self._socket.sendall(request.encode())
        except OSError as error:
            raise QmpError("QEMU has ended") from error
        reply = self._next_reply(time.monotonic() + seconds)
        if "error" in reply:
            raise QmpError(reply["error"].get("desc", "refused"))
        return reply["return"]

    def monitor(self, line: str, cpu: int = 0) -> str:
        """A command of the human monitor: some questions have no other form."""
        arguments = {"command-line": line, "cpu-index": cpu}
        return self.command("human-monitor-command", **arguments)


def cpu_registers(text: str) -> Dict[str, int]:
    """The registers in the monitor's `info registers`, both ISAs, by lower-case name."""
    found = {}
    for name, value in re.findall(r"([A-Za-z][\w/]*)\s*=?\s*([0-9a-f]{16})\b", text):
        found[name.split("/")[-1].lower()] = int(value, 16)
    return found


def image_address(roms: str, image: str) -> Optional[int]:
    """Where QEMU put a flat image, from the monitor's `info roms`."""
    for address, name in re.findall(r'addr=([0-9a-f]+) .*name="([^"]*)"', roms):
        if name == image:
            return int(address, 16)
    return None


def stop_reason(events: List[Dict[str, Any]]) -> Tuple[str, int]:
    """(reason of the last SHUTDOWN event or "", number of guest resets)."""
    reason, resets = "", 0
    for event in events:
        data = event.get("data", {})
        if event["event"] == "SHUTDOWN":
            reason = data.get("reason", "")
        if event["event"] == "RESET" and data.get("guest"):
            resets += 1
    return reason, resets
