/*
 * Addresses that cannot be mixed up: physical, virtual, and as a device sees them on its bus.
 * Each is a struct of one field, so passing one for another does not compile, and costs nothing.
 *
 * Arithmetic on `.raw` belongs here and under arch/. Ranges are {start, size_bytes}, half-open;
 * a range may end at 2^64 exactly, so ends are compared by ax_prange_last(), never by sums.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AX_PAGE_SHIFT 12
#define AX_PAGE_SIZE UINT64_C(4096)

struct ax_paddr {
    uint64_t raw;
};

struct ax_vaddr {
    uint64_t raw;
};

struct ax_busaddr {
    uint64_t raw;
};

/* Physical bytes [start, start + size_bytes). */
struct ax_prange {
    struct ax_paddr start;
    uint64_t size_bytes;
};

/* Virtual bytes [start, start + size_bytes). */
struct ax_vrange {
    struct ax_vaddr start;
    uint64_t size_bytes;
};

static inline struct ax_paddr ax_paddr(uint64_t raw)
{
    return (struct ax_paddr){raw};
}

static inline struct ax_vaddr ax_vaddr(uint64_t raw)
{
    return (struct ax_vaddr){raw};
}

static inline struct ax_busaddr ax_busaddr(uint64_t raw)
{
    return (struct ax_busaddr){raw};
}

/* The virtual address that `pointer` holds, and back. The pointer is usable iff it is mapped. */
static inline struct ax_vaddr ax_vaddr_of(const volatile void *pointer)
{
    return (struct ax_vaddr){(uintptr_t)pointer};
}

static inline void *ax_vaddr_ptr(struct ax_vaddr address)
{
    return (void *)(uintptr_t)address.raw;
}

static inline struct ax_paddr ax_paddr_add(struct ax_paddr base, uint64_t bytes)
{
    return (struct ax_paddr){base.raw + bytes};
}

static inline struct ax_vaddr ax_vaddr_add(struct ax_vaddr base, uint64_t bytes)
{
    return (struct ax_vaddr){base.raw + bytes};
}

static inline struct ax_prange ax_prange(uint64_t start, uint64_t size_bytes)
{
    return (struct ax_prange){{start}, size_bytes};
}

/* The last byte of a range that is not empty and does not wrap. */
static inline uint64_t ax_prange_last(struct ax_prange range)
{
    return range.start.raw + (range.size_bytes - 1);
}

/* The range would pass 2^64. An empty range never does; one that ends at 2^64 exactly does not. */
static inline bool ax_prange_wraps(struct ax_prange range)
{
    return range.size_bytes != 0 && ax_prange_last(range) < range.start.raw;
}

/* `address` lies in the range. The range does not wrap. */
static inline bool ax_prange_contains(struct ax_prange range, struct ax_paddr address)
{
    return address.raw - range.start.raw < range.size_bytes;
}

static inline bool ax_vrange_contains(struct ax_vrange range, struct ax_vaddr address)
{
    return address.raw - range.start.raw < range.size_bytes;
}

/* The two share a byte. Neither wraps; an empty range overlaps nothing. */
static inline bool ax_prange_overlaps(struct ax_prange a, struct ax_prange b)
{
    return a.size_bytes != 0 && b.size_bytes != 0 && a.start.raw <= ax_prange_last(b) &&
           b.start.raw <= ax_prange_last(a);
}

static inline bool ax_vrange_overlaps(struct ax_vrange a, struct ax_vrange b)
{
    return ax_prange_overlaps(ax_prange(a.start.raw, a.size_bytes),
                              ax_prange(b.start.raw, b.size_bytes));
}

/* `align` must be a power of two in all of these. */
static inline bool ax_is_aligned(uint64_t value, uint64_t align)
{
    return (value & (align - 1)) == 0;
}

static inline uint64_t ax_align_down(uint64_t value, uint64_t align)
{
    return value & ~(align - 1);
}

/* The caller knows that `value` is at most 2^64 - align, else see ax_align_up_overflows(). */
static inline uint64_t ax_align_up(uint64_t value, uint64_t align)
{
    return (value + (align - 1)) & ~(align - 1);
}

/* As ax_align_up(); true, and `*out` is 0, when the multiple would be 2^64 or more. */
static inline bool ax_align_up_overflows(uint64_t value, uint64_t align, uint64_t *out)
{
    *out = ax_align_up(value, align);
    return *out < value;
}

/* Pages that `bytes` need. Right for every value of `bytes`. */
static inline uint64_t ax_pages_for(uint64_t bytes)
{
    return (bytes >> AX_PAGE_SHIFT) + ((bytes & (AX_PAGE_SIZE - 1)) != 0);
}
