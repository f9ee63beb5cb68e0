# axmm: the kernel's own address space.
deps := axbase axcpu axsync axlog axhal axalloc
srcs-cold := src/boot_frames.c src/kernel_table.c src/kernel_space.c src/memory_types.c
srcs-cold += src/areas.c src/window.c src/stacks.c src/describe.c src/code.c src/mapper.c src/device.c \
    src/check.c src/dump.c
srcs-cold += $(if $(CONFIG_AXALLOC_GUARD_PAGES),src/guard_pages.c)
srcs-cold += $(if $(filter 1,$(CONFIG_AXCPU_CPUS_MAX)),,src/cpu_stacks.c)
test-deps := axtest
host-tests := test_areas
target-tests := tests/target/suite.c tests/target/mapped.c tests/target/rules.c \
    tests/target/tables.c tests/target/together.c
