"""Cases from the hostile trees: the machine's facts, the stub image, the judgement.

For: cases.py.  QEMU's own tree of the platform is the base of every case; the firmware's memory is
put into its reservations, since a tree that did not come through the firmware lacks them.
Badly: needs a machine whose RAM begins where its memory node says, with the kernel 2 MiB above.
"""

import functools
import subprocess
import tempfile
from pathlib import Path
from typing import List, Tuple

import fdt
import stub
import trees
import trees_interrupts  # noqa: F401  (puts its trees into the table)
import trees_memory  # noqa: F401  (likewise)
import trees_reserved  # noqa: F401  (likewise)
from guest.platform import Platform, read
from target import Build, Case, Prepared

RAM_BYTES = 128 << 20
FIRMWARE_BYTES = {"riscv64": 512 << 10, "aarch64": 0}  # OpenSBI: Domain0 Region01 in its banner
JUMP_TO_ITSELF = {"riscv64": b"\x6f\0\0\0", "aarch64": b"\0\0\0\x14"}  # j . and b .
STUB_OFFSET = 2 << 20
SMALL_MEMTEST = "keys=2000"  # all of memory, but little time on the rest
REFUSAL = r"^axle: cannot boot: "


@functools.lru_cache(maxsize=None)
def machine_tree(platform: Platform, more: Tuple[str, ...] = ()) -> bytes:
    """QEMU's own, with these arguments besides."""
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(folder) / "tree"
        subprocess.run([*platform.command(), *more, "-machine", f"dumpdtb={dump}", "-m", "128M",
                        "-display", "none"], check=True, stderr=subprocess.DEVNULL)
        return dump.read_bytes()


@functools.lru_cache(maxsize=None)
def stub_code(isa: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return stub.assemble_stub(isa, Path(folder))


def ram_start(platform: Platform) -> int:
    reg = fdt.parse(machine_tree(platform)).child("memory").properties["reg"]
    return int.from_bytes(reg[:8], "big")


def moved(platform_name: str, grains: int):
    """prepare() of a case that runs the kernel `grains` times 2 MiB above where QEMU would."""
    def prepare(image: Path, folder: Path) -> Prepared:
        platform = read(platform_name)
        kernel = image.read_bytes()
        layout = stub.lay_out(kernel, ram_start(platform) + STUB_OFFSET, grains)
        whole = folder / "moved.bin"
        whole.write_bytes(stub.compose(stub_code(platform.isa), kernel, layout, None))
        return Prepared(whole)
    return prepare


def booted_by(platform_name: str, cpu: int):
    """prepare() of a case in which `cpu`, a hardware id, boots, whichever firmware chose."""
    def prepare(image: Path, folder: Path) -> Prepared:
        platform = read(platform_name)
        kernel = image.read_bytes()
        layout = stub.lay_out(kernel, ram_start(platform) + STUB_OFFSET)
        whole = folder / "handed-on.bin"
        whole.write_bytes(stub.compose(stub_code(platform.isa), kernel, layout, None,
                                       boot_cpu=cpu))
        return Prepared(whole)
    return prepare


def hanging(platform_name: str):
    """prepare() of a case whose kernel is one instruction that jumps to itself."""
    def prepare(image: Path, folder: Path) -> Prepared:
        platform = read(platform_name)
        base = ram_start(platform) + STUB_OFFSET
        layout = stub.Layout(base, base + stub.GRAIN, len(JUMP_TO_ITSELF[platform.isa]), 0)
        whole = folder / "hanging.bin"
        whole.write_bytes(stub.compose(stub_code(platform.isa), JUMP_TO_ITSELF[platform.isa],
                                       layout, None))
        return Prepared(whole)
    return prepare


def handed(platform_name: str, tree: trees.Tree, args: str, more: Tuple[str, ...] = (),
           boot_cpu: int = stub.ANY_CPU):
    """prepare() of a case that hands over `tree`, made of that of a machine with arguments `more`."""
    def prepare(image: Path, folder: Path) -> Prepared:
        platform = read(platform_name)
        kernel = image.read_bytes()
        start = ram_start(platform)
        layout = stub.lay_out(kernel, start + STUB_OFFSET)
        firmware = ((start, FIRMWARE_BYTES[platform.isa]),) if FIRMWARE_BYTES[platform.isa] else ()
        machine = trees.Machine(platform.isa, machine_tree(platform, more), args, start, RAM_BYTES,
                                layout.kernel, layout.kernel_bytes, layout.tree, firmware)
        made = tree.make(machine)
        whole = folder / "handed.bin"
        whole.write_bytes(stub.compose(stub_code(platform.isa), kernel, layout, *made[:2],
                                       boot_cpu=boot_cpu))
        return keeping(machine, made, Prepared(whole), folder)
    return prepare


def keeping(machine: trees.Machine, made: trees.Handover, plain: Prepared,
            folder: Path) -> Prepared:
    """Load the handover's files, in RAM that is itself a file, and compare them afterwards."""
    if not made.files:
        return plain
    ram = folder / "ram"
    backend = f"memory-backend-file,id=axle-ram,size={RAM_BYTES},mem-path={ram},share=on"
    arguments = ["-object", backend, "-machine", "memory-backend=axle-ram"]
    for number, (address, data) in enumerate(made.files):
        file = folder / f"file{number}"
        file.write_bytes(data)
        arguments += ["-device", f"loader,file={file},addr={address:#x},force-raw=on"]

    def check() -> str:
        with open(ram, "rb") as memory:
            for address, data in made.files:
                memory.seek(address - machine.ram)
                if memory.read(len(data)) != data:
                    return f"what was reserved at {address:#x} was written to"
        return ""
    return plain._replace(arguments=arguments, check=check)


def cases(platform_name: str) -> List[Case]:
    isa = read(platform_name).isa
    return [case(platform_name, tree) for tree in trees.TREES if isa in tree.isas]


def case(platform_name: str, tree: trees.Tree) -> Case:
    """Where reserved bytes are compared afterwards, the app is the one that takes all RAM."""
    name = f"{platform_name} tree {tree.name}"
    if tree.keeps:
        return Case(name, Build(platform_name, "memtest"), absent=[REFUSAL],
                    prepare=handed(platform_name, tree, SMALL_MEMTEST))
    if tree.tests:
        return Case(name, Build(platform_name, "selftest"), absent=[REFUSAL, "^not ok"],
                    prepare=handed(platform_name, tree, f"only={tree.tests}"))
    whole = Case(name, Build(platform_name, "helloworld"), silence=3.0,
                 prepare=handed(platform_name, tree, "log=info"))
    if tree.refused is None:
        return whole._replace(absent=[REFUSAL])
    return whole._replace(lines=[f"{REFUSAL}.*({tree.refused})"], once=[REFUSAL],
                          absent=["^axle: (fault|panic)"], status=1, end_within=2.0)
