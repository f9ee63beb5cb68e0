"""What the checks share: the files of the tree, its configurations, and running tools in parallel."""
import concurrent.futures
import functools
import hashlib
import json
import os
import re
import shlex
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = "build/check"
COMPILERS = {"gcc": "default", "clang": "clang"}  # and the build folder of each


def run(command, **options):
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False,
                          **options)


@functools.lru_cache
def files(*patterns):
    """The files of the tree that git would keep, whose paths match one of the patterns."""
    listed = run(["git", "ls-files", "--cached", "--others", "--exclude-standard"]).stdout
    return [path for path in listed.splitlines() if os.path.isfile(path)
            and (not patterns or any(re.search(pattern, path) for pattern in patterns))]


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def in_parallel(work, items):
    """[work(item) ...], flattened: each gives a list of problems."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [problem for problems in pool.map(work, items) for problem in problems]


def platforms():
    """(name, isa) of each platform of the tree that is a machine."""
    found = []
    for path in files(r"^platforms/[^/]+/platform\.mk$"):
        isa = re.search(r"^isa *:= *(\w+)", read(path), re.MULTILINE)
        if isa[1] != "host":
            found.append((path.split("/")[1], isa[1]))
    return found


def apps():
    return [path.split("/")[1] for path in files(r"^apps/[^/]+/app\.mk$")]


def make(*arguments):
    # Output folders and flags of an outer make's command line are not meant for these.
    environment = {name: value for name, value in os.environ.items() if name != "MAKEFLAGS"}
    return run(["make", *arguments], env=environment)


@functools.lru_cache
def commands(platform, compiler, flag=""):
    """file -> the words of its compile command, for everything that this platform compiles."""
    folder = "+".join(filter(None, [flag, COMPILERS[compiler].replace("default", "") if flag else
                                    COMPILERS[compiler]]))
    path = f"build/{platform}/{folder}/compile_commands.json"
    app = [] if platform == "host" else [f"APP={'selftest' if 'selftest' in apps() else apps()[0]}"]
    done = make(f"PLATFORM={platform}", *app, f"LLVM={int(compiler == 'clang')}", f"FEATURES={flag}",
                path)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return {entry["file"]: shlex.split(entry["command"]) for entry in json.loads(read(path))}


def once(tool, command, preprocess):
    """Run a slow tool on a source; what it found. Not again while source and tool stay the same."""
    source = run(preprocess)
    key = hashlib.sha256(repr((tool, command, source.stdout)).encode()).hexdigest()
    record = f"{CACHE}/{key}"
    if os.path.exists(record):
        return []
    done = run(command)
    if done.returncode == 0:
        os.makedirs(CACHE, exist_ok=True)
        with open(record, "w", encoding="utf-8") as file:
            file.write(shlex.join(command))
        return []
    return [done.stdout + done.stderr]
