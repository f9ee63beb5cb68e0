# axcpu: everything that knows an instruction set. arch/host stands in for a CPU in host tests.
deps := axbase
srcs := src/format_sv39.c src/format_aarch64.c src/percpu.c
ifeq ($(ISA),riscv64)
srcs += arch/riscv64/src/boot.S arch/riscv64/src/trap.S arch/riscv64/src/trap.c
srcs += arch/riscv64/src/sbi.c arch/riscv64/src/mmu.c arch/riscv64/src/try.S
endif
ifeq ($(ISA),aarch64)
srcs += arch/aarch64/src/boot.S arch/aarch64/src/trap.S arch/aarch64/src/trap.c
srcs += arch/aarch64/src/cache.c arch/aarch64/src/mmu.c arch/aarch64/src/try.S
endif
ifeq ($(ISA),host)
srcs += arch/host/src/cpu.c
endif
test-deps := axtest
host-tests := test_format
