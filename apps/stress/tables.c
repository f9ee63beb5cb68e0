/*
 * Changes of the page table under load. A page of this CPU's loses the right to be written, then is
 * gone, then is back; after each change another CPU tries it, which must see what this one made of
 * it: a translation that it still remembered would show.
 */
#include "random.h"
#include "stress.h"

#include <axalloc/alloc.h>
#include <axcpu/try.h>
#include <axhal/call.h>
#include <axhal/cpus.h>
#include <axmm/kernel_space.h>

/* What another CPU found. */
struct look {
    volatile uint32_t *word;
    uint32_t value;
    bool could_read;
    bool could_write;
};

static void look(void *argument)
{
    struct look *look = argument;
    look->could_read = axcpu_try_read32(look->word, &look->value);
    look->could_write = axcpu_try_write32(look->word, look->value + 1);
}

/* Any CPU that is online but this one; this one only if there is no other. */
static unsigned another_cpu(struct stress_cpu *cpu)
{
    unsigned other = (unsigned)random_below(&cpu->random, STRESS_CPUS);
    do
        other = (other + 1) % STRESS_CPUS;
    while (!axhal_cpu_is_online(other) || (other == cpu->index && axhal_cpus_online() != 1));
    return other;
}

static bool is_seen_as(unsigned other, struct ax_vaddr page, bool readable, bool writable)
{
    struct look found = {.word = ax_vaddr_ptr(page)};
    return axhal_call(other, look, &found) == AX_OK && found.could_read == readable &&
           found.could_write == writable;
}

/* NULL, or what was seen that should not have been. */
static const char *change(struct stress_cpu *cpu, struct ax_vaddr page)
{
    struct ax_vrange range = {page, AX_PAGE_SIZE};
    unsigned other = another_cpu(cpu);
    enum ax_err err = axmm_protect(range, AXCPU_MAP_READ);
    if (err == AX_ENOMEM) {
        cpu->counts.no_memory++;
        return NULL;
    }
    if (err != AX_OK || !is_seen_as(other, page, true, false))
        return "a page that may only be read was written on another CPU";
    if (axmm_hide(range) != AX_OK || !is_seen_as(other, page, false, false))
        return "a page that is not mapped was reached on another CPU";
    if (axmm_show(range) != AX_OK || !is_seen_as(other, page, true, true))
        return "a page that is mapped again was not reached on another CPU";
    cpu->counts.table_changes++;
    return NULL;
}

void step_tables(struct stress_cpu *cpu)
{
    struct ax_vaddr page;
    if (axalloc_alloc_pages(axalloc_global(), 1, AX_PAGE_SIZE, &page) != AX_OK) {
        cpu->counts.no_memory++;
        return;
    }
    const char *wrong = change(cpu, page);
    if (wrong != NULL)
        stress_fail(wrong);
    else if (axalloc_dealloc_pages(axalloc_global(), page, 1) != AX_OK)
        stress_fail("a page could not be freed");
}
