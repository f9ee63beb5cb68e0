"""A small tree in a temporary folder, built by the real Makefile and tools: for tests of the build.

Its modules have the names that the build knows (axbase, axcpu, axtest, axalloc), with one or two
short files each, so that a test can say exactly which objects a change must make again, may break
what it likes, and takes a fraction of a second.
"""
import os
import re
import shutil
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

FILES = {
    "modules/layers": "axbase axtest\naxcpu\naxlog\naxalloc\n",
    "modules/axbase/module.mk": "srcs := src/a.c src/b.c\nhost-tests := test_good test_bad\n",
    "modules/axbase/Kconfig": "",
    "modules/axbase/include/axbase/a.h": "#pragma once\nint a(void);\n",
    "modules/axbase/include/axbase/b.h": "#pragma once\nint b(void);\n",
    "modules/axbase/src/a.c": "#include <axbase/a.h>\nint a(void)\n{\n    return 1;\n}\n",
    "modules/axbase/src/b.c": "#include <axbase/b.h>\n#include <axbase/config.h>\n"
                              "int b(void)\n{\n    return CONFIG_DEBUG;\n}\n",
    "modules/axtest/module.mk": "deps := axbase\n",
    "modules/axtest/include/axtest/test.h":
        "#pragma once\nstruct axtest_suite {\n    int cases;\n};\n"
        "extern const struct axtest_suite *const axtest_suites[];\n",
    "modules/axcpu/module.mk": "deps := axbase\n",
    "modules/axcpu/image.ld.S":
        "ENTRY(_start)\nPHDRS { text PT_LOAD FLAGS(5); data PT_LOAD FLAGS(6); }\n"
        "SECTIONS\n{\n    . = 0x80200000;\n"
        "    .text : { KEEP(*(.text.boot)) *(.text*) *(.rodata*) *(.srodata*) } :text\n"
        "    . = ALIGN(4096);\n    .data : { *(.data*) *(.sdata*) } :data\n"
        "    .bss : { *(.bss*) *(.sbss*) } :data\n}\n",
    "modules/axlog/module.mk": "deps := axbase\nsrcs := src/log.c\n",
    "modules/axlog/src/log.c":
        "#include <axlog/config.h>\nint axlog_max(void);\nint axlog_max(void)\n{\n"
        "    return CONFIG_AXLOG_MAX;\n}\n",
    "modules/axlog/Kconfig":
        "choice AXLOG_MAX_LEVEL\n\tprompt \"level\"\n\tdefault AXLOG_MAX_TRACE if DEBUG\n"
        "\tdefault AXLOG_MAX_INFO\n"
        + "".join(f"config AXLOG_MAX_{level}\n\tbool \"{level}\"\n"
                  for level in ("ERROR", "WARN", "INFO", "DEBUG", "TRACE"))
        + "endchoice\nconfig AXLOG_MAX\n\tint\n"
        + "".join(f"\tdefault {number} if AXLOG_MAX_{level}\n" for number, level in
                  enumerate(("ERROR", "WARN", "INFO", "DEBUG", "TRACE"), 1)),
    "modules/axalloc/module.mk":
        "deps := axbase\nsrcs := src/facade.c $(ALLOC_DIR)/impl.c\nincludes := $(ALLOC_DIR)\n"
        "target-tests := tests/target/suite.c\ntest-deps := axtest\n",
    "modules/axalloc/src/facade.c":
        "#include <axalloc/config.h>\n#include \"bytes_impl.h\"\nint axalloc(void);\n"
        "int axalloc(void)\n{\n    return impl() + CONFIG_AXALLOC_STEP;\n}\n",
    "modules/axalloc/tests/target/suite.c":
        "#include <axtest/test.h>\nextern const struct axtest_suite axalloc_suite;\n"
        "const struct axtest_suite axalloc_suite = {1};\n",
    "modules/axalloc/Kconfig":
        "config AXALLOC_STEP\n\tint \"Step\"\n\tdefault 7\n"
        "config AXALLOC_SLOW\n\tbool \"Slow checks\"\n\tdepends on DEBUG\n"
        + "".join(f"config AXALLOC_{name}\n\tbool \"{name}\"\n"
                  for name in ("GUARD", "LEAKS", "HARDENED", "CACHES", "DEPOT", "TRACE"))
        + "choice AXALLOC_BYTES\n\tprompt \"byte allocator\"\n\tdefault AXALLOC_BYTES_TLSF\nendchoice\n"
        "choice AXALLOC_PAGES\n\tprompt \"page allocator\"\n\tdefault AXALLOC_PAGES_BITMAP\nendchoice\n"
        "config AXALLOC_BYTES_NAME\n\tstring\nconfig AXALLOC_PAGES_NAME\n\tstring\n"
        "rsource \"bytes/*/Kconfig\"\nrsource \"pages/*/Kconfig\"\n",
    "configs/riscv64-small_defconfig": "# A small platform.\n",
    "configs/aarch64-small_defconfig": "# Another.\n",
    "configs/host_defconfig": "CONFIG_DEBUG=y\n",
    "configs/features/slow.config": "# Slow checks.\nCONFIG_AXALLOC_SLOW=y\n",
    "configs/features/typo.config": "# Sets what is not there.\nCONFIG_AXALLOC_SLOOW=y\n",
    "platforms/riscv64-small/platform.mk":
        "isa := riscv64\nsrcs := start.S ../common/chip.c\ndeps := axbase\nmem := 64M\n"
        "qemu := qemu-system-riscv64\nqemu-args := -machine virt -bios default\n"
        "disk := -drive file=%\n",
    "platforms/riscv64-small/start.S":
        "    .section .text.boot, \"ax\"\n    .globl _start\n_start:\n    call main\n    call chip\n",
    "platforms/aarch64-small/platform.mk":
        "isa := aarch64\nsrcs := start.S ../common/chip.c\ndeps := axbase\n"
        "qemu := qemu-system-aarch64\nqemu-args := -machine virt\n",
    "platforms/aarch64-small/start.S":
        "    .section .text.boot, \"ax\"\n    .globl _start\n_start:\n    bl main\n    bl chip\n",
    "platforms/common/chip.c": "int chip(void);\nint chip(void)\n{\n    return 5;\n}\n",
    "apps/one/app.mk": "srcs := main.c\ndeps := axalloc axlog\n",
    "apps/one/main.c":
        "#include <axbase/a.h>\n#include <axbase/b.h>\nint main(void);\nint axalloc(void);\n"
        "int axlog_max(void);\nint main(void)\n{\n    return a() + b() + axalloc() + axlog_max();\n}\n",
    "apps/two/app.mk": "srcs := main.c\ndeps := axbase\n",
    "apps/two/main.c":
        "#include <two/config.h>\nint main(void);\nint main(void)\n{\n    return CONFIG_TWO_COUNT;\n}\n",
    "apps/two/Kconfig": "config TWO_COUNT\n\tint \"Count\"\n\tdefault 3\n",
    "apps/suites/app.mk": "srcs := main.c\ndeps := axtest\n",
    "apps/suites/main.c":
        "#include <axtest/test.h>\nint main(void);\nint main(void)\n{\n"
        "    return axtest_suites[0]->cases;\n}\n",
    # Stands in for QEMU: says what it was asked to run.
    "tools/run": "#!/bin/sh\nprintf '%s|' \"$@\"\necho\n",
}


def allocator(kind, name, value):
    """The files of an allocator's folder, as relative paths."""
    symbol = f"AXALLOC_{kind.upper()}"
    return {
        "Kconfig": f"choice {symbol}\nconfig {symbol}_{name.upper()}\n"
                   f"\tbool \"{name}: returns {value}\"\nendchoice\n"
                   f"config {symbol}_NAME\n\tdefault \"{name}\" if {symbol}_{name.upper()}\n",
        "impl.c": f"#include \"bytes_impl.h\"\nint impl(void)\n{{\n    return {value};\n}}\n",
        "bytes_impl.h": "#pragma once\nint impl(void);\n",
    }


def cmocka_test(name, condition):
    return ("#include <setjmp.h>\n#include <stdarg.h>\n#include <stddef.h>\n#include <stdint.h>\n"
            "#include <cmocka.h>\n#include <axbase/a.h>\n"
            f"static void {name}(void **state)\n{{\n    (void)state;\n    assert_true({condition});\n}}\n"
            "int main(void)\n{\n    const struct CMUnitTest tests[] = "
            f"{{cmocka_unit_test({name})}};\n    return cmocka_run_group_tests(tests, NULL, NULL);\n}}\n")


def all_files():
    files = dict(FILES)
    for kind, name, value in (("bytes", "tlsf", 1), ("bytes", "list", 2),
                              ("pages", "bitmap", 3), ("pages", "buddy", 4)):
        for path, text in allocator(kind, name, value).items():
            files[f"modules/axalloc/{kind}/{name}/{path}"] = text
    files["modules/axbase/tests/host/test_good.c"] = cmocka_test("good", "a() == 1")
    files["modules/axbase/tests/host/test_bad.c"] = cmocka_test("bad", "a() == 2")
    return files


class Result:
    """What one run of make printed and did."""

    def __init__(self, done):
        self.status = done.returncode
        self.out, self.err = done.stdout, done.stderr
        self.text = done.stdout + done.stderr
        self.steps = re.findall(r"^  (CC|AS|LDS|LD|BIN|KCONF) +(\S+)", done.stdout, re.MULTILINE)

    def compiled(self):
        """The sources that were compiled, sorted."""
        return sorted(path for step, path in self.steps if step in ("CC", "AS"))

    def linked(self):
        return sorted(os.path.basename(path) for step, path in self.steps if step == "LD")


class Tree:
    """The small tree; removed by close()."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="axle-build-test.")
        self.root = f"{self.folder}/tree"
        for path in ("tools/build", "tools/test", "configs/features"):
            shutil.copytree(f"{ROOT}/{path}", f"{self.root}/{path}")
        for path in ("Makefile", "Kconfig", "tools/setup", "tools/fetch", "tools/debug"):
            shutil.copy(f"{ROOT}/{path}", f"{self.root}/{path}")
        for path, text in all_files().items():
            self.write(path, text)
        os.chmod(f"{self.root}/tools/run", 0o755)

    def close(self):
        shutil.rmtree(self.folder)

    def path(self, path):
        """A path of the tree; absolute ones, and those that leave it, are taken as they are."""
        return os.path.join(self.root, path)

    def write(self, path, text):
        path = self.path(path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, path):
        with open(self.path(path), encoding="utf-8") as file:
            return file.read()

    def edit(self, path, old, new):
        text = self.read(path)
        assert old in text, f"{path} does not hold {old!r}"
        self.write(path, text.replace(old, new))

    def run(self, command, **environment):
        """Run a command in the tree, in an environment without make's and Axle's variables."""
        inherited = {name: value for name, value in os.environ.items()
                     if not re.match(r"MAKE|MFLAGS|AXLE_|[A-Z]$|APP|PLATFORM|LLVM|MEM|LOG", name)}
        done = subprocess.run(command, cwd=self.root, env={**inherited, **environment},
                              capture_output=True, text=True, errors="replace", timeout=120,
                              check=False)
        return Result(done)

    def make(self, *arguments, **environment):
        defaults = [f"{name}={value}" for name, value in
                    (("PLATFORM", "riscv64-small"), ("APP", "one"))
                    if not any(word.startswith(f"{name}=") for word in arguments)]
        environment.setdefault("AXLE_SETUP_DONE", "1")
        return self.run(["make", *defaults, *arguments], **environment)

    def built(self, *arguments):
        """make, which must succeed."""
        result = self.make(*arguments)
        assert result.status == 0, f"make {' '.join(arguments)} failed:\n{result.text}"
        return result
