"""Cases of virtio's devices: random bytes, and consoles whose other ends are connected.

For: cases.py.  QEMU is both ends of the consoles, by a socket in the case's own folder.
Badly: a device that breaks rules needs another QEMU; host tests and fuzzing stand in for it.
"""

from pathlib import Path
from typing import Iterator, List

from target import Build, Case, Prepared

MODERN = "-global virtio-mmio.force-legacy=false"
RANDOM = ("-device", "virtio-rng-device")
LEGACY = ("-global", "virtio-mmio.force-legacy=true", *RANDOM)
SKIPPED = "^ok .* # SKIP"
REFUSED = (r" warn: virtio-mmio 0x[0-9a-f]+ is a legacy device \(version 1\), not driven: "
           f"tell QEMU {MODERN}$")


def consoles(folder: Path) -> List[str]:
    """Two virtio consoles; what one sends the other receives."""
    ends = (f"{folder}/serial,server=on,wait=off", f"{folder}/serial")
    arguments: List[str] = []
    for number, end in enumerate(ends):
        arguments += ["-device", f"virtio-serial-device,id=bus{number}",
                      "-chardev", f"socket,id=end{number},path={end}",
                      "-device", f"virtconsole,chardev=end{number},bus=bus{number}.0"]
    return arguments


def connected(image: Path, folder: Path) -> Prepared:
    return Prepared(image, arguments=[*RANDOM, *consoles(folder)])


def cases(platform: str) -> Iterator[Case]:
    for features in ("", "debug"):
        yield Case(f"{platform} virtio devices {features}".strip(), Build(platform, "selftest", features=features),
                   args="only=axdriver/", absent=[SKIPPED], options=["--smp", "2"], prepare=connected)
    yield Case(f"{platform} virtio legacy", Build(platform, "selftest"), [REFUSED, "^1 passed, 0 failed, 4 skipped$"],
               args="only=axdriver/", qemu=LEGACY)
