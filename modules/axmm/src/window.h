/*
 * Areas of the mapped window and the frames behind them; shared by the mapper, stacks, executable
 * memory and late devices.
 *
 * An area is worked on by its one owner. Memory for its record and its frames is asked for with no
 * lock held, so that whoever gives memory back may be asked; the tree of areas and the page table
 * are changed under the kernel table's lock (rank 2).
 */
#pragma once

#include "areas.h"
#include "internal.h"
#include <axalloc/usage.h>
#include <stdbool.h>

/* The two halves of the window: what axalloc's mapper gives, and stacks and devices. */
extern struct areas window_mapper, window_fixed;

/*
 * Addresses for an area like `wanted` (size_bytes, kind, number, name), and its record. Nothing is
 * mapped. AX_ENOMEM: no such place, or no memory for the record.
 */
AX_MUST_CHECK enum ax_err window_take(struct areas *areas, const struct area *wanted,
                                      uint64_t align, struct area **out);

/* Give the addresses and the record back; nothing is mapped there. */
void window_give(struct areas *areas, struct area *area);

/* Map `bytes` from `physical` on at `at`. Errors as axhal_pt_map(). */
AX_MUST_CHECK enum ax_err window_map(uint64_t at, struct ax_paddr physical, uint64_t bytes,
                                     unsigned map_flags);

/* Unmap all of [start, end), which leaves begin and end at: so it cannot fail. */
void window_unmap(uint64_t start, uint64_t end);

/* Frames for [start, end), mapped readable and writable. AX_ENOMEM: nothing changed. */
AX_MUST_CHECK enum ax_err window_fill(uint64_t start, uint64_t end, enum axalloc_kind kind);

/* Called for each run of frames that is no more mapped in the window, before it is freed. */
typedef void window_retire(struct ax_vaddr linear, size_t pages);

/*
 * Unmap [start, end) and free its frames, after `retire` if it is not NULL. AX_ENOMEM: a large leaf
 * must be split at `start`, and there is no frame for that; nothing changed.
 */
AX_MUST_CHECK enum ax_err window_drain(uint64_t start, uint64_t end, enum axalloc_kind kind,
                                       window_retire *retire);

/* The area that begins at `start`; a panic that names `what` was asked if there is none. */
struct area *window_area(struct areas *areas, uint64_t start, const char *what);

/* The same of stacks and devices; a panic, too, if it is of another kind than `kind`. */
struct area *window_fixed_area(uint64_t start, enum area_kind kind, const char *what);

static inline uint64_t window_end_of(const struct area *area)
{
    return area->start + area->size_bytes;
}
