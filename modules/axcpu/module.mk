# axcpu: everything that knows an instruction set. arch/host stands in for a CPU in host tests.
deps := axbase
srcs := src/format_riscv64.c src/format_aarch64.c src/percpu.c

isa := arch/$(ISA)/src
ifeq ($(ISA),host)
srcs += $(isa)/cpu.c $(isa)/image.S
else
srcs += $(isa)/boot.S $(isa)/trap.S $(isa)/try.S $(isa)/timer.c
srcs-cold := $(isa)/trap.c src/early_map.c src/fix_up.c
endif
ifeq ($(ISA),riscv64)
srcs += $(isa)/cache.c $(isa)/cbo.S $(isa)/mmu.c $(isa)/sbi.c $(isa)/semihosting.S $(isa)/sstc.S
srcs-cold += src/semihosting.c
endif
ifeq ($(ISA),aarch64)
srcs += $(isa)/cache.c $(isa)/mmu.c $(isa)/spin_entry.S
srcs-cold += $(isa)/psci.c src/semihosting.c $(isa)/spin_table.c
endif

test-deps := axtest
target-tests := tests/target/suite.c
host-tests := test_format
