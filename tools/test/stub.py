"""One flat image of stub, kernel and tree: how a test hands over a tree that QEMU would refuse.

Layout, from `base`, the address where QEMU puts a kernel:
    base                stub-<isa>.S, its parameter words filled in
    base + 2 MiB * n    the kernel's flat image, then room for its bss (header: image_size)
    tree_at             the tree, by default at the next 2 MiB after that room
Source of the header: Linux's Image header, the same offsets on both ISAs.
Badly: everything is one file, so a far address makes a large one.
"""

import struct
import subprocess
from pathlib import Path
from typing import NamedTuple, Optional

HERE = Path(__file__).resolve().parent
GRAIN = 2 << 20
TEXT_OFFSET_AT, IMAGE_SIZE_AT, PARAMETERS_AT = 8, 16, 64
ANY_CPU = -1
COMPILERS = {"riscv64": "riscv64-linux-gnu-gcc", "aarch64": "aarch64-linux-gnu-gcc"}


class Layout(NamedTuple):
    """Addresses of the parts."""

    base: int
    kernel: int
    kernel_bytes: int
    tree: int


def assemble_stub(isa: str, folder: Path) -> bytes:
    """The stub's flat code; `folder` keeps the intermediate files."""
    linked = folder / f"stub-{isa}.elf"
    flat = folder / f"stub-{isa}.bin"
    compiler = COMPILERS[isa]
    subprocess.run([compiler, "-nostdlib", "-static", "-no-pie", "-Wl,-Ttext=0",
                    "-Wl,--build-id=none", "-o", linked, HERE / f"stub-{isa}.S"], check=True)
    subprocess.run([compiler[:-3] + "objcopy", "-O", "binary", linked, flat], check=True)
    return flat.read_bytes()


def lay_out(kernel: bytes, base: int, grains: int = 1) -> Layout:
    """Where the parts go when the kernel is `grains` times 2 MiB above the stub."""
    text_offset, image_size = struct.unpack_from("<QQ", kernel, TEXT_OFFSET_AT)
    start = base + grains * GRAIN + text_offset % GRAIN
    size = max(image_size, len(kernel))
    return Layout(base, start, size, _up(start + size))


def compose(stub: bytes, kernel: bytes, layout: Layout, tree: Optional[bytes],
            pointer: Optional[int] = None, boot_cpu: int = ANY_CPU) -> bytes:
    """The image.  `tree` None leaves the kernel the firmware's, unless `pointer` says other."""
    parts = [(layout.base, stub), (layout.kernel, kernel)]
    if tree is not None:
        parts.append((layout.tree, tree))
        pointer = layout.tree if pointer is None else pointer
    image = bytearray(max(start + len(data) for start, data in parts) - layout.base)
    for start, data in parts:
        image[start - layout.base:start - layout.base + len(data)] = data
    struct.pack_into("<Q", image, IMAGE_SIZE_AT, len(image))
    struct.pack_into("<QQQq", image, PARAMETERS_AT, layout.kernel, pointer is not None,
                     pointer or 0, boot_cpu)
    return bytes(image)


def _up(address: int) -> int:
    return -(-address // GRAIN) * GRAIN
