# QEMU's riscv64 virt machine: S-mode under OpenSBI.
isa := riscv64
deps := axbase axcpu axlog axhal
srcs-cold := platform.c ../common/ns16550.c ../common/sifive_test.c ../common/goldfish_rtc.c
srcs-cold += ../common/plic.c
qemu := qemu-system-riscv64
qemu-args := -machine virt -bios default -nic none -global virtio-mmio.force-legacy=false
mem := 128M
