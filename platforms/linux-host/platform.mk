# A process of this machine: no QEMU, no device tree.
isa := host
deps := axbase axcpu axlog axhal
srcs := platform.c
mem := 128M
