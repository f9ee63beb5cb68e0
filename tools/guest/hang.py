"""Where a guest hangs: program counter and call chain of each CPU, asked of QEMU.

Idea: the CPUs are stopped and the monitor is asked for registers, then for the two words of each
frame record (riscv psABI: below s0; AAPCS64: at x29), which needs kernel code built with frame
pointers.  Each address is named by the ELF.
Badly: firmware and code without frame pointers end the walk early.
"""

import re
from typing import Dict, List, Optional

from guest.qmp import Qmp, QmpError, cpu_registers
from guest.symbols import Elf, describe

MOST_FRAMES = 16


def where_it_hangs(qmp: Qmp, elf: Optional[Elf]) -> List[str]:
    """Report lines; says so when QEMU does not answer either."""
    try:
        qmp.command("stop")
        cpus = [cpu["cpu-index"] for cpu in qmp.command("query-cpus-fast")]
        return [line for cpu in cpus for line in _one_cpu(qmp, elf, cpu)]
    except QmpError as error:
        return [f"  where is unknown: {error}"]


def _one_cpu(qmp: Qmp, elf: Optional[Elf], cpu: int) -> List[str]:
    registers = cpu_registers(qmp.monitor("info registers", cpu))
    lines = [f"  CPU {cpu} hangs at pc {_named(elf, registers.get('pc', 0))}"]
    if "ra" in registers:
        lines.append(f"  called from {_named(elf, registers['ra'], call=True)}")
        frame, back, link = registers.get("s0", 0), -16, -8
    else:
        lines.append(f"  called from {_named(elf, registers.get('x30', 0), call=True)}")
        frame, back, link = registers.get("x29", 0), 0, 8
    return lines + _frames(qmp, elf, cpu, frame, back, link)


def _frames(qmp: Qmp, elf: Optional[Elf], cpu: int, frame: int, back: int, link: int) -> List[str]:
    lines: List[str] = []
    while frame and frame % 8 == 0 and len(lines) < MOST_FRAMES:
        record = {**_word(qmp, cpu, frame + back), **_word(qmp, cpu, frame + link)}
        if frame + link not in record or frame + back not in record:
            break
        lines.append(f"  #{len(lines)} {_named(elf, record[frame + link], call=True)}")
        if record[frame + back] <= frame:
            break  # frames only go up: anything else is no chain
        frame = record[frame + back]
    return lines


def _word(qmp: Qmp, cpu: int, address: int) -> Dict[int, int]:
    """The 64-bit word at a virtual address, by address; empty when it cannot be read."""
    text = qmp.monitor(f"x /1gx {address:#x}", cpu)
    match = re.match(r"\s*[0-9a-f]+: 0x([0-9a-f]{16})", text)
    return {address: int(match.group(1), 16)} if match else {}


def _named(elf: Optional[Elf], address: int, call: bool = False) -> str:
    """An address with its function; a return address names the call before it."""
    frames = elf.frames(address - 1 if call and address else address) if elf else []
    return f"0x{address:016x} {describe(frames)}".rstrip()
