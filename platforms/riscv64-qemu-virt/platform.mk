# QEMU's riscv64 virt machine: S-mode under OpenSBI.
isa := riscv64
deps := axbase axcpu axlog axhal
srcs-cold := platform.c ../common/ns16550.c ../common/sifive_test.c ../common/goldfish_rtc.c
srcs-cold += ../common/plic.c ../common/sbi.c
qemu := qemu-system-riscv64
qemu-args := -machine virt -bios default -nic none -global virtio-mmio.force-legacy=false
mem := 128M
# What attaches the image of DISK=, % below.
disk := -drive if=none,id=axle-disk,format=raw,file=% -device virtio-blk-device,drive=axle-disk
# What starts U-Boot with a disk to boot from, % below, as the first that it finds; where it puts the image.
uboot := -kernel /usr/lib/u-boot/qemu-riscv64_smode/u-boot.bin \
    -drive if=none,id=axle-boot,format=raw,readonly=on,file=% \
    -device virtio-blk-device,drive=axle-boot,bus=virtio-mmio-bus.7
load := 0x80200000
