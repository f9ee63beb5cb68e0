"""Page allocators, from 128 MiB to 16 GiB of addresses with nothing but their records in memory.

For: `make bench BENCH=pages`; docs/bench.md says what each workload is. Instructions are exact: raw,
but for single pages, which are net of two empty functions. Peers cannot be run here: their figures
are those of tools/bench/targets.py.
"""

import statistics
from typing import Dict, List, NamedTuple, Optional, Tuple

from bench import programs, targets
from bench.programs import Count, Failed, Program, progress
from bench.report import Cell, Figure, Result, Table

SIZES = {"128 MiB": 1 << 15, "1 GiB": 1 << 18, "4 GiB": 1 << 20, "16 GiB": 1 << 22}
SUSTAINED = ("128 MiB", "1 GiB")
LAWS = {"uniform": "0", "log-uniform": "1"}
KINDS = ("alloc", "free")
MOST_RUN = 64  # pages


class Plan(NamedTuple):
    """How much of it."""

    sizes: Tuple[str, ...]
    seconds: float
    seeds: Tuple[str, ...]


FULL = Plan(tuple(SIZES), 0.5, ("1", "2", "3"))
SMOKE = Plan(("128 MiB",), 0.001, ("1",))


class Measured(NamedTuple):
    """Of one allocator."""

    counts: Dict[str, Dict[str, Dict[str, Count]]]  # size -> section -> kind
    ns: Dict[str, List[float]]
    shares: Dict[str, float]  # "uniform, 1 GiB" -> share in use
    bits: float


def measure(name: str, plan: Plan) -> Measured:
    program = Program(f"pages {name}", programs.build(PAGES=name) / "bench-pages", {})
    progress(f"page allocator {name}")
    counted = programs.in_parallel(lambda size: program.count("count", str(SIZES[size])), plan.sizes)
    ns = {size: [float(word) for word in program.run("time", str(SIZES[size]), str(plan.seconds)).split()[1:]]
          for size in plan.sizes}
    kinds = [(law, size) for size in SUSTAINED if size in plan.sizes for law in LAWS]
    shares = programs.in_parallel(lambda kind: share(program, *kind, plan), kinds)
    bits = float(program.run("bits", str(SIZES[plan.sizes[-1]])).split()[1])
    return Measured(dict(zip(plan.sizes, counted)), ns,
                    {f"{law}, {size}": value for (law, size), value in zip(kinds, shares)}, bits)


def share(program: Program, law: str, size: str, plan: Plan) -> float:
    said = [program.run("sustain", str(SIZES[size]), LAWS[law], seed) for seed in plan.seeds]
    return round(statistics.mean(float(text.split()[1]) for text in said), 4)


def runs_table(found: Dict[str, Measured], plan: Plan) -> Table:
    columns = ["allocator, memory", "alloc", "free", "largest alloc", "free", "alloc ns", "free ns"]
    rows: List[List[Cell]] = []
    for name, of in found.items():
        for size in plan.sizes:
            runs = of.counts[size]["runs"]
            rows.append([f"{name}, {size}", *[round(runs[kind].mean()) for kind in KINDS],
                         *[largest(of, size, kind) for kind in KINDS], *of.ns[size]])
    return Table("pages-runs", "Runs of 1 to 64 pages at random, half full: instructions, and ns on this machine",
                 columns, rows, "instructions", False, 4)


def largest(of: Measured, size: str, kind: str) -> int:
    sections = [section for section in of.counts[size].values() if kind in section]
    return max(section[kind].largest for section in sections)


def net(of: Measured, section: str, kind: str) -> Optional[float]:
    """Mean of the largest size that was measured for it, minus the empty functions."""
    sizes = [size for size in of.counts if section in of.counts[size]]
    if not sizes:
        return None
    counts = of.counts[sizes[-1]]
    return round(counts[section][kind].mean() - counts["empty"][kind].mean(), 1)


def other_table(found: Dict[str, Measured]) -> Table:
    columns = ["allocator", "one page alloc", "free", "at 90% full alloc", "free", "cannot fit", "bits a page"]
    shares = list(next(iter(found.values())).shares)
    rows: List[List[Cell]] = []
    for name, of in found.items():
        row: List[Cell] = [name]
        for section in ("one-page-lifo", "one-page-90"):
            row += [net(of, section, kind) for kind in KINDS]
        rows.append(row + [net(of, "cannot-fit", "alloc"), of.bits, *of.shares.values()])
    columns += [f"sustained {name}" for name in shares]
    return Table("pages-other", "One page (net instructions); a request that cannot fit, on a checkerboard; records; "
                 "share in use when the first request fails", columns, rows)


def values_of(of: Measured) -> Dict[str, Optional[float]]:
    """Figure -> value, for the figures that have targets."""
    sizes = list(of.counts)
    means = {kind: [of.counts[size]["runs"][kind].mean() for size in sizes] for kind in KINDS}
    values: Dict[str, Optional[float]] = {kind: round(max(means[kind]), 1) for kind in KINDS}
    values["growth"] = round(max(means[kind][-1] / means[kind][0] for kind in KINDS), 3)
    longest = max(largest(of, size, kind) for size in sizes for kind in KINDS)
    values["largest, 600 + pages / 64"] = round(longest / (600 + MOST_RUN / 64), 3)
    fits = [of.counts[size]["cannot-fit"]["alloc"].mean() for size in sizes if "cannot-fit" in of.counts[size]]
    values["cannot fit, growth"] = round(fits[-1] / fits[0], 3)
    values["bits a page"] = of.bits
    for kind in KINDS:
        values[f"one page {kind}"] = net(of, "one-page-lifo", kind)
        values[f"one page {kind}, 90% full"] = net(of, "one-page-90", kind)
    values.update({f"sustained {name}": value for name, value in of.shares.items() if name.startswith("uniform")})
    return values


def figures_of(name: str, of: Measured) -> List[Figure]:
    figures = []
    for figure, value in values_of(of).items():
        general = "sustained" if figure.startswith("sustained") else figure.split(",")[0]
        target = targets.PAGES.get((name, figure)) or targets.PAGES.get((name, general))
        if target:
            figures.append(Figure(f"pages {name} {figure}", value, target, targets.PAGES_PEERS.get(figure)))
    return figures


def run(_: List[str], plan: Plan) -> Result:
    programs.compile_plugin()
    found = {name: measure(name, plan) for name in programs.allocators("pages")}
    figures = [figure for name, of in found.items() for figure in figures_of(name, of)]
    return Result([runs_table(found, plan), other_table(found)], figures, [])


__all__ = ["FULL", "SMOKE", "Failed", "run"]
