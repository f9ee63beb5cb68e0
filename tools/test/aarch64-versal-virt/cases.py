"""What `make test` runs on the platform from outside: that it is one as good as those of the tree."""

from typing import List

from cpus import online, smp
from target import Build, Case, expected


def cases(platform: str) -> List[Case]:
    fault, name = Build(platform, "fault"), "aarch64-versal-virt from outside"
    found = [
        Case(f"{name} helloworld", Build(platform, "helloworld"),
             ["Axle on aarch64-versal-virt ", *expected("helloworld")]),
        smp(Case(f"{name} selftest", Build(platform, "selftest"),
                 [online(2, 2), *expected("selftest")]), 2),
        Case(f"{name} fault null", fault, [" reading 0x0{16}", "is a null pointer"], 139, "null"),
        Case(f"{name} echo by interrupt", fault, ["^received: Hello, Axle$"],
             args="echo-by-interrupt", typed=[("^about to: echo", b"Hello, Axle\n")]),
    ]
    return [case._replace(seconds=120.0, silence=60.0) for case in found]
