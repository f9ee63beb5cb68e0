# axhal: the machine behind one interface; what is an ISA's is axcpu's, what is a board's a platform's.
deps := axbase axcpu axlog axsync
srcs := src/fdt_slots.c src/page_table.c src/page_table_change.c src/page_table_root.c src/page_table_stale.c src/mem.c src/time.c src/wall_clock.c src/timer.c src/timer_heap.c
srcs += src/irq.c src/irq_lines.c src/interrupts.c src/ipi.c
srcs-cold := src/fdt.c src/fdt_walk.c src/fdt_node.c src/fdt_reg.c src/machine.c src/machine_devices.c
srcs-cold += src/memory_map.c src/memory_map_check.c src/memory_map_frames.c
srcs-cold += src/backtrace.c src/describe.c src/cpu_places.c src/devices.c src/fdt_interrupt.c src/fdt_interrupt_map.c
ifneq ($(ISA),host)
srcs += src/console.c src/console_input.c
srcs-cold += src/cache.c
srcs-cold += src/power.c src/trap.c
endif
srcs-cold += src/turns.c src/call.c src/run.c $(if $(filter 1,$(CONFIG_AXCPU_CPUS_MAX)),,src/cpus.c)
test-deps := axtest
# What its host tests share with those of modules above: <fdt_builder.h>.
includes := $(if $(filter host,$(ISA)),tests/host)
target-tests := tests/target/suite.c
host-tests := test_fdt test_fdt_node test_fdt_reg test_fdt_interrupt test_fdt_interrupt_map test_machine test_machine_memory
host-tests += test_memory_map test_memory_map_frames
host-tests += test_backtrace test_cpus test_describe test_irq test_mem test_time test_timer test_turns test_wall_clock
host-tests += test_page_table test_page_table_build test_page_table_remap test_page_table_stale test_page_table_errors
host-tests += test_page_table_flush test_page_table_random
fuzzers := fdt memory_map
host-wraps := test_cpus:axhal_virt_to_phys
host-libs := -lfdt
process-srcs := src/console.c src/power.c
