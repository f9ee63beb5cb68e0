"""How allocation scales from one CPU of a guest to several: operations for a million instructions that
each CPU executes, and how often one waited for a lock.

For: `make bench BENCH=cpus`. App bench runs the same churn on 1, 2 and 4 CPUs of QEMU, each a thread of
this machine; tools/bench/cpu_count.c counts what each executes, waiting included. An allocator whose
CPUs never wait for each other keeps its figure. Badly: with fewer processors than CPUs, who waits for a
lock may wait for a CPU that does not run, so the figures of allocators behind one lock vary.
"""

import re
from typing import Dict, List, NamedTuple, Optional, Tuple

from bench import programs
from bench.guest import guest_run
from bench.programs import PLUGIN, Failed, progress
from bench.report import Cell, Result, Table
from guest import platform
from guest.build import image
from guest.platform import Platform

FULL, SMOKE = (1, 2, 4), (1, 2)
PAIRS = 50000  # as in apps/bench/main.c
COUNTER = PLUGIN.with_name("cpu_count.so")


class Measured(NamedTuple):
    """Of all CPUs together."""

    operations: float  # for a million instructions, the mean of the CPUs
    waits: int  # for a lock


def measure(machine: Platform, name: str, flags: str, cpus: int) -> Measured:
    built, said = image(PLATFORM=machine.name, APP="bench", ALLOC=name, FEATURES=f"lock-waits unfair-locks {flags}".strip())
    if built is None:
        raise Failed(f"app bench does not build for {machine.name} with {name}: {said}")
    out = PLUGIN.with_name(f"cpus.{machine.name}.{programs.label(name)}.{flags or 'plain'}.{cpus}")
    text = guest_run(machine, built, "128M", f"cpus {cpus}", ["--smp", str(cpus), "--plugin", f"{COUNTER},out={out}"])
    waits = [int(count) for count in re.findall(r"^cpu \d+ waits (\d+)", text, re.MULTILINE)]
    counts = [int(line.split()[1]) for line in out.read_text().splitlines()]
    if len(counts) != cpus or len(waits) != cpus:
        raise Failed(f"app bench cpus {cpus} on {machine.name}: {len(counts)} CPUs were counted: {text[-200:]}")
    return Measured(sum(2 * PAIRS * 1e6 / count for count in counts) / cpus, sum(waits))


def configurations(wanted: List[str]) -> List[Tuple[str, str]]:
    """Allocator and further flag: each as it is, and tlsf also with caches in front."""
    return [(name, "") for name in wanted] + [(name, "caches") for name in wanted if name == "tlsf"]


def table_of(machine: Platform, wanted: List[str], most: Tuple[int, ...], notes: List[str]) -> Table:
    columns = ["allocator", *[f"{cpus} CPU{'s' if cpus > 1 else ''}" for cpus in most],
               "kept at the most", *[f"waits, {cpus}" for cpus in most[1:]]]
    rows: List[List[Cell]] = []
    for name, flags in configurations(wanted):
        found: Dict[int, Optional[Measured]] = {}
        for cpus in most:
            try:
                found[cpus] = measure(machine, name, flags, cpus)
            except Failed as error:
                found[cpus] = None
                notes.append(f"left out: {name} on {cpus} CPUs: {' ... '.join(str(error).splitlines()[-2:])}")
        first, last = found[most[0]], found[most[-1]]
        rows.append([f"{programs.label(name)} {flags}".strip(),
                     *[round(of.operations) if of else None for of in found.values()],
                     round(last.operations / first.operations, 3) if first and last else None,
                     *[f"{of.waits:,}" if of else None for of in list(found.values())[1:]]])
    return Table(f"cpus-{machine.isa}", f"{machine.isa} guest: operations for a million instructions of each CPU, and waits for "
                 f"a lock in {2 * PAIRS:,} operations a CPU", columns, rows, "operations", False, len(most))


def run(wanted: List[str], most: Tuple[int, ...]) -> Result:
    programs.compile_plugin("cpu_count")
    notes: List[str] = []
    machines = [platform.read(name) for name in platform.benched()]
    progress(f"allocation on {' '.join(map(str, most))} CPUs, {len(machines)} platforms, {len(wanted)} allocators")
    tables = [table_of(machine, wanted, most, notes) for machine in machines]
    return Result(tables, [], notes)


__all__ = ["FULL", "SMOKE", "Failed", "run"]
