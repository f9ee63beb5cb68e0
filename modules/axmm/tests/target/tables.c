/*
 * The kernel's table changed under other CPUs: what they remember of it, what they fetch, and what
 * is absent for a moment. Each case wants a second CPU.
 */
#include "cases.h"
#include <axalloc/alloc.h>
#include <axalloc/manager.h>
#include <axbase/config.h>
#include <axcpu/barrier.h>
#include <axcpu/cache.h>
#include <axcpu/config.h>
#include <axcpu/percpu.h>
#include <axcpu/try.h>
#include <axhal/call.h>
#include <axhal/cpus.h>
#include <axhal/run.h>
#include <axmm/code.h>
#include <axmm/kernel_space.h>
#include <stdatomic.h>

#define MIB (UINT64_C(1) << 20)

enum {
    LARGE_PAGES = 512,
    ROUNDS = 20,
    ORDINARY = AXCPU_MAP_READ | AXCPU_MAP_WRITE,
};

static bool has_another_cpu(struct axtest *test)
{
    if (AXCPU_CPUS_MAX > 1 && axhal_cpu_is_online(1))
        return true;
    axtest_skip(test, "one CPU is alone");
    return false;
}

/* ---- what is remembered ---- */

struct probe {
    struct ax_vaddr page;
    size_t pages;
    size_t readable;
};

static void count_readable(void *argument)
{
    struct probe *probe = argument;
    probe->readable = 0;
    for (size_t i = 0; i < probe->pages; i++)
        probe->readable += is_readable(ax_vaddr_ptr(ax_vaddr_add(probe->page, i * AX_PAGE_SIZE)));
}

static size_t readable_elsewhere(struct probe *probe)
{
    return axhal_call(1, count_readable, probe) == AX_OK ? probe->readable : SIZE_MAX;
}

/* A page, flushed by its address, and more than are flushed one by one. */
void test_others_forget(struct axtest *test)
{
    static const size_t counts[] = {1, 100};
    struct ax_vaddr run;
    if (!has_another_cpu(test))
        return;
    for (unsigned i = 0; i < 2; i++) {
        struct axalloc *pages = axalloc_global();
        if (!AXTEST_CHECK(test, axalloc_alloc_pages(pages, counts[i], AX_PAGE_SIZE, &run) == AX_OK))
            return;
        struct probe probe = {run, counts[i], 0};
        struct ax_vrange range = {run, counts[i] * AX_PAGE_SIZE};
        AXTEST_CHECK(test, readable_elsewhere(&probe) == counts[i]);
        AXTEST_CHECK(test, axmm_hide(range) == AX_OK);
        AXTEST_CHECK(test, readable_elsewhere(&probe) == 0);
        AXTEST_CHECK(test, axmm_show(range) == AX_OK);
        AXTEST_CHECK(test, readable_elsewhere(&probe) == counts[i]);
        AXTEST_CHECK(test, axalloc_dealloc_pages(pages, run, counts[i]) == AX_OK);
    }
}

/* ---- what is absent for a moment ---- */

static struct {
    struct ax_vaddr start;
    _Atomic bool is_over;
    _Atomic unsigned passes;
    _Atomic unsigned wrong;
} user;

/* Plain accesses, in every page, for as long as it goes on: none may fault for good. */
static void use_memory(void *argument)
{
    (void)argument;
    while (!atomic_load(&user.is_over)) {
        for (size_t i = 0; i < LARGE_PAGES; i++) {
            volatile uint64_t *word = ax_vaddr_ptr(ax_vaddr_add(user.start, i * AX_PAGE_SIZE));
            if (*word != i)
                atomic_fetch_add(&user.wrong, 1);
            *word = i;
        }
        atomic_fetch_add(&user.passes, 1);
    }
}

static void wait_for_a_pass(void)
{
    unsigned passes = atomic_load(&user.passes);
    while (atomic_load(&user.passes) - passes < 2)
        axcpu_relax();
}

/* One page splits the large leaf; then all of them become uncached and cached again. */
static void change_under_use(struct axtest *test)
{
    struct ax_vrange page = {ax_vaddr_add(user.start, MIB), AX_PAGE_SIZE};
    struct ax_vrange all = {user.start, 2 * MIB};
    wait_for_a_pass();
    AXTEST_CHECK(test, axmm_protect(page, ORDINARY | AXCPU_MAP_UNCACHED) == AX_OK);
    for (unsigned i = 0; i < ROUNDS; i++) {
        AXTEST_CHECK(test, axmm_protect(all, ORDINARY | AXCPU_MAP_UNCACHED) == AX_OK);
        AXTEST_CHECK(test, axmm_protect(all, ORDINARY) == AX_OK);
        wait_for_a_pass();
    }
}

void test_used_while_changed(struct axtest *test)
{
    struct axalloc *pages = axalloc_global();
    if (!has_another_cpu(test))
        return;
    if (!AXTEST_CHECK(test, axalloc_alloc_pages(pages, LARGE_PAGES, 2 * MIB, &user.start) == AX_OK))
        return;
    for (size_t i = 0; i < LARGE_PAGES; i++)
        *(volatile uint64_t *)ax_vaddr_ptr(ax_vaddr_add(user.start, i * AX_PAGE_SIZE)) = i;
    atomic_store(&user.is_over, false);
    if (AXTEST_CHECK(test, axhal_run_on(1, use_memory, NULL) == AX_OK)) {
        change_under_use(test);
        atomic_store(&user.is_over, true);
        axhal_run_wait(1);
    }
    AXTEST_CHECK(test, atomic_load(&user.wrong) == 0);
    AXTEST_CHECK(test, axalloc_dealloc_pages(pages, user.start, LARGE_PAGES) == AX_OK);
}

/* ---- what is fetched ---- */

typedef uint32_t give(void);

struct fetched {
    give *function;
    _Atomic unsigned right;
    uint32_t expected;
};

static void run_it(void *argument)
{
    struct fetched *fetched = argument;
    atomic_fetch_add(&fetched->right, fetched->function() == fetched->expected);
}

/* Code that returns `number`, below 2048: li a0, number; ret. Or movz w0, #number; ret. */
static void assemble(uint32_t code[2], uint32_t number)
{
    code[0] = CONFIG_ISA_AARCH64 ? 0x52800000 | number << 5 : 0x00000513 | number << 20;
    code[1] = CONFIG_ISA_AARCH64 ? 0xd65f03c0 : 0x00008067;
}

/* Written here, run on every CPU, then written over, and run again. */
void test_code_is_fetched_anew(struct axtest *test)
{
    struct ax_layout layout = {64, 64};
    void *block;
    if (!has_another_cpu(test))
        return;
    if (!AXTEST_CHECK(test, axalloc_manager_allocate(axalloc_global(), AXALLOC_EXECUTABLE, layout,
                                                     &block) == AX_OK))
        return;
    struct fetched fetched = {.function = (give *)(uintptr_t)block};
    for (uint32_t number = 1; number <= ROUNDS; number++) {
        uint32_t code[2];
        assemble(code, number);
        AXTEST_CHECK(test, axmm_code_write(block, code, sizeof code) == AX_OK);
        fetched.expected = number;
        atomic_store(&fetched.right, 0);
        axhal_call_all(run_it, &fetched);
        AXTEST_CHECK(test, atomic_load(&fetched.right) == axhal_cpus_online());
    }
    axalloc_manager_deallocate(axalloc_global(), block, layout);
}

/* ---- data caches ---- */

/* QEMU has no caches, so this shows that the instructions are legal and change no byte. */
void test_caches_change_nothing(struct axtest *test)
{
    static unsigned char bytes[1000];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    axcpu_dcache_clean(bytes + 3, 500);
    axcpu_dcache_clean_invalidate(bytes + 100, 801);
    axcpu_dcache_clean_invalidate_all();
    axcpu_dcache_invalidate(bytes + 5, 3);
    axcpu_dcache_invalidate(bytes + 70, 900);
    axcpu_dcache_invalidate(bytes, 0);
    unsigned changed = 0;
    for (unsigned i = 0; i < sizeof bytes; i++)
        changed += bytes[i] != (unsigned char)i;
    AXTEST_CHECK(test, changed == 0);
}
