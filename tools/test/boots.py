"""Cases of the boot loaders: what is handed over by each, and what U-Boot refuses.

For: cases.py.  App handover prints the boot arguments and the initrd's checksum; the initrd is made here.
Badly: the delay of a U-Boot that is told nothing costs two seconds of waiting.
"""

import re
import shutil
import subprocess
import zlib
from pathlib import Path
from typing import Callable, Iterator, List

import cpus
import disks
import dma
from guest import uboot
from guest.platform import ROOT, read
from target import Build, Case, Prepared, expected

INITRD = bytes(n * n * 7 + (n >> 8) & 0xFF for n in range(200_001))
WORDS = ("one", "two\\", "it's", '"3', "$four", "5=#;&&")
STARTED = r"^Starting kernel \.\.\.$"
REFUSED = r"^axle: U-Boot did not start the image: "
NO_RUN = 125
MIB = 1 << 20


def handed_over(words: "tuple[str, ...]" = WORDS) -> List[str]:
    return [*(f"^argument {i}: {re.escape(word)}$" for i, word in enumerate(words, 1)),
            f"^initrd: {len(INITRD)} bytes, CRC-32 {zlib.crc32(INITRD):08x}$"]


def with_initrd(image: Path, folder: Path) -> Prepared:
    (folder / "ramdisk").write_bytes(INITRD)
    return Prepared(image, ["--initrd", str(folder / "ramdisk")])


def payload_of(platform: str, image: Path, folder: Path) -> uboot.Payload:
    (folder / "ramdisk").write_bytes(INITRD)
    return uboot.Payload(image, int(read(platform).load, 0), "", folder / "ramdisk")


def with_disk(platform: str, args: str) -> Callable[[Path, Path], Prepared]:
    """prepare() of a case that boots from the disk of `make image`."""
    def prepare(image: Path, folder: Path) -> Prepared:
        flat = shutil.copy(image, folder / "flat.bin")
        (folder / "ramdisk").write_bytes(INITRD)
        subprocess.run([ROOT / "tools/build/bootable", "--image", flat, "--load", read(platform).load,
                        f"--append={args}", "--initrd", folder / "ramdisk"], check=True)
        return Prepared(image, ["--boot-disk", str(folder / "flat.disk")])
    return prepare


def with_damage(platform: str, damage: Callable[[bytes], bytes]) -> Callable[[Path, Path], Prepared]:
    """prepare() of a case whose FIT is not what it was made to be."""
    def prepare(image: Path, folder: Path) -> Prepared:
        payload = payload_of(platform, image, folder)
        fit = uboot.make_fit(payload, folder)
        fit.write_bytes(damage(fit.read_bytes()))
        return Prepared(image, ["--boot-disk", str(uboot.make_disk(payload, fit, folder))])
    return prepare


def bit_of(part: bytes) -> Callable[[bytes], bytes]:
    """Damage: the last bit of `part`, wherever that is first."""
    def damage(fit: bytes) -> bytes:
        at = fit.index(part) + len(part) - 1
        return fit[:at] + bytes([fit[at] ^ 1]) + fit[at + 1:]
    return damage


def empty_disk(image: Path, folder: Path) -> Prepared:
    (folder / "empty").write_bytes(bytes(MIB))
    return Prepared(image, ["--boot-disk", str(folder / "empty")])


def handover(platform: str, boot: str = "sbi") -> Case:
    """The same words and the same bytes, whoever boots: of every platform by QEMU itself."""
    return Case(f"{platform} handover BOOT={boot}", Build(platform, "handover"), handed_over(),
                args="log=warn " + " ".join(WORDS), prepare=with_initrd, options=["--boot", boot])


def handover_cases(platform: str) -> Iterator[Case]:
    for boot in ("uboot", "uboot-fit"):
        yield handover(platform, boot)
    yield Case(f"{platform} U-Boot as found boots a disk", Build(platform, "handover"),
               [STARTED, *handed_over(("alone",))], prepare=with_disk(platform, "alone"), mem="256M",
               options=["--boot", "uboot-fit", "--as-found"])


def machine_cases(platform: str) -> Iterator[Case]:
    """CPUs, devices that U-Boot has used before, memory."""
    yield cpus.smp(Case(f"{platform} selftest BOOT=uboot SMP=4", Build(platform, "selftest"),
                        [cpus.online(4, 4), *expected("selftest")], args="only=axruntime",
                        options=["--boot", "uboot"]), 4)
    yield Case(f"{platform} blktest BOOT=uboot", Build(platform, "blktest"),
               [disks.counted(2), "^Blktest OK!$"], args="first=1",
               options=["--boot", "uboot", "--smp", "2"], prepare=disks.by_option)
    yield Case(f"{platform} dmatest BOOT=uboot-fit", Build(platform, "dmatest"), absent=[dma.WRONG],
               options=["--boot", "uboot-fit"], prepare=dma.with_devices("device"))
    for mem in ("48M", "4G"):
        yield Case(f"{platform} helloworld BOOT=uboot MEM={mem}", Build(platform, "helloworld"),
                   mem=mem, options=["--boot", "uboot"])


def refusal_cases(platform: str) -> Iterator[Case]:
    """Whatever U-Boot cannot boot ends the run, by itself and with a word of why; a hang, by the clock."""
    magic = b"RSC\x05" if read(platform).isa == "riscv64" else b"ARM\x64"
    for name, why, prepare in (
            ("a FIT with damage in its image", ".*Bad hash value for 'hash-1' hash node in 'kernel'",
             with_damage(platform, bit_of(magic))),
            ("a FIT with damage in its initrd", ".*Bad hash value for 'hash-1' hash node in 'initrd'",
             with_damage(platform, bit_of(INITRD[-64:]))),
            ("a FIT that is cut off", ".", with_damage(platform, lambda fit: fit[:len(fit) // 2])),
            ("a disk without files", ".", empty_disk)):
        yield Case(f"{platform} U-Boot refuses {name}", Build(platform, "handover"),
                   [REFUSED + why], NO_RUN, options=["--boot", "uboot-fit"], prepare=prepare,
                   absent=[STARTED], end_within=1.0)
    yield Case(f"{platform} U-Boot hangs, with far too little memory", Build(platform, "handover"),
               [REFUSED, "^silent for 1 s$", "^  CPU 0 hangs at pc 0x"], 124, mem="8M", silence=1.0,
               options=["--boot", "uboot"])


def cases(platform: str) -> List[Case]:
    if not read(platform).uboot:
        return []
    kinds = (handover_cases, machine_cases, refusal_cases)
    return [case for kind in kinds for case in kind(platform)]
