"""tools/setup and tools/fetch, with stand-ins for apt."""
import hashlib
import os
import shutil
import tarfile

TOOLS = ("sh", "make", "cat", "grep", "sed", "env", "nproc", "tr", "mkdir", "rm", "mv", "mktemp",
         "sha256sum", "cut", "head", "tar", "gzip", "dirname", "basename", "printf")


def machine(tree, **scripts):
    """A folder for PATH with the tools of a fresh Debian and the given scripts."""
    folder = tree.path("../machine")
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    for name in TOOLS:
        os.symlink(shutil.which(name), f"{folder}/{name}")
    for name, text in {"id": "echo 0", **scripts}.items():
        name = name.replace("_", "-")
        with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\n{text}\n")
        os.chmod(f"{folder}/{name}", 0o755)
    return folder


def release(tree, text):
    tree.write("../os-release", text)
    return tree.path("../os-release")


def test_setup_is_silent_when_all_is_there(tree):
    scripts = {name: "true" for name in ("qemu_system_riscv64", "qemu_system_aarch64",
                                         "riscv64_linux_gnu_gcc", "aarch64_linux_gnu_gcc", "dtc")}
    result = tree.run(["tools/setup", "run"], PATH=machine(tree, **scripts))
    assert result.status == 0 and result.text == "", result.text


def test_setup_installs_and_says_why(tree):
    path = machine(tree, apt_get="echo \"$@\" >> \"$CALLS\"")
    calls = tree.path("../calls")
    result = tree.run(["tools/setup", "run"], PATH=path, CALLS=calls,
                      AXLE_OS_RELEASE=release(tree, "ID=debian\n"))
    assert result.status == 0, result.text
    assert "gcc-riscv64-linux-gnu: compiles for riscv64" in result.err, result.text
    assert "clang" not in result.err
    update, install = tree.read(calls).splitlines()
    assert update.startswith("update") or " update" in update, update
    assert "install" in install and "qemu-system-misc" in install, install


def test_setup_takes_sudo(tree):
    path = machine(tree, id="echo 1000", sudo="echo \"sudo $*\" >> \"$CALLS\"", apt_get="exit 1")
    calls = tree.path("../calls")
    result = tree.run(["tools/setup"], PATH=path, CALLS=calls,
                      AXLE_OS_RELEASE=release(tree, "ID=ubuntu\nID_LIKE=debian\n"))
    assert result.status == 0 and "sudo env" in tree.read(calls), result.text


def test_setup_without_root_or_sudo(tree):
    result = tree.run(["tools/setup"], PATH=machine(tree, id="echo 1000"),
                      AXLE_OS_RELEASE=release(tree, "ID=debian\n"))
    assert result.status == 1 and "apt-get install" in result.err, result.text


def test_setup_elsewhere(tree):
    result = tree.run(["tools/setup", "run", "llvm"], PATH=machine(tree, apt_get="touch \"$CALLS\""),
                      CALLS=tree.path("../calls"), AXLE_OS_RELEASE=release(tree, "ID=fedora\n"))
    assert result.status == 1 and "neither Debian nor Ubuntu" in result.err, result.text
    assert "qemu-system-arm" in result.err and "lld" in result.err
    assert not os.path.exists(tree.path("../calls")), "apt was called"


def test_setup_without_network(tree):
    result = tree.run(["tools/setup"], PATH=machine(tree, apt_get="exit 100"),
                      AXLE_OS_RELEASE=release(tree, "ID=debian\n"))
    assert result.status == 1 and "check the network" in result.err.splitlines()[-1], result.text


def test_make_sets_up_before_it_needs_a_tool(tree):
    """On a machine with git and make alone, nothing is called before apt has installed it."""
    path = machine(tree, apt_get="echo \"$@\" >> \"$CALLS\"; exit 100")
    calls = tree.path("../calls")
    result = tree.run(["make", "run", "APP=one", "PLATFORM=riscv64-small"], PATH=path, CALLS=calls,
                      AXLE_OS_RELEASE=release(tree, "ID=debian\n"))
    assert result.status != 0 and "install" in tree.read(calls), result.text
    assert "not found" not in result.text, result.text


def package(tree, sha256):
    tree.write("../package.mk", "name := tiny\nversion := 1\ntarball := tiny_1.orig.tar.gz\n"
                                f"sha256 := {sha256}\n")
    return tree.path("../package.mk")


def tarball(tree):
    """A source tarball and its hash."""
    tree.write("../source/tiny-1/tiny.c", "int tiny;\n")
    path = tree.path("../source/tiny_1.orig.tar.gz")
    with tarfile.open(path, "w:gz") as archive:
        archive.add(tree.path("../source/tiny-1"), "tiny-1")
    with open(path, "rb") as file:
        return path, hashlib.sha256(file.read()).hexdigest()


def apt_that_has(path):
    return f"case \"$*\" in *source*) cp {path} . ;; esac"


def fetch(tree, pin, apt):
    path = machine(tree, apt_get=apt, cp="exec /bin/cp \"$@\"")
    return tree.run(["tools/fetch", package(tree, pin), tree.path("../fetched")], PATH=path)


def left_over(tree):
    return sorted(os.listdir(tree.path("../fetched")))


def test_fetch(tree):
    path, sha256 = tarball(tree)
    result = fetch(tree, sha256, apt_that_has(path))
    assert result.status == 0, result.text
    assert os.path.exists(f"{result.out.strip()}/tiny.c")
    assert left_over(tree) == ["tiny-1", "tiny_1.orig.tar.gz"]
    again = fetch(tree, sha256, "exit 1")
    assert again.status == 0 and again.err == "", again.text


def test_fetch_of_a_wrong_hash(tree):
    path, _ = tarball(tree)
    result = fetch(tree, "0" * 64, apt_that_has(path))
    assert result.status != 0 and "is not what" in result.err.splitlines()[-1], result.text
    assert left_over(tree) == []


def test_fetch_of_a_spoilt_cache(tree):
    """A file in the cache that does not match its pin is not believed."""
    path, sha256 = tarball(tree)
    tree.write("../fetched/tiny_1.orig.tar.gz", "spoilt")
    assert fetch(tree, sha256, "exit 1").status != 0
    assert fetch(tree, sha256, apt_that_has(path)).status == 0


def test_fetch_without_network(tree):
    result = fetch(tree, "0" * 64, "echo 'E: Could not resolve host' >&2; exit 100")
    assert result.status != 0, result.text
    last = result.err.splitlines()[-1]
    assert "Could not resolve host" in last and "check the network" in last, last
    assert left_over(tree) == []


def test_fetch_of_a_tarball_put_there_by_hand(tree):
    path, sha256 = tarball(tree)
    os.mkdir(tree.path("../fetched"))
    shutil.copy(path, tree.path("../fetched"))
    assert fetch(tree, sha256, "exit 1").status == 0


def test_fetch_from_the_mirrors_of_this_machine(tree):
    """The real thing, with a small library of Debian 12; needs the network."""
    tree.write("../zlib.mk",
               "name := zlib\nversion := 1.2.13\ntarball := zlib_1.2.13.dfsg.orig.tar.bz2\n"
               "sha256 := 71feb7947e3c00ef125f83b79a4e529bde31171e5babe48b391f06758d1ab0a1\n")
    result = tree.run(["tools/fetch", tree.path("../zlib.mk"), tree.path("../fetched")])
    if result.status != 0 and ("could not be downloaded" in result.err or "no longer have" in result.err):
        return result.err.strip().splitlines()[-1]
    assert result.status == 0 and os.path.exists(f"{result.out.strip()}/zlib.h"), result.text
    return None
