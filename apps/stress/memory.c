/*
 * Blocks and pages of stress. A block begins with its size and the CPU that allocated it, and its
 * other words are made from its address, so one that was handed out twice, moved or overwritten
 * shows when it is checked, before each free.
 */
#include "random.h"
#include "stress.h"

#include <axalloc/alloc.h>
#include <axalloc/malloc.h>
#include <axbase/addr.h>

enum {
    OWN_BLOCKS = 256,
    SWAPPED_BLOCKS = 64,
    LEAST_BYTES = 32,
    RUN_PAGES_MAX = 64,
    GROWTH_BYTES_MAX = 1 << 20,
    EXHAUSTION_BYTES = 1 << 16,
};

struct block {
    size_t bytes;
    uint64_t allocated_by;
    struct block *next; /* of those that exhaust memory */
    uint64_t words[];
};

static struct block *own[STRESS_CPUS][OWN_BLOCKS];
static _Atomic(struct block *) swapped[SWAPPED_BLOCKS];

static uint64_t word_of(const uint64_t *place)
{
    return (uintptr_t)place * UINT64_C(0x9e3779b97f4a7c15);
}

static size_t words_of(const struct block *block)
{
    return (block->bytes - sizeof *block) / sizeof block->words[0];
}

/* Large blocks are filled and checked in steps, so that time goes to the allocator. */
static size_t stride_of(const struct block *block)
{
    return 1 + words_of(block) / 64;
}

static struct block *fill(struct stress_cpu *cpu, struct block *block, size_t bytes)
{
    if (block == NULL) {
        cpu->counts.no_memory++;
        return NULL;
    }
    block->bytes = bytes;
    block->allocated_by = cpu->index;
    for (size_t i = 0; i < words_of(block); i += stride_of(block))
        block->words[i] = word_of(&block->words[i]);
    return block;
}

static bool is_whole(const struct block *block)
{
    if (block->allocated_by >= STRESS_CPUS || block->bytes < LEAST_BYTES)
        return false;
    for (size_t i = 0; i < words_of(block); i += stride_of(block))
        if (block->words[i] != word_of(&block->words[i]))
            return false;
    return true;
}

static struct block *allocate(struct stress_cpu *cpu, size_t bytes)
{
    return fill(cpu, axalloc_malloc(bytes), bytes);
}

static void check_and_free(struct stress_cpu *cpu, struct block *block)
{
    if (block == NULL)
        return;
    if (!is_whole(block)) {
        stress_fail("a block was overwritten, or handed out twice");
        return;
    }
    cpu->counts.handed_over += block->allocated_by != cpu->index;
    block->bytes = 0;
    axalloc_free(block);
}

/* Log-uniform from 32 bytes to 8 KiB. */
static size_t random_bytes(struct stress_cpu *cpu)
{
    size_t doubling = (size_t)LEAST_BYTES << random_below(&cpu->random, 8);
    return doubling + random_below(&cpu->random, doubling);
}

/* To another size; the block stays as it is if there is no memory for it. */
static struct block *resize(struct stress_cpu *cpu, struct block *block)
{
    if (!is_whole(block))
        stress_fail("a block was overwritten, or handed out twice");
    size_t bytes = random_bytes(cpu), old_bytes = block->bytes;
    struct block *moved = axalloc_realloc(block, bytes);
    if (moved != NULL && moved->bytes != old_bytes)
        stress_fail("realloc lost contents");
    return moved != NULL ? fill(cpu, moved, bytes) : block;
}

void step_blocks(struct stress_cpu *cpu)
{
    struct block **slot = &own[cpu->index][random_below(&cpu->random, OWN_BLOCKS)];
    size_t what = random_below(&cpu->random, 8);
    cpu->counts.blocks++;
    if (what < 3) {
        /* acq_rel: pairs with the exchange of the CPU that filled the block, or will read it */
        *slot = atomic_exchange_explicit(&swapped[random_below(&cpu->random, SWAPPED_BLOCKS)],
                                         *slot, memory_order_acq_rel);
    } else if (what < 4 && *slot != NULL) {
        *slot = resize(cpu, *slot);
    } else {
        check_and_free(cpu, *slot);
        *slot = allocate(cpu, random_bytes(cpu));
    }
}

void step_pages(struct stress_cpu *cpu)
{
    struct ax_vaddr run;
    size_t pages = 1 + random_below(&cpu->random, RUN_PAGES_MAX);
    cpu->counts.page_runs++;
    if (axalloc_alloc_pages(axalloc_global(), pages, AX_PAGE_SIZE, &run) != AX_OK) {
        cpu->counts.no_memory++;
        return;
    }
    struct block *block = fill(cpu, ax_vaddr_ptr(run), pages * AX_PAGE_SIZE);
    bool is_right = is_whole(block);
    size_t first = random_below(&cpu->random, pages); /* freed in two parts, the last first */
    enum ax_err err = axalloc_dealloc_pages(axalloc_global(),
                                            ax_vaddr_add(run, first * AX_PAGE_SIZE), pages - first);
    if (err == AX_OK && first != 0)
        err = axalloc_dealloc_pages(axalloc_global(), run, first);
    if (!is_right || err != AX_OK)
        stress_fail("a run of pages was overwritten, or could not be freed");
}

void step_growth(struct stress_cpu *cpu)
{
    size_t bytes = GROWTH_BYTES_MAX / 8 + random_below(&cpu->random, GROWTH_BYTES_MAX * 7 / 8);
    cpu->counts.grown++;
    check_and_free(cpu, allocate(cpu, bytes));
}

void step_exhaustion(struct stress_cpu *cpu)
{
    struct block *taken = NULL, *more;
    cpu->counts.exhausted++;
    while (!stress_is_over() && (more = allocate(cpu, EXHAUSTION_BYTES)) != NULL) {
        more->next = taken;
        taken = more;
    }
    while (taken != NULL) {
        more = taken->next;
        check_and_free(cpu, taken);
        taken = more;
    }
}

void free_own(struct stress_cpu *cpu)
{
    for (size_t i = 0; i < OWN_BLOCKS; i++) {
        check_and_free(cpu, own[cpu->index][i]);
        own[cpu->index][i] = NULL;
    }
    axalloc_used_bytes(axalloc_global()); /* counting gives back what this CPU's cache holds */
}

void free_swapped(struct stress_cpu *cpu)
{
    for (size_t i = 0; i < SWAPPED_BLOCKS; i++)
        check_and_free(cpu, atomic_exchange(&swapped[i], NULL));
}
