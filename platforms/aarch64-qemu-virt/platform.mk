# QEMU's aarch64 virt machine, entered in EL1 (or EL2, with -machine virtualization=on).
isa := aarch64
deps := axbase axcpu axlog axhal
srcs-cold := platform.c ../common/pl011.c ../common/pl031.c ../common/gicv2.c ../common/gicv3.c
srcs-cold += ../common/gic_common.c ../common/arm_timer.c ../common/psci.c
qemu := qemu-system-aarch64
qemu-args := -machine virt -cpu cortex-a72 -nic none -semihosting -global virtio-mmio.force-legacy=false
mem := 128M
# What attaches the image of DISK=, % below.
disk := -drive if=none,id=axle-disk,format=raw,file=% -device virtio-blk-device,drive=axle-disk
# What starts U-Boot with a disk to boot from, % below, as the first that it finds; where it puts the image.
uboot := -bios /usr/lib/u-boot/qemu_arm64/u-boot.bin \
    -drive if=none,id=axle-boot,format=raw,readonly=on,file=% \
    -device virtio-blk-device,drive=axle-boot,bus=virtio-mmio-bus.0
load := 0x40200000
