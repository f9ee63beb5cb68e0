/*
 * Eight threads on the global instance, each with its cache: blocks go from thread to thread, RAM
 * runs out and comes back. FEATURES=tsan has ThreadSanitizer watch.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <axalloc/alloc.h>
#include <axalloc/cache.h>
#include <axcpu/barrier.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 8, SLOTS = 256, ROUNDS = 20000, RAM_BYTES = 2 << 20 };

static void *_Atomic slots[SLOTS];
static _Atomic size_t failures, grown;
static void *ram;

static void give_way(void)
{
    sched_yield();
}

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1;
    return *seed >> 33;
}

/* Mostly small, some of pages, few that the instance has only a handful of. */
static size_t some_size(uint64_t *seed)
{
    uint64_t kind = next_random(seed) % 256;
    if (kind == 0)
        return 1 << 20;
    return sizeof(size_t) + next_random(seed) % (kind < 8 ? 60000 : 900);
}

static void *fresh(uint64_t *seed)
{
    size_t size = some_size(seed);
    size_t align = next_random(seed) % 32 == 0 ? 256 : AX_MALLOC_ALIGN;
    void *block = axalloc_alloc(axalloc_global(), (struct ax_layout){size, align});
    if (block != NULL) {
        memset(block, (int)size, size);
        memcpy(block, &size, sizeof size);
    } else {
        failures++;
    }
    return block;
}

static void check_and_free(unsigned char *block)
{
    size_t size;
    memcpy(&size, block, sizeof size);
    if (size > sizeof size && block[size - 1] != (unsigned char)size)
        abort();
    axalloc_dealloc_unsized(axalloc_global(), block);
}

static void *resized(void *block, uint64_t *seed)
{
    size_t size = some_size(seed);
    unsigned char *larger =
        axalloc_reallocate(axalloc_global(), block, (struct ax_layout){size, AX_MALLOC_ALIGN});
    if (larger == NULL)
        return block;
    memcpy(larger, &size, sizeof size);
    larger[size - 1] = size > sizeof size ? (unsigned char)size : larger[size - 1];
    grown++;
    return larger;
}

static void end_thread(void)
{
    if (!CONFIG_AXALLOC_CACHES || axalloc_thread_cache == &axalloc_no_cache)
        return;
    axalloc_cache_flush(axalloc_global(), axalloc_thread_cache);
    free(axalloc_thread_cache);
    axalloc_thread_cache = &axalloc_no_cache;
}

static void *work(void *argument)
{
    uint64_t seed = (uintptr_t)argument;
    for (size_t round = 0; round < ROUNDS; round++) {
        void *_Atomic *slot = &slots[next_random(&seed) % SLOTS];
        void *old = atomic_exchange(slot, NULL);
        if (old != NULL && next_random(&seed) % 8 == 0)
            old = atomic_exchange(slot, resized(old, &seed));
        else if (old == NULL)
            old = atomic_exchange(slot, fresh(&seed));
        if (old != NULL)
            check_and_free(old);
    }
    end_thread();
    return NULL;
}

static void blocks_go_from_thread_to_thread(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    axcpu_host_on_relax = give_way;
    ram = aligned_alloc(AX_PAGE_SIZE, RAM_BYTES);
    assert_non_null(ram);
    assert_int_equal(axalloc_global_init(ax_vaddr_of(ram), RAM_BYTES), AX_OK);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)(i + 1)), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < SLOTS; i++)
        if (slots[i] != NULL)
            check_and_free(slots[i]);
    end_thread();
    if (CONFIG_AXALLOC_CACHES)
        axalloc_depot_flush(axalloc_global());
    assert_null(axalloc_check(axalloc_global()));
    assert_int_equal(axalloc_used_bytes(axalloc_global()), 0);
    assert_true(failures > 0 && grown > 0);
    free(ram);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(blocks_go_from_thread_to_thread)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
