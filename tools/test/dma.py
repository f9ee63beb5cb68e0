"""Cases of app dmatest: what devices read and wrote, trees that say where and how, and misuse by name.

For: cases.py.
Idea: the file of the console's chardev holds what that device read; the app itself judges what the other wrote.
Trees are QEMU's own with a word or two more. A device of QEMU's sees all memory whatever its tree says: a
narrower window shows by the addresses that it is told, which the app prints.
"""

from pathlib import Path
from typing import Callable, Iterator, List, Sequence

import hostile
from fdt import Node, cells, text, wide
from guest.platform import read
from target import Build, Case, Prepared
from trees import Handover, Machine, Tree, edited

READ = ("a small coherent piece", "coherent pages", "a pool's piece", "a lent page", "a buffer out of reach",
        "a small one out of reach", "a buffer out of alignment", "a buffer over a boundary", "a list, joined",
        "a list, cut at a boundary", "a list, cut into short segments")
MISUSES = (("freed with the wrong size", "the device: freed with the wrong size: 512 bytes of coherent memory"),
           ("freed by another device", "another device: another device's, or pool's: 256 bytes"),
           ("freed from its middle", "the device: not the beginning of a piece"),
           ("still allocated at the end", "the device: still allocated: 256 bytes"),
           ("freed twice", "the device: freed twice: 256 bytes"),
           ("synchronised outside", "sync for the CPU: outside of the mapping"),
           ("unmapped with the wrong size", "unmap: not with the size that it was mapped with: 128 bytes"),
           ("unmapped in the wrong direction", "unmap: not in the direction that it was mapped for"),
           ("unmapped for another device", "another device: unmap: another device's"),
           ("lent while a device owns it", "another device: map: the device still owns it: 8 bytes"),
           ("still mapped at the end", "the device: still mapped: 256 bytes"),
           ("unmapped without being mapped", "unmap: not mapped: 256 bytes"),
           ("unmapped twice", "unmap: not mapped, or unmapped twice"),
           ("unmapped twice by a copy", "unmap: unmapped twice: 256 bytes"))
TRANSPORTS = ("device", "pci")  # of QEMU's models: virtio-rng-device, virtio-rng-pci
WINDOW_BYTES = 64 << 20  # the upper half of RAM
WRONG = r"WRONG|KEPT|\] (warn|error): "


def devices(transport: str, chardev: Path) -> List[str]:
    return ["-device", f"virtio-rng-{transport}", "-device", f"virtio-serial-{transport}",
            "-chardev", f"file,id=read,path={chardev}", "-device", "virtconsole,chardev=read"]


def with_devices(transport: str, base: Callable[[Path, Path], Prepared] = lambda image, _: Prepared(image),
                 kinds: Sequence[str] = READ):
    """prepare() of a case with both devices; afterwards, what the one read must be these kinds."""
    def prepare(image: Path, folder: Path) -> Prepared:
        chardev = folder / "read"
        prepared = base(image, folder)

        def check() -> str:
            found = chardev.read_text(errors="replace")
            missing = [kind for kind in kinds if f"the device read {kind} .." not in found]
            return f"the device did not read {', '.join(missing)}" if missing else prepared.check()
        return prepared._replace(arguments=[*prepared.arguments, *devices(transport, chardev)], check=check)
    return prepare


def transports(root: Node) -> List[Node]:
    """The nodes of virtio-mmio, wherever they are."""
    return [n for n in root.children if n.name.startswith("virtio_mmio@")] or \
        [n for c in root.children for n in transports(c)]


def noncoherent(root: Node) -> None:
    for node in transports(root):
        node.properties.pop("dma-coherent", None)
        node.properties["dma-noncoherent"] = b""


def upper_half(start: int) -> Callable[[Node], None]:
    """Two buses above the devices, of which one translates and the other translates back."""
    outer_start, half = 0x10000000, start + (hostile.RAM_BYTES - WINDOW_BYTES)

    def bus(name: str, child: int, parent: int) -> Node:
        node = Node(name, compatible=text("simple-bus"), ranges=b"",
                    dma_ranges=wide(child, parent, WINDOW_BYTES))
        node.properties.update({"#address-cells": cells(2), "#size-cells": cells(2)})
        return node

    def change(root: Node) -> None:
        soc = next((c for c in root.children if c.name.startswith("soc")), root)
        outer = soc.add(bus("outer-bus", outer_start, half))
        inner = outer.add(bus("inner-bus", half, outer_start))
        for node in transports(soc):
            soc.children.remove(node)
            inner.add(node)
    return change


def handed(platform: str, name: str, change: Callable[[Node], None]):
    def make(machine: Machine) -> Handover:
        return Handover(edited(machine, change))
    return hostile.handed(platform, Tree(name, None, False, (read(platform).isa,), make), "")


def tree_cases(platform: str, app: Build) -> Iterator[Case]:
    isa, start = read(platform).isa, hostile.ram_start(read(platform))
    base = handed(platform, "dma-noncoherent", noncoherent)
    if isa == "riscv64":
        yield Case(f"{platform} dmatest dma-noncoherent without Zicbom", app, status=1,
                   lines=["the tree says that it does not see caches, which this CPU cannot clean",
                          "AX_ENOTSUP", "dmatest: 0 tried"], prepare=with_devices("device", base, ()))
    else:
        kinds = [kind for kind in READ if kind != "a lent buffer at an odd address"]
        yield Case(f"{platform} dmatest dma-noncoherent", app, absent=[WRONG],
                   lines=["virtio-rng .* does not see caches and reaches all memory",
                          "dmatest: [0-9]+ tried, 0 wrong"], prepare=with_devices("device", base, kinds))
    half = start + (hostile.RAM_BYTES - WINDOW_BYTES)
    base = handed(platform, "dma-ranges", upper_half(start))
    inside = rf"0x{half >> 24:x}"[:-1] + r"[4-7][0-9a-f]{6}"
    yield Case(f"{platform} dmatest dma-ranges of two buses", app,
               lines=["virtio-rng .* caches and reaches these windows:",
                      rf"{WINDOW_BYTES >> 10} KiB at bus 0x{half:x}, which are at physical 0x{half:x}",
                      rf"a small coherent piece at bus {inside}: ok", rf"coherent pages at bus {inside}: ok",
                      "dmatest: [0-9]+ tried, 0 wrong"],
               absent=[WRONG, rf"virtio-\w+, .* at bus (?!{inside})"], prepare=with_devices("device", base))


def cases(platform: str) -> Iterator[Case]:
    app = Build(platform, "dmatest")
    yield Case(f"{platform} dmacost", Build(platform, "dmacost"))
    for transport in TRANSPORTS:
        yield Case(f"{platform} dmatest {transport}", app, absent=[WRONG], prepare=with_devices(transport))
    yield from tree_cases(platform, app)
    yield Case(f"{platform} dmatest misuse", Build(platform, "dmatest", features="debug"), args="misuse",
               lines=[line for what, named in MISUSES for line in (named, f"^dmatest: {what}: refused$")] +
               ["^dmatest: everything was given back$", "^dmatest: 14 tried, 0 wrong$"],
               qemu=["-device", "virtio-rng-device"])
