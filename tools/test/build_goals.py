"""The goals of make: what they print, run and count."""
import json
import os
import re


def test_both_isas_both_compilers_each_mode(tree):
    for platform in ("riscv64-small", "aarch64-small"):
        for compiler in ("LLVM=0", "LLVM=1"):
            for flags in ("", "debug", "no-lto"):
                tree.built(f"PLATFORM={platform}", compiler, f"FEATURES={flags}")


def test_run_arguments(tree):
    result = tree.built("run", "ARGS=it's here", "QEMU_ARGS=-d int", "TIMEOUT=9")
    words = result.out.splitlines()[-1].split("|")
    for pair in (("--qemu", "qemu-system-riscv64"), ("--machine-args", "-machine virt -bios default"),
                 ("--mem", "64M"), ("--smp", "1"), ("--timeout", "9")):
        assert words[words.index(pair[0]) + 1] == pair[1], words
    assert "--append=it's here" in words, words
    assert words[words.index("--image") + 1].endswith("apps/one/one.bin")
    assert words[words.index("--elf") + 1].endswith("apps/one/one.elf")
    assert words[words.index("--"):] == ["--", "-d", "int", ""]
    assert "--gdb" not in words


def test_run_with_a_disk(tree):
    words = tree.built("run", "DISK=it's a disk").out.splitlines()[-1].split("|")
    assert words[words.index("--disk") + 1] == "it's a disk", words
    assert words[words.index("--disk-args") + 1] == "-drive file=%", words
    assert "--disk" not in tree.built("run").out


def test_run_through_u_boot(tree):
    tree.edit("platforms/riscv64-small/platform.mk", "mem :=", "uboot := -bios %\nload := 0x1000\nmem :=")
    words = tree.built("run", "BOOT=uboot-fit", "INITRD=a b").out.splitlines()[-1].split("|")
    for pair in (("--boot", "uboot-fit"), ("--uboot", "-bios %"), ("--load", "0x1000"),
                 ("--initrd", "a b")):
        assert words[words.index(pair[0]) + 1] == pair[1], words
    assert "--uboot" not in tree.built("run").out


def test_image_in_every_form(tree):
    """The flat image and the ELF; where there is a U-Boot, the FIT and the disk too."""
    image = "build/riscv64-small/default/apps/one/one"
    assert tree.built("image").out.splitlines()[-2:] == [f"{image}.bin", f"{image}.elf"]
    tree.edit("platforms/riscv64-small/platform.mk", "mem :=", "uboot := -bios %\nload := 0x1000\nmem :=")
    tree.write("tools/build/bootable", tree.read("tools/run"))
    for arguments, ending in (([], "||"), (["BOOT=uboot"], "|--flat|")):
        lines = tree.built("image", "ARGS=it's", "INITRD=a b", *arguments).out.splitlines()
        assert lines[-4:] == [f"{image}.{form}" for form in ("bin", "elf", "itb", "disk")], lines
        assert lines[-5] == (f"--image|{image}.bin|--load|0x1000|--append=it's|--initrd|a b"
                             + ending.replace("||", "|")), lines
    assert tree.built("flat").out.splitlines()[-1] == f"{image}.bin"


def test_debug(tree):
    """gdb is started on the image, against a guest that waits for it; the guest ends with gdb."""
    tree.write("../bin/gdb-multiarch", "#!/bin/sh\nsleep 0.2\necho \"gdb $*\"\n")
    os.chmod(tree.path("../bin/gdb-multiarch"), 0o755)
    tree.write("tools/run", "#!/bin/sh\necho \"run $*\"\nexec sleep 60\n")
    os.chmod(tree.path("tools/run"), 0o755)
    result = tree.make("debug", PATH=f"{tree.folder}/bin:{os.environ['PATH']}")
    assert result.status == 0, result.text
    assert re.search(r"run .* --gdb", result.out) and "target remote :1234" in result.out, result.out
    assert "one.elf" in result.out and "tools/gdb/axle.py" in result.out and "-batch" not in result.out
    tree.write("../commands", "info registers\n")
    result = tree.make("debug", "GDB=../commands", PATH=f"{tree.folder}/bin:{os.environ['PATH']}")
    assert "gdb -batch" in result.out and "-x ../commands" in result.out, result.text
    result = tree.make("debug", "GDB=../nowhere", PATH=f"{tree.folder}/bin:{os.environ['PATH']}")
    assert result.status != 0 and "GDB=../nowhere: no such file" in result.err, result.text


def test_run_fails_when_the_app_does(tree):
    tree.write("tools/run", "#!/bin/sh\nexit 3\n")
    os.chmod(tree.path("tools/run"), 0o755)
    assert tree.make("run").status != 0


def test_log_level_is_passed_and_compiled_in(tree):
    """A level that is compiled in is a boot argument; a more verbose one a configuration as well."""
    assert "|--append=log=warn|" in tree.built("run", "LOG=warn").out
    assert os.listdir(tree.path("build/riscv64-small")) == ["default"]
    assert "|--append=log=debug x|" in tree.built("run", "LOG=debug", "ARGS=x").out
    folder = "build/riscv64-small/log-debug"
    assert "CONFIG_AXLOG_MAX 4" in tree.read(f"{folder}/gen/axlog/axlog/config.h")
    tree.built("run", "LOG=trace", "FEATURES=debug")
    assert sorted(os.listdir(tree.path("build/riscv64-small"))) == ["debug", "default", "log-debug"]


def test_help_and_list_need_no_tools(tree):
    """They run before setup: with make, a shell and the text tools alone."""
    tools = tree.path("../tools")
    os.mkdir(tools)
    for name in ("make", "sh", "cat", "awk", "sed", "basename", "nproc", "tr"):
        path = next(path for path in (f"/usr/bin/{name}", f"/bin/{name}") if os.path.exists(path))
        os.symlink(path, f"{tools}/{name}")
    result = tree.run(["make", "help"], PATH=tools)
    assert result.status == 0 and "make run" in result.out, result.text
    result = tree.run(["make", "list"], PATH=tools)
    assert result.status == 0 and result.err == "", result.text
    for word in ("riscv64-small", "one", "tlsf: returns 1", "buddy", "slow", "Slow checks."):
        assert word in result.out, result.out


def test_verbose(tree):
    result = tree.built("V=1")
    assert "-std=c11" in result.out and "  CC " not in result.out


def test_suites_of_the_image(tree):
    tree.built("APP=suites")
    text = tree.read("build/riscv64-small/default/gen/suites/suites/test_suites.c")
    assert "&axalloc_suite" in text, text


def test_compile_commands(tree):
    tree.built("compile_commands.json")
    commands = json.loads(tree.read("compile_commands.json"))
    sources = [command["file"] for command in commands]
    assert "modules/axbase/src/a.c" in sources and "apps/one/main.c" in sources, sources
    assert any('-DAX_MODULE=\'"axbase"\'' in command["command"] for command in commands)


def test_size(tree):
    out = tree.built("size").out
    for row in ("axbase", "axalloc", "apps/one", r"flat image: \d+ bytes"):
        assert re.search(row, out), out


def test_savedefconfig(tree):
    tree.built()
    tree.edit("build/riscv64-small/default/.config", "CONFIG_AXALLOC_STEP=7", "CONFIG_AXALLOC_STEP=8")
    tree.built("savedefconfig")
    saved = tree.read("configs/riscv64-small_defconfig")
    assert saved == "# A small platform.\nCONFIG_AXALLOC_STEP=8\n", saved
    tree.built("defconfig")
    assert "CONFIG_AXALLOC_STEP=8" in tree.read("build/riscv64-small/default/.config")


def test_booleans_reach_c_as_0_or_1(tree):
    tree.built()
    header = tree.read("build/riscv64-small/default/gen/axbase/axbase/config.h")
    assert "#define CONFIG_DEBUG 0\n" in header and "#define CONFIG_LTO 1\n" in header, header
    assert "TWO" not in header and "AXALLOC" not in header


def test_host_tests_are_counted(tree):
    """One passes and one fails, and no count is lost on the way up."""
    result = tree.make("test-host")
    assert result.status != 0
    assert result.out.splitlines()[-1] == "1 passed, 1 failed, 0 skipped", result.text
    tree.edit("modules/axbase/tests/host/test_bad.c", "a() == 2", "a() == 1")
    result = tree.make("test-host")
    assert result.status == 0 and result.out.splitlines()[-1] == "2 passed, 0 failed, 0 skipped"


def test_host_program_that_crashes_is_a_failure(tree):
    tree.edit("modules/axbase/tests/host/test_bad.c", "a() == 2", "*(volatile int *)0 == 2")
    result = tree.make("PLATFORM=host", "host-tests")
    assert result.status != 0 and "1 passed, 1 failed, 0 skipped" in result.out, result.text


def test_sanitizers_are_on(tree):
    tree.edit("modules/axbase/src/a.c", "return 1;",
              "static const char text[] = \"ab\";\n    volatile int past = 7;\n    return text[past] ? 1 : 1;")
    result = tree.make("PLATFORM=host", "host-tests")
    assert "AddressSanitizer" in result.out or "out of bounds" in result.out, result.text


def test_fuzzers_run(tree):
    tree.edit("modules/axbase/module.mk", "host-tests", "fuzzers := any\nhost-tests")
    body = ("#include <stddef.h>\n#include <stdint.h>\n"
            "int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);\n"
            "int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)\n{\n"
            "    if (size > 1 && data[0] == 'x' && data[1] == BYTE)\n        __builtin_trap();\n"
            "    return 0;\n}\n")
    tree.write("modules/axbase/fuzz/any.c", body.replace("BYTE", "'y' && size > 99999"))
    arguments = ("PLATFORM=host", "LLVM=1", "HOST_FUZZ=1", "FUZZ_RUNS=20000", "host-fuzz")
    result = tree.built(*arguments)
    assert "1 passed, 0 failed, 0 skipped" in result.out, result.text
    tree.write("modules/axbase/fuzz/any.c", body.replace("BYTE", "'y'"))
    result = tree.make(*arguments)
    assert result.status != 0 and "0 passed, 1 failed, 0 skipped" in result.out, result.text


def test_counts_are_summed(tree):
    """tools/test/suites: a suite that dies without counts is one failure."""
    suites = tree.path("tools/test/suites")
    result = tree.run([suites, "a=echo '3 passed, 0 failed, 1 skipped'",
                       "b=echo '2 passed, 1 failed, 0 skipped'; exit 1", "c=exit 4", "d=true"])
    assert result.status == 1
    assert result.out.splitlines()[-1] == "5 passed, 2 failed, 1 skipped", result.text


def test_a_run_of_one_job(tree):
    """-j1 is the user's word against the default of one job a processor."""
    tree.edit("Makefile", "include tools/build/options.mk",
              "include tools/build/options.mk\n$(info jobs $(MAKEFLAGS))")
    assert "-j" not in tree.make("-j1", "help").err
    result = tree.built("-j1")
    assert "jobserver" not in result.text, result.text


def test_menuconfig(tree):
    """In a terminal: the first option is switched on (y), saved (s, Enter, any key), and built."""
    tree.edit("Kconfig", 'menu "Build"', 'config FIRST\n\tbool "First option"\n\nmenu "Build"')
    tree.edit("modules/axbase/src/b.c", "CONFIG_DEBUG", "CONFIG_FIRST")
    tree.built()
    script = ("import os, pty, sys, time\n"
              "pid, fd = pty.fork()\n"
              "if pid == 0:\n"
              "    os.environ['TERM'] = 'xterm'\n"
              "    os.execvp('make', sys.argv[1:])\n"
              "for key in (b'', b'y', b's', b'\\n', b' ', b'q'):\n"
              "    time.sleep(0.3)\n"
              "    os.write(fd, key)\n"
              "text = b''\n"
              "try:\n"
              "    while True:\n"
              "        text += os.read(fd, 4096)\n"
              "except OSError:\n"
              "    pass\n"
              "print(text.decode(errors='replace'))\n"
              "sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n")
    result = tree.run(["/usr/bin/python3", "-c", script, "make", "PLATFORM=riscv64-small", "APP=one",
                       "menuconfig"], AXLE_SETUP_DONE="1")
    assert result.status == 0 and "First option" in result.out, result.text
    assert "CONFIG_FIRST=y" in tree.read("build/riscv64-small/default/.config"), result.text
    assert tree.built().compiled() == ["modules/axbase/src/b.c"]
