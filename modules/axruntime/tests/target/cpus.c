/* CPUs, and calls and work on them. */
#include "cpus.h"
#include <axcpu/barrier.h>
#include <axcpu/irq.h>
#include <axhal/call.h>
#include <axhal/cpus.h>
#include <axhal/run.h>
#include <axhal/time.h>
#include <axhal/timer.h>

#define MS UINT64_C(1000000)
enum { CASE_MS = 60, ALL = AXCPU_CPUS_MAX };

/* ---- all of them ---- */

static struct {
    void (*function)(void *argument);
    void *argument;
    unsigned expected;
    _Atomic unsigned arrived;
    _Atomic uint64_t end_ns;
} meeting;

static void meet(void *argument)
{
    (void)argument;
    atomic_store(&meeting.end_ns, axhal_monotonic_ns() + CASE_MS * MS); /* the last one's counts */
    atomic_fetch_add(&meeting.arrived, 1);
    while (atomic_load(&meeting.arrived) < meeting.expected)
        axcpu_relax();
    meeting.function(meeting.argument);
}

bool on_every_cpu(void (*function)(void *argument), void *argument)
{
    bool is_taken = true;
    meeting.function = function;
    meeting.argument = argument;
    meeting.expected = axhal_cpus_online();
    atomic_store(&meeting.arrived, 0);
    for (unsigned cpu = 1; cpu < ALL; cpu++)
        if (axhal_cpu_is_online(cpu) && axhal_run_on(cpu, meet, NULL) != AX_OK) {
            is_taken = false;
            atomic_fetch_add(&meeting.arrived, 1);
        }
    meet(NULL);
    for (unsigned cpu = 1; cpu < ALL; cpu++)
        axhal_run_wait(cpu);
    return is_taken;
}

bool is_time_left(void)
{
    return axhal_monotonic_ns() < atomic_load(&meeting.end_ns);
}

/* ---- what a CPU is ---- */

/* Written by each CPU for itself. */
static struct {
    uintptr_t local;
    unsigned index;
    _Atomic unsigned times;
} seen[ALL];

static void look(void *argument)
{
    (void)argument;
    unsigned index = axcpu_this_cpu()->index;
    seen[index].index = index;
    seen[index].local = (uintptr_t)&index;
    atomic_fetch_add(&seen[index].times, 1);
}

static void forget(void)
{
    for (unsigned cpu = 0; cpu < ALL; cpu++) {
        seen[cpu].index = ALL;
        seen[cpu].local = 0;
        atomic_store(&seen[cpu].times, 0);
    }
}

/* Each online CPU looked `times` times, the others never. */
static bool looked(unsigned times)
{
    for (unsigned cpu = 0; cpu < ALL; cpu++)
        if (atomic_load(&seen[cpu].times) != (axhal_cpu_is_online(cpu) ? times : 0))
            return false;
    return true;
}

static bool is_far(uintptr_t one, uintptr_t other)
{
    return one - other + AX_PAGE_SIZE > 2 * AX_PAGE_SIZE;
}

void test_cpus_differ(struct axtest *test)
{
    forget();
    AXTEST_CHECK(test, on_every_cpu(look, NULL) && looked(1));
    AXTEST_CHECK(test, axcpu_this_cpu()->index == 0 && axhal_cpu_is_online(0));
    AXTEST_CHECK(test, !axhal_cpu_is_online(ALL) && !axhal_cpu_is_online(UINT32_MAX));
    for (unsigned cpu = 0; cpu < ALL; cpu++) {
        AXTEST_CHECK(test, seen[cpu].index == (axhal_cpu_is_online(cpu) ? cpu : ALL));
        for (unsigned other = 0; other < cpu && axhal_cpu_is_online(cpu); other++) {
            AXTEST_CHECK(test, axhal_cpu_hardware_id(cpu) != axhal_cpu_hardware_id(other));
            AXTEST_CHECK(test, is_far(seen[cpu].local, seen[other].local));
        }
    }
}

/* ---- calls ---- */

static void note_cpu(void *argument)
{
    *(unsigned *)argument = axcpu_irq_is_enabled() ? ALL : axcpu_this_cpu()->index;
}

void test_call(struct axtest *test)
{
    for (unsigned cpu = 0; cpu < ALL; cpu++) {
        unsigned where = ALL;
        if (axhal_cpu_is_online(cpu))
            AXTEST_CHECK(test, axhal_call(cpu, note_cpu, &where) == AX_OK && where == cpu);
    }
    AXTEST_CHECK(test, axcpu_irq_is_enabled());
}

void test_call_all(struct axtest *test)
{
    enum { TIMES = 20 };
    forget();
    for (unsigned i = 0; i < TIMES; i++)
        axhal_call_all(look, NULL);
    AXTEST_CHECK(test, looked(TIMES));
}

static void count(void *argument)
{
    atomic_fetch_add((_Atomic unsigned *)argument, 1);
}

static struct {
    _Atomic unsigned came, sent;
} crossing;

/* Alternately all of them, and one after the other. */
static void call_everybody(void *argument)
{
    (void)argument;
    unsigned sent = 0;
    for (unsigned cpu = 0; is_time_left(); cpu = (cpu + 1) % ALL) {
        axhal_call_all(count, &crossing.came);
        sent += axhal_cpus_online();
        if (axhal_call(cpu, count, &crossing.came) == AX_OK)
            sent++;
    }
    atomic_fetch_add(&crossing.sent, sent);
}

void test_calls_cross(struct axtest *test)
{
    atomic_store(&crossing.came, 0);
    atomic_store(&crossing.sent, 0);
    AXTEST_CHECK(test, on_every_cpu(call_everybody, NULL));
    AXTEST_CHECK(test, atomic_load(&crossing.sent) != 0);
    AXTEST_CHECK(test, atomic_load(&crossing.came) == atomic_load(&crossing.sent));
}

static unsigned callers;

static void call_boot_cpu(void *argument)
{
    unsigned where = ALL;
    if (axhal_call(0, note_cpu, &where) == AX_OK && where == 0)
        atomic_fetch_add((_Atomic unsigned *)argument, 1);
}

void test_boot_cpu_is_called(struct axtest *test)
{
    static _Atomic unsigned right;
    atomic_store(&right, 0);
    callers = 0;
    for (unsigned cpu = 1; cpu < ALL; cpu++)
        if (axhal_cpu_is_online(cpu)) {
            callers++;
            AXTEST_CHECK(test, axhal_run_on(cpu, call_boot_cpu, &right) == AX_OK);
            axhal_run_wait(cpu);
        }
    AXTEST_CHECK(test, atomic_load(&right) == callers);
}

void test_call_nobody(struct axtest *test)
{
    unsigned where = ALL;
    for (unsigned cpu = 0; cpu < ALL; cpu++)
        if (!axhal_cpu_is_online(cpu)) {
            AXTEST_CHECK(test, axhal_call(cpu, note_cpu, &where) == AX_ENODEV);
            AXTEST_CHECK(test, axhal_run_on(cpu, note_cpu, &where) == AX_ENODEV);
        }
    const volatile unsigned beyond[] = {ALL, ALL + 1, UINT32_MAX};
    for (unsigned i = 0; i < AXTEST_COUNT(beyond); i++) {
        AXTEST_CHECK(test, axhal_call(beyond[i], note_cpu, &where) == AX_ENODEV);
        AXTEST_CHECK(test, axhal_run_on(beyond[i], note_cpu, &where) == AX_ENODEV);
    }
    AXTEST_CHECK(test, where == ALL);
}

/* ---- work ---- */

static void note_task(void *argument)
{
    *(unsigned *)argument = axcpu_irq_is_enabled() ? axcpu_this_cpu()->index : ALL;
}

void test_run(struct axtest *test)
{
    for (unsigned cpu = 1; cpu < ALL; cpu++) {
        if (!axhal_cpu_is_online(cpu))
            continue;
        unsigned where = ALL;
        AXTEST_CHECK(test, axhal_run_on(cpu, note_task, &where) == AX_OK);
        axhal_run_wait(cpu);
        AXTEST_CHECK(test, axhal_run_is_done(cpu) && where == cpu);
    }
}

static _Atomic bool may_return;

static void wait_for_leave(void *argument)
{
    while (!atomic_load(&may_return))
        axcpu_relax();
    *(unsigned *)argument = axcpu_this_cpu()->index;
}

void test_run_refused(struct axtest *test)
{
    unsigned where = ALL, ignored = ALL;
    AXTEST_CHECK(test, axhal_run_on(0, note_task, &ignored) == AX_EINVAL);
    if (!axhal_cpu_is_online(1)) {
        axtest_skip(test, "one CPU");
        return;
    }
    atomic_store(&may_return, false);
    AXTEST_CHECK(test, axhal_run_on(1, wait_for_leave, &where) == AX_OK);
    AXTEST_CHECK(test, axhal_run_on(1, note_task, &ignored) == AX_EBUSY);
    AXTEST_CHECK(test, !axhal_run_is_done(1));
    AXTEST_CHECK(test, axhal_call(1, note_cpu, &ignored) == AX_OK && ignored == 1);
    atomic_store(&may_return, true);
    axhal_run_wait(1);
    AXTEST_CHECK(test, where == 1);
}

/* ---- timers ---- */

static struct {
    struct axhal_timer timer;
    _Atomic unsigned came;
    unsigned expired_on, index;
    bool has_timer, is_early;
} timers[ALL];

static void expire(void *argument)
{
    unsigned index = *(const unsigned *)argument;
    timers[index].expired_on = axcpu_this_cpu()->index;
    atomic_fetch_add(&timers[index].came, 1);
}

static void use_timer(void *argument)
{
    (void)argument;
    unsigned index = axcpu_this_cpu()->index;
    uint64_t deadline = axhal_monotonic_ns() + 2 * MS;
    timers[index].index = index;
    timers[index].timer = (struct axhal_timer)AXHAL_TIMER_INIT(expire, &timers[index].index);
    atomic_store(&timers[index].came, 0);
    timers[index].has_timer = axhal_timer_start(&timers[index].timer, deadline, 0) != AX_ENODEV;
    while (timers[index].has_timer && atomic_load(&timers[index].came) == 0 &&
           axhal_monotonic_ns() < deadline + AXHAL_NS_PER_SECOND)
        axcpu_relax();
    timers[index].is_early = axhal_monotonic_ns() < deadline;
}

void test_timers(struct axtest *test)
{
    AXTEST_CHECK(test, on_every_cpu(use_timer, NULL));
    if (!timers[0].has_timer)
        axtest_skip(test, "no interrupt controller that this platform knows");
    for (unsigned cpu = 0; cpu < ALL; cpu++)
        if (axhal_cpu_is_online(cpu) && timers[0].has_timer) {
            AXTEST_CHECK(test, timers[cpu].has_timer && atomic_load(&timers[cpu].came) == 1);
            AXTEST_CHECK(test, timers[cpu].expired_on == cpu && !timers[cpu].is_early);
        }
}
