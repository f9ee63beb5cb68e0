/*
 * paging: the operations of the page-table core, a trap, timers and interrupts, each marked for
 * tools/bench/paging to count. The table is one that no CPU walks; flushes are made all the same,
 * as for the kernel's.
 *
 * A section is one operation, done ROUNDS times. "512": a range of 512 leaves of that size, made
 * and undone with the table that holds them.
 */
#include "flush.h"
#include "interrupts.h"

#include <axalloc/alloc.h>
#include <axbase/assert.h>
#include <axbase/string.h>
#include <axcpu/mark.h>
#include <axcpu/mmu.h>
#include <axcpu/try.h>
#include <axhal/mem.h>
#include <axhal/page_table.h>
#include <axlog/log.h>
#include <axruntime/app.h>

#define PAGE AX_PAGE_SIZE
#define LARGE (UINT64_C(2) << 20)
#define HUGE (UINT64_C(1) << 30)
#define BASE (UINT64_C(4) << 30) /* of the ranges; the lower half, where nothing is */

enum {
    ROUNDS = 20,
    READ = AXCPU_MAP_READ,
    READ_WRITE = AXCPU_MAP_READ | AXCPU_MAP_WRITE,
    UNCACHED = READ_WRITE | AXCPU_MAP_UNCACHED,
};

/* ---- the table ---- */

static uint64_t *entries_of(struct ax_paddr frame)
{
    return ax_vaddr_ptr(axhal_phys_to_virt(frame));
}

static void nothing_to_close(void)
{
}

static void publish(void)
{
    axcpu_mmu_publish();
}

static const struct axhal_table_access access = {
    entries_of, entries_of, nothing_to_close, axcpu_tlb_flush_range_all_cpus, publish,
};

/* Frames from a stack of them, so that what is counted is the core's and not an allocator's. */
static struct ax_paddr spare[8];
static unsigned spares;

static enum ax_err take(struct axhal_frame_source *self, struct ax_paddr *out)
{
    (void)self;
    if (spares == 0)
        return AX_ENOMEM;
    *out = spare[--spares];
    return AX_OK;
}

static void give_back(struct axhal_frame_source *self, struct ax_paddr frame)
{
    (void)self;
    spare[spares++] = frame;
}

static struct axhal_frame_source source = {take, give_back};
static struct axhal_page_table table;

static void must(enum ax_err err)
{
    if (err != AX_OK)
        ax_panic("paging: %s", ax_err_name(err));
}

static void start(void)
{
    struct ax_vaddr page;
    for (unsigned i = 0; i < sizeof spare / sizeof spare[0]; i++) {
        struct ax_paddr frame;
        must(axalloc_alloc_pages(axalloc_global(), 1, PAGE, &page));
        must(axhal_virt_to_phys(page, &frame));
        give_back(&source, frame);
    }
    must(axhal_pt_init(&table, axcpu_kernel_format(), AXHAL_LOWER_HALF, &access, &source));
}

/* ---- the operations ---- */

/* Leaves of `leaf` bytes: a range whose physical address is aligned for that and no more. */
struct shape {
    const char *name;
    uint64_t leaf;
    unsigned count;
};

static const struct shape shapes[] = {
    {"page", PAGE, 1},
    {"512", PAGE, 512},
    {"large", LARGE, 1},
    {"large-512", LARGE, 512},
};

static struct ax_vrange range_of(const struct shape *shape)
{
    return (struct ax_vrange){ax_vaddr(BASE), shape->leaf * shape->count};
}

static enum ax_err map(const struct shape *shape)
{
    return axhal_pt_map(&table, range_of(shape), ax_paddr(HUGE + shape->leaf), READ_WRITE);
}

static enum ax_err unmap(const struct shape *shape)
{
    return axhal_pt_unmap(&table, range_of(shape));
}

static enum ax_err forbid_writing(const struct shape *shape)
{
    return axhal_pt_protect(&table, range_of(shape), READ);
}

static enum ax_err uncache(const struct shape *shape)
{
    return axhal_pt_protect(&table, range_of(shape), UNCACHED);
}

static enum ax_err query(const struct shape *shape)
{
    struct axhal_mapping mapping;
    struct ax_vrange range = range_of(shape);
    return axhal_pt_query(&table, ax_vaddr_add(range.start, range.size_bytes - 1), &mapping);
}

/* A page in the middle of a large leaf, which is split. */
static enum ax_err split(const struct shape *shape)
{
    return axhal_pt_protect(&table, (struct ax_vrange){ax_vaddr(BASE + shape->leaf / 2), PAGE},
                            READ);
}

struct operation {
    const char *name;
    enum ax_err (*run)(const struct shape *shape);
    bool of_nothing; /* begins with the range unmapped */
    bool unmaps;
    bool of_large_only;
};

static const struct operation operations[] = {
    {"map", map, true, false, false},          {"protect", forbid_writing, false, false, false},
    {"uncache", uncache, false, false, false}, {"query", query, false, false, false},
    {"unmap", unmap, false, true, false},      {"split", split, false, false, true},
};

static void count_operation(const struct operation *operation, const struct shape *shape)
{
    axlog_print("section %s-%s\n", operation->name, shape->name);
    axcpu_mark_section();
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (!operation->of_nothing)
            must(map(shape));
        axcpu_mark_begin();
        enum ax_err err = operation->run(shape);
        axcpu_mark_end_alloc();
        must(err);
        if (!operation->unmaps)
            must(unmap(shape));
    }
}

/* Tables for the pages beside the range are there, so that one page alone needs none. */
static void count_shape(const struct shape *shape)
{
    struct ax_vrange beside = {ax_vaddr(BASE + LARGE - PAGE), PAGE};
    bool is_alone = shape->count == 1;
    if (is_alone && shape->leaf == LARGE)
        beside.start.raw += LARGE;
    if (is_alone)
        must(axhal_pt_map(&table, beside, ax_paddr(HUGE), READ));
    for (unsigned i = 0; i < sizeof operations / sizeof operations[0]; i++)
        if (!operations[i].of_large_only || (is_alone && shape->leaf == LARGE))
            count_operation(&operations[i], shape);
    if (is_alone)
        must(axhal_pt_unmap(&table, beside));
}

/* There and back: a read of address 0 faults, is looked at, and goes on. */
static void count_trap(void)
{
    uint32_t value;
    axlog_print("section trap\n");
    axcpu_mark_section();
    for (unsigned i = 0; i < ROUNDS; i++) {
        axcpu_mark_begin();
        bool is_readable = axcpu_try_read32(NULL, &value);
        axcpu_mark_end_alloc();
        if (is_readable)
            ax_panic("paging: address 0 can be read");
    }
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "flush") == 0)
        return flush_compare() ? 0 : 1;
    start();
    for (unsigned i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        count_shape(&shapes[i]);
    count_trap();
    interrupts_count();
    axhal_pt_destroy(&table);
    axlog_print("paging: done\n");
    return 0;
}
