"""Images by make, for the tools that run them.

Badly: make is asked each time, even when nothing changed (about half a second).
"""

import subprocess
from pathlib import Path
from typing import Optional, Tuple

from guest.platform import ROOT


def image(**variables: str) -> Tuple[Optional[Path], str]:
    """The flat image of `make flat NAME=value ...` (the ELF is beside it); or None and why."""
    command = ["make", "--no-print-directory", "flat"]
    command += [f"{name}={value}" for name, value in variables.items() if value]
    # close_fds=False: a make above us shares its job slots through inherited descriptors.
    done = subprocess.run(command, cwd=ROOT, close_fds=False, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        return None, (done.stdout + done.stderr).strip()
    return ROOT / done.stdout.split()[-1], ""
