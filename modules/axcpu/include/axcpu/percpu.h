/*
 * What a CPU knows of itself, reached through a register that is not the thread-local base:
 * sscratch on riscv64, TPIDR_EL1 on aarch64. Written by its own CPU only.
 *
 * The first fields are read by the trap entry in assembly: trap.c checks their offsets.
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axcpu/config.h>
#include <stdatomic.h>
#include <stdint.h>

enum { AXCPU_CPUS_MAX = CONFIG_AXCPU_CPUS_MAX };

struct AX_ALIGNED(64) axcpu_percpu {
    uint64_t trap_stack_top;
    uint64_t trap_stack_bottom;
    uint64_t emergency_stack_top;
    uint64_t trap_depth; /* traps being handled on this CPU; 0 outside of any */
    uint64_t saved_sp;   /* riscv64: two registers while the entry finds its stack */
    uint64_t saved_t0;
    uint64_t hardware_id; /* hart id, or the affinity fields of MPIDR_EL1 */
    /* for the entry of second CPUs, which sees this block by its physical address at first */
    uint64_t self; /* its virtual address */
    uint64_t stack_top;
    uint64_t kernel_root; /* of axcpu_kernel_root() */
    uint64_t entry; /* axcpu_port_second_cpu(), which boot.S does not name: see <axhal/cpus.h> */
    _Atomic uint32_t state;
    unsigned index; /* 0 is the CPU that booted */
    /* for axsync, where it checks the order of locks: the last one that this CPU took and holds */
    const struct axsync_spinlock *innermost_lock;
    uint64_t lock_waits; /* where axsync counts them: locks that this CPU did not get at once */
    /* for axalloc, where it has caches (<axalloc/cache.h>): this CPU's, of every CPU that may start
     */
    struct axalloc_cache *heap_cache;
};

/*
 * By index. The boot CPU's is set up by boot.S before any C runs, the others' by whoever starts
 * them.
 */
extern struct axcpu_percpu axcpu_percpus[AXCPU_CPUS_MAX];

/*
 * Bit i: CPU i runs kernel code. The bit of the boot CPU is not there, so 0 says that it is alone.
 * Set by each for itself, as the first thing it does in C, and never cleared.
 */
extern _Atomic uint64_t axcpu_second_cpus;

/* This CPU's. Any context; valid as long as the caller cannot move to another CPU. */
static inline struct axcpu_percpu *axcpu_this_cpu(void);

#include <axcpu_arch/percpu.h>
