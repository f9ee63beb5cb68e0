# QEMU's model of a Xilinx Versal board: two Cortex-A72 (and two Cortex-R5F, which never start).
isa := aarch64
deps := axbase axcpu axlog axhal
chips := pl011 gicv3 gic_common arm_timer psci
srcs-cold := platform.c $(foreach chip,$(chips),$(root)/platforms/common/$(chip).c)
cflags := -I$(root)/platforms
qemu := qemu-system-aarch64
qemu-args := -machine xlnx-versal-virt -nic user,restrict=on -nic user,restrict=on -semihosting
mem := 256M
smp := 2
cpus := 2
cpus-besides := 2
