# QEMU's raspi3b: four Cortex-A53, entered in EL2, as much RAM as the board has and no less.
isa := aarch64
deps := axbase axcpu axlog axhal
srcs-cold := platform.c ../common/pl011.c ../common/bcm2835_aux_uart.c ../common/bcm2836_intc.c
srcs-cold += ../common/bcm2835_pm.c ../common/arm_timer.c ../common/spin_table.c
qemu := qemu-system-aarch64
qemu-args := -machine raspi3b -semihosting
device-tree := raspi3b.dts
disk := -drive if=sd,format=raw,file=%
mem := 1G
smp := 4
cpus := 4
