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
    mem: str = "128M"
    most_cpus: int = 0  # 0: as many as QEMU's machine takes
    cpus_besides: int = 0  # CPUs that the machine has besides and nobody counts

    def command(self, cpus: int = 1) -> List[str]:
        """QEMU's, for so many CPUs that count."""
        return [self.qemu, *shlex.split(self.arguments), "-smp", str(cpus + self.cpus_besides)]


def read(name: str) -> Platform:
    """`name` as PLATFORM= takes it: of the tree, or the path of a folder."""
    folder = ROOT / (name if "/" in name else f"platforms/{name}")
    joined = (folder / "platform.mk").read_text().replace("\\\n", " ")
    facts = dict(re.findall(r"^([\w-]+)\s*:=\s*(.*?)\s*$", joined, re.MULTILINE))
    return Platform(name, facts["isa"], facts["qemu"], facts.get("qemu-args", ""),
                    facts.get("mem", "128M"), int(facts.get("cpus", "0").split()[-1]),
                    int(facts.get("cpus-besides", "0")))


def names() -> List[str]:
    """The platforms that QEMU runs."""
    files = sorted(ROOT.glob("platforms/*/platform.mk"))
    return [f.parent.name for f in files if re.search(r"^qemu\s*:=", f.read_text(), re.MULTILINE)]
