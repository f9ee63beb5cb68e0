# axmm: the kernel's own address space.
deps := axbase axcpu axsync axlog axhal axalloc
srcs-cold := src/boot_frames.c src/kernel_table.c src/kernel_space.c
srcs-cold += $(if $(CONFIG_AXALLOC_GUARD_PAGES),src/guard_pages.c)
srcs-cold += $(if $(filter 1,$(CONFIG_AXCPU_CPUS_MAX)),,src/stacks.c)
test-deps := axtest
target-tests := tests/target/suite.c
