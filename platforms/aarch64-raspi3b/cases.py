"""The target tests of aarch64-raspi3b: what is its own, and enough of the rest to show that it holds.

For: tools/test/qemu, which has these in place of its full table: the machine has 1 GiB and four CPUs,
no more and no less, and each case takes its time.
"""

import re
from pathlib import Path
from typing import Callable, List

import disk
import disks
import hostile
from fdt import Node, assemble, cells, flatten, parse, wide
from guest.platform import read
from target import Build, Case, Prepared, expected

NAME = "aarch64-raspi3b"
THREADS = ("-accel", "tcg,thread=multi")
FIRMWARE_PAGE = (0, 0x1000)
BUS_RAM = 0xC0000000  # where RAM is on the VideoCore's bus
RAM_BYTES = 0x3C000000
PROPERTY_CHANNEL = 8
WRITTEN = 3975  # sectors, by 60 requests of each of four CPUs
ALL = r" 4 of 4 CPUs$"


def case(name: str, app: str, **fields) -> Case:
    features = fields.pop("features", "")
    return Case(f"{NAME} {name}", Build(NAME, app, features=features), qemu=THREADS, seconds=120.0,
                silence=60.0)._replace(**fields)


def edited(change: Callable[[Node], None]) -> Callable[[Path, Path], Prepared]:
    """The platform's tree, changed."""
    def prepare(image: Path, folder: Path) -> Prepared:
        root = parse(read(NAME).tree(image).read_bytes())
        change(root)
        blob = folder / "changed.dtb"
        blob.write_bytes(assemble(flatten(root, [FIRMWARE_PAGE])))
        return Prepared(image, ["--dtb", str(blob)])
    return prepare


def set_cpu(number: int, **properties: bytes) -> Callable[[Node], None]:
    def change(root: Node) -> None:
        cpu = root.child("cpus").child(f"cpu@{number}")
        cpu.properties.update({name.replace("_", "-"): v for name, v in properties.items()})
    return change


def on_mini_uart(root: Node) -> None:
    root.child("chosen").properties["stdout-path"] = b"serial1\0"


def nowhere(root: Node) -> None:
    """Both UARTs where there is nothing."""
    for name, place in (("serial@7e201000", 0x7E4F0000), ("serial@7e215040", 0x7E4F1000)):
        root.child("soc").child(name).properties["reg"] = cells(place, 0x40)
    root.child("soc").child("aux").properties["reg"] = cells(0x7E4F2000, 8)


def lone_cpu(number: int, why: str) -> List[str]:
    return [f"warn: CPU 0x{number} is left out: {why}", r" 3 of 4 CPUs$", *expected("selftest")]


def app_cases() -> List[Case]:
    return [
        case("helloworld", "helloworld", lines=[f"on {NAME} .* 1 of 4 CPUs$", "^Hello, world!$"]),
        case("helloworld debug", "helloworld", features="debug", args="log=debug",
             lines=["debug: 0x0000000000 +4 KiB reserved$", "debug: 0x0000001000 .* page tables$",
                    "^Hello, world!$"]),
        case("memtest", "memtest", args=hostile.SMALL_MEMTEST),
        case("selftest", "selftest", lines=[ALL, *expected("selftest")]),
        case("stress", "stress", features="unfair-locks", args="seconds=3 seed=1"),
        case("ptdump", "ptdump"),
    ]


def fault_cases() -> List[Case]:
    rows = (("null", 139, ["^axle: fault on CPU 0: .*, reading 0x0{16}", "a null pointer"]),
            ("stack-overflow cpu=2", 139, ["^axle: fault on CPU 2: .*: stack overflow$"]),
            ("panic cpu=all", 134, [r"^axle: panic on CPU \d at .*asked to"]),
            ("exit-3", 3, ["^axle: exit status 3$"]),
            ("reboot", 123, ["^rebooting$"] * 2))
    found = [case(f"fault {args}", "fault", args=args, status=status, lines=lines)
             for args, status, lines in rows]
    found[-1] = found[-1]._replace(options=["--allow-reboot", "1"])
    return found


def console_cases() -> List[Case]:
    typed = [("^about to: echo", b"Hello, Axle\n")]
    return [
        case("echo by interrupt", "fault", args="echo-by-interrupt", typed=typed,
             lines=["^received: Hello, Axle$"]),
        case("echo by interrupt on the mini UART", "fault", args="echo-by-interrupt", typed=typed,
             lines=["^received: Hello, Axle$"], options=["--serial", "1"],
             prepare=edited(on_mini_uart)),
        case("no UART where the tree says", "helloworld", prepare=edited(nowhere),
             lines=["warn: no UART answers where the tree says", "^Hello, world!$"]),
    ]


def machine_cases() -> List[Case]:
    return [
        case("without a tree", "helloworld", options=["--dtb", ""], status=1,
             lines=["^axle: cannot boot: device tree at 0x"]),
        case("MEM=512M", "helloworld", mem="512M", status=125, lines=["QEMU refuses this machine"]),
        case("a CPU whose release address is not in RAM", "selftest", args="only=axruntime",
             prepare=edited(set_cpu(2, cpu_release_addr=wide(0x3F200000))),
             lines=lone_cpu(2, "firmware could not start it")),
        case("a CPU whose release address nobody polls", "selftest", args="only=axruntime",
             prepare=edited(set_cpu(3, cpu_release_addr=wide(0xF8))),
             lines=lone_cpu(3, "it does not come up")),
        case("a CPU of another enable-method", "selftest", args="only=axruntime",
             prepare=edited(set_cpu(1, enable_method=b"psci\0")),
             lines=lone_cpu(1, "firmware knows no such CPU")),
    ]


class Screen:
    """Takes the picture of app `display` off the screen, and QEMU's trace of the mailbox."""

    SIDES = (640, 480)
    FRAME = 8

    def prepare(self, image: Path, folder: Path) -> Prepared:
        self.picture, self.trace = folder / "screen.ppm", folder / "trace"
        return Prepared(image, ["--screendump", "^a picture of", str(self.picture)],
                        ["-trace", "bcm2835_mbox_write", "-D", str(self.trace)], self.check)

    def check(self) -> str:
        return self.check_picture() or self.check_messages()

    def check_picture(self) -> str:
        """Every pixel, as apps/display/main.c:color_at has it."""
        width, height = self.SIDES
        head = b"P6\n%d %d\n255\n" % self.SIDES
        data = self.picture.read_bytes()
        if not data.startswith(head) or len(data) != len(head) + 3 * width * height:
            return f"the screen is not {width} x {height}: {data[:20]!r}"
        pixels = memoryview(data)[len(head):]
        wrong = sum(bytes(pixels[3 * i:3 * i + 3]) != self.color(i % width, i // width)
                    for i in range(width * height))
        return f"{wrong} pixels of the screen are wrong" if wrong else ""

    def color(self, x: int, y: int) -> bytes:
        width, height = self.SIDES
        if not (self.FRAME <= x < width - self.FRAME and self.FRAME <= y < height - self.FRAME):
            return b"\xff\xff\xff"
        return bytes((x * 255 // (width - 1), y * 255 // (height - 1), (x ^ y) & 255))

    def check_messages(self) -> str:
        """Each message's address is RAM's at the bus's alias 0xc; QEMU would take others too."""
        text = self.trace.read_text()
        words = [int(word, 16) for word in re.findall(r"addr:0xa0 data:(0x[0-9a-f]+)", text)]
        if len(words) != 3:
            return f"{len(words)} messages to the VideoCore, not 3"
        for word in words:
            if word & 15 != PROPERTY_CHANNEL or not BUS_RAM <= word < BUS_RAM + RAM_BYTES:
                return f"the mailbox was told {word:#x}"
        return ""


def display_cases() -> List[Case]:
    screen = Screen()
    return [
        case("display", "display", args="wait", prepare=screen.prepare,
             typed=[("^axle: the screen is in", b"q")]),
    ]


def other_sd_interrupt(root: Node) -> None:
    """That of the other SD host, which nobody raises."""
    root.child("soc").child("mmc").properties["interrupts"] = cells(2, 24)


def with_card(change: Callable[[Node], None], written: int) -> Callable[[Path, Path], Prepared]:
    """An SD card by DISK=, whose image is checked afterwards."""
    def prepare(image: Path, folder: Path) -> Prepared:
        card = folder / "card"
        disk.make(card, disks.SECTORS)
        prepared = edited(change)(image, folder)
        return prepared._replace(options=[*prepared.options, "--disk", str(card)],
                                 check=lambda: disks.checked(card, written))
    return prepare


def disk_cases() -> List[Case]:
    one_thread = ("-accel", "tcg,thread=single")  # four that share two processors wait for each other
    name = r"SD card on SDHCI 0x3f300000"
    return [
        case("SD card", "blktest", args="requests=60", qemu=one_thread,
             prepare=with_card(lambda root: None, WRITTEN),
             lines=[rf"^disk 0: {name}, {disks.SECTORS} sectors", "^disk 0: .* by 4 CPUs", "^Blktest OK!$"]),
        case("SD card that does not answer", "blktest", args="silent", qemu=one_thread,
             prepare=with_card(other_sd_interrupt, 0),
             lines=[rf"error: {name}: a request was not answered in time",
                    "^disk 0: silent, and given up after its time$", "^Blktest OK!$"]),
        case("no SD card", "blktest", status=1, absent=["warn: mmc"], lines=["there is no disk"]),
    ]


def cases(platform: str) -> List[Case]:
    assert platform == NAME
    return [*app_cases(), *fault_cases(), *console_cases(), *machine_cases(), *display_cases(),
            *disk_cases()]
