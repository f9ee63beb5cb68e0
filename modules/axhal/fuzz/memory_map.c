/*
 * Random RAM and reservations against a shadow: one kind for each byte of a small address space,
 * painted the slow and obvious way. Then random frames, each of which must have been free.
 *
 * The bytes are scaled by GRAIN, so that ranges start and end inside pages, too. A second space of
 * the same shape stands at the top of the address space, where sums wrap.
 */
#include <stdint.h>
#include <string.h>

#include <axhal/memory_map.h>

#include <fuzz_require.h>

#define GRAIN UINT64_C(1024)

enum {
    GRAINS = 512,
    GRAINS_A_PAGE = 4,
    PAGES = GRAINS / GRAINS_A_PAGE,
    NO_RAM = AXHAL_MEMORY_KINDS
};

struct shadow {
    uint64_t base; /* of the space: 0, or so that it ends at 2^64 */
    bool is_ram[GRAINS];
    uint8_t reserved[GRAINS]; /* the greatest kind asked for; 0: none */
};

static struct axhal_memory_map map;

static uint8_t greater(uint8_t a, uint8_t b)
{
    return a > b ? a : b;
}

/* What the map must say of page `page`: RAM only if all of it is, reserved if any of it is. */
static uint8_t kind_of(const struct shadow *shadow, unsigned page)
{
    uint64_t address = shadow->base + page * AX_PAGE_SIZE;
    uint8_t kind = address == 0 ? AXHAL_MEMORY_RESERVED : AXHAL_MEMORY_FREE;
    for (unsigned i = page * GRAINS_A_PAGE; i < (page + 1) * GRAINS_A_PAGE; i++) {
        if (!shadow->is_ram[i])
            return NO_RAM;
        kind = greater(kind, shadow->reserved[i]);
    }
    return address == UINT64_MAX - (AX_PAGE_SIZE - 1) ? NO_RAM : kind;
}

static void compare(const uint8_t *kinds, uint64_t base)
{
    uint8_t seen[PAGES];
    memset(seen, NO_RAM, sizeof seen);
    for (unsigned i = 0; i < map.entry_count; i++) {
        struct ax_prange range = map.entries[i].range;
        for (uint64_t at = 0; at < range.size_bytes; at += AX_PAGE_SIZE) {
            uint64_t page = (range.start.raw + at - base) / AX_PAGE_SIZE;
            REQUIRE(page < PAGES && seen[page] == NO_RAM);
            seen[page] = (uint8_t)map.entries[i].kind;
        }
    }
    REQUIRE(memcmp(seen, kinds, sizeof seen) == 0);
    REQUIRE(axhal_memory_map_check(&map));
}

/* A range that must be RAM, and reaches the last page of all, which is none. */
static bool is_cut(struct ax_prange range, uint8_t kind)
{
    return range.size_bytes != 0 && ax_prange_last(range) >= UINT64_MAX - (AX_PAGE_SIZE - 1) &&
           (kind == AXHAL_MEMORY_INITRD || kind == AXHAL_MEMORY_KERNEL_DATA ||
            kind == AXHAL_MEMORY_KERNEL_RODATA || kind == AXHAL_MEMORY_KERNEL_TEXT);
}

/* Three bytes of input: what, where, how long. */
static void add(struct shadow *shadow, const uint8_t *op)
{
    unsigned start = (op[1] * 2u + (op[0] >> 7)) % GRAINS;
    unsigned count = op[2] % (GRAINS + 1 - start);
    struct ax_prange range = ax_prange(shadow->base + start * GRAIN, count * GRAIN);
    uint8_t kind = op[0] % AXHAL_MEMORY_KINDS;
    enum ax_err err;
    if (kind == AXHAL_MEMORY_FREE)
        err = axhal_memory_map_add_ram(&map, range);
    else
        err = axhal_memory_map_reserve(&map, range, (enum axhal_memory_kind)kind);
    REQUIRE(err == AX_OK || err == AX_ENOSPC || (err == AX_ERANGE && is_cut(range, kind)));
    if (err != AX_OK)
        return;
    for (unsigned i = start; i < start + count; i++) {
        if (kind == AXHAL_MEMORY_FREE)
            shadow->is_ram[i] = true;
        else
            shadow->reserved[i] = greater(shadow->reserved[i], kind);
    }
}

static bool is_run_free(const uint8_t *kinds, uint64_t base, unsigned page, unsigned count,
                        uint64_t align)
{
    if (page + count > PAGES || !ax_is_aligned(base + page * AX_PAGE_SIZE, align))
        return false;
    for (unsigned i = page; i < page + count; i++)
        if (kinds[i] != AXHAL_MEMORY_FREE)
            return false;
    return true;
}

/* The lowest run that will do is the one that comes. */
static void take(uint8_t *kinds, uint64_t base, const uint8_t *op)
{
    unsigned count = 1u + op[1] % 8;
    uint64_t align = AX_PAGE_SIZE << op[2] % 5;
    enum axhal_memory_kind kind =
        op[0] % 4 == 0 ? AXHAL_MEMORY_KERNEL_DATA : AXHAL_MEMORY_KERNEL_PAGE_TABLE;
    unsigned page = 0;
    while (page < PAGES && !is_run_free(kinds, base, page, count, align))
        page++;
    struct ax_paddr frame = {1};
    enum ax_err err = axhal_memory_map_take_frames(&map, count, align, kind, &frame);
    if (err == AX_OK) {
        REQUIRE(page < PAGES && frame.raw == base + page * AX_PAGE_SIZE);
        memset(kinds + page, kind, count);
    } else {
        REQUIRE(frame.raw == 1);
        REQUIRE(err == (page == PAGES ? AX_ENOMEM : AX_ENOSPC));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct shadow shadow;
    uint8_t kinds[PAGES];
    if (size < 2)
        return 0;
    memset(&shadow, 0, sizeof shadow);
    shadow.base = data[0] % 2 == 0 ? 0 : UINT64_MAX - (GRAINS * GRAIN - 1);
    size_t adds = data[1];
    axhal_memory_map_init(&map, UINT64_MAX);
    data += 2, size -= 2;
    for (; size >= 3 && adds > 0; data += 3, size -= 3, adds--)
        add(&shadow, data);
    axhal_memory_map_finalize(&map);
    for (unsigned page = 0; page < PAGES; page++)
        kinds[page] = kind_of(&shadow, page);
    compare(kinds, shadow.base);
    for (; size >= 3; data += 3, size -= 3) {
        take(kinds, shadow.base, data);
        compare(kinds, shadow.base);
    }
    return 0;
}
