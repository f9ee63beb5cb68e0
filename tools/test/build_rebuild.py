"""A change makes again exactly what depends on it."""
import os
import time

APP = ["apps/one/main.c"]
EVERYTHING = 8  # the sources of app one, its platform and its modules


def touch(tree, path):
    """A modification time that every file system tells from the last build's."""
    later = time.time() + 1
    os.utime(tree.path(path), (later, later))


def nothing(result):
    assert result.steps == [], f"made again: {result.steps}"


def test_nothing_to_do(tree):
    first = tree.built()
    assert len(first.compiled()) == EVERYTHING, first.compiled()
    for goals in ([], ["flat"], ["image"], ["size"], ["disasm"], ["compile_commands.json"], ["defconfig"]):
        nothing(tree.built(*goals))


def test_source_touched(tree):
    tree.built()
    touch(tree, "modules/axbase/src/a.c")
    result = tree.built()
    assert result.compiled() == ["modules/axbase/src/a.c"], result.steps
    assert result.linked() == ["one.elf"]


def test_header_touched(tree):
    tree.built()
    touch(tree, "modules/axbase/include/axbase/a.h")
    assert tree.built().compiled() == APP + ["modules/axbase/src/a.c"]


def test_linker_script_touched(tree):
    tree.built()
    touch(tree, "modules/axcpu/image.ld.S")
    result = tree.built()
    assert result.compiled() == [] and result.linked() == ["one.elf"], result.steps


def test_header_removed(tree):
    tree.built()
    os.remove(tree.path("modules/axbase/include/axbase/a.h"))
    tree.edit("modules/axbase/src/a.c", "#include <axbase/a.h>", "int a(void);")
    tree.edit("apps/one/main.c", "#include <axbase/a.h>", "int a(void);")
    assert tree.built().compiled() == APP + ["modules/axbase/src/a.c"]


def test_option_edited(tree):
    """By menuconfig, which writes .config."""
    tree.built()
    tree.edit("build/riscv64-small/default/.config", "CONFIG_AXALLOC_STEP=7", "CONFIG_AXALLOC_STEP=8")
    assert tree.built().compiled() == ["modules/axalloc/src/facade.c"]
    nothing(tree.built())
    tree.built("defconfig")
    assert tree.built().compiled() == ["modules/axalloc/src/facade.c"]


def test_option_default_changed(tree):
    tree.built()
    tree.edit("modules/axalloc/Kconfig", "default 7", "default 8")
    assert tree.built().compiled() == ["modules/axalloc/src/facade.c"]


def test_edited_config_outlives_kconfig(tree):
    tree.built()
    config = "build/riscv64-small/default/.config"
    tree.edit(config, "CONFIG_AXALLOC_STEP=7", "CONFIG_AXALLOC_STEP=8")
    tree.built()
    tree.edit("apps/two/Kconfig", "default 3", "default 4")
    tree.built()
    assert "CONFIG_AXALLOC_STEP=8" in tree.read(config)


def test_defconfig_changed(tree):
    """The edited configuration is put aside, and this is said."""
    tree.built()
    config = "build/riscv64-small/default/.config"
    tree.edit(config, "CONFIG_AXALLOC_STEP=7", "CONFIG_AXALLOC_STEP=8")
    tree.built()
    tree.write("configs/riscv64-small_defconfig", "CONFIG_AXALLOC_STEP=9\n")
    result = tree.built()
    assert f"{config}.old" in result.out, result.text
    assert "CONFIG_AXALLOC_STEP=9" in tree.read(config)
    assert "CONFIG_AXALLOC_STEP=8" in tree.read(f"{config}.old")


def test_fragment_changed(tree):
    tree.write("configs/features/few.config", "CONFIG_AXALLOC_STEP=1\n")
    tree.built("FEATURES=few")
    tree.write("configs/features/few.config", "CONFIG_AXALLOC_STEP=2\n")
    assert tree.built("FEATURES=few").compiled() == ["modules/axalloc/src/facade.c"]


def test_flags_and_back(tree):
    """Each set of flags has its own objects, whatever the order of its flags."""
    tree.built()
    assert len(tree.built("FEATURES=debug slow").compiled()) == EVERYTHING
    nothing(tree.built())
    nothing(tree.built("FEATURES=slow debug"))
    assert len(tree.built("ALLOC=list").compiled()) == EVERYTHING
    nothing(tree.built("FEATURES=alloc-list"))
    nothing(tree.built())


def test_compiler_and_back(tree):
    tree.built()
    assert len(tree.built("LLVM=1").compiled()) == EVERYTHING
    nothing(tree.built("LLVM=0"))
    nothing(tree.built("LLVM=1"))


def test_platform_and_back(tree):
    tree.built()
    tree.built("PLATFORM=aarch64-small")
    nothing(tree.built())
    nothing(tree.built("PLATFORM=aarch64-small"))


def test_app_and_back(tree):
    tree.built()
    result = tree.built("APP=two")
    assert result.compiled() == ["apps/two/main.c"] and result.linked() == ["two.elf"], result.steps
    nothing(tree.built("APP=one"))
    nothing(tree.built("APP=two"))


def test_flags_of_one_module(tree):
    tree.built()
    tree.edit("modules/axlog/module.mk", "deps", "cflags := -DEXTRA\ndeps")
    assert tree.built().compiled() == ["modules/axlog/src/log.c"]


def test_source_added_and_removed(tree):
    tree.built()
    tree.write("modules/axlog/src/more.c", "int more(void);\nint more(void)\n{\n    return 0;\n}\n")
    tree.edit("modules/axlog/module.mk", "src/log.c", "src/log.c src/more.c")
    result = tree.built()
    assert result.compiled() == ["modules/axlog/src/more.c"] and result.linked() == ["one.elf"]
    tree.edit("modules/axlog/module.mk", "src/log.c src/more.c", "src/log.c")
    result = tree.built()
    assert result.compiled() == [] and result.linked() == ["one.elf"], result.steps


def test_allocator_added_as_one_folder(tree):
    """No other file changes; the build finds it, and knows it by its name."""
    tree.built()
    for path in ("Kconfig", "impl.c", "bytes_impl.h"):
        text = tree.read(f"modules/axalloc/bytes/list/{path}")
        tree.write(f"modules/axalloc/bytes/extra/{path}",
                   text.replace("LIST", "EXTRA").replace("list", "extra"))
    assert tree.built().compiled() == ["modules/axalloc/src/facade.c"]  # has a new CONFIG_ name
    assert "modules/axalloc/bytes/extra/impl.c" in tree.built("ALLOC=extra").compiled()
    assert "extra" in tree.make("list").out


def test_nolto_sources(tree):
    tree.edit("modules/axbase/module.mk", "src/a.c src/b.c", "src/a.c\nsrcs-nolto := src/b.c")
    tree.built()
    lto = [name for name in ("a", "b") if b".gnu.lto" in
           open(tree.path(f"build/riscv64-small/default/obj/axbase/src/{name}.c.o"), "rb").read()]
    assert lto == ["a"], lto
    tree.edit("modules/axbase/module.mk", "src/a.c\nsrcs-nolto := src/b.c", "src/a.c src/b.c")
    assert "modules/axbase/src/b.c" in tree.built().compiled()


def test_no_process_when_nothing_changed(tree):
    """The cost of a make that has nothing to do: well under half a second."""
    tree.built()
    started = time.monotonic()
    tree.built()
    assert time.monotonic() - started < 0.5
