/*
 * ArceOS's IdAllocator, method by method, and against a model: an array of flags that is searched
 * from its start.
 */
#include "arena.h"

#include <axalloc/ids.h>
#include <axlog/log.h>

enum { FIRST = 5, COUNT = 300, MODEL_STEPS = 20000 };

static struct axalloc_ids ids;
static uint64_t memory[(COUNT + 63) / 64];

static void start(size_t first, size_t count)
{
    assert_true(axalloc_ids_memory_bytes(count) <= sizeof memory);
    memset(memory, 0xff, sizeof memory);
    assert_int_equal(axalloc_ids_init(&ids, first, count, memory), AX_OK);
    assert_sound(axalloc_ids_check(&ids));
}

static size_t take(size_t count, size_t align)
{
    size_t id = SIZE_MAX;
    assert_int_equal(axalloc_ids_alloc(&ids, count, align, &id), AX_OK);
    return id;
}

static void assert_counts(size_t used)
{
    assert_int_equal(axalloc_ids_used(&ids), used);
    assert_int_equal(axalloc_ids_size(&ids), ids.count);
    assert_int_equal(axalloc_ids_available(&ids), ids.count - used);
    assert_sound(axalloc_ids_check(&ids));
}

static void alloc_id_gives_the_lowest_run_so_aligned(void **state)
{
    (void)state;
    size_t untouched = 77;
    start(FIRST, COUNT);
    assert_int_equal(take(1, 1), 5);
    assert_int_equal(take(3, 1), 6);
    assert_int_equal(take(2, 16), 16);
    assert_int_equal(take(1, 1), 9);
    assert_int_equal(take(7, 1), 18);
    assert_int_equal(take(130, 128), 128);
    assert_counts(1 + 3 + 2 + 1 + 7 + 130);
    assert_int_equal(axalloc_ids_alloc(&ids, 0, 1, &untouched), AX_EINVAL);
    assert_int_equal(axalloc_ids_alloc(&ids, 1, 0, &untouched), AX_EINVAL);
    assert_int_equal(axalloc_ids_alloc(&ids, 1, 3, &untouched), AX_EINVAL);
    assert_int_equal(axalloc_ids_alloc(&ids, COUNT + 1, 1, &untouched), AX_ENOMEM);
    assert_int_equal(axalloc_ids_alloc(&ids, SIZE_MAX, 1, &untouched), AX_ENOMEM);
    assert_int_equal(axalloc_ids_alloc(&ids, 1, SIZE_MAX / 2 + 1, &untouched), AX_ENOMEM);
    assert_int_equal(axalloc_ids_alloc(&ids, 150, 1, &untouched), AX_ENOMEM);
    assert_int_equal(untouched, 77);
    assert_counts(1 + 3 + 2 + 1 + 7 + 130);
}

static void dealloc_id_takes_parts_and_refuses_whole(void **state)
{
    (void)state;
    start(FIRST, COUNT);
    assert_int_equal(take(200, 1), 5);
    assert_int_equal(axalloc_ids_dealloc(&ids, 50, 100), AX_OK);
    assert_counts(100);
    assert_int_equal(axalloc_ids_dealloc(&ids, 49, 2), AX_EINVAL);
    assert_true(axalloc_ids_is_allocated(&ids, 49));
    assert_int_equal(axalloc_ids_dealloc(&ids, 50, 1), AX_EINVAL);
    assert_int_equal(axalloc_ids_dealloc(&ids, 5, 0), AX_EINVAL);
    assert_int_equal(axalloc_ids_dealloc(&ids, 4, 1), AX_EFAULT);
    assert_int_equal(axalloc_ids_dealloc(&ids, 204, COUNT), AX_EFAULT);
    assert_int_equal(axalloc_ids_dealloc(&ids, 204, SIZE_MAX), AX_EFAULT);
    assert_int_equal(axalloc_ids_dealloc(&ids, SIZE_MAX, 2), AX_EFAULT);
    assert_counts(100);
    assert_int_equal(axalloc_ids_dealloc(&ids, 5, 45), AX_OK);
    assert_int_equal(axalloc_ids_dealloc(&ids, 150, 55), AX_OK);
    assert_counts(0);
    assert_int_equal(take(COUNT, 1), 5);
}

static void is_allocated_and_alloc_fixed_id(void **state)
{
    (void)state;
    start(FIRST, COUNT);
    assert_int_equal(axalloc_ids_alloc_fixed(&ids, 100), AX_OK);
    assert_true(axalloc_ids_is_allocated(&ids, 100));
    assert_false(axalloc_ids_is_allocated(&ids, 99) || axalloc_ids_is_allocated(&ids, 101));
    assert_int_equal(axalloc_ids_alloc_fixed(&ids, 100), AX_EEXIST);
    assert_int_equal(axalloc_ids_alloc_fixed(&ids, 4), AX_EFAULT);
    assert_int_equal(axalloc_ids_alloc_fixed(&ids, FIRST + COUNT), AX_EFAULT);
    assert_int_equal(axalloc_ids_alloc_fixed(&ids, FIRST + COUNT - 1), AX_OK);
    assert_false(axalloc_ids_is_allocated(&ids, 0) || axalloc_ids_is_allocated(&ids, SIZE_MAX));
    assert_counts(2);
    assert_int_equal(take(95, 1), 5); /* up to the fixed one */
    assert_int_equal(take(1, 1), 101);
    assert_counts(98);
}

static void size_used_and_available_at_the_ends(void **state)
{
    (void)state;
    struct axalloc_ids none = {0};
    size_t id;
    assert_int_equal(axalloc_ids_size(&none) + axalloc_ids_available(&none), 0);
    assert_int_equal(axalloc_ids_alloc(&none, 1, 1, &id), AX_ENOMEM);
    assert_int_equal(axalloc_ids_init(&none, 0, 0, memory), AX_EINVAL);
    assert_int_equal(axalloc_ids_init(&none, 2, SIZE_MAX, memory), AX_EINVAL);
    assert_int_equal(axalloc_ids_memory_bytes(SIZE_MAX), (SIZE_MAX / 64 + 1) * 8);
    start(SIZE_MAX - 9, 10); /* the last number is the last there is */
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(take(1, 1), SIZE_MAX - 9 + i);
    assert_int_equal(axalloc_ids_alloc(&ids, 1, 1, &id), AX_ENOMEM);
    assert_int_equal(axalloc_ids_dealloc(&ids, SIZE_MAX - 9, 10), AX_OK);
    assert_int_equal(axalloc_ids_alloc(&ids, 1, 16, &id), AX_ENOMEM);
    assert_counts(0);
}

/* ---- the model ---- */

static bool model[COUNT];

static bool model_is_free(size_t from, size_t count)
{
    for (size_t i = from; i < from + count; i++)
        if (model[i])
            return false;
    return true;
}

/* The index of the lowest run so aligned; COUNT: there is none. */
static size_t model_find(size_t first, size_t count, size_t align)
{
    for (size_t i = 0; i + count <= COUNT; i++)
        if ((first + i) % align == 0 && model_is_free(i, count))
            return i;
    return COUNT;
}

static void model_alloc(uint64_t *seed, size_t first)
{
    size_t count = 1 + axtest_random_below(seed, axtest_random_below(seed, 2) ? 3 : 90);
    size_t align = (size_t)1 << axtest_random_below(seed, 7), id = 0;
    size_t at = model_find(first, count, align);
    enum ax_err err = axalloc_ids_alloc(&ids, count, align, &id);
    assert_int_equal(err, at == COUNT ? AX_ENOMEM : AX_OK);
    if (at == COUNT)
        return;
    assert_int_equal(id, first + at);
    memset(model + at, true, count);
}

static void model_dealloc(uint64_t *seed, size_t first)
{
    size_t from = axtest_random_below(seed, COUNT), count = 1 + axtest_random_below(seed, 8);
    bool is_ours = from + count <= COUNT;
    bool is_used = is_ours;
    for (size_t i = from; is_used && i < from + count; i++)
        is_used = model[i];
    enum ax_err err = axalloc_ids_dealloc(&ids, first + from, count);
    assert_int_equal(err, is_used ? AX_OK : is_ours ? AX_EINVAL : AX_EFAULT);
    if (is_used)
        memset(model + from, false, count);
}

static void model_fixed(uint64_t *seed, size_t first)
{
    size_t at = axtest_random_below(seed, COUNT);
    enum ax_err err = axalloc_ids_alloc_fixed(&ids, first + at);
    assert_int_equal(err, model[at] ? AX_EEXIST : AX_OK);
    model[at] = true;
}

static void every_step_agrees_with_the_model(void **state)
{
    (void)state;
    uint64_t seed = 3;
    axlog_set_level(AXLOG_OFF); /* refusals are expected by the thousand */
    for (size_t first = 0; first < 70; first += 23) {
        start(first, COUNT);
        memset(model, 0, sizeof model);
        for (int step = 0; step < MODEL_STEPS; step++) {
            size_t what = axtest_random_below(&seed, 16);
            (what < 3 ? model_alloc : what < 15 ? model_dealloc : model_fixed)(&seed, first);
            size_t at = axtest_random_below(&seed, COUNT), used = 0;
            assert_int_equal(axalloc_ids_is_allocated(&ids, first + at), model[at]);
            for (size_t i = 0; i < COUNT; i++)
                used += model[i];
            assert_counts(used);
        }
    }
    axlog_set_level(AXLOG_DEFAULT);
}

static void the_check_sees_what_is_broken(void **state)
{
    (void)state;
    start(FIRST, COUNT);
    assert_int_equal(take(70, 1), 5);
    memory[0] ^= 1;
    assert_non_null(axalloc_ids_check(&ids));
    memory[1] |= (uint64_t)1 << 40; /* one more, so that the count is right */
    assert_non_null(axalloc_ids_check(&ids));
    memory[1] &= ~((uint64_t)1 << 40);
    memory[0] ^= 1;
    assert_sound(axalloc_ids_check(&ids));
    memory[COUNT / 64] |= (uint64_t)1 << 63;
    assert_non_null(axalloc_ids_check(&ids));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alloc_id_gives_the_lowest_run_so_aligned),
        cmocka_unit_test(dealloc_id_takes_parts_and_refuses_whole),
        cmocka_unit_test(is_allocated_and_alloc_fixed_id),
        cmocka_unit_test(size_used_and_available_at_the_ends),
        cmocka_unit_test(every_step_agrees_with_the_model),
        cmocka_unit_test(the_check_sees_what_is_broken),
    };
    return cmocka_run_group_tests_name("ArceOS IdAllocator", tests, NULL, NULL);
}
