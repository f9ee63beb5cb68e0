"""Cases of page tables and caches: Sv48, app paging, and cache instructions that the tree only claims.

For: cases.py.
Badly: QEMU 7.2 has no Zicbom, so no case runs its instructions.
"""

from typing import Iterator, List

import hostile
from cpus import smp
from fdt import Node, cells, text
from target import Build, Case, expected
from trees import Handover, Machine, Tree, edited

NO_ZICBOM = r"info: no CPU instructions for data caches \(Zicbom\): "
NO_SVPBMT = r"info: no uncached memory \(Svpbmt\): "
SVPBMT_REFUSED = r"info: no uncached memory \(Svpbmt, which the tree claims and the CPU or firmware refuses\): "
REFUSED = r"info: no CPU instructions for data caches \(Zicbom, which the tree claims and the CPU or firmware refuses\): "


def wider_cases(platform: str) -> Iterator[Case]:
    """Four levels of tables."""
    for app in ("helloworld", "memtest", "selftest"):
        yield smp(Case(f"{platform} {app} Sv48", Build(platform, app, features="sv48")), 4)
    yield Case(f"{platform} helloworld Sv48 MEM=5M", Build(platform, "helloworld", features="sv48"), mem="5M")
    yield Case(f"{platform} fault null Sv48", Build(platform, "fault", features="sv48"),
               [r"^axle: fault on CPU 0: .*, reading 0x0{16}"], 139, "null")


def with_zicbom(block_bytes: int):
    """Each CPU is said to have Zicbom, which QEMU's do not."""
    def change(root: Node) -> None:
        for cpu in root.child("cpus").children:
            if cpu.name.startswith("cpu@"):
                isa = cpu.properties["riscv,isa"].rstrip(b"\0").decode()
                cpu.properties["riscv,isa"] = text(isa + "_zicbom")
                cpu.properties["riscv,cbom-block-size"] = cells(block_bytes)

    def make(machine: Machine) -> Handover:
        return Handover(edited(machine, change))
    return make


def cache_cases(platform: str) -> Iterator[Case]:
    app = Build(platform, "selftest")
    yield Case(f"{platform} says once that there is no Zicbom", app, args="only=axmm", once=[NO_ZICBOM])
    for block_bytes, line in ((64, REFUSED), (48, NO_ZICBOM), (0, NO_ZICBOM)):
        tree = Tree(f"zicbom-claimed-{block_bytes}", None, False, ("riscv64",), with_zicbom(block_bytes))
        yield Case(f"{platform} tree {tree.name}", app, expected("selftest"),
                   once=[line], prepare=hostile.handed(platform, tree, "only=axmm"))


def svpbmt_claimed(machine: Machine) -> Handover:
    def change(root: Node) -> None:
        for cpu in root.child("cpus").children:
            if cpu.name.startswith("cpu@"):
                isa = cpu.properties["riscv,isa"].rstrip(b"\0").decode()
                cpu.properties["riscv,isa"] = text(isa + "_svpbmt")
    return Handover(edited(machine, change))


def memory_type_cases(platform: str) -> Iterator[Case]:
    """Uncached memory by Svpbmt: there, absent, and claimed by the tree alone."""
    app = Build(platform, "selftest")
    yield Case(f"{platform} Svpbmt is used", app, args="only=axdma/", absent=["no uncached memory"],
               qemu=["-cpu", "rv64,svpbmt=on", "-smp", "2"])
    yield Case(f"{platform} says once that there is no Svpbmt", app, args="only=axdma/", once=[NO_SVPBMT])
    tree = Tree("svpbmt-claimed", None, False, ("riscv64",), svpbmt_claimed)
    yield Case(f"{platform} tree {tree.name}", app, once=[SVPBMT_REFUSED],
               prepare=hostile.handed(platform, tree, "only=axdma/"))


def cases(platform: str) -> List[Case]:
    found = [Case(f"{platform} paging", Build(platform, "paging"))]
    if "riscv64" in platform:
        found += [*wider_cases(platform), *cache_cases(platform), *memory_type_cases(platform)]
    return found
