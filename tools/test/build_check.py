"""make check finds what it is for: each test breaks one rule in a tree that keeps them all."""
import shutil

import fixture


def check(tree, name):
    return tree.run(["tools/check/check", name])


def tidy_tree(tree):
    """The small tree under git, with what the checks read besides."""
    shutil.copytree(f"{fixture.ROOT}/tools/check", tree.path("tools/check"))
    for path in (".clang-format", ".clang-tidy"):
        shutil.copy(f"{fixture.ROOT}/{path}", tree.path(path))
    tree.write("modules/axbase/module.mk", "srcs := src/a.c src/b.c\n")
    assert tree.run(["git", "init", "-q"]).status == 0


def finds(tree, name, breakage, *needed):
    """The check passes, fails after breakage() with these words, and counts both."""
    tidy_tree(tree)
    before = check(tree, name)
    assert before.status == 0 and before.out.endswith("1 passed, 0 failed, 0 skipped\n"), before.text
    breakage()
    after = check(tree, name)
    assert after.status == 1 and after.out.endswith("0 passed, 1 failed, 0 skipped\n"), after.text
    for part in needed:
        assert part in after.out, after.out


def test_check_finds_an_upward_dependency(tree):
    finds(tree, "layers", lambda: tree.write("modules/axbase/module.mk", "deps := axlog\n"),
          "modules/axbase/module.mk: axlog is not below axbase")


def test_check_finds_a_module_without_a_layer(tree):
    finds(tree, "layers", lambda: tree.write("modules/axnew/module.mk", ""), "axnew has no place")


def test_check_finds_a_reach_into_another_folder(tree):
    finds(tree, "includes", lambda: tree.edit(
        "modules/axbase/src/a.c", "<axbase/a.h>", '"../../axtest/include/axtest/test.h"'), "a.c")


def test_check_finds_a_bus_address_that_a_driver_makes(tree):
    finds(tree, "bus_addresses", lambda: tree.write(
        "modules/axdriver/src/a.c", "x = axdma_virt_to_bus(buffer, &bus);\nsegment.bus.raw += 16;\n"
        "struct axdma_segment all = {{0x1000}, 64};\n"), "axdma_virt_to_bus", "bus.raw +", "{{0x")


def test_check_finds_layout(tree):
    tidy_tree(tree)
    assert check(tree, "format").status == 1
    assert tree.make("format").status == 0
    assert check(tree, "format").status == 0


def test_check_finds_unfinished_work(tree):
    mark = "TO" + "DO"
    finds(tree, "words", lambda: tree.write("modules/axbase/src/a.c", f"/* {mark} */\n"), mark)


def test_check_finds_a_header_that_needs_another(tree):
    finds(tree, "headers", lambda: tree.write(
        "modules/axbase/include/axbase/c.h", "#pragma once\nuint64_t c(void);\n"), "gcc", "clang")


def test_check_finds_a_dangling_reference(tree):
    tree.write("docs/a.md", "See `modules/axbase/src/a.c:a` and [it](../modules/axbase/src/a.c).\n")
    finds(tree, "references", lambda: tree.write("modules/axbase/src/a.c", "int z;\n"),
          "docs/a.md: modules/axbase/src/a.c:a")


def test_check_finds_what_one_compiler_refuses(tree):
    text = "int a(void);\nint a(void)\n{\n#ifdef __clang__\n    return unknown;\n#endif\n    return 1;\n}\n"
    finds(tree, "builds", lambda: tree.write("modules/axbase/src/a.c", text), "LLVM=1", "unknown")


def test_check_finds_a_bug_by_clang_tidy(tree):
    text = "int a(void);\nint a(void)\n{\n    int *none = 0;\n    return *none;\n}\n"
    finds(tree, "tidy", lambda: tree.write("modules/axbase/src/a.c", text), "a.c:5")


def test_check_finds_a_bug_by_gcc(tree):
    text = "int a(void);\nint a(void)\n{\n    int *none = 0;\n    return *none;\n}\n"
    finds(tree, "analyzer", lambda: tree.write("modules/axbase/src/a.c", text), "a.c:5")
