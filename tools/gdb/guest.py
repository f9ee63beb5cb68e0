"""What the helpers read a stopped guest by: symbols, bytes, registers.

Idea: nothing of the guest is called, so it does not matter where it stopped or what it holds.
Physical memory is read by QEMU's own packet (gdbstub.c: qemu.PhyMemMode), so tables can be read
before the MMU is on, and when what maps them is broken.
Badly: with another stub than QEMU's there is no physical memory.
"""

import struct
from typing import Iterator, List, Optional

import gdb

PAGE = 4096
MOST_STEPS = 1 << 20  # along a chain that the guest may have broken


class Broken(gdb.GdbError):
    """What the guest holds makes no sense; says what, and where."""


def variable(name: str) -> gdb.Value:
    """
    A variable of the image, static ones too. After link-time optimisation a static one has two
    entries, of which one says that it was optimised out.
    """
    found = [gdb.lookup_global_symbol(name), *gdb.lookup_static_symbols(name)]
    for value in [symbol.value() for symbol in found if symbol is not None and symbol.is_variable]:
        if not value.is_optimized_out:
            return value
    raise gdb.GdbError(f"this image has no variable {name}, or no debug information of it")


def address_of(symbol: str) -> int:
    """Of what assembly or the linker script defines, too."""
    return number(gdb.parse_and_eval(f"(unsigned long)&{symbol}"))


def number(value: gdb.Value) -> int:
    """A number, a pointer, or one of the address types (struct ax_paddr, ...)."""
    if value.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT:
        value = value["raw"]
    return int(value) & 0xFFFFFFFFFFFFFFFF


def signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def at(address: int, type_name: str) -> gdb.Value:
    """The object of that type at an address."""
    pointer = gdb.lookup_type(type_name).pointer()
    return gdb.Value(signed(address)).cast(pointer).dereference()


def chain(first: gdb.Value, link: str = "next") -> Iterator[gdb.Value]:
    """What a singly linked list of pointers holds; ends where the list never would."""
    for _ in range(MOST_STEPS):
        if number(first) == 0:
            return
        yield first.dereference()
        first = first[link]
    raise Broken(f"a list goes on for more than {MOST_STEPS} links: it is a circle")


def has(value: gdb.Value, *names: str) -> bool:
    own = {field.name for field in value.type.strip_typedefs().fields()}
    return own.issuperset(names)


def words(address: int, count: int) -> List[int]:
    """So many 64-bit words, little-endian, as gdb's CPU sees them."""
    try:
        data = gdb.selected_inferior().read_memory(address, 8 * count)
    except gdb.MemoryError as error:
        raise Broken(f"memory at {address:#x} cannot be read") from error
    return list(struct.unpack(f"<{count}Q", data))


class Physical:
    """In a `with`: words() and everything else reads physical memory."""

    def __enter__(self) -> "Physical":
        self._mode(1)
        return self

    def __exit__(self, *_: object) -> None:
        self._mode(0)

    @staticmethod
    def _mode(physical: int) -> None:
        said = gdb.execute(f"maintenance packet Qqemu.PhyMemMode:{physical}", to_string=True)
        if '"OK"' not in said:
            raise gdb.GdbError("whoever runs this guest does not show physical memory: it is not QEMU")


def register(name: str) -> Optional[int]:
    """None if this CPU has none of that name."""
    value = gdb.parse_and_eval(f"${name}")
    return None if value.type.code == gdb.TYPE_CODE_VOID else int(value) & 0xFFFFFFFFFFFFFFFF


def size(count: int) -> str:
    """Bytes, as a person says them."""
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if count >= unit and count % unit == 0:
            return f"{count // unit} {name}"
    return f"{count} bytes"
