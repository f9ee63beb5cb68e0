/* What each CPU of stress does: steps at random, the cheap ones often. */
#include "random.h"
#include "stress.h"

#include <axhal/time.h>
#include <axlog/log.h>

#define STRESS_TELL_NS (2 * AXHAL_NS_PER_SECOND)

uint64_t stress_end_ns;
_Atomic(const char *) stress_failed;

void stress_fail(const char *why)
{
    const char *none = NULL;
    atomic_compare_exchange_strong(&stress_failed, &none, why);
}

bool stress_is_over(void)
{
    return atomic_load_explicit(&stress_failed, memory_order_relaxed) != NULL ||
           axhal_monotonic_ns() >= stress_end_ns;
}

/* One step in 2^17 or so takes all memory; one in 2^11 changes the page table. */
static void step(struct stress_cpu *cpu)
{
    size_t chance = random_below(&cpu->random, 1u << 17);
    if (chance < 1)
        step_exhaustion(cpu);
    else if (chance < 1 + 64)
        step_tables(cpu);
    else if (chance < 65 + 128)
        step_growth(cpu);
    else if (chance < 193 + 8192)
        step_pages(cpu);
    else
        step_blocks(cpu);
}

/* A line at the begin, however late that is, and now and then, so that whoever watches knows that
 * it lives. */
static void tell(const struct stress_cpu *cpu, uint64_t *next_ns)
{
    uint64_t now = axhal_monotonic_ns();
    uint64_t left_ns = now < stress_end_ns ? stress_end_ns - now : 0;
    if (cpu->index != 0 || now < *next_ns || (left_ns == 0 && *next_ns != 0))
        return;
    *next_ns = now + STRESS_TELL_NS;
    axlog_print("%llu s left, %llu blocks here\n",
                (unsigned long long)(left_ns / AXHAL_NS_PER_SECOND),
                (unsigned long long)cpu->counts.blocks);
}

void worker(void *argument)
{
    enum { STEPS_A_LOOK = 64 };
    struct stress_cpu *cpu = argument;
    uint64_t next_ns = 0;
    for (tell(cpu, &next_ns); !stress_is_over(); tell(cpu, &next_ns))
        for (unsigned i = 0; i < STEPS_A_LOOK; i++)
            step(cpu);
    free_own(cpu);
}
