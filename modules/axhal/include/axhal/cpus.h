/*
 * The CPUs. Index 0 is the one that booted; others get the next index as they are started, whatever
 * the order of their hardware ids. One that does not come up keeps its index and is left out, so
 * ask for each below AXCPU_CPUS_MAX:
 *
 *     for (unsigned cpu = 0; cpu < AXCPU_CPUS_MAX; cpu++)
 *         if (axhal_cpu_is_online(cpu))
 *             ...
 *
 * A CPU that is online stays so until the machine goes off.
 *
 * Boot starts them in an image that can use them: one that calls on CPUs (<axhal/call.h>), gives
 * them work (<axhal/run.h>), or asks how many there are. In any other they stay as firmware left
 * them, and what is for them is not in the image.
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axbase/bits.h>
#include <axbase/err.h>
#include <axcpu/percpu.h>
#include <axhal/machine.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A boot step, with the machine that the tree describes. It is in the image, and so is taken, if
 * code that is in the image says AX_KEEP() of it. Steps are taken in the alphabetical order of
 * their sections.
 */
struct axhal_boot_step {
    void (*take)(const struct axhal_machine *machine);
};
#define AXHAL_BOOT_STEP_ADDRESS_SPACE AX_SECTION(".rodata.ax_boot_steps_address_space")
#define AXHAL_BOOT_STEP_CPUS AX_SECTION(".rodata.ax_boot_steps_cpus")

/* Port: the step that starts the other CPUs, axruntime's. */
extern const struct axhal_boot_step axhal_port_start_cpus;

/* Code in the image that runs this wants the other CPUs started, if the image may have any. */
static inline void axhal_cpus_want(void)
{
    if (AXCPU_CPUS_MAX > 1)
        AX_KEEP(&axhal_port_start_cpus);
}

/* The steps of this image, with a last one that is NULL. */
extern const struct axhal_boot_step ax_boot_steps[];

/* Any context; a load. */
static inline bool axhal_cpu_is_online(unsigned cpu)
{
    /* acquire: pairs with the release of axhal_cpu_arrive(), so the CPU's set-up is seen */
    uint64_t others = atomic_load_explicit(&axcpu_second_cpus, memory_order_acquire);
    return cpu == 0 || (cpu < AXCPU_CPUS_MAX && (others >> cpu & 1) != 0);
}

/* How many are online, for who only reports it. Any context. */
static inline unsigned axhal_cpus_running(void)
{
    /* relaxed: a number says nothing about what those CPUs have written */
    uint64_t others = atomic_load_explicit(&axcpu_second_cpus, memory_order_relaxed);
    return AXCPU_CPUS_MAX > 1 ? 1 + ax_popcount64(others) : 1;
}

/* How many are online, 1 or more. Any context. */
static inline unsigned axhal_cpus_online(void)
{
    axhal_cpus_want();
    return axhal_cpus_running();
}

/*
 * The hart id, or the affinity fields of MPIDR_EL1, of a CPU that was started or has booted. Panics
 * if `cpu` is no index.
 */
uint64_t axhal_cpu_hardware_id(unsigned cpu);

/* The stacks that a CPU is to run on; each address is a multiple of 16, the ends are above. */
struct axhal_cpu_stacks {
    struct ax_vaddr top;
    struct ax_vaddr trap_bottom; /* on aarch64 a multiple of twice AXCPU_TRAP_STACK_BYTES */
    struct ax_vaddr trap_top;    /* trap_bottom + AXCPU_TRAP_STACK_BYTES */
    struct ax_vaddr emergency_top;
};

enum { AXHAL_CPU_START_MS = 5000 };

/* Fewer than AXCPU_CPUS_MAX have been started, so another one needs stacks. Boot. */
bool axhal_cpu_has_room(void);

/*
 * Start the CPU with `hardware_id` and wait until it is online, AXHAL_CPU_START_MS at most. It
 * begins in axcpu_port_second_cpu() and is its own from then on; the stacks are, too.
 *
 * AX_ENOSPC: AXCPU_CPUS_MAX have been started. What axplat_start_cpu() returns: firmware refused.
 * The stacks are the caller's again. AX_EBUSY: nothing came within the time, or it left; the stacks
 * and the index are lost, since it may still come: then it stops at once. Boot, one caller at a
 * time.
 */
AX_MUST_CHECK enum ax_err axhal_cpu_start(uint64_t hardware_id,
                                          const struct axhal_cpu_stacks *stacks);

/*
 * For axcpu_port_second_cpu(), once it can be interrupted: this CPU is online from now on, or
 * stops, if it is too late.
 */
void axhal_cpu_arrive(void);

/* In place of that: this CPU is of no use; it is left out, and stops. */
AX_NORETURN void axhal_cpu_leave(void);
