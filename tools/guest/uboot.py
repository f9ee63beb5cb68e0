"""U-Boot between the firmware and the image: what it loads, how it is told to, what it says.

For: tools/run (BOOT=uboot, BOOT=uboot-fit), tools/build/bootable (`make image`).
Idea: what U-Boot needs is on one FAT disk, made by mtools without root: the boot arguments, the
image (flat, with the initrd beside it, or both in a FIT with hashes), and the script boot.scr that
loads them.  Any U-Boot that looks for boot.scr on a disk boots it.  So that a run need not wait
for the end of U-Boot's delay, nor depend on where its own environment wants a script (on riscv64
193 MiB into the RAM), QEMU's device tree gets a node /config, in which U-Boot looks for a command
and a delay of its own accord (U-Boot's doc/device-tree-bindings/config.txt).  That command ends with
the machine off: what U-Boot refuses ends the run.
Invariants: of U-Boot's environment only where the disk is gets used.  Every address follows from
the load address.
Badly: hashes find damage, not intent: the FIT is not signed.
"""

import os
import re
import shutil
import struct
import subprocess
from pathlib import Path
from typing import List, NamedTuple, Optional

from guest.qemu import STATUS_QEMU, STATUS_TIMEOUT, STATUS_USER, Outcome
from guest.symbols import Elf

LEAST_DISK_BYTES = 16 << 20
MIB = 1 << 20
GRAIN = 2 * MIB  # where an image may begin
PAGE = 4096
ARCHITECTURES = {b"RSC\x05": "riscv", b"ARM\x64": "arm64"}  # magic in an image, U-Boot's word
FIRST_DAY = "315532800"  # of FAT: 1980-01-01
PROGRAMS = ("mkimage", "dtc", "fdtput", "mformat", "mcopy")
STARTS = re.compile(rb"^Starting kernel \.\.\.")
MOVES = re.compile(rb"^Moving Image from 0x[0-9a-f]+ to 0x([0-9a-f]+)")
WARNS = re.compile(rb"warning", re.IGNORECASE)
MOST_COMPLAINTS = 3
COMPLAINS = re.compile(rb"error|bad |fail|wrong|can't|cannot|\*\*|exception", re.IGNORECASE)


class Payload(NamedTuple):
    """What is to be booted."""

    image: Path  # flat
    load: int  # where in RAM
    append: str = ""  # boot arguments
    initrd: Optional[Path] = None


class Layout(NamedTuple):
    """What the image's header says, and room behind the image as it will be."""

    architecture: str
    script: int
    arguments: int
    rest: int  # FIT or initrd, until U-Boot moves what it needs of them


def missing() -> List[str]:
    """Programs that are needed and not there."""
    return [program for program in PROGRAMS if shutil.which(program) is None]


def aligned(value: int, grain: int) -> int:
    return (value + grain - 1) // grain * grain


def lay_out(payload: Payload) -> Layout:
    """Linux's Documentation/riscv/boot-image-header.rst and Documentation/arm64/booting.rst."""
    with open(payload.image, "rb") as file:
        header = file.read(64)
    if header[56:60] not in ARCHITECTURES:
        raise ValueError(f"{payload.image} has no header by which U-Boot could boot it")
    image_bytes = struct.unpack_from("<Q", header, 16)[0]
    script = aligned(payload.load + image_bytes, GRAIN)
    arguments = script + PAGE
    rest = arguments + aligned(len(arguments_file(payload)) + 1, PAGE)
    return Layout(ARCHITECTURES[header[56:60]], script, arguments, rest)


def run_tool(*command: "str | Path") -> None:
    """Silent, and with the same result on any day; its own words if it fails."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": FIRST_DAY, "TZ": "UTC"}
    done = subprocess.run(list(map(str, command)), env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise ValueError(f"{command[0]} failed: {done.stdout.strip()}")


def fit_source(payload: Payload, architecture: str) -> str:
    """As U-Boot's doc/uImage.FIT/source_file_format.txt has it."""
    where = f"<{payload.load >> 32:#x} {payload.load & 0xffffffff:#x}>"
    common = f'os = "linux"; arch = "{architecture}"; compression = "none";'
    images = {"kernel": f'type = "kernel"; load = {where}; entry = {where};'}
    if payload.initrd:
        images["initrd"] = 'type = "ramdisk";'
    nodes = "".join(f'  {name} {{ data = /incbin/("{name}"); {common} {facts} '
                    'hash-1 { algo = "sha256"; }; };\n' for name, facts in images.items())
    ramdisk = ' ramdisk = "initrd";' if payload.initrd else ""
    return ('/dts-v1/;\n/ {\n description = "Axle";\n #address-cells = <2>;\n'
            f" images {{\n{nodes} }};\n"
            f' configurations {{ default = "axle"; axle {{ kernel = "kernel";{ramdisk} }}; }};\n}};\n')


def make_fit(payload: Payload, folder: Path) -> Path:
    """One file of the image and the initrd, each with its hash.  Fills an empty folder."""
    for name, path in (("kernel", payload.image), ("initrd", payload.initrd)):
        if path:
            (folder / name).symlink_to(path.resolve())
    source = folder / "axle.its"
    source.write_text(fit_source(payload, lay_out(payload).architecture))
    run_tool("mkimage", "-f", source, folder / "axle.itb")
    return folder / "axle.itb"


def arguments_file(payload: Payload) -> bytes:
    """For `env import -t`, to which a backslash makes the next character an ordinary one."""
    if re.search(r"[\n\r\0]", payload.append):
        raise ValueError("boot arguments for U-Boot cannot have a new line in them")
    return b"bootargs=" + os.fsencode(payload.append).replace(b"\\", b"\\\\") + b"\n"


def script(payload: Payload, by_fit: bool) -> str:
    """The first command that fails is the last.

    Tree and initrd go where U-Boot has room for them: in place, nothing could be added to the tree.
    """
    layout = lay_out(payload)
    load = "load ${devtype} ${devnum}:${distro_bootpart}"
    steps = [f"{load} {layout.arguments:#x} axle.env",
             f"env import -t {layout.arguments:#x} ${{filesize}} bootargs"]
    if by_fit:
        fit = f"{layout.rest:#x}#axle"  # named, for some U-Boots would take the one for this board
        steps += [f"{load} {layout.rest:#x} axle.itb",
                  f"bootm {fit} {fit if payload.initrd else '-'} ${{fdtcontroladdr}}"]
    else:
        ramdisk = f"{layout.rest:#x}:${{filesize}}" if payload.initrd else "-"
        steps += [f"{load} {payload.load:#x} axle.bin"]
        steps += [f"{load} {layout.rest:#x} initrd"] if payload.initrd else []
        steps += [f"booti {payload.load:#x} {ramdisk} ${{fdtcontroladdr}}"]
    return "setenv fdt_high\nsetenv initrd_high\n" + " && ".join(steps) + "\n"


def make_disk(payload: Payload, fit: Optional[Path], folder: Path) -> Path:
    """A FAT file system without partitions; it boots the FIT, or the flat image without one."""
    arguments, commands, compiled = folder / "env", folder / "cmd", folder / "scr"
    arguments.write_bytes(arguments_file(payload))
    commands.write_text(script(payload, fit is not None))
    run_tool("mkimage", "-T", "script", "-C", "none", "-n", "axle", "-d", commands, compiled)
    files = {"axle.env": arguments, "boot.scr": compiled}
    if fit:
        files["axle.itb"] = fit
    else:
        files["axle.bin"] = payload.image
        files.update({"initrd": payload.initrd} if payload.initrd else {})
    disk = folder / "axle.disk"
    content = sum(path.stat().st_size for path in files.values())
    with open(disk, "wb") as file:  # an eighth for the file system itself
        file.truncate(max(LEAST_DISK_BYTES, aligned(content + content // 8, MIB)))
    run_tool("mformat", "-i", disk, "-N", "0", "-v", "AXLE", "::")
    for name, path in files.items():
        run_tool("mcopy", "-i", disk, path, f"::{name}")
    return disk


def boot_command(payload: Payload) -> str:
    """Run the disk's script; whatever comes of that, the run is not to hang."""
    address = f"{lay_out(payload).script:#x}"
    return ("setenv devtype virtio; setenv devnum 0; setenv distro_bootpart 0; "
            f"load virtio 0 {address} boot.scr && source {address}; poweroff")


def tell_tree(tree: Path, command: str) -> None:
    """Put U-Boot's command into a device tree, and a delay of -2: none, and no key ends it."""
    run_tool("fdtput", "-c", tree, "/config")
    run_tool("fdtput", "-t", "i", tree, "/config", "bootdelay", "--", "-2")
    run_tool("fdtput", "-t", "s", tree, "/config", "bootcmd", command)


class Watch:
    """Hears the console's lines until U-Boot starts the image, whose names count from then on."""

    def __init__(self, load: int, elf: Optional[Elf]) -> None:
        self._load, self._elf = load, elf
        self._has_started = False
        self._complaints: List[str] = []

    def hear(self, line: bytes) -> None:
        if self._has_started:
            return
        moved = MOVES.match(line)
        if moved:
            self._load = int(moved.group(1), 16)
        if COMPLAINS.search(line) and not WARNS.search(line):
            self._complaints.append(line.decode("utf-8", "replace").strip(" *\t"))
        self._has_started = bool(STARTS.match(line))
        if self._has_started and self._elf:
            self._elf.load_address = self._load

    def judged(self, outcome: Outcome) -> Outcome:
        """A run in which the image never began is none, however QEMU ended."""
        if self._has_started or outcome.status == STATUS_USER:
            return outcome
        status = outcome.status if outcome.status == STATUS_TIMEOUT else STATUS_QEMU
        why = "; ".join(self._complaints[:MOST_COMPLAINTS]) or "it does not say why"
        said = f"U-Boot did not start the image: {why}"
        return Outcome(status, "\n".join(filter(None, [said, outcome.message])))
