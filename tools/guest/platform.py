"""What platforms/<name>/platform.mk says of QEMU, read without make.

Badly: plain `name := value` lines only; a value that make would compute is not understood.
"""

import re
import shlex
from pathlib import Path
from typing import List, NamedTuple, Optional

ROOT = Path(__file__).resolve().parents[2]


class Platform(NamedTuple):
    name: str
    isa: str
    qemu: str
    arguments: str  # of QEMU, as one string
    mem: str = "128M"
    smp: str = "1"
    brings_tree: bool = False  # QEMU has none for this machine
    disk: str = ""  # those that attach the image %
    uboot: str = ""  # those that start U-Boot with % as its disk
    load: str = "0"  # where that puts the image
    cpus_besides: int = 0  # CPUs that the machine has and --smp does not count

    def command(self) -> List[str]:
        cpus = str(int(self.smp) + self.cpus_besides)
        return [self.qemu, *shlex.split(self.arguments), "-smp", cpus]

    def tree(self, image: Path) -> Optional[Path]:
        """The blob of the platform's own tree, made with `image`; None if QEMU has one."""
        return image.parents[2] / f"{Path(self.name).name}.dtb" if self.brings_tree else None


def folder(name: str) -> Path:
    """Of the platform that PLATFORM= names so: one of the tree, or a path."""
    return ROOT / (name if "/" in name else f"platforms/{name}")


def read(name: str) -> Platform:
    joined = (folder(name) / "platform.mk").read_text().replace("\\\n", " ")
    facts = dict(re.findall(r"^([\w-]+)\s*:=\s*(.*?)\s*$", joined, re.MULTILINE))
    return Platform(name, facts["isa"], facts["qemu"], facts.get("qemu-args", ""),
                    facts.get("mem", "128M"), facts.get("smp", "1"), "device-tree" in facts,
                    facts.get("disk", ""), facts.get("uboot", ""), facts.get("load", "0"),
                    int(facts.get("cpus-besides", "0")))


def names() -> List[str]:
    """The platforms that QEMU runs."""
    files = sorted(ROOT.glob("platforms/*/platform.mk"))
    return [f.parent.name for f in files if re.search(r"^qemu\s*:=", f.read_text(), re.MULTILINE)]


def benched() -> List[str]:
    """Those that stand for their instruction set where instructions are counted."""
    return [name for name in names() if "virt" in name]
