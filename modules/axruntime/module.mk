# axruntime: the order in which everything starts, and how it ends.
deps := axbase axcpu axlog axhal axalloc axmm
srcs-cold := src/arguments.c
ifneq ($(ISA),host)
srcs-cold += src/boot.c src/banner.c src/panic.c
srcs-cold += $(if $(filter 1,$(CONFIG_AXCPU_CPUS_MAX)),,src/second_cpus.c)
endif
test-deps := axtest
target-tests := $(if $(filter 1,$(CONFIG_AXCPU_CPUS_MAX)),,$(addprefix tests/target/,suite.c cpus.c locks.c))
host-tests := test_arguments
host-wraps := test_arguments:axalloc_alloc_pages
process-srcs := process/start.c src/banner.c
