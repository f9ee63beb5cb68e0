/*
 * A sequence counter: data that is read often and seldom changed, read without a lock and without
 * holding up who changes it.
 *
 *     uint32_t seen;
 *     do {
 *         seen = axsync_sequence_begin(&sequence);
 *         low = atomic_load_explicit(&shared.low, memory_order_relaxed);
 *         high = atomic_load_explicit(&shared.high, memory_order_relaxed);
 *     } while (axsync_sequence_changed(&sequence, seen));
 *
 * The counter is odd while the data changes; a reader that finds another number at the end than at
 * the beginning has read some of the old and some of the new, and reads again. Idea: Linux's
 * seqcount. As H. Boehm, "Can Seqlocks Get Along With Programming Language Memory Models?", MSPC
 * 2012, has it: the data are relaxed atomics, or reading them would be a data race in C.
 *
 * Does badly: a reader starves while there is always a writer; and must not be an interrupt handler
 * on a CPU that writes with interrupts on. Data of one word needs none of this.
 */
#pragma once

#include <axcpu/barrier.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct axsync_sequence {
    _Atomic uint32_t count; /* wraps; only equality is asked */
};

/* All zeros. */
#define AXSYNC_SEQUENCE_INIT                                                                       \
    {                                                                                              \
        0                                                                                          \
    }

/* Wait until nobody writes. The answer is for axsync_sequence_changed(). */
static inline uint32_t axsync_sequence_begin(const struct axsync_sequence *sequence)
{
    uint32_t count;
    /* acquire: pairs with the release of axsync_sequence_write_end() */
    while (((count = atomic_load_explicit(&sequence->count, memory_order_acquire)) & 1) != 0)
        axcpu_relax();
    return count;
}

/* Somebody wrote since: what was read is to be dropped. */
static inline bool axsync_sequence_changed(const struct axsync_sequence *sequence, uint32_t begun)
{
    /* acquire: what was read before stays before; pairs with the fence of the writer */
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(&sequence->count, memory_order_relaxed) != begun;
}

/* Around the writing of the data. One writer at a time: the caller holds the data's lock. */
static inline void axsync_sequence_write_begin(struct axsync_sequence *sequence)
{
    uint32_t count = atomic_load_explicit(&sequence->count, memory_order_relaxed);
    atomic_store_explicit(&sequence->count, count + 1, memory_order_relaxed);
    /* release: a reader that sees any of the writes to come sees the odd count */
    atomic_thread_fence(memory_order_release);
}

static inline void axsync_sequence_write_end(struct axsync_sequence *sequence)
{
    uint32_t count = atomic_load_explicit(&sequence->count, memory_order_relaxed);
    /* release: pairs with the acquire of axsync_sequence_begin() */
    atomic_store_explicit(&sequence->count, count + 1, memory_order_release);
}
