"""What cannot be built fails at once, with one line that says what is wrong and what is valid."""
import re


def one_line(tree, arguments, *needed):
    """make must fail with one line of ours (and make's own Error line), which has these parts."""
    result = tree.make(*arguments)
    assert result.status != 0, f"{arguments} was accepted"
    lines = [line for line in result.err.splitlines()
             if not re.match(r"make(\[\d\])?: \*\*\* \[.*\] Error \d+$", line)]
    assert len(lines) == 1 and result.out == "", f"{arguments} printed:\n{result.text}"
    for part in needed:
        assert part in lines[0], f"{arguments}: {part!r} is not in: {lines[0]}"


def test_unknown_platform(tree):
    one_line(tree, ["PLATFORM=riscv64-smal"], "PLATFORM=riscv64-smal", "riscv64-small", "aarch64-small")
    one_line(tree, ["PLATFORM=../nowhere/"], "../nowhere")


def test_what_the_platform_has_not(tree):
    one_line(tree, ["run", "DISK=x", "PLATFORM=aarch64-small"], "DISK= does nothing", "aarch64-small")
    one_line(tree, ["run", "BOOT=uboot"], "BOOT=uboot does nothing", "riscv64-small")
    one_line(tree, ["run", "BOOT=grub"], "BOOT=grub", "sbi uboot uboot-fit")


def test_unknown_app(tree):
    one_line(tree, ["APP=oen"], "APP=oen", "one", "two")
    one_line(tree, ["A=../nowhere"], "A=../nowhere")


def test_unknown_allocator(tree):
    one_line(tree, ["ALLOC=tslf"], "ALLOC=tslf", "list", "tlsf")
    one_line(tree, ["PAGES=bitmpa"], "PAGES=bitmpa", "bitmap", "buddy")
    one_line(tree, ["ALLOC=../nowhere"], "ALLOC=../nowhere")


def test_unknown_flag(tree):
    one_line(tree, ["FEATURES=slow dbug"], "dbug", "debug", "no-lto", "alloc-tlsf", "pages-bitmap")


def test_unknown_variable(tree):
    one_line(tree, ["PLATFROM=x"], "PLATFROM", "PLATFORM")


def test_values_of_variables(tree):
    one_line(tree, ["LOG=loud"], "LOG=loud", "error warn info debug trace")
    one_line(tree, ["MEM=lots"], "MEM=lots", "128M")
    one_line(tree, ["MEM=128"], "MEM=128", "128M")
    one_line(tree, ["SMP=two"], "SMP=two")
    one_line(tree, ["V=2"], "V=2")
    one_line(tree, ["LLVM=yes"], "LLVM=yes")
    one_line(tree, ["TIMEOUT=-1"], "TIMEOUT=-1")


def test_unknown_module(tree):
    tree.edit("apps/one/app.mk", "axlog", "axlgo")
    one_line(tree, [], "axlgo", "axlog")


def test_allocator_flags_clash(tree):
    one_line(tree, ["FEATURES=alloc-tlsf alloc-list"], "alloc-tlsf", "alloc-list", "clash")
    one_line(tree, ["ALLOC=tlsf", "FEATURES=alloc-list"], "alloc-tlsf", "alloc-list", "clash")
    one_line(tree, ["FEATURES=log-warn log-debug"], "log-warn", "log-debug", "clash")


def test_flags_with_two_values_clash(tree):
    tree.write("configs/features/few.config", "# Few.\nCONFIG_AXALLOC_STEP=1\n")
    tree.write("configs/features/many.config", "# Many.\nCONFIG_AXALLOC_STEP=9\n")
    one_line(tree, ["FEATURES=few many"], "few", "many", "CONFIG_AXALLOC_STEP", "1", "9")
    tree.built("FEATURES=few")


def test_flag_that_contradicts_a_default_of_another(tree):
    tree.write("configs/features/lto.config", "# Asks for LTO by name.\nCONFIG_LTO=y\n")
    one_line(tree, ["FEATURES=lto debug"], "flag lto", "CONFIG_LTO=y", "!DEBUG", "flag debug")
    tree.built("FEATURES=lto")


def test_flag_whose_need_is_off(tree):
    one_line(tree, ["FEATURES=slow"], "flag slow", "CONFIG_AXALLOC_SLOW=y", "needs DEBUG")
    tree.built("FEATURES=slow debug")


def test_flag_that_sets_nothing_known(tree):
    one_line(tree, ["FEATURES=typo"], "flag typo", "CONFIG_AXALLOC_SLOOW")


def test_defconfig_that_sets_nothing_known(tree):
    tree.write("configs/riscv64-small_defconfig", "CONFIG_NOWHERE=y\n")
    one_line(tree, [], "configs/riscv64-small_defconfig", "CONFIG_NOWHERE")


def test_value_outside_its_range(tree):
    tree.edit("modules/axalloc/Kconfig", "default 7", "range 1 9\n\tdefault 7")
    tree.write("configs/features/huge.config", "# Too much.\nCONFIG_AXALLOC_STEP=10\n")
    one_line(tree, ["FEATURES=huge"], "flag huge", "CONFIG_AXALLOC_STEP=10")


def test_undeclared_module_does_not_compile(tree):
    tree.edit("modules/axbase/src/a.c", "#include <axbase/a.h>",
              "#include <axbase/a.h>\n#include <axtest/test.h>")
    result = tree.make()
    assert result.status != 0 and "axtest/test.h" in result.err, result.text
    tree.edit("modules/axbase/src/a.c", "<axtest/test.h>", "<string.h>")
    result = tree.make()
    assert result.status != 0 and "string.h" in result.err, result.text


def test_misspelt_option_does_not_compile(tree):
    tree.edit("modules/axbase/src/b.c", "CONFIG_DEBUG", "CONFIG_DEBGU")
    assert tree.make().status != 0


def test_cpus_that_the_machine_has_not(tree):
    tree.edit("platforms/riscv64-small/platform.mk", "mem := 64M\n",
              "mem := 64M\ncpus := 1 2\ncpus-besides := 1\n")
    one_line(tree, ["run", "SMP=3"], "SMP=3", "riscv64-small", "1 2")
    assert "|--smp|2|--cpus-besides|1|" in tree.built("run", "SMP=2").out
