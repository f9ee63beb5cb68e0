/*
 * The stacks of second CPUs, for fault reports and backtraces. Only starting a CPU refers to this,
 * so an image that starts none is without it.
 */
#include "places.h"
#include <axcpu/config.h>
#include <axcpu/image_window.h>
#include <axcpu/percpu.h>

/* A stack of a CPU that boot.S did not make; each has a page below it that is not mapped. */
struct cpu_stack {
    const char *name;
    struct ax_vrange range;
};

/* The one of `cpu` that `address` lies on, or in the page below of; its end counts as on it. */
static bool find_stack_of(const struct axcpu_percpu *cpu, struct ax_vaddr address,
                          struct cpu_stack *out)
{
    const struct {
        const char *name;
        uint64_t top;
        uint64_t size_bytes;
    } stacks[] = {
        {"ordinary", cpu->stack_top, CONFIG_AXCPU_STACK_KIB * UINT64_C(1024)},
        {"trap", cpu->trap_stack_top, AXCPU_TRAP_STACK_BYTES},
        {"emergency", cpu->emergency_stack_top, AXCPU_EMERGENCY_STACK_BYTES},
    };
    for (unsigned i = 0; i < sizeof stacks / sizeof stacks[0]; i++) {
        if (stacks[i].top - address.raw > stacks[i].size_bytes + AX_PAGE_SIZE)
            continue;
        out->name = stacks[i].name;
        out->range = (struct ax_vrange){ax_vaddr(stacks[i].top - stacks[i].size_bytes),
                                        stacks[i].size_bytes};
        return true;
    }
    return false;
}

/* The second CPU whose stack that is; 0: none. */
static unsigned find_cpu_stack(struct ax_vaddr address, struct cpu_stack *out)
{
    for (unsigned i = 1; i < AXCPU_CPUS_MAX; i++)
        if (axcpu_percpus[i].stack_top != 0 && find_stack_of(&axcpu_percpus[i], address, out))
            return i;
    return 0;
}

static bool describe(struct ax_vaddr address, struct ax_sink *sink)
{
    struct cpu_stack stack;
    unsigned cpu = find_cpu_stack(address, &stack);
    if (cpu != 0)
        ax_format(sink, "%sthe %s stack of CPU %u",
                  address.raw < stack.range.start.raw ? "the guard page below " : "", stack.name,
                  cpu);
    return cpu != 0;
}

static bool find_stack(struct ax_vaddr address, struct ax_vrange *out)
{
    struct cpu_stack stack;
    if (find_cpu_stack(address, &stack) == 0)
        return false;
    *out = stack.range;
    return true;
}

void places_tell_of_cpus(void)
{
    static const struct axhal_places places = {describe, find_stack};
    places_of_cpus = &places;
}
