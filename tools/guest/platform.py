"""What platforms/<name>/platform.mk says of QEMU, read without make.

Badly: plain `name := value` lines only; a value that make would compute is not understood.
"""

import re
import shlex
from pathlib import Path
from typing import List, NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Platform(NamedTuple):
    name: str
    isa: str
    qemu: str
    arguments: str  # of QEMU, as one string
    disk: str = ""  # those that attach the image %

    def command(self) -> List[str]:
        return [self.qemu, *shlex.split(self.arguments)]


def read(name: str) -> Platform:
    text = (ROOT / "platforms" / name / "platform.mk").read_text()
    joined = text.replace("\\\n", " ")
    facts = dict(re.findall(r"^([\w-]+)\s*:=\s*(.*?)\s*$", joined, re.MULTILINE))
    return Platform(name, facts["isa"], facts["qemu"], facts.get("qemu-args", ""),
                    facts.get("disk", ""))


def names() -> List[str]:
    """The platforms that QEMU runs."""
    files = sorted(ROOT.glob("platforms/*/platform.mk"))
    return [f.parent.name for f in files if re.search(r"^qemu\s*:=", f.read_text(), re.MULTILINE)]
