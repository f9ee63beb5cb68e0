"""malloc() as programs on Linux use it: by two threads, and how much memory it keeps resident.

For: `make bench BENCH=threads`; docs/bench.md says what each workload is. Axle's are the libraries of
`make hosted`, in LD_PRELOAD like Debian's. Times are the least of the repeats of the lower quarter of
short rounds, taken in turns; a speed is the best peer's time over ours.
"""

import os
import re
import subprocess
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

from bench import programs, targets
from bench.programs import Failed, Program, progress
from bench.report import Cell, Figure, Result, Table, best
from guest.platform import ROOT

TIMED = {"larson": "larson", "producer-consumer": "pass", "per-thread churn": "churn"}
PEAKS = {"16..1024 B, 10k live": ("16", "6", "10000"), "16..1024 B, 100k live": ("16", "6", "100000"),
         "8 B..64 KiB, 10k live": ("8", "13", "10000"), "8 B..64 KiB, 100k live": ("8", "13", "100000")}


class Plan(NamedTuple):
    """How much of it."""

    repeats: int
    seconds: float
    peaks: List[str]


FULL = Plan(5, 0.3, list(PEAKS))
SMOKE = Plan(1, 0.01, list(PEAKS)[:1])


def has_goal() -> bool:
    text = "".join(path.read_text() for path in ROOT.glob("tools/build/*.mk"))
    return re.search(r"^(?:[\w-]+ )*hosted(?: [\w-]+)*:(?!=)", text, re.MULTILINE) is not None


def libraries(wanted: List[str]) -> Dict[str, Path]:
    """Axle's libraries by allocator; empty where this tree cannot build them."""
    if has_goal():
        environment = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"}
        done = subprocess.run(["make", "--no-print-directory", "hosted"], cwd=ROOT, env=environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            raise Failed(f"make hosted: {done.stdout.strip()[-400:]}")
    folder = ROOT / "build/hosted"
    return {name: folder / f"libaxalloc-{name}.so" for name in wanted
            if (folder / f"libaxalloc-{name}.so").exists()}


def time_all(everyone: List[Program], plan: Plan) -> Dict[str, Dict[str, float]]:
    """workload -> program -> nanoseconds a pair."""
    least: Dict[str, Dict[str, float]] = {workload: {} for workload in TIMED}
    for repeat in range(plan.repeats):
        progress(f"two threads, {len(everyone)} allocators, round {repeat + 1} of {plan.repeats}")
        for workload, argument in TIMED.items():
            for program in everyone:
                ns = float(program.run(argument, str(plan.seconds)).split()[1])
                least[workload][program.name] = min(ns, least[workload].get(program.name, ns))
    return least


def peak_of(program: Program, name: str) -> Optional[float]:
    """None: it would take all day, as an allocator that searches its free blocks one by one does."""
    try:
        return float(program.run("peak", *PEAKS[name], limit=20).split()[1])
    except Failed:
        return None


def peaks_of(program: Program, plan: Plan) -> Dict[str, Optional[float]]:
    return {name: peak_of(program, name) for name in plan.peaks}


def run(wanted: List[str], plan: Plan) -> Result:
    path = programs.build() / "bench-threads"
    peers, notes = programs.peers(path)
    ours = [Program(name, path, {"LD_PRELOAD": str(library)}) for name, library in libraries(wanted).items()]
    if not ours:
        notes.append("this tree has no build/hosted/libaxalloc-*.so (make hosted): the peers alone")
    everyone = [*ours, *peers]
    least = time_all(everyone, plan)
    progress("peak memory")
    peaks = {program.name: peaks_of(program, plan) for program in everyone}
    top = {workload: best({p.name: of[p.name] for p in peers}) for workload, of in least.items()}
    rows: List[List[Cell]] = [
        [name] + [round(least[w][name], 2) for w in TIMED] + [round(top[w][1] / least[w][name], 3) for w in TIMED]
        for name in peaks]
    time_table = Table("threads-time", "Two threads: nanoseconds a pair, and speed over the best of Debian's",
                       ["allocator", *TIMED, *[f"{w} speed" for w in TIMED]], rows, "ns a pair", True, len(TIMED))
    memory = Table("threads-memory", "Peak resident memory over peak live bytes", ["allocator", *plan.peaks],
                   [[name, *of.values()] for name, of in peaks.items()], "ratio")
    figures = []
    for program in ours:
        for workload in TIMED:
            figures.append(Figure(f"libaxalloc-{program.name} {workload}: speed over the best peer's",
                                  round(top[workload][1] / least[workload][program.name], 3),
                                  targets.THREADS[workload], (f"ns {top[workload][0]}", top[workload][1])))
        for name, value in peaks[program.name].items():
            if value is None:
                notes.append(f"libaxalloc-{program.name} was not done with {name} within 20 s")
                continue
            figures.append(Figure(f"libaxalloc-{program.name} peak over live, {name}", value,
                                  targets.THREADS["peak over live"],
                                  best({p.name: peaks[p.name][name] for p in peers})))
    return Result([time_table, memory], figures, notes)


__all__ = ["FULL", "SMOKE", "Failed", "run"]
