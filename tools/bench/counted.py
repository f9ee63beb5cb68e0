"""Instructions that QEMU's plugin counts between the marks of an app, on one platform.

For: tools/bench/paging, tools/bench/dma. Under -icount shift=0 every figure is exact and repeats.
"""

import subprocess
import sys
from typing import Dict

from bench.programs import PLUGIN, Count, counts_of
from guest.build import image
from guest.platform import ROOT, Platform


def measure(machine: Platform, app: str, features: str = "") -> Dict[str, Dict[str, Count]]:
    """What one operation of each section costs, by the kind of its end mark."""
    built, said = image(PLATFORM=machine.name, APP=app, FEATURES=features)
    if built is None:
        sys.exit(f"bench: app {app} does not build for {machine.name}:\n{said}")
    out = PLUGIN.with_name(f"{app}.{machine.name}.{features or 'default'}")
    command = [ROOT / "tools/run", "--qemu", machine.qemu, f"--machine-args={machine.arguments}", "--image", built,
               "--mem", "128M", "--append=log=warn", "--timeout", "300", "--icount", "--plugin",
               f"{PLUGIN},out={out}"]
    run = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if run.returncode:
        sys.exit(f"bench: app {app} on {machine.name}: {run.stdout[-400:]}")
    return counts_of(run.stdout, out.read_text())
