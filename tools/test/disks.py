"""Cases of disks: app blktest on virtio-blk, over MMIO and PCI, and the image checked after.

For: cases.py.  How many sectors the app writes follows from its seed and the number of CPUs, so what
it prints and what the image says are both compared with a number that stands here.
Badly: QEMU's disks answer by the rules; host tests and fuzzing stand in for those that do not.
"""

import json
from pathlib import Path
from typing import Callable, Iterator, List, Sequence

import disk
from target import Build, Case, Prepared

SECTORS = 8192
BAD = 1000
WRITTEN = {1: 5090, 2: 9575, 4: 19501}  # by CPUs, with the arguments that are the app's own
MMIO, PCI = "virtio-blk-device", "virtio-blk-pci"
FAR = r"^disk 0: virtio-blk on virtio-pci 04:03.0, "
BRIDGES = ("-device pcie-root-port,id=b0,chassis=1,addr=2 -device x3130-upstream,id=b1,bus=b0 "
           "-device xio3130-downstream,id=b2,bus=b1,chassis=2 "
           "-device pcie-pci-bridge,id=b3,bus=b2").split()
ON_PCI = r"^disk \d: virtio-blk on virtio-pci 00:0\d\.0, 8192 sectors, blocks of 512"


def checked(path: Path, written: int) -> str:
    """What is wrong with the image, or ""."""
    try:
        found = disk.check(path)
    except ValueError as error:
        return str(error)
    return "" if found == written else f"{found} sectors of the image were written, not {written}"


def disks(drives: Sequence[str], written: int = 0) -> Callable[[Path, Path], Prepared]:
    """A disk for each of `drives`: the device, and what else is to be said of its image."""
    def prepare(image: Path, folder: Path) -> Prepared:
        paths = [folder / f"disk{number}" for number in range(len(drives))]
        arguments: List[str] = []
        for number, (path, drive) in enumerate(zip(paths, drives)):
            disk.make(path, SECTORS)
            device, _, extra = drive.partition(" ")
            arguments += ["-drive", f"if=none,id=d{number},format=raw,file={path}{extra}",
                          "-device", f"{device},drive=d{number}"]
        return Prepared(image, arguments=arguments,
                        check=lambda: "".join(checked(path, written) for path in paths))
    return prepare


def by_option(image: Path, folder: Path) -> Prepared:
    """As DISK= attaches it."""
    path = folder / "disk"
    disk.make(path, SECTORS)
    return Prepared(image, options=["--disk", str(path)], check=lambda: checked(path, WRITTEN[2]))


def with_bad_sector(image: Path, folder: Path) -> Prepared:
    """A disk on each bus, by QEMU's blkdebug: one sector can be neither read nor written."""
    arguments: List[str] = []
    paths = [folder / f"disk{number}" for number in range(2)]
    for number, (path, device) in enumerate(zip(paths, (MMIO, PCI))):
        disk.make(path, SECTORS)
        errors = [{"event": event, "errno": 5, "sector": BAD, "once": False}
                  for event in ("read_aio", "write_aio")]
        faulty = {"driver": "blkdebug", "inject-error": errors,
                  "image": {"driver": "file", "filename": str(path)}}
        node = {"driver": "raw", "node-name": f"d{number}", "file": faulty}
        arguments += ["-blockdev", json.dumps(node), "-device", f"{device},drive=d{number}"]
    return Prepared(image, arguments=arguments,
                    check=lambda: "".join(checked(path, 0) for path in paths))


def counted(cpus: int) -> str:
    return rf"^disk \d: \d+ reads, \d+ writes, \d+ discards by {cpus} CPUs: {WRITTEN[cpus]} sectors"


def fault_cases(platform: str, app: Build) -> Iterator[Case]:
    failing = [rf"^disk {number}: sector {BAD} fails, its neighbours do not$" for number in (0, 1)]
    yield Case(f"{platform} disk with a bad sector", app, [*failing, "^Blktest OK!$"],
               args=f"bad={BAD}", prepare=with_bad_sector)
    for device in (MMIO, PCI):
        yield Case(f"{platform} disk that does not answer, {device}", app,
                   ["error: virtio-.*: a request was not answered in time: it is reset",
                    "^disk 0: silent, and given up after its time$", "^Blktest OK!$"], args="silent",
                   prepare=disks([f"{device} ,throttling.iops-total=1"]))
    yield Case(f"{platform} disk that is read-only", app,
               [", read-only$", "^disk 0: 300 reads, 0 writes, 0 discards", "^Blktest OK!$"],
               prepare=disks([f"{PCI} ,readonly=on"]))
    legacy = "-device virtio-blk-pci,drive=d,disable-modern=on,disable-legacy=off"
    yield Case(f"{platform} disk that is a legacy device", app,
               [r"warn: virtio-pci 00:01.0 cannot be used: a legacy device", "FAILED: there is no disk"],
               1, qemu=["-blockdev", "null-co,node-name=d,size=1048576", *legacy.split()])


def cases(platform: str) -> Iterator[Case]:
    app = Build(platform, "blktest")
    yield Case(f"{platform} disk, by DISK=", app, [counted(2), "^Blktest OK!$"],
               options=["--smp", "2"], prepare=by_option)
    yield Case(f"{platform} disks on both buses", app._replace(features="debug"),
               [counted(4), counted(4), "^Blktest OK!$"], once=[ON_PCI + ", 4 queues"],
               options=["--smp", "4"], prepare=disks([MMIO, f"{PCI},num-queues=4"], WRITTEN[4]))
    yield Case(f"{platform} disk on PCI, after U-Boot has used the bus", app,
               [ON_PCI, counted(1), "^Blktest OK!$"], args="on=00:01.0", options=["--boot", "uboot"],
               prepare=disks([PCI], WRITTEN[1]))
    yield Case(f"{platform} disk behind four bridges", app, [FAR, counted(1), "^Blktest OK!$"],
               qemu=BRIDGES, prepare=disks([f"{PCI},bus=b3,addr=3"], WRITTEN[1]))
    yield Case(f"{platform} disk, what a request costs", app,
               [r"^disk 0: \d{3,} requests per million instructions: 1000 reads", "^Blktest OK!$"],
               args="requests=0 rate=1000", options=["--icount"], prepare=disks([PCI]))
    yield Case(f"{platform} blktest told nonsense", app, ["^blktest: the arguments can be"], 2, "x")
    yield from fault_cases(platform, app)
