"""Byte allocators inside the machine: exact instruction counts of app bench on every platform.

For: `make bench BENCH=guest`. riscv64 is plain rv64gc: QEMU's default CPU has bit instructions that
few boards have, and they are switched off. Counts are raw: the call is in them. Peers cannot be run
here: the figures of targets.py are those of unikernels as they ship.
"""

import re
import subprocess
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Tuple

from bench import programs, targets
from bench.programs import PLUGIN, Count, Failed, counts_of, progress
from bench.report import Cell, Figure, Result, Table
from guest import platform
from guest.build import image
from guest.platform import ROOT, Platform

CPUS = {"riscv64": ["-cpu", "rv64,sstc=off,zba=off,zbb=off,zbc=off,zbs=off"]}
SECTIONS = ("lifo64", "churnS-1k", "churnS-10k", "churn-1k", "hostile")
KINDS = ("alloc", "free")
PAYLOAD_RAM_MIB = 64
TIME_LIMIT_S = 400

FULL, SMOKE = 100, 1  # hundredths of the workloads

Counts = Dict[str, Dict[str, Count]]


class Measured(NamedTuple):
    """Of one allocator on one platform."""

    counts: Counts
    payload: float  # share of RAM that blocks of 64 bytes filled


def guest_run(machine: Platform, built: Path, mem: str, arguments: str, extra: List[str]) -> str:
    command = [str(ROOT / "tools/run"), "--qemu", machine.qemu, f"--machine-args={machine.arguments}",
               "--image", str(built), "--mem", mem, f"--append=log=warn {arguments}", "--timeout",
               str(TIME_LIMIT_S), *extra, "--", *CPUS.get(machine.isa, [])]
    run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                         errors="replace", stderr=subprocess.STDOUT, check=False)
    if run.returncode:
        raise Failed(f"app bench on {machine.name}: {run.stdout[-400:]}")
    return run.stdout


def measure(machine: Platform, name: str, scale: int) -> Measured:
    built, said = image(PLATFORM=machine.name, APP="bench", ALLOC=name)
    if built is None:
        raise Failed(f"app bench does not build for {machine.name} with {name}: {said}")
    out = PLUGIN.with_name(f"count.{machine.name}.{programs.label(name)}")
    said = guest_run(machine, built, "128M", str(scale), ["--icount", "--plugin", f"{PLUGIN},out={out}"])
    filled = guest_run(machine, built, f"{PAYLOAD_RAM_MIB}M", "payload", [])
    payload = re.search(r"^payload (\d+)", filled, re.MULTILINE)
    if payload is None:
        raise Failed(f"app bench on {machine.name} said no payload: {filled[-200:]}")
    return Measured(counts_of(said, out.read_text()), int(payload[1]) / (PAYLOAD_RAM_MIB << 20))


def core_table(isa: str, found: Dict[str, Measured]) -> Table:
    columns = ["allocator"] + [f"{section} {kind}" for section in SECTIONS[:-1] for kind in KINDS]
    columns += [f"largest {kind}" for kind in KINDS]
    rows: List[List[Cell]] = []
    for name, of in found.items():
        row: List[Cell] = [name]
        for section in SECTIONS[:-1]:
            for kind in KINDS:
                count = of.counts[section][kind]
                row.append(f"{count.mean():.1f}/{count.largest}")
        rows.append(row + [largest(of, kind) for kind in KINDS])
    return Table(f"guest-{isa}-core", f"{isa} guest: the core's instructions, raw, mean/largest", columns, rows)


def largest(of: Measured, kind: str) -> int:
    return max(of.counts[section][kind].largest for section in SECTIONS)


def mean(of: Measured, section: str) -> float:
    """Per operation, allocations and frees together."""
    counts = of.counts[section].values()
    return sum(count.instructions for count in counts) / sum(count.operations for count in counts)


def facade_table(isa: str, found: Dict[str, Measured]) -> Table:
    columns = ["allocator", "malloc 64", "free", "hot pair", "mix, an operation",
               f"payload of 64 B, of {PAYLOAD_RAM_MIB} MiB"]
    rows: List[List[Cell]] = []
    for name, of in found.items():
        lifo = of.counts["facade-lifo64"]
        rows.append([name, *[round(lifo[kind].mean(), 1) for kind in KINDS],
                     round(2 * mean(of, "facade-hot-pair"), 1), round(mean(of, "facade-mix"), 1),
                     round(of.payload, 4)])
    return Table(f"guest-{isa}-facade", f"{isa} guest: axalloc_malloc() and axalloc_free(), instructions",
                 columns, rows, "instructions", False, 4)


def values_of(of: Measured) -> Dict[str, float]:
    churn = of.counts["churnS-1k"]
    return {"lifo64 pair": round(2 * mean(of, "lifo64"), 1),
            "churnS-1k alloc": round(churn["alloc"].mean(), 1),
            "churnS-1k free": round(churn["free"].mean(), 1),
            "largest": max(largest(of, kind) for kind in KINDS),
            "hot pair": round(2 * mean(of, "facade-hot-pair"), 1),
            "mix": round(mean(of, "facade-mix"), 1),
            "payload": round(of.payload, 4)}


def figures_of(isa: str, name: str, of: Measured) -> List[Figure]:
    figures = []
    for figure, value in values_of(of).items():
        key = f"{isa} {figure}"
        target = targets.GUEST.get((name, key))
        if target:
            figures.append(Figure(f"{name} guest {key}", value, target, targets.GUEST_PEERS.get(key)))
    return figures


def run(wanted: List[str], scale: int) -> Result:
    programs.compile_plugin()
    machines = [platform.read(name) for name in platform.benched()]
    progress(f"guests: {len(machines)} platforms, {len(wanted)} allocators")
    jobs = [(machine, name) for machine in machines for name in wanted]
    notes: List[str] = []

    def attempt(job: Tuple[Platform, str]) -> Optional[Measured]:
        try:
            return measure(*job, scale)
        except Failed as error:
            notes.append(f"left out: {job[1]}: {' ... '.join(str(error).splitlines()[-2:])}")
            return None

    measured = dict(zip(jobs, programs.in_parallel(attempt, jobs)))
    if not any(measured.values()):
        raise Failed("; ".join(notes))
    tables: List[Table] = []
    figures: List[Figure] = []
    for machine in machines:
        found = {programs.label(name): of for name in wanted for of in [measured[machine, name]] if of}
        tables += [core_table(machine.isa, found), facade_table(machine.isa, found)]
        figures += [f for name, of in found.items() for f in figures_of(machine.isa, name, of)]
    return Result(tables, figures, notes)


__all__ = ["FULL", "SMOKE", "Failed", "run"]
