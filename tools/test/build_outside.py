"""An app, a platform, an allocator, the objects: each may be outside the tree."""
import os
import shutil

import fixture


def test_app_outside(tree):
    tree.write("../mine/app.mk", "srcs := main.c\ndeps := axalloc\n")
    tree.write("../mine/main.c", "int axalloc(void);\nint main(void);\nint main(void)\n{\n"
                                 "    return axalloc();\n}\n")
    tree.built()
    result = tree.built("A=../mine")
    assert len(result.compiled()) == 1 and result.linked() == ["mine.elf"], result.steps
    assert tree.built("A=../mine/").steps == []
    assert tree.built(f"A={tree.folder}/mine").steps == []


def test_app_outside_with_the_name_of_one_inside(tree):
    tree.built("APP=two")
    tree.write("../two/app.mk", "srcs := main.c\n")
    tree.write("../two/main.c", "int main(void);\nint main(void)\n{\n    return 9;\n}\n")
    assert len(tree.built("A=../two").compiled()) == 1
    assert tree.built("APP=two").compiled() == ["apps/two/main.c"]


def test_app_outside_with_options(tree):
    tree.write("../mine/app.mk", "srcs := main.c\n")
    tree.write("../mine/Kconfig", "config MINE_SIZE\n\tint \"Size\"\n\tdefault 4\n")
    tree.write("../mine/main.c", "#include <mine/config.h>\nint main(void);\nint main(void)\n{\n"
                                 "    return CONFIG_MINE_SIZE;\n}\n")
    tree.built()
    assert len(tree.built("A=../mine").compiled()) == 1
    config = "build/riscv64-small/default/.config"
    tree.edit(config, "CONFIG_MINE_SIZE=4", "CONFIG_MINE_SIZE=5")
    assert len(tree.built("A=../mine").compiled()) == 1
    assert tree.built().compiled() == []
    assert tree.built("A=../mine").compiled() == []
    assert "CONFIG_MINE_SIZE=5" in tree.read(config)


def test_platform_outside(tree):
    shutil.copytree(tree.path("platforms/riscv64-small"), tree.path("../board"))
    tree.edit("../board/platform.mk", "../common/chip.c", "chip.c")
    shutil.copy(tree.path("platforms/common/chip.c"), tree.path("../board/chip.c"))
    tree.write("../board/Kconfig", "config BOARD_BUS\n\thex\n\tdefault 0xC0000000\n")
    tree.write("../board/defconfig", "CONFIG_AXALLOC_STEP=2\n")
    tree.built("PLATFORM=../board")
    assert "CONFIG_AXALLOC_STEP=2" in tree.read("build/board/default/.config")
    header = tree.read("build/board/default/gen/axbase/axbase/config.h")
    assert "#define CONFIG_BOARD_BUS 0xC0000000" in header, header


def test_allocator_outside(tree):
    for path, text in fixture.allocator("bytes", "mine", 6).items():
        tree.write(f"../mine/{path}", text)
    result = tree.built("ALLOC=../mine")
    assert any(path.endswith("mine/impl.c") for path in result.compiled()), result.steps
    assert "CONFIG_AXALLOC_BYTES_MINE 1" in tree.read(
        "build/riscv64-small/alloc-mine/gen/axalloc/axalloc/config.h")
    assert tree.built("ALLOC=../mine/").steps == []


def test_objects_outside(tree):
    objects = f"{tree.folder}/objects"
    tree.built(f"O={objects}")
    assert tree.built(f"O={objects}").steps == []
    result = tree.make(f"O={objects}", "flat")
    assert result.out.strip().endswith("one.bin") and objects in result.out
    tree.built(f"O={objects}", "clean")
    assert not os.path.exists(objects)
    tree.write("../precious/file", "")
    tree.built(f"O={tree.folder}/precious", "clean")
    assert tree.read("../precious/file") == ""


def test_image_does_not_depend_on_where_it_was_built(tree):
    other = fixture.Tree()
    try:
        for make in (tree, other):
            make.built("APP=one")
        images = [open(make.path("build/riscv64-small/default/apps/one/one.elf"), "rb").read()
                  for make in (tree, other)]
        assert images[0] == images[1], "two folders, two images"
        assert tree.folder.encode() not in images[0]
    finally:
        other.close()
