/*
 * The CPU of host tests: state that real hardware keeps in registers, in variables that a test
 * can read. Interrupts never come; the kernel's format is Sv39.
 */
#include <axcpu/barrier.h>
#include <axcpu/cache.h>
#include <axcpu/host.h>
#include <axcpu/irq.h>
#include <axcpu/mmu.h>
#include <axcpu/percpu.h>
#include <axcpu/timer.h>

static void do_nothing(void)
{
}

_Thread_local bool axcpu_host_irq_enabled = true;
_Thread_local struct axcpu_percpu axcpu_host_percpu;
void (*axcpu_host_on_relax)(void) = do_nothing;
struct axcpu_host_flushes axcpu_host_flushes;
struct axcpu_host_icache axcpu_host_icache;
struct axcpu_host_dcache axcpu_host_dcache;
size_t axcpu_host_dcache_line_bytes = 64;
bool axcpu_host_dcache_is_absent;
uint64_t axcpu_host_counter;
uint64_t (*axcpu_host_read_counter)(void);
uint64_t axcpu_host_timer;
bool axcpu_host_has_sstc;

void axcpu_tlb_flush_range_all_cpus(struct ax_vrange range)
{
    axcpu_host_flushes.ranges++;
    axcpu_host_flushes.last_range = range;
}

void axcpu_dcache_clean(const void *start, size_t bytes)
{
    (void)start;
    (void)bytes;
    axcpu_host_dcache.cleans++;
}

void axcpu_dcache_invalidate(const void *start, size_t bytes)
{
    (void)start;
    (void)bytes;
    axcpu_host_dcache.invalidates++;
}

void axcpu_dcache_clean_invalidate(const void *start, size_t bytes)
{
    (void)start;
    (void)bytes;
    axcpu_host_dcache.clean_invalidates++;
}

void axcpu_dcache_clean_invalidate_all(void)
{
    axcpu_host_dcache.alls++;
}

size_t axcpu_dcache_line_bytes(void)
{
    return axcpu_host_dcache_line_bytes;
}

bool axcpu_dcache_is_maintained(void)
{
    return !axcpu_host_dcache_is_absent;
}

void axcpu_icache_sync(const void *start, size_t bytes)
{
    axcpu_host_icache = (struct axcpu_host_icache){axcpu_host_icache.syncs + 1, start, bytes};
}

void axcpu_timer_start(bool has_sstc)
{
    axcpu_host_has_sstc = has_sstc;
}

void axcpu_timer_set(uint64_t ticks)
{
    axcpu_host_timer = ticks;
}

void axcpu_timer_stop(void)
{
    axcpu_host_timer = 0;
}
