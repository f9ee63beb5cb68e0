/* Letting go a CPU that polls with its caches off: what it reads has to be in memory. */
#include <axcpu/cache.h>
#include <axcpu/spin_table.h>
#include <axcpu/start.h>

enum { ROW_BYTES = 16 }; /* as spin_entry.S, where the table is, has it */

_Static_assert(sizeof(struct axcpu_spin_cpu) == ROW_BYTES, "see spin_entry.S");

/* spin_entry.S: where released CPUs begin. */
void axcpu_spin_table_entry(void);

void axcpu_spin_table_release(volatile uint64_t *release, uint64_t second_entry)
{
    uint64_t from_there = (uintptr_t)axcpu_spin_table_entry - (uintptr_t)axcpu_second_entry;
    axcpu_dcache_clean(axcpu_spin_cpus, sizeof axcpu_spin_cpus);
    *release = second_entry + from_there; /* both are in the image */
    axcpu_dcache_clean((const void *)(uintptr_t)release, sizeof *release);
    __asm__ volatile("sev" : : : "memory"); /* the clean ended with a dsb */
}
