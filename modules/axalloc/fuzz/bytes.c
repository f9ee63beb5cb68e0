/*
 * Any sequence of calls to the byte allocator, against a shadow model that knows of every 8 bytes
 * of the arena whose they are, and of every live block what was written to it: blocks are aligned,
 * inside one region, and overlap nothing; contents stay; the walk shows the heap as the model has
 * it; regions go back empty and whole; counters add up; and the allocator's own check holds
 * throughout.
 *
 * The input: five bytes for each call. The arena is eight lots side by side, each of which may
 * become a region, whole or in part, again and again; a block lies in one of 63 slots.
 */
#include <axalloc/bytes.h>
#include <stdint.h>
#include <string.h>

#include <fuzz_require.h>

enum {
    LOTS = 8,
    LOT_BYTES = 8 * AX_PAGE_SIZE,
    ARENA_BYTES = LOTS * LOT_BYTES,
    SLOTS = 63,
    GRAIN = 8, /* what one entry of the shadow stands for */
    CALL_BYTES = 5,
    CHECK_EVERY = 32,
    NOBODY = 0,      /* not the heap's */
    HEAPS = 255,     /* in a region, in no live block */
    GIVEN_UP = 0xa5, /* what memory is filled with that is not the heap's */
};

struct slot {
    unsigned char *block; /* NULL: free */
    size_t size;          /* as asked last */
    size_t usable;
    unsigned char fill;
};

struct lot {
    uintptr_t start, size; /* as given to the heap; size 0: not the heap's */
    enum axalloc_region_use use;
};

static _Alignas(2 * LOT_BYTES) unsigned char arena[ARENA_BYTES];
static unsigned char shadow[ARENA_BYTES / GRAIN]; /* NOBODY, HEAPS, or a slot's number from 1 on */
static struct axalloc_bytes heap;
static struct slot slots[SLOTS];
static struct lot lots[LOTS];

/* ---- the shadow ---- */

/* `size` times this byte. */
static bool is_same(const unsigned char *bytes, size_t size, unsigned char byte)
{
    return size == 0 || (bytes[0] == byte && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* Of the shadow: how many entries stand for any of these bytes. */
static size_t entries(size_t offset, size_t size)
{
    return (offset + size + GRAIN - 1) / GRAIN - offset / GRAIN;
}

/* All of these bytes are `owner`'s. */
static bool is_all(const void *start, size_t size, unsigned char owner)
{
    size_t offset = (size_t)((uintptr_t)start - (uintptr_t)arena);
    if (offset > ARENA_BYTES || size > ARENA_BYTES - offset)
        return false;
    return is_same(&shadow[offset / GRAIN], entries(offset, size), owner);
}

static void set_all(const void *start, size_t size, unsigned char owner)
{
    size_t offset = (size_t)((uintptr_t)start - (uintptr_t)arena);
    memset(&shadow[offset / GRAIN], owner, entries(offset, size));
}

/* `slot` has a new size, or is new: its usable bytes are its own, and filled. */
static void own(struct slot *slot, size_t size, unsigned char fill)
{
    slot->size = size;
    slot->usable = axalloc_bytes_usable_size(&heap, slot->block);
    slot->fill = fill;
    REQUIRE(slot->usable >= size && is_all(slot->block, slot->usable, HEAPS));
    set_all(slot->block, slot->usable, (unsigned char)(slot - slots + 1));
    memset(slot->block, fill, slot->usable);
}

static void disown(const struct slot *slot)
{
    set_all(slot->block, slot->usable, HEAPS);
}

static bool is_filled(const struct slot *slot, size_t size)
{
    return is_same(slot->block, size, slot->fill);
}

static size_t live_slots(void)
{
    size_t count = 0;
    for (size_t i = 0; i < SLOTS; i++)
        count += slots[i].block != NULL;
    return count;
}

/* ---- regions ---- */

static void add(size_t i, size_t skip, size_t size, enum axalloc_region_use use)
{
    struct lot *lot = &lots[i];
    unsigned char *start = arena + i * LOT_BYTES + skip;
    if (lot->size != 0)
        return;
    enum ax_err err = axalloc_bytes_add_memory(&heap, start, size, use);
    REQUIRE(err == AX_OK || (err == AX_EINVAL && size < LOT_BYTES / 2));
    if (err != AX_OK)
        return;
    *lot = (struct lot){(uintptr_t)start, size, use};
    set_all(start, size, HEAPS);
}

/* Lots that went back as one range: each wholly but for rounding, each empty. */
static void take_back(struct ax_vrange range)
{
    uintptr_t at = (uintptr_t)range.start.raw, end = at + (uintptr_t)range.size_bytes;
    REQUIRE(range.size_bytes != 0 && is_all(ax_vaddr_ptr(range.start), range.size_bytes, HEAPS));
    for (size_t i = 0; i < LOTS && at < end; i++) {
        struct lot *lot = &lots[i];
        if (lot->size == 0 || lot->start + lot->size <= at)
            continue;
        REQUIRE(lot->use == AXALLOC_REGION_GOES_BACK && at >= lot->start &&
                at - lot->start < AX_PAGE_SIZE);
        uintptr_t lot_end = lot->start + lot->size;
        REQUIRE(end >= lot_end || lot_end - end < AX_PAGE_SIZE);
        set_all((void *)lot->start, lot->size, NOBODY);
        lot->size = 0;
        at = lot_end;
    }
    REQUIRE(at >= end);
    memset(ax_vaddr_ptr(range.start), GIVEN_UP, range.size_bytes);
}

/* In an empty heap: some region is sure to hold a block of this layout. */
static bool must_fit(struct ax_layout layout)
{
    size_t needed = axalloc_bytes_region_for(layout);
    for (size_t i = 0; i < LOTS; i++)
        if (needed != 0 && lots[i].size >= needed && lots[i].start % AX_PAGE_SIZE == 0)
            return true;
    return false;
}

/* ---- calls ---- */

static bool alloc(struct slot *slot, struct ax_layout layout, unsigned char fill)
{
    unsigned char *block = axalloc_bytes_alloc(&heap, layout);
    if (block == NULL && AXALLOC_BYTES_WORKS_IN_PAGES) {
        axalloc_bytes_trim(&heap);
        block = axalloc_bytes_alloc(&heap, layout);
    }
    if (block == NULL) {
        REQUIRE(live_slots() != 0 || !must_fit(layout));
        return false;
    }
    REQUIRE((uintptr_t)block % layout.align == 0 && (uintptr_t)block % AX_MALLOC_ALIGN == 0);
    slot->block = block;
    own(slot, layout.size, fill);
    return true;
}

static void dealloc(struct slot *slot, bool is_sized)
{
    struct ax_vrange range;
    REQUIRE(is_filled(slot, slot->usable));
    disown(slot);
    unsigned char *block = slot->block;
    slot->block = NULL;
    bool has_region =
        axalloc_bytes_dealloc(&heap, block, is_sized ? slot->size : AXALLOC_SIZE_UNKNOWN);
    REQUIRE(!has_region || axalloc_bytes_release(&heap, &range));
    for (; has_region; has_region = axalloc_bytes_release(&heap, &range))
        take_back(range);
}

static bool resize(struct slot *slot, size_t size, unsigned char fill)
{
    size_t kept = size < slot->usable ? size : slot->usable;
    if (!axalloc_bytes_resize(&heap, slot->block, size)) {
        REQUIRE(size > slot->size && is_filled(slot, slot->usable));
        return false;
    }
    REQUIRE(is_filled(slot, kept));
    disown(slot);
    own(slot, size, fill);
    return true;
}

/* As the facade does it: in place, else by a copy. */
static void reallocate(struct slot *slot, size_t size, unsigned char fill)
{
    struct slot old = *slot;
    if (resize(slot, size, fill) || !alloc(slot, (struct ax_layout){size, 1}, fill))
        return;
    struct slot moved = *slot;
    *slot = old;
    set_all(moved.block, moved.usable, HEAPS);
    dealloc(slot, true);
    *slot = moved;
    set_all(moved.block, moved.usable, (unsigned char)(slot - slots + 1));
}

struct walk {
    bool is_seen[SLOTS];
    const unsigned char *last_end;
    size_t live;
};

static bool see(void *context, const struct axalloc_block *block)
{
    struct walk *walk = context;
    const unsigned char *start = block->pointer;
    /* Regions come in any order; inside one lot everything goes up. */
    if (walk->last_end != NULL && start < walk->last_end)
        REQUIRE((start - arena) / LOT_BYTES < (walk->last_end - 1 - arena) / LOT_BYTES);
    walk->last_end = start + block->size;
    if (!block->is_live) {
        REQUIRE(is_all(start, block->size, HEAPS));
        return true;
    }
    REQUIRE(start >= arena && start < arena + ARENA_BYTES);
    unsigned char owner = shadow[(size_t)(start - arena) / GRAIN];
    REQUIRE(owner != NOBODY && owner != HEAPS && !walk->is_seen[owner - 1]);
    REQUIRE(slots[owner - 1].block == start && slots[owner - 1].usable == block->size);
    walk->is_seen[owner - 1] = true;
    walk->live++;
    return true;
}

static void look(void)
{
    struct walk walk = {{false}, NULL, 0};
    size_t usable = 0, given = 0;
    axalloc_bytes_walk(&heap, see, &walk);
    REQUIRE(walk.live == live_slots());
    for (size_t i = 0; i < SLOTS; i++)
        usable += slots[i].block != NULL ? slots[i].usable : 0;
    for (size_t i = 0; i < LOTS; i++)
        given += lots[i].size;
    size_t used = axalloc_bytes_used(&heap), total = axalloc_bytes_total(&heap);
    REQUIRE(used >= usable && total <= given && (used == 0) == (walk.live == 0));
    REQUIRE(used + axalloc_bytes_available(&heap) == total);
    REQUIRE(axalloc_bytes_check(&heap) == NULL);
}

/* Small ones mostly; some of pages, a few that no heap has. */
static size_t size_of(uint8_t low, uint8_t high)
{
    if (high == 255)
        return (size_t)PTRDIFF_MAX - low;
    return ((size_t)low | (size_t)(high & 31) << 8) << (high >> 5 == 7 ? 3 : 0) >>
           (high >> 5 < 4 ? 2 * (high >> 5) : 0);
}

static void on_live(struct slot *slot, const uint8_t *bytes)
{
    switch (bytes[0] % 8) {
    case 0:
    case 1:
    case 2:
        dealloc(slot, bytes[0] & 8);
        break;
    case 3:
        reallocate(slot, size_of(bytes[2], bytes[3]), bytes[4]);
        break;
    default:
        resize(slot, size_of(bytes[2], bytes[3]), bytes[4]);
    }
}

static void call(const uint8_t *bytes)
{
    struct slot *slot = &slots[bytes[1] % SLOTS];
    if (bytes[0] >= 240) {
        size_t skip = bytes[3] < 128 ? 0 : bytes[3] - 127;
        size_t size = LOT_BYTES - skip - (bytes[2] < 128 ? 0 : (size_t)(bytes[2] - 127) * 250);
        add(bytes[1] % LOTS, skip, size,
            bytes[4] & 1 ? AXALLOC_REGION_GOES_BACK : AXALLOC_REGION_STAYS);
    } else if (slot->block != NULL) {
        on_live(slot, bytes);
    } else {
        unsigned log2 = bytes[0] % 4 == 0 ? bytes[4] % 16 : 0;
        alloc(slot, (struct ax_layout){size_of(bytes[2], bytes[3]), (size_t)1 << log2}, bytes[4]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    memset(shadow, NOBODY, sizeof shadow);
    memset(slots, 0, sizeof slots);
    memset(lots, 0, sizeof lots);
    axalloc_bytes_init(&heap);
    add(0, 0, LOT_BYTES, AXALLOC_REGION_STAYS);
    for (size_t at = 0, calls = 1; at + CALL_BYTES <= size; at += CALL_BYTES, calls++) {
        call(&data[at]);
        if (calls % CHECK_EVERY == 0)
            look();
    }
    look();
    for (size_t i = 0; i < SLOTS; i++)
        if (slots[i].block != NULL)
            dealloc(&slots[i], i % 2 == 0);
    look();
    return 0;
}
