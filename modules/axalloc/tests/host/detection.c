/*
 * Injects misuse of the heap, class by class, and counts how each injection ended; prints the table
 * of docs/hardening.md. In a hardened build the rates that reliability asks for are asserted, and
 * the words of each report are looked at; in others the table says what a plain allocator notices.
 *
 * AXALLOC_TEST_INJECTIONS is the number of injections a class; `make detection` takes 100,000.
 */
#include "misuse.h"

static unsigned long number; /* of the injection in its class */

static void free_sized(struct block block)
{
    axalloc_dealloc(instance, block.bytes, (struct ax_layout){block.size, block.align});
}

static void free_unsized(void *pointer)
{
    axalloc_dealloc_unsized(instance, pointer);
}

static void free_either_way(struct block block)
{
    if (number % 2 == 0)
        free_sized(block);
    else
        free_unsized(block.bytes);
}

/* ---- frees that are none ---- */

static void double_free(uint64_t *seed)
{
    struct block block = take(seed, 0);
    free_either_way(block);
    due.kind = "double free of ";
    free_either_way(block);
}

/* With other traffic in between, as long as that does not get the address again. */
static void late_double_free(uint64_t *seed)
{
    struct block block = take(seed, 0);
    free_sized(block);
    if (number % 4 == 0)
        (void)axalloc_used_bytes(instance); /* nothing waits any more */
    churn(seed, (unsigned)axtest_random_below(seed, 2 * PLACES));
    for (size_t i = 0; i < PLACES; i++)
        if (blocks[i].bytes == block.bytes)
            blocks[i].bytes = NULL, block.bytes = NULL;
    if (block.bytes == NULL) { /* its address was handed out again: another one at once */
        double_free(seed);
        return;
    }
    due.kind = " free of ";
    due.size = SIZE_MAX;
    free_unsized(block.bytes);
}

static void interior_free(uint64_t *seed)
{
    struct block block = take(seed, 2 * AX_MALLOC_ALIGN);
    size_t steps = block.size / AX_MALLOC_ALIGN;
    due.kind = "interior free of ";
    free_unsized(block.bytes + AX_MALLOC_ALIGN * (1 + axtest_random_below(seed, steps - 1)));
}

static void misaligned_free(uint64_t *seed)
{
    struct block block = take(seed, 1);
    size_t offset = axtest_random_below(seed, block.size);
    offset += offset % AX_MALLOC_ALIGN == 0;
    due.kind = "misaligned free of ";
    free_unsized(block.bytes + offset);
}

/* Of what never was a block: outside of the heap, and inside. */
static void foreign_free(uint64_t *seed)
{
    static unsigned char data[256];
    unsigned char stack[256];
    struct ax_layout layout = {100, 16};
    struct ax_vaddr page;
    uintptr_t offset = axtest_random_below(seed, 8) * AX_MALLOC_ALIGN;
    switch (number % 7) {
    case 0:
        due.pointer = data + AX_MALLOC_ALIGN - (uintptr_t)data % AX_MALLOC_ALIGN + offset;
        break;
    case 1:
        due.pointer = stack + AX_MALLOC_ALIGN - (uintptr_t)stack % AX_MALLOC_ALIGN + offset;
        break;
    case 2:
        memset(&other, 0, sizeof other);
        assert_int_equal(axalloc_init(&other, ax_vaddr_of(other_arena), ARENA), AX_OK);
        due.pointer = axalloc_alloc(&other, layout);
        break;
    case 3:
        due.pointer = unmapped + offset;
        break;
    case 4:
        due.pointer = ax_vaddr_ptr(ax_vaddr(AX_MALLOC_ALIGN + offset));
        break;
    case 5:
        due.pointer = ax_vaddr_ptr(ax_vaddr(axtest_random_next(seed) & ~UINT64_C(15)));
        break;
    default:
        assert_int_equal(axalloc_alloc_pages(instance, 1, AX_PAGE_SIZE, &page), AX_OK);
        due.pointer = (unsigned char *)ax_vaddr_ptr(page) + offset;
    }
    due.kind = "foreign free of ";
    free_unsized((void *)(uintptr_t)due.pointer);
}

static void wrong_size_free(uint64_t *seed)
{
    struct block block = take(seed, 0);
    size_t size = number % 2 == 0 ? block.size + 1 + axtest_random_below(seed, 16)
                                  : axtest_random_below(seed, 4096);
    block.size = size == block.size ? size + 1 : size;
    due.kind = "wrong-size free of ";
    free_sized(block);
}

static void realloc_after_free(uint64_t *seed)
{
    struct block block = take(seed, 0);
    free_sized(block);
    due.kind = "realloc after free of ";
    axalloc_reallocate(instance, block.bytes, (struct ax_layout){100, 16});
}

static void size_of_wild_pointer(uint64_t *seed)
{
    struct block block = take(seed, 2 * AX_MALLOC_ALIGN);
    due.kind = "interior size query of ";
    (void)axalloc_usable_size(instance, block.bytes + AX_MALLOC_ALIGN);
}

/* ---- writes where none belong ---- */

/* Over all of them each value of the byte comes equally often, the one that was there too. */
static void overflow_by_a_byte(uint64_t *seed)
{
    struct block block = take(seed, 0);
    block.bytes[block.size] ^= (unsigned char)number;
    due.kind = "overflow of ";
    free_either_way(block);
}

static void overflow_by_a_zero(uint64_t *seed)
{
    struct block block = take(seed, 0);
    block.bytes[block.size] = 0;
    due.kind = "overflow of ";
    free_either_way(block);
}

static void overflow_by_eight(uint64_t *seed)
{
    struct block block = take(seed, 0);
    uint64_t word = axtest_random_next(seed);
    memcpy(block.bytes + block.size, &word, sizeof word);
    due.kind = "overflow of ";
    free_either_way(block);
}

static void underflow_by_eight(uint64_t *seed)
{
    struct block block = take(seed, 0);
    uint64_t word = axtest_random_next(seed);
    memcpy(block.bytes - sizeof word, &word, sizeof word);
    due.kind = "foreign free of ";
    due.size = SIZE_MAX;
    free_either_way(block);
}

/* A byte changes while the block waits; it is found when its memory is to be used again. */
static void write_after_free(uint64_t *seed)
{
    struct block block = take(seed, 1);
    free_sized(block);
    block.bytes[axtest_random_below(seed, block.size)] ^=
        (unsigned char)(1 + axtest_random_below(seed, 255));
    due.kind = "write after free of ";
    (void)axalloc_used_bytes(instance); /* the quarantine is emptied */
}

static void word_written_after_free(uint64_t *seed)
{
    struct block block = take(seed, sizeof(uint64_t));
    free_sized(block);
    uint64_t word = axtest_random_next(seed);
    memcpy(block.bytes + axtest_random_below(seed, block.size - sizeof word + 1), &word,
           sizeof word);
    due.kind = "write after free of ";
    (void)axalloc_used_bytes(instance);
}

/* Nothing stops that: it is the check's to find. Plain allocators have a word there, or none. */
static void flipped_header_bit(uint64_t *seed)
{
    enum { BYTES = CONFIG_AXALLOC_GUARD ? 32 : 8 };
    struct block block = take(seed, 0);
    size_t bit = axtest_random_below(seed, BYTES * 8);
    block.bytes[(ptrdiff_t)(bit / 8) - BYTES] ^= (unsigned char)(1 << bit % 8);
}

/* Nothing wrong at all. */
static void nothing(uint64_t *seed)
{
    churn(seed, 2 * PLACES);
    struct block block = take(seed, 0);
    block.bytes = axalloc_reallocate(instance, block.bytes, (struct ax_layout){1000, 64});
    block.size = 1000;
    block.align = 64;
    assert_true(axalloc_usable_size(instance, block.bytes) >= 1000);
    free_either_way(block);
    (void)axalloc_used_bytes(instance);
}

/* ---- the table ---- */

struct class
{
    const char *name;
    void (*crime)(uint64_t *seed);
    enum ending due;        /* what a hardened build has to make of it, */
    unsigned least_missing; /* but for one in so many; 0: always */
};

static const struct class classes[] = {
    {"double free", double_free, NAMED, 0},
    {"double free, later", late_double_free, NAMED, 0},
    {"interior free", interior_free, NAMED, 0},
    {"misaligned free", misaligned_free, NAMED, 0},
    {"foreign free", foreign_free, NAMED, 0},
    {"wrong-size free", wrong_size_free, NAMED, 0},
    {"realloc after free", realloc_after_free, NAMED, 0},
    {"size of a wild pointer", size_of_wild_pointer, NAMED, 0},
    {"overflow, 1 byte", overflow_by_a_byte, NAMED, 250},
    {"overflow, a zero byte", overflow_by_a_zero, NAMED, 0},
    {"overflow, 8 bytes", overflow_by_eight, NAMED, 0},
    {"underflow, 8 bytes", underflow_by_eight, NAMED, 0},
    {"write after free, 1 byte", write_after_free, NAMED, 0},
    {"write after free, 8 bytes", word_written_after_free, NAMED, 0},
    {"flipped header bit", flipped_header_bit, CHECKED, 0},
    {"nothing wrong", nothing, UNNOTICED, 0},
};

enum { CLASSES = sizeof classes / sizeof classes[0] };

static unsigned long injections(void)
{
    const char *text = getenv("AXALLOC_TEST_INJECTIONS");
    return text != NULL ? strtoul(text, NULL, 0) : 2560;
}

static void print_row(const struct class *class, const unsigned long *counts, unsigned long total)
{
    char name[40];
    snprintf(name, sizeof name, "%s%s", class->name, instance == &own ? "" : ", cached");
    printf("%-34s", name);
    for (int ending = 0; ending < ENDINGS; ending++) {
        if (counts[ending] == 0)
            printf(" %9s", "-");
        else
            printf(" %8.3f%%", 100.0 * (double)counts[ending] / (double)total);
    }
    printf("\n");
    fflush(stdout);
}

static unsigned long may_miss(const struct class *class, unsigned long total)
{
    return class->least_missing == 0 ? 0 : total / class->least_missing;
}

/* One class: its row, and in a hardened build what it has to be. */
static void each_class_is_detected(void **state)
{
    const struct class *class = *state;
    unsigned long counts[ENDINGS] = {0}, total = injections();
    uint64_t seed = 20261 + (uint64_t)(class - classes);
    catch_faults();
    for (number = 0; number < total; number++) {
        enum ending ending = inject(class->crime, &seed);
        counts[ending]++;
        if (CONFIG_AXALLOC_HARDENED && ending == STOPPED)
            fail_msg("injection %lu: %s", number, last_panic);
    }
    print_row(class, counts, total);
    if (CONFIG_AXALLOC_HARDENED)
        assert_true(counts[class->due] + may_miss(class, total) >= total);
    if (class->crime == nothing)
        assert_int_equal(counts[UNNOTICED], total);
}

static int inject_all(const char *name)
{
    struct CMUnitTest tests[CLASSES];
    for (size_t i = 0; i < CLASSES; i++)
        tests[i] = (struct CMUnitTest){classes[i].name, each_class_is_detected, NULL, NULL,
                                       (void *)(uintptr_t)&classes[i]};
    return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

int main(void)
{
    prepare_ground();
    printf("# %s, %s, %lu injections a class\n", axalloc_name(),
           CONFIG_AXALLOC_HARDENED ? "hardened"
           : CONFIG_AXALLOC_GUARD  ? "guard words"
                                   : "plain",
           injections());
    printf("%-34s %9s %9s %9s %9s %9s %9s %9s\n", "", "named", "stopped", "by check", "later",
           "crash", "hang", "unnoticed");
    int failed = inject_all("detection of misuse");
    if (!CONFIG_AXALLOC_CACHES || !CONFIG_AXALLOC_HARDENED)
        return failed;
    printf("# the same on the global instance, whose blocks go through the caches\n");
    instance = axalloc_global();
    return failed + inject_all("detection of misuse through caches");
}
