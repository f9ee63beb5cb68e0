# QEMU's aarch64 virt machine, entered in EL1 (or EL2, with -machine virtualization=on).
isa := aarch64
deps := axbase axcpu axlog axhal
srcs-cold := platform.c ../common/pl011.c ../common/pl031.c ../common/gicv2.c ../common/gicv3.c
srcs-cold += ../common/gic_common.c ../common/arm_timer.c ../common/psci.c
qemu := qemu-system-aarch64
qemu-args := -machine virt -cpu cortex-a72 -nic none -semihosting -global virtio-mmio.force-legacy=false
mem := 128M
