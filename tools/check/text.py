"""Checks that read files and run no compiler."""
import os
import re

import project

C_FILES = (r"\.[ch]$",)
CODE = (r"\.[chS]$", r"\.py$", r"\.mk$", r"(^|/)(Makefile|Kconfig)$", r"^tools/")
LONGEST_FILE = 600


def check_format():
    """clang-format decides the layout: `make format`."""
    paths = project.files(*C_FILES)
    done = project.run(["clang-format", "--dry-run", "-Werror", *paths])
    return re.findall(r"^(\S+:\d+):\d+: error", done.stderr, re.MULTILINE)


def check_words():
    """No mark of unfinished work."""
    marks = re.compile(r"\b(%s)\b" % "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK")))
    return [f"{path}: {mark[0]}" for path in project.files(*CODE, r"\.md$")
            for mark in marks.finditer(project.read(path))]


def check_lengths():
    """A file over 600 lines is two files."""
    lengths = {path: project.read(path).count("\n") for path in project.files(*CODE)}
    return [f"{path}: {lines} lines" for path, lines in lengths.items() if lines > LONGEST_FILE]


def check_preprocessor():
    """At most one #if in a .c file; headers begin with #pragma once."""
    problems = []
    for path in project.files(r"^(modules|platforms|apps)/.*\.c$"):
        count = len(re.findall(r"^\s*#\s*if", project.read(path), re.MULTILINE))
        problems += [f"{path}: {count} times #if"] if count > 1 else []
    for path in project.files(r"^(modules|platforms|apps)/.*\.h$"):
        if not re.search(r"^#pragma once$", project.read(path), re.MULTILINE):
            problems.append(f"{path}: no #pragma once")
    return problems


def module_order():
    """The modules from the lowest up, as modules/layers lists them."""
    lines = [line.split("#")[0] for line in project.read("modules/layers").splitlines()]
    return [name for line in lines for name in line.split()]


def check_layers():
    """A module depends on modules that stand before it in modules/layers, and on no others."""
    order = module_order()
    problems = []
    for path in project.files(r"^modules/[^/]+/module\.mk$"):
        module = path.split("/")[1]
        if module not in order:
            problems.append(f"{module} has no place in modules/layers")
            continue
        lower = order[:order.index(module)]
        for line in re.findall(r"^deps *[:+]?= *(.*)$", project.read(path), re.MULTILINE):
            problems += [f"{path}: {name} is not below {module}"
                         for name in line.split("#")[0].split() if name not in lower]
    return problems


def check_includes():
    """No #include reaches out of its folder by a path: other modules are <module/header.h>."""
    problems = []
    for path in project.files(r"^(modules|platforms|apps)/.*\.[chS]$"):
        own = "/".join(path.split("/")[:2])
        for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', project.read(path), re.MULTILINE):
            target = os.path.normpath(f"{os.path.dirname(path)}/{name}")
            if ".." in name.split("/") and not target.startswith((f"{own}/", "platforms/common/")):
                problems.append(f"{path}: {name}")
        for module in re.findall(r"^\s*#\s*include\s+<(\w+)_arch/", project.read(path), re.MULTILINE):
            if not path.startswith(f"modules/{module}/"):
                problems.append(f"{path}: <{module}_arch/> is for {module}'s own headers")
    return problems


# What makes a bus address out of something else: a conversion, a constructor, arithmetic.
BUS_ADDRESS_MADE = (r"\baxdma_(?:phys|virt)_to_bus\b", r"\bax_busaddr\s*\(",
                    r"\(struct ax_busaddr\)", r"\bbus\.raw\s*(?:[-+]|[|&^]?=[^=])",
                    r"\bstruct (?:ax_busaddr|axdma_memory|axdma_segment)\s[\w\[\]\s]*=\s*\{\s*\{*\s*(?:0x|[1-9]|\()")


def check_bus_addresses():
    """What a driver tells a device of memory comes from axdma: no driver makes a bus address."""
    made = re.compile("|".join(BUS_ADDRESS_MADE))
    physical = re.compile(r"\baxhal_virt_to_phys\b")
    drivers = project.files(r"^modules/axdriver/(src|include)/.*\.[ch]$")
    return [f"{path}: {found[0].strip()}"
            for pattern, paths in ((made, [*drivers, *project.files(r"^platforms/.*\.[ch]$")]), (physical, drivers))
            for path in paths for found in pattern.finditer(project.read(path))]


def check_readmes():
    """Each module, platform and app says what it is."""
    marks = project.files(r"^modules/[^/]+/module\.mk$", r"^platforms/[^/]+/platform\.mk$",
                          r"^apps/[^/]+/app\.mk$")
    return [f"{os.path.dirname(mark)} has no README.md" for mark in marks
            if not os.path.exists(f"{os.path.dirname(mark)}/README.md")]


def check_tests_are_run():
    """Each file of tests is named in its module.mk: no test lies there and is never built."""
    paths = project.files(r"^modules/[^/]+/(tests/host/(test|conformance)_\w+|fuzz/\w+)\.c$")
    named = {path: project.read("/".join(path.split("/")[:2]) + "/module.mk") for path in paths}
    return [f"{path} is not in its module.mk" for path, text in named.items()
            if os.path.basename(path)[:-2] not in re.findall(r"\w+", text)]


def check_references():
    """`path/file.c:symbol` in a document names a file and a word in it; a relative link a file."""
    problems = []
    for document in project.files(r"\.md$"):
        folder = os.path.dirname(document)
        text = project.read(document)
        for path, symbol in re.findall(r"`([\w./-]+\.(?:[chS]|py|mk|S|ld)):(\w+)(?:\(\))?`", text):
            found = [place for place in (path, f"{folder}/{path}") if os.path.isfile(place)]
            if not found or not re.search(rf"\b{symbol}\b", project.read(found[0])):
                problems.append(f"{document}: {path}:{symbol}")
        for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text):
            if not os.path.exists(os.path.join(folder, link)):
                problems.append(f"{document}: link to {link}")
    return problems
