"""Cases of virtio's devices: random bytes, and consoles whose other ends are connected.

For: cases.py.  QEMU is both ends of the consoles, by a socket in the case's own folder.
Badly: a device that breaks rules needs another QEMU; host tests and fuzzing stand in for it.
"""

from pathlib import Path
from typing import Iterator, List, Tuple

import hostile
from fdt import Node, cells, text, wide
from guest.platform import read
from target import Build, Case, Prepared
from trees import Handover, Machine, Tree, edited

MODERN = "-global virtio-mmio.force-legacy=false"
RANDOM = ("-device", "virtio-rng-device")
LEGACY = ("-global", "virtio-mmio.force-legacy=true", *RANDOM)
PLAIN = ",event_idx=off,indirect_desc=off"
SKIPPED = "^ok .* # SKIP"
REFUSED = (r" warn: virtio-mmio 0x[0-9a-f]+ is a legacy device \(version 1\), not driven: "
           f"tell QEMU {MODERN}$")


def consoles(folder: Path, options: str) -> List[str]:
    """Two virtio consoles; what one sends the other receives."""
    ends = (f"{folder}/serial,server=on,wait=off", f"{folder}/serial")
    arguments: List[str] = []
    for number, end in enumerate(ends):
        arguments += ["-device", f"virtio-serial-device,id=bus{number}{options}",
                      "-chardev", f"socket,id=end{number},path={end}",
                      "-device", f"virtconsole,chardev=end{number},bus=bus{number}.0"]
    return arguments


def connected(options: str):
    def prepare(image: Path, folder: Path) -> Prepared:
        return Prepared(image, arguments=[*RANDOM, *consoles(folder, options)])
    return prepare


# Places that are said to have a device: name, where, bytes, what is said of them.
NOWHERE = {"riscv64-qemu-virt": 0x6000000, "aarch64-qemu-virt": 0xb000000}


def odd_places(platform: str) -> List[Tuple[str, int, int, str]]:
    ram = hostile.ram_start(read(platform))
    return [("small", NOWHERE[platform], 0x80, "AX_EBADMSG"), ("none", NOWHERE[platform], 0x1000, "AX_EBADMSG"),
            ("ram", ram + (64 << 20), 0x200, "AX_EEXIST"), ("top", (1 << 64) - 0x100, 0x200, "AX_ERANGE"),
            ("all", 0, (1 << 64) - 1, "AX_ERANGE")]


def with_odd_places(platform: str) -> Tree:
    def change(root: Node) -> None:
        for name, start, size, _ in odd_places(platform):
            root.add(Node(f"{name}@1", compatible=text("virtio,mmio"), reg=wide(start, size), interrupts=cells(1, 2, 3)))
        root.add(Node("asleep@1", compatible=text("virtio,mmio"), status=text("disabled")))

    def make(machine: Machine) -> Handover:
        return Handover(edited(machine, change))
    return Tree("odd-virtio-places", None, False, ("riscv64", "aarch64"), make)


def odd_case(platform: str) -> Case:
    """Each is named, none stops the boot."""
    said = [rf" warn: {name}@1 \(virtio,mmio\) cannot be used: {why}$" for name, _, _, why in odd_places(platform)]
    return Case(f"{platform} virtio in odd places", Build(platform, "selftest"), [*said, "^[1-9] passed, 0 failed"],
                absent=["asleep@"], prepare=hostile.handed(platform, with_odd_places(platform), "only=axdriver/"))


def cases(platform: str) -> Iterator[Case]:
    for name, features, options in (("", "", ""), (" with plain rings", "debug", PLAIN)):
        yield Case(f"{platform} virtio devices{name}", Build(platform, "selftest", features=features),
                   args="only=axdriver/", absent=[SKIPPED], options=["--smp", "2"], prepare=connected(options))
    yield Case(f"{platform} virtio legacy", Build(platform, "selftest"), [REFUSED, "^1 passed, 0 failed, 4 skipped$"],
               args="only=axdriver/", qemu=LEGACY)
    yield odd_case(platform)
