/*
 * Frames for tables, simulated: physical memory from FIRST_FRAME on is an array here. The source
 * fills what it hands out with entries that look present, never hands out a frame twice, and fails
 * when told to.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <axhal/page_table.h>

enum { FRAMES = 2048, GARBAGE = 0xa5 };

#define FIRST_FRAME UINT64_C(0x80000000)

static struct {
    struct axhal_frame_source source;
    uint64_t contents[FRAMES][AXCPU_PT_ENTRIES];
    bool is_used[FRAMES];
    bool is_linked[FRAMES]; /* while assert_tree_is_sound() counts */
    unsigned count;         /* of the frames there are */
    unsigned used;
    unsigned next;          /* where the search for a free one goes on */
    unsigned until_failure; /* allocations that still succeed */
    unsigned failures;      /* how many fail then */
} pool;

static inline unsigned frame_index(struct ax_paddr frame)
{
    uint64_t index = (frame.raw - FIRST_FRAME) / AX_PAGE_SIZE;
    assert_true(frame.raw % AX_PAGE_SIZE == 0 && index < pool.count);
    assert_true(pool.is_used[index]);
    return (unsigned)index;
}

static inline bool is_failing(void)
{
    if (pool.until_failure > 0 || pool.failures == 0) {
        pool.until_failure -= pool.until_failure > 0;
        return false;
    }
    pool.failures--;
    return true;
}

static inline enum ax_err pool_alloc(struct axhal_frame_source *self, struct ax_paddr *out)
{
    assert_ptr_equal(self, &pool.source);
    if (is_failing())
        return AX_ENOMEM;
    assert_true(pool.used < pool.count);
    while (pool.is_used[pool.next])
        pool.next = (pool.next + 1) % pool.count;
    pool.is_used[pool.next] = true;
    pool.used++;
    memset(pool.contents[pool.next], GARBAGE, AX_PAGE_SIZE);
    *out = ax_paddr(FIRST_FRAME + (uint64_t)pool.next * AX_PAGE_SIZE);
    return AX_OK;
}

static inline void pool_dealloc(struct axhal_frame_source *self, struct ax_paddr frame)
{
    unsigned index = frame_index(frame);
    assert_ptr_equal(self, &pool.source);
    memset(pool.contents[index], GARBAGE, AX_PAGE_SIZE);
    pool.is_used[index] = false;
    pool.used--;
}

/* `count` free frames, up to FRAMES. */
static inline void pool_reset(unsigned count)
{
    memset(pool.is_used, 0, sizeof pool.is_used);
    pool.source = (struct axhal_frame_source){pool_alloc, pool_dealloc};
    pool.count = count;
    pool.used = pool.next = pool.until_failure = pool.failures = 0;
}

/* The first `count` frames at once, for a root; they count as one. */
static inline struct ax_paddr pool_take_root(unsigned count)
{
    assert_int_equal(pool.used, 0);
    for (unsigned i = 0; i < count; i++)
        pool.is_used[i] = true;
    memset(pool.contents, GARBAGE, count * AX_PAGE_SIZE);
    pool.used = 1;
    return ax_paddr(FIRST_FRAME);
}

static inline void pool_give_back_root(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        pool.is_used[i] = false;
    pool.used--;
}

static inline unsigned root_frames(const struct axcpu_pt_format *format)
{
    return (unsigned)(axcpu_pt_root_bytes(format) / AX_PAGE_SIZE);
}

/* From now on `successes` allocations succeed, then `failures` fail. */
static inline void pool_fail_after(unsigned successes, unsigned failures)
{
    pool.until_failure = successes;
    pool.failures = failures;
}

/* The present entries at and below `frame`, which is at `level`; every table has some. */
static inline unsigned count_linked(const struct axcpu_pt_format *format, struct ax_paddr frame,
                                    unsigned level)
{
    unsigned index = frame_index(frame), present = 0, linked = 1;
    assert_false(pool.is_linked[index]);
    pool.is_linked[index] = true;
    bool is_root = level == format->levels - 1;
    unsigned entries = is_root ? 1U << format->root_bits : AXCPU_PT_ENTRIES;
    for (unsigned i = 0; i < entries; i++) {
        uint64_t entry = pool.contents[index + i / AXCPU_PT_ENTRIES][i % AXCPU_PT_ENTRIES];
        present += axcpu_pt_is_present(format, entry);
        assert_true(entry == 0 || axcpu_pt_is_present(format, entry));
        if (axcpu_pt_is_present(format, entry) && axcpu_pt_is_table(format, entry, level))
            linked += count_linked(format, axcpu_pt_address(format, entry), level - 1);
    }
    assert_true(present > 0 || is_root);
    return linked;
}

/* Each frame in use is linked once, and no table but the root is empty. */
static inline void assert_tree_is_sound(const struct axhal_page_table *table)
{
    memset(pool.is_linked, 0, sizeof pool.is_linked);
    assert_int_equal(count_linked(table->format, table->root, table->format->levels - 1),
                     pool.used);
}
