"""Checks that compile: both compilers, the headers one by one, and two static analysers."""
import os
import re

import project


VARIANTS = (["LLVM=0"], ["LLVM=1"], ["FEATURES=debug"], ["LLVM=1", "FEATURES=debug"],
            ["LLVM=1", "FEATURES=hardened"])
# Of a board that shares its instruction set with a virt machine: a few files of its own differ.
BOARD_VARIANTS = (["LLVM=0"], ["LLVM=1", "FEATURES=debug"])


def build_apps(where):
    """All apps in one build folder, one after the other: they share objects."""
    problems = []
    for app in project.apps():
        words = [f"PLATFORM={where[0]}", f"APP={app}", *where[1]]
        done = project.make(*words)
        if done.returncode:
            problems.append(f"{' '.join(words)}:\n{done.stderr}")
    return problems


def check_builds():
    """Every app, on every platform, by both compilers, optimised and for debugging."""
    folders = [(platform, variant) for platform, _ in project.platforms()
               for variant in (VARIANTS if "virt" in platform else BOARD_VARIANTS)]
    return project.in_parallel(build_apps, folders)


HELLO_BYTES_MAX = {"riscv64-qemu-virt": 32768, "aarch64-qemu-virt": 32768}


def check_sizes():
    """The flat image of helloworld, built as it is by default, has no more bytes than it may."""
    problems = []
    for platform, most in HELLO_BYTES_MAX.items():
        done = project.make(f"PLATFORM={platform}", "APP=helloworld", "size")
        size = re.search(r"^flat image: (\d+) bytes", done.stdout, re.MULTILINE)
        if not size or int(size[1]) > most:
            problems.append(f"helloworld on {platform}: {size[1] if size else done.stderr} bytes, more than {most}")
    return problems


def exported_headers(isa):
    """(module, header path) of what each module shows to others on this ISA.

    Not <module>_arch/: the body of a contract, which only the contract's header includes."""
    pattern = rf"^modules/([^/]+)/(?:include|arch/{isa}/include)/(?!\1_arch/).*\.h$"
    return [(re.match(pattern, path)[1], path) for path in project.files(pattern)]


def header_alone(words, path):
    """Compile a translation unit that is this header and one declaration."""
    flags = words[:words.index("-c")]
    text = f'#include "{os.path.abspath(path)}"\nextern int nothing_else;\n'
    done = project.run([*flags, "-fsyntax-only", "-x", "c", "-"], input=text)
    return [f"{flags[0]}: {done.stderr}"] if done.returncode else []


def flags_of(module, commands):
    """The compile command of any of the module's own sources; of a test if it has no others."""
    own = [path for path in commands if path.startswith(f"modules/{module}/")]
    own.sort(key=lambda path: ("/tests/" in path, path.endswith(".S"), path))
    return commands[own[0]] if own else None


def check_headers():
    """Each header compiles alone, with its module's include path, by both compilers."""
    work = []
    for platform, isa in [*project.platforms(), ("host", "host")]:
        for compiler in project.COMPILERS:
            commands = project.commands(platform, compiler)
            work += [(flags_of(module, commands), path) for module, path in exported_headers(isa)
                     if flags_of(module, commands)]
    return project.in_parallel(lambda pair: header_alone(*pair), work)


def each_source_once(compiler, platforms):
    """(path, words) of every C source, for the first platform that compiles it."""
    found = {}
    for flag, platform in [("", p) for p in platforms] + [("hardened", p) for p in platforms]:
        for path, words in project.commands(platform, compiler, flag).items():
            if path.endswith(".c") and not path.startswith("build/"):
                found.setdefault(path, words)
    return sorted(found.items())


def without(words, *dropped):
    return [word for word in words if word not in dropped]


# Tests: the analyser does not know that a failed assertion ends the case, and their small constant
# products cannot wrap. They run under sanitizers instead.
IN_TESTS = ",".join("-" + check for check in (
    "bugprone-implicit-widening-of-multiplication-result", "bugprone-misplaced-widening-cast",
    "bugprone-not-null-terminated-result", "clang-analyzer-core.*", "clang-analyzer-unix.*",
    "clang-analyzer-security.*"))


def tidy(item):
    path, words = item
    flags = without(words[1:], "-c", path)
    config = project.read(".clang-tidy")
    checks = [f"--checks={IN_TESTS}"] if "/tests/" in path or "/fuzz/" in path else []
    command = ["clang-tidy", "--quiet", *checks, path, "--", *flags]
    return project.once(f"clang-tidy {config}", command, ["clang", "-E", "-P", *flags, path])


def check_tidy():
    """clang-tidy, with the checks of .clang-tidy, on every source and test."""
    names = [platform for platform, _ in project.platforms()]
    return project.in_parallel(tidy, each_source_once("clang", [*names, "host"]))


def analyse(item):
    path, words = item
    flags = without(words, "-c", "-flto", path)
    command = [*flags, "-fanalyzer", "-S", "-o", "/dev/null", path]
    return project.once("gcc -fanalyzer", command, [*flags, "-E", "-P", path])


def check_analyzer():
    """gcc's analyser on all code of the image."""
    names = [platform for platform, _ in project.platforms()]
    return project.in_parallel(analyse, each_source_once("gcc", names[:1]))
