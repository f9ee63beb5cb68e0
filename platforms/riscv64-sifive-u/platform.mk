# QEMU's model of SiFive's HiFive Unleashed: S-mode under OpenSBI, on its U54 harts.
isa := riscv64
deps := axbase axcpu axlog axhal
srcs-cold := platform.c ../common/sifive_uart.c ../common/plic.c ../common/sbi.c
qemu := qemu-system-riscv64
qemu-args := -machine sifive_u -bios default -nic user,restrict=on -semihosting
mem := 128M
cpus := 1 2 3 4
# Hart 0, the E51, has no S-mode and runs nothing of ours.
cpus-besides := 1
