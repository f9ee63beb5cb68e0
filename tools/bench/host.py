"""Byte allocators on this machine: Axle's beside Debian's, in one run.

For: `make bench BENCH=host`; docs/bench.md says what each workload is. Instructions are exact, and
net: minus what the same program executes around an empty allocator. Nanoseconds are the least of
the repeats of the lower quarter of many short stretches of CPU time, taken in turns, so that each
allocator sees the same machine; what matters are ratios.
"""

import statistics
from typing import Dict, List, NamedTuple, Optional, Tuple, Union

from bench import programs, targets
from bench.programs import EMPTY, Count, Failed, Program, TooSlow, progress
from bench.report import Cell, Figure, Result, Table, best

SMALL, WIDE = ("16", "6"), ("8", "13")
TIMED = {"churnS-1k": (*SMALL, "1000"), "churnS-10k": (*SMALL, "10000"),
         "churnS-100k": (*SMALL, "100000"), "churn-10k": (*WIDE, "10000")}
SIZES = [16 << i for i in range(9)]
SEEDS = ("1", "2", "3")
KINDS = ("alloc", "free")
FILL_LIMIT_S = 40
SLOW_NS = 2000


class Plan(NamedTuple):
    """How long it may take."""

    repeats: int
    seconds: float  # of each timed stretch
    seeds: Tuple[str, ...]


FULL = Plan(5, 0.12, SEEDS)
SMOKE = Plan(1, 0.001, SEEDS[:1])

Counts = Dict[str, Dict[str, Count]]


class Field(NamedTuple):
    """All that are compared."""

    cores: List[Program]
    facades: List[Program]
    hardened: List[Program]
    peers: List[Program]
    missing: List[str]


def gather(wanted: List[str]) -> Field:
    cores, facades, hardened = [], [], []
    for name in wanted:
        label, folder = programs.label(name), programs.build(ALLOC=name)
        cores.append(Program(label, programs.core(folder, "bytes"), {}))
        facades.append(Program(f"{label} facade", folder / "bench-bytes_facade", {}))
        if "hardened" in programs.features():
            folder = programs.build(["hardened"], ALLOC=name)
            hardened.append(Program(f"{label} hardened", folder / "bench-bytes_facade", {}))
    peers, missing = programs.peers(programs.build() / "bench-bytes_libc")
    if not hardened:
        missing.append("FEATURES=hardened is not in this tree: no figures of it")
    return Field(cores, facades, hardened, peers, missing)


# ---- instructions ----

def empties(field: Field) -> Tuple[Counts, Counts]:
    """What is subtracted: from an allocator's core, and from a malloc."""
    core = Program("empty", programs.build(ALLOC=str(EMPTY)) / "bench-bytes_axle", {})
    libc = Program("empty malloc", field.peers[0].path, {"BENCH_EMPTY": "1"})
    return core.count("count"), libc.count("count")


def net(counts: Counts, empty: Counts, section: str, kind: str) -> float:
    return counts[section][kind].mean() - empty[section][kind].mean()


def largest(counts: Counts, kind: str) -> int:
    return max(of[kind].largest for of in counts.values())


def count_all(field: Field) -> Tuple[Field, Dict[str, Counts]]:
    """The counts of everyone who can do the workloads, and who that is."""
    groups = [field.cores, field.facades, field.hardened, field.peers]
    everyone = [program for group in groups for program in group]
    progress(f"counting instructions of {len(everyone)} programs")
    tried = dict(zip([program.name for program in everyone], programs.in_parallel(count_or_reason, everyone)))
    notes = [f"left out: {said.splitlines()[0]} ... {said.splitlines()[-1]}"
             for said in tried.values() if isinstance(said, str)]
    counts = {name: found for name, found in tried.items() if not isinstance(found, str)}
    able = [[program for program in group if program.name in counts] for group in groups]
    return Field(*able, [*field.missing, *notes]), counts


def count_or_reason(program: Program) -> Union[Counts, str]:
    try:
        return program.count("count")
    except Failed as error:
        return str(error)


def instruction_tables(counts: Dict[str, Counts], net_of: Dict[str, Counts]) -> List[Table]:
    columns = ["allocator", "lifo64 alloc", "free", "churnS-1k alloc", "free", "churn-10k alloc", "free",
               "largest alloc", "free"]
    rows: List[List[Cell]] = []
    for name, of in counts.items():
        row: List[Cell] = [name]
        for section in ("lifo64", "churnS-1k", "churn-10k"):
            row += [round(net(of, net_of[name], section, kind), 1) for kind in KINDS]
        rows.append(row + [largest(of, kind) for kind in KINDS])
    means = Table("host-instructions", "Instructions on x86-64: net means, and the largest of any operation",
                  columns, rows, "instructions", True)
    flat_rows: List[List[Cell]] = [
        [name] + [round(pair(of, net_of[name], f"lifo-{size}"), 1) for size in SIZES]
        for name, of in counts.items()]
    flat = Table("host-sizes", "Net instructions of a pair (lifo) by size",
                 ["allocator", *[str(size) for size in SIZES]], flat_rows, "instructions a pair", True)
    return [means, flat]


def pair(counts: Counts, empty: Counts, section: str) -> float:
    return sum(net(counts, empty, section, kind) for kind in KINDS)


def instruction_figures(field: Field, counts: Dict[str, Counts],
                        net_of: Dict[str, Counts]) -> List[Figure]:
    def of_peers(figure: str) -> Optional[Tuple[str, float]]:
        return best({p.name: value(p.name, figure) for p in field.peers})

    def value(name: str, figure: str) -> float:
        of, empty = counts[name], net_of[name]
        if figure == "lifo64 pair":
            return pair(of, empty, "lifo64")
        if figure == "largest":
            return max(largest(of, kind) for kind in KINDS)
        if figure == "flat":
            pairs = [pair(of, empty, f"lifo-{size}") for size in SIZES]
            return max(pairs) / min(pairs)
        return net(of, empty, "lifo64", figure.split()[1])

    figures = []
    for program in field.cores:
        for figure in ("lifo64 pair", "lifo64 alloc", "lifo64 free", "largest", "flat"):
            target = targets.bytes_target(program.name, figure)
            if target:
                figures.append(Figure(f"{program.name} {figure}, instructions",
                                      round(value(program.name, figure), 2), target, of_peers(figure)))
    return figures + hardened_figures(field, counts)


def hardened_figures(field: Field, counts: Dict[str, Counts]) -> List[Figure]:
    figures = []
    for program in field.hardened:
        plain = counts.get(program.name.replace("hardened", "facade"))
        if plain is None:
            continue
        for kind in KINDS:
            cost = counts[program.name]["lifo64"][kind].mean() - plain["lifo64"][kind].mean()
            figures.append(Figure(f"{program.name}: more instructions for {kind} of 64 B",
                                  round(cost, 1), targets.HARDENED[kind]))
    return figures


# ---- time ----

def time_all(field: Field, plan: Plan) -> Dict[str, Dict[str, List[float]]]:
    """workload -> program -> the nanoseconds of each repeat."""
    everyone = [*field.cores, *field.facades, *field.peers]
    times: Dict[str, Dict[str, List[float]]] = {
        workload: {program.name: [] for program in everyone} for workload in TIMED}
    for repeat in range(plan.repeats):
        progress(f"timing {len(everyone)} programs, round {repeat + 1} of {plan.repeats}")
        for workload, arguments in TIMED.items():
            for program in everyone:
                ns = times[workload][program.name]
                if ns and ns[0] > SLOW_NS:
                    continue  # it searches lists, and noise does not matter
                ns.append(float(program.run("time", *arguments, str(plan.seconds)).split()[2]))
    return times


def time_table(field: Field, times: Dict[str, Dict[str, List[float]]]) -> Tuple[Table, List[Figure]]:
    least = {workload: {name: min(ns) for name, ns in of.items()} for workload, of in times.items()}
    top = {workload: best({p.name: of[p.name] for p in field.peers}) for workload, of in least.items()}
    rows: List[List[Cell]] = []
    for name in least["churn-10k"]:
        rows.append([name] + [round(least[w][name], 2) for w in TIMED] +
                    [round(least[w][name] / top[w][1], 3) for w in TIMED])
    table = Table("host-time", "Nanoseconds a pair under churn, and over the best of Debian's in this run",
                  ["allocator", *TIMED, *[f"{w} ratio" for w in TIMED]], rows, "ns a pair", True, len(TIMED))
    figures = []
    for program in field.cores:
        for workload in TIMED:
            target = targets.bytes_target(program.name, f"{workload} ratio")
            if target:
                ratio = round(least[workload][program.name] / top[workload][1], 3)
                peer = (f"ns {top[workload][0]}", top[workload][1])
                figures.append(Figure(f"{program.name} {workload}: ns over the best peer's", ratio, target, peer))
    return table, figures


def noise(times: Dict[str, Dict[str, List[float]]]) -> str:
    spreads = [statistics.median(ns) / min(ns) for of in times.values() for ns in of.values()]
    return (f"time: the middle repeat is {statistics.median(spreads):.2f} times the least one "
            f"(at worst {max(spreads):.2f}); a ratio is no surer than that")


# ---- use of memory ----

def share(program: Program, arguments: Tuple[str, ...], plan: Plan) -> Optional[float]:
    """The mean over the seeds; of those that an allocator could do in time, None if it was none."""
    shares = []
    for seed in plan.seeds:
        try:
            said = program.run(*arguments, *([seed] if len(arguments) == 3 else []), limit=FILL_LIMIT_S)
        except TooSlow:
            progress(f"{program.name}: {' '.join(arguments)} takes more than {FILL_LIMIT_S} s: given up")
            break
        shares.append(float(said.split()[1]))
    return round(statistics.mean(shares), 4) if shares else None


def memory(field: Field, plan: Plan) -> Tuple[Table, List[Figure]]:
    progress("filling arenas")
    workloads = {"fill": ("fill", *WIDE), "fillS": ("fill", *SMALL), "sustain": ("sustain", *WIDE),
                 "sustainS": ("sustain", *SMALL), "shift": ("shift",)}
    jobs = [(program, arguments) for program in field.cores for arguments in workloads.values()]

    shares = programs.in_parallel(lambda job: share(*job, plan), jobs)
    rows: List[List[Cell]] = []
    figures = []
    for i, program in enumerate(field.cores):
        of = dict(zip(workloads, shares[i * len(workloads):]))
        rows.append([program.name, *of.values()])
        for figure, value in of.items():
            target = targets.bytes_target(program.name, figure)
            if target:
                figures.append(Figure(f"{program.name} {figure}: live share of 32 MiB", value, target))
    table = Table("host-memory", "Live share of a 32 MiB arena when the first request fails",
                  ["allocator", *workloads], rows, "share of the arena")
    return table, figures


def default_note(field: Field, counts: Dict[str, Counts], net_of: Dict[str, Counts],
                 shares: Dict[str, Optional[float]]) -> str:
    """Which should be the default: the least product of time and memory, as `make compare` judges."""
    costs = {p.name: pair(counts[p.name], net_of[p.name], "churnS-10k") / (shares[p.name] or 0.01)
             for p in field.cores}
    first, *others = sorted(costs, key=lambda name: costs[name])
    text = ", ".join(f"{name} {costs[name] / costs[first]:.2f}" for name in others)
    return (f"the default should be {first}: the least instructions of a churnS-10k pair over the share that sustainS "
            f"reaches" + (f" ({first} 1.00, {text})" if others else ""))


def run(wanted: List[str], plan: Plan) -> Result:
    programs.compile_plugin()
    field = gather(wanted)
    core_empty, libc_empty = empties(field)
    field, counts = count_all(field)
    if not field.cores:
        raise Failed(field.missing[-1])
    net_of = {p.name: core_empty for p in field.cores}
    net_of.update({p.name: libc_empty for p in [*field.facades, *field.hardened, *field.peers]})
    tables = instruction_tables(counts, net_of)
    figures = instruction_figures(field, counts, net_of)
    times = time_all(field, plan)
    timed, time_figures = time_table(field, times)
    memory_table, memory_figures = memory(field, plan)
    shares = {str(row[0]): row[1 + list(memory_table.columns[1:]).index("sustainS")] for row in memory_table.rows}
    return Result([*tables, timed, memory_table], figures + time_figures + memory_figures,
                  [*field.missing, noise(times), default_note(field, counts, net_of, shares)])


__all__ = ["FULL", "SMOKE", "Failed", "run"]
