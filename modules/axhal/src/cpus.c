/*
 * Starting CPUs. Who starts one and the CPU itself agree by one word of its block on whether it has
 * come in time: both try to change it from STARTING, and whoever is first has decided.
 */
#include "places.h"
#include <axbase/assert.h>
#include <axcpu/barrier.h>
#include <axcpu/mmu.h>
#include <axcpu/start.h>
#include <axhal/cpus.h>
#include <axhal/mem.h>
#include <axhal/platform.h>
#include <axhal/power.h>
#include <axhal/time.h>
#include <stddef.h>

enum { NOT_STARTED, STARTING, ONLINE, LEFT_OUT };

static unsigned started = 1;

uint64_t axhal_cpu_hardware_id(unsigned cpu)
{
    AX_ASSERT(cpu < AXCPU_CPUS_MAX);
    return axcpu_percpus[cpu].hardware_id;
}

/* True: the caller has decided that the state of `cpu`, which is starting, is now `state`. */
static bool decide(struct axcpu_percpu *cpu, uint32_t state)
{
    uint32_t starting = STARTING;
    return atomic_compare_exchange_strong_explicit(&cpu->state, &starting, state,
                                                   memory_order_acq_rel, memory_order_acquire);
}

static struct axcpu_percpu *this_block(void)
{
    return &axcpu_percpus[axcpu_this_cpu()->index];
}

void axhal_cpu_leave(void)
{
    (void)decide(this_block(), LEFT_OUT);
    axhal_stop();
}

void axhal_cpu_arrive(void)
{
    struct axcpu_percpu *cpu = this_block();
    if (!decide(cpu, ONLINE))
        axhal_stop();
    /* release: pairs with the acquire of axhal_cpu_is_online() */
    atomic_fetch_or_explicit(&axcpu_second_cpus, UINT64_C(1) << cpu->index, memory_order_release);
    /* pairs with the fence of axcpu_tlb_flush_range_all_cpus(), which looks at that mask */
    atomic_thread_fence(memory_order_seq_cst);
    axcpu_mmu_join();
}

static void fill(struct axcpu_percpu *cpu, uint64_t hardware_id,
                 const struct axhal_cpu_stacks *stacks)
{
    cpu->trap_stack_top = stacks->trap_top.raw;
    cpu->trap_stack_bottom = stacks->trap_bottom.raw;
    cpu->emergency_stack_top = stacks->emergency_top.raw;
    cpu->hardware_id = hardware_id;
    cpu->self = ax_vaddr_of(cpu).raw;
    cpu->stack_top = stacks->top.raw;
    cpu->kernel_root = axcpu_kernel_root();
    cpu->entry = (uintptr_t)axcpu_port_second_cpu;
    cpu->index = started;
    atomic_store_explicit(&cpu->state, STARTING, memory_order_relaxed);
    axcpu_start_write_back(cpu, sizeof *cpu);
}

static enum ax_err call_firmware(const struct axcpu_percpu *cpu)
{
    struct ax_paddr entry, block;
    struct ax_vaddr code = {(uintptr_t)axcpu_second_entry};
    enum ax_err err = axhal_virt_to_phys(code, &entry);
    if (err == AX_OK)
        err = axhal_virt_to_phys(ax_vaddr_of(cpu), &block);
    if (err != AX_OK)
        return err;
    /* sequentially consistent: they are there when firmware lets the CPU go */
    atomic_store(&axcpu_starting.entry, entry.raw);
    atomic_store(&axcpu_starting.block, block.raw);
    return axplat_start_cpu(cpu->hardware_id, entry, block);
}

/* It never was: nothing is known of its stacks, and no hart takes its block for its own. */
static void forget(struct axcpu_percpu *cpu)
{
    atomic_store(&axcpu_starting.block, 0);
    cpu->stack_top = 0;
}

/* Whoever decides: until then it may still come. */
static bool is_left_out(struct axcpu_percpu *cpu, uint64_t limit)
{
    /* acquire: pairs with the release of decide() */
    return atomic_load_explicit(&cpu->state, memory_order_acquire) == LEFT_OUT ||
           (axhal_monotonic_ns() >= limit && decide(cpu, LEFT_OUT));
}

bool axhal_cpu_has_room(void)
{
    return started < AXCPU_CPUS_MAX;
}

enum ax_err axhal_cpu_start(uint64_t hardware_id, const struct axhal_cpu_stacks *stacks)
{
    if (!axhal_cpu_has_room())
        return AX_ENOSPC;
    struct axcpu_percpu *cpu = &axcpu_percpus[started];
    places_tell_of_cpus();
    fill(cpu, hardware_id, stacks);
    enum ax_err err = call_firmware(cpu);
    if (err != AX_OK) {
        forget(cpu);
        return err;
    }
    started++;
    uint64_t limit = axhal_monotonic_ns() + (uint64_t)AXHAL_CPU_START_MS * 1000000;
    while (!axhal_cpu_is_online(cpu->index)) {
        if (is_left_out(cpu, limit))
            return AX_EBUSY;
        axcpu_relax();
    }
    return AX_OK;
}
