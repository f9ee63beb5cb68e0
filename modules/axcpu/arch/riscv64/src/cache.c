/*
 * Caches of riscv64: the instructions of Zicbom (Cache Management Operations 1.0, 2.6) and
 * Zifencei. They are written as numbers, since assemblers want an option for their names.
 */
#include <axbase/assert.h>
#include <axbase/attr.h>
#include <axcpu/cache.h>
#include <axcpu/fixup.h>
#include <axcpu/percpu.h>
#include <axcpu/sbi.h>

bool axcpu_try_cbo_clean(const void *address);       /* cbo.S: it does not fault */
extern const struct axcpu_fixup axcpu_fixups_cbo[1]; /* cbo.S */

enum { NOT_ASKED = 0, NONE = 1 };

static _Atomic uint32_t block_bytes;

AX_COLD static uint32_t ask(void)
{
    AX_KEEP(axcpu_fixups_cbo);
    uint32_t bytes = axcpu_port_cache_block_bytes(axcpu_try_cbo_clean);
    return bytes != 0 ? bytes : NONE;
}

/* 0: there are no such instructions. Two CPUs that ask at once hear the same. */
static uintptr_t block(void)
{
    uint32_t known = atomic_load_explicit(&block_bytes, memory_order_relaxed);
    if (known == NOT_ASKED) {
        known = ask();
        atomic_store_explicit(&block_bytes, known, memory_order_relaxed);
    }
    return known == NONE ? 0 : known;
}

/* Before and after: the instructions are ordered as accesses to the block (2.5.3). */
static void order(void)
{
    __asm__ volatile("fence iorw, iorw" : : : "memory");
}

static void clean(uintptr_t at)
{
    register uintptr_t a0 __asm__("a0") = at;
    __asm__ volatile(".4byte 0x0015200f" : : "r"(a0) : "memory"); /* cbo.clean (a0) */
}

static void clean_invalidate(uintptr_t at)
{
    register uintptr_t a0 __asm__("a0") = at;
    __asm__ volatile(".4byte 0x0025200f" : : "r"(a0) : "memory"); /* cbo.flush (a0) */
}

static void invalidate(uintptr_t at)
{
    register uintptr_t a0 __asm__("a0") = at;
    __asm__ volatile(".4byte 0x0005200f" : : "r"(a0) : "memory"); /* cbo.inval (a0) */
}

void axcpu_dcache_clean(const void *start, size_t bytes)
{
    uintptr_t line = block(), end = (uintptr_t)start + bytes;
    order();
    for (uintptr_t at = (uintptr_t)start & ~(line - 1); line != 0 && at < end; at += line)
        clean(at);
    order();
}

void axcpu_dcache_clean_invalidate(const void *start, size_t bytes)
{
    uintptr_t line = block(), end = (uintptr_t)start + bytes;
    order();
    for (uintptr_t at = (uintptr_t)start & ~(line - 1); line != 0 && at < end; at += line)
        clean_invalidate(at);
    order();
}

void axcpu_dcache_invalidate(const void *start, size_t bytes)
{
    uintptr_t line = block(), first = (uintptr_t)start, end = first + bytes;
    order();
    for (uintptr_t at = first & ~(line - 1); line != 0 && at < end; at += line) {
        if (at < first || end - at < line)
            clean_invalidate(at);
        else
            invalidate(at);
    }
    order();
}

size_t axcpu_dcache_line_bytes(void)
{
    enum { LINE_BYTES_ASSUMED = 64 };
    uintptr_t line = block();
    return line != 0 ? line : LINE_BYTES_ASSUMED;
}

bool axcpu_dcache_is_maintained(void)
{
    return block() != 0;
}

void axcpu_icache_sync(const void *start, size_t bytes)
{
    (void)start;
    (void)bytes;
    __asm__ volatile("fence.i" : : : "memory");
    /* as in axcpu_tlb_flush_range_all_cpus(): what was written, then who is to see it */
    atomic_thread_fence(memory_order_seq_cst);
    if (AXCPU_CPUS_MAX > 1 && atomic_load_explicit(&axcpu_second_cpus, memory_order_relaxed) != 0) {
        bool is_done = axcpu_sbi_fence_i_all();
        AX_ASSERT(is_done);
    }
}
