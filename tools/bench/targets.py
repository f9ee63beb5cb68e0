"""What Axle is to reach, and figures of peers that the benchmarks cannot run.

For: tools/bench/*. A target is (relation, limit); the figure's name says what it is of. Sources of
the peers' figures: measured once, on Debian 12, gcc 12 -O2, with the same workloads (docs/bench.md).
"""

from typing import Dict, NamedTuple, Optional, Tuple


class Target(NamedTuple):
    relation: str  # "<=" or ">="
    limit: float

    def is_met(self, value: float) -> bool:
        # A figure is judged as it is printed, to three decimals.
        value = round(value, 3)
        return value <= self.limit if self.relation == "<=" else value >= self.limit

    def __str__(self) -> str:
        return f"{self.relation} {self.limit:g}"


def most(limit: float) -> Target:
    return Target("<=", limit)


def least(limit: float) -> Target:
    return Target(">=", limit)


# (allocator, figure) -> target. Instructions on x86-64 are net: minus an empty allocator.
BYTES: Dict[Tuple[str, str], Target] = {
    ("slab", "lifo64 pair"): most(24),
    ("slab", "churnS-1k ratio"): most(0.65),
    ("slab", "churnS-10k ratio"): most(0.70),
    ("slab", "churnS-100k ratio"): most(0.60),
    ("slab", "flat"): most(1.25),
    ("slab", "sustainS"): least(0.94),
    ("slab", "shift"): least(0.99),
    ("slab", "largest"): most(500),
    ("tlsf", "lifo64 alloc"): most(45),
    ("tlsf", "lifo64 free"): most(35),
    ("tlsf", "largest"): most(200),
    ("tlsf", "sustain"): least(0.90),
    ("tlsf", "sustainS"): least(0.95),
    ("buddy", "lifo64 alloc"): most(50),
    ("buddy", "lifo64 free"): most(55),
    ("buddy", "largest"): most(200),
    ("buddy", "sustain"): least(0.90),
}
# Over the fast path at 64 B: 22 and an eighth of the size, for poison and its check.
HARDENED: Dict[str, Target] = {"alloc": most(30), "free": most(30)}

GUEST: Dict[Tuple[str, str], Target] = {
    ("slab", "riscv64 lifo64 pair"): most(46),
    ("slab", "riscv64 hot pair"): most(60),
    ("tlsf", "riscv64 churnS-1k alloc"): most(90),
    ("tlsf", "riscv64 churnS-1k free"): most(60),
    ("tlsf", "riscv64 largest"): most(200),
    ("buddy", "riscv64 largest"): most(200),
    ("slab", "aarch64 hot pair"): most(60),
    ("slab", "aarch64 mix"): most(100),
    ("slab", "aarch64 payload"): least(0.90),
    ("tlsf", "aarch64 hot pair"): most(130),
    ("tlsf", "aarch64 payload"): least(0.79),
}
# The best of what unikernels ship, on aarch64 with 64 MiB: instructions an operation, share of RAM.
GUEST_PEERS: Dict[str, Tuple[str, float]] = {
    "aarch64 hot pair": ("Unikraft buddy", 259),
    "aarch64 mix": ("Unikraft buddy", 135),
    "aarch64 payload": ("LK dlmalloc", 0.792),
    "riscv64 lifo64 pair": ("o1heap", 493),
    "riscv64 churnS-1k alloc": ("TLSF (Conte)", 257),
    "riscv64 churnS-1k free": ("o1heap", 115),
    "riscv64 largest": ("o1heap", 352),
}

PAGES: Dict[Tuple[str, str], Target] = {
    ("bitmap", "alloc"): most(250),
    ("bitmap", "free"): most(250),
    ("bitmap", "growth"): most(1.2),
    ("bitmap", "largest, 600 + pages / 64"): most(1.0),
    ("bitmap", "sustained"): least(0.935),
    ("bitmap", "cannot fit, growth"): most(1.05),
    ("bitmap", "bits a page"): most(4),
    ("bitmap", "one page alloc"): most(30),
    ("bitmap", "one page free"): most(30),
}
PAGES_PEERS: Dict[str, Tuple[str, float]] = {
    "alloc": ("run-class bins", 169),
    "free": ("run-class bins", 106),
    "sustained uniform, 128 MiB": ("longest-run tree", 0.88),
    "sustained uniform, 1 GiB": ("longest-run tree", 0.935),
    "bits a page": ("Unikraft buddy", 1),
    "one page alloc, 90% full": ("ArceOS bitmap", 94),
    "one page free, 90% full": ("ArceOS bitmap", 38),
}

# Throughput of two threads over the best of Debian's four in the same run, and peak memory.
THREADS: Dict[str, Target] = {
    "larson": least(1.10),
    "producer-consumer": least(1.10),
    "per-thread churn": least(1.05),
    "peak over live": most(1.15),
}


def bytes_target(allocator: str, figure: str) -> Optional[Target]:
    return BYTES.get((allocator, figure))
