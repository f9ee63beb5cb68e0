/* axhal on the target: time, the timer interrupt, the clock of the day, address conversion. */
#include <axbase/string.h>
#include <axcpu/image.h>
#include <axcpu/irq.h>
#include <axhal/irq.h>
#include <axhal/mem.h>
#include <axhal/time.h>
#include <axhal/timer.h>
#include <axhal/trap.h>
#include <axtest/test.h>

#define MS UINT64_C(1000000)
#define SECONDS_UNTIL_2020 UINT64_C(1577836800)

static void test_monotonic(struct axtest *test)
{
    uint64_t start = axhal_monotonic_ns();
    axhal_busy_wait_ns(2 * MS);
    AXTEST_CHECK(test, axhal_monotonic_ns() - start >= 2 * MS);
}

static void test_wall_clock(struct axtest *test)
{
    uint64_t now;
    if (axhal_wall_clock_ns(&now) == AX_ENODEV)
        axtest_skip(test, "the device tree names no clock of the day");
    else
        AXTEST_CHECK(test, now / AXHAL_NS_PER_SECOND > SECONDS_UNTIL_2020);
}

static volatile unsigned expirations;

static void count_expiration(void *argument)
{
    expirations = expirations + *(const unsigned *)argument;
}

static unsigned step = 1;
static struct axhal_timer timer = AXHAL_TIMER_INIT(count_expiration, &step);

/* True once `count` of them came; false after a second. */
static bool wait_for_expirations(unsigned count)
{
    uint64_t start = axhal_monotonic_ns();
    while (expirations < count && axhal_monotonic_ns() - start < AXHAL_NS_PER_SECOND)
        continue;
    return expirations >= count;
}

static const char no_interrupt[] = "the tree gives it no interrupt of a controller that we know";

static bool has_timer(struct axtest *test)
{
    expirations = 0;
    if (axhal_timer_start(&timer, UINT64_MAX, 0) == AX_OK) {
        axhal_timer_cancel(&timer);
        return true;
    }
    axtest_skip(test, no_interrupt);
    return false;
}

static void test_timer(struct axtest *test)
{
    if (!has_timer(test))
        return;
    uint64_t deadline = axhal_monotonic_ns() + MS;
    AXTEST_CHECK(test, axhal_timer_start(&timer, deadline, 0) == AX_OK);
    AXTEST_CHECK(test, wait_for_expirations(1) && axhal_monotonic_ns() >= deadline);
    axhal_busy_wait_ns(2 * MS);
    AXTEST_CHECK(test, expirations == 1);
}

static void test_timer_in_the_past(struct axtest *test)
{
    if (!has_timer(test))
        return;
    AXTEST_CHECK(test, axhal_timer_start(&timer, 0, 0) == AX_OK);
    AXTEST_CHECK(test, wait_for_expirations(1));
}

/* The case hangs if it does not hold. */
static void test_timer_always_due(struct axtest *test)
{
    enum { STEPS = 100000 };
    static volatile unsigned steps;
    if (!has_timer(test))
        return;
    AXTEST_CHECK(test, axhal_timer_start(&timer, 0, 1) == AX_OK);
    for (steps = 0; steps < STEPS;)
        steps = steps + 1;
    AXTEST_CHECK(test, axhal_timer_cancel(&timer));
    AXTEST_CHECK(test, expirations > 0);
}

static void test_timer_periodic(struct axtest *test)
{
    if (!has_timer(test))
        return;
    uint64_t start = axhal_monotonic_ns();
    AXTEST_CHECK(test, axhal_timer_start(&timer, start + MS, MS) == AX_OK);
    AXTEST_CHECK(test, wait_for_expirations(10));
    AXTEST_CHECK(test, axhal_monotonic_ns() >= start + 10 * MS);
    AXTEST_CHECK(test, axhal_timer_cancel(&timer));
    unsigned came = expirations;
    axhal_busy_wait_ns(3 * MS);
    AXTEST_CHECK(test, expirations == came);
}

enum { MANY = 50 };

static struct {
    struct axhal_timer timer;
    uint64_t deadline_ns;
    unsigned place; /* in the order in which they came */
    bool was_early;
} many[MANY];

static void note_expiration(void *argument)
{
    unsigned index = *(const unsigned *)argument;
    many[index].was_early = axhal_monotonic_ns() < many[index].deadline_ns;
    many[index].place = expirations;
    expirations = expirations + 1;
}

/* Started in an order that has nothing to do with their moments: 7 is no factor of 50. */
static void test_many_timers(struct axtest *test)
{
    static unsigned indices[MANY];
    if (!has_timer(test))
        return;
    struct axcpu_irq_state state = axcpu_irq_disable(); /* none comes before all are started */
    uint64_t start = axhal_monotonic_ns() + 5 * MS;
    for (unsigned i = 0; i < MANY; i++) {
        unsigned index = i * 7 % MANY;
        indices[index] = index;
        many[index].timer = (struct axhal_timer)AXHAL_TIMER_INIT(note_expiration, &indices[index]);
        many[index].deadline_ns = start + index * (MS / 10);
        AXTEST_CHECK(test,
                     axhal_timer_start(&many[index].timer, many[index].deadline_ns, 0) == AX_OK);
    }
    axcpu_irq_restore(state);
    AXTEST_CHECK(test, wait_for_expirations(MANY));
    for (unsigned i = 0; i < MANY; i++)
        AXTEST_CHECK(test, many[i].place == i && !many[i].was_early);
}

/* Canceled before it was due? Not if this CPU was held up for so long. */
static bool cancel_in_time(struct axtest *test, uint64_t *deadline)
{
    *deadline = axhal_monotonic_ns() + 20 * MS;
    AXTEST_CHECK(test, axhal_timer_start(&timer, *deadline, 0) == AX_OK);
    axhal_timer_cancel(&timer);
    return axhal_monotonic_ns() < *deadline;
}

static void test_timer_canceled(struct axtest *test)
{
    uint64_t deadline = 0;
    if (!has_timer(test))
        return;
    for (unsigned tries = 0; tries < 5; tries++) {
        expirations = 0;
        if (!cancel_in_time(test, &deadline))
            continue;
        while (axhal_monotonic_ns() < deadline + 2 * MS)
            continue;
        AXTEST_CHECK(test, expirations == 0);
        return;
    }
    axtest_skip(test, "this CPU is held up for 20 ms again and again");
}

static bool has_alarm(struct axtest *test)
{
    expirations = 0;
    if (axhal_wall_clock_alarm(UINT64_MAX, count_expiration, &step) == AX_OK)
        return true;
    axtest_skip(test, no_interrupt);
    return false;
}

/* An interrupt of a device, through the controller: the clock's alarm, two seconds at most. */
static void test_alarm(struct axtest *test)
{
    uint64_t now = 0, rang = 0;
    struct axhal_irq_counts before, after;
    if (!has_alarm(test))
        return;
    axhal_irq_count(&before);
    AXTEST_CHECK(test, axhal_wall_clock_ns(&now) == AX_OK);
    uint64_t start = axhal_monotonic_ns();
    AXTEST_CHECK(test, axhal_wall_clock_alarm(now + 100 * MS, count_expiration, &step) == AX_OK);
    while (expirations == 0 && axhal_monotonic_ns() - start < 3 * AXHAL_NS_PER_SECOND)
        continue;
    AXTEST_CHECK(test, expirations == 1);
    AXTEST_CHECK(test, axhal_wall_clock_ns(&rang) == AX_OK && rang >= now + 100 * MS);
    axhal_irq_count(&after);
    AXTEST_CHECK(test, after.handled > before.handled && after.unhandled == before.unhandled);
    AXTEST_CHECK(test, after.masked == before.masked);
}

static void test_alarm_in_the_past(struct axtest *test)
{
    if (!has_alarm(test))
        return;
    uint64_t start = axhal_monotonic_ns();
    AXTEST_CHECK(test, axhal_wall_clock_alarm(0, count_expiration, &step) == AX_OK);
    while (expirations == 0 && axhal_monotonic_ns() - start < 3 * AXHAL_NS_PER_SECOND)
        continue;
    AXTEST_CHECK(test, expirations == 1);
}

/* ---- the alarm's line ---- */

enum { LINES_END = 1020, WITNESSES_MAX = 8, ALARM_MS = 1300 }; /* a PL031 counts seconds */

static struct witness {
    unsigned irq;
    unsigned seen;
} witnesses[WITNESSES_MAX];
static unsigned witness_count;
static uint64_t patience_ns; /* by then an alarm in the past has rung, if it is let */

/* Shares a line, and is never meant. */
static bool look_on(void *argument)
{
    struct witness *witness = argument;
    witness->seen++;
    return false;
}

/* On every line that somebody handles. */
static void place_witnesses(struct axtest *test)
{
    witness_count = 0;
    for (unsigned irq = 0; irq < LINES_END && witness_count < WITNESSES_MAX; irq++) {
        if (axhal_irq_set_priority(irq, AXHAL_IRQ_PRIORITY_NORMAL) != AX_OK)
            continue;
        struct witness *witness = &witnesses[witness_count++];
        *witness = (struct witness){irq, 0};
        AXTEST_CHECK(test, axhal_irq_register(irq, look_on, witness) == AX_OK);
    }
}

static void remove_witnesses(struct axtest *test)
{
    for (unsigned i = 0; i < witness_count; i++)
        AXTEST_CHECK(test, axhal_irq_unregister(witnesses[i].irq, look_on, &witnesses[i]) == AX_OK);
}

/* Wait for `expirations` to reach `count`, as long as an alarm may take. */
static bool rings(unsigned count)
{
    uint64_t start = axhal_monotonic_ns();
    while (expirations < count && axhal_monotonic_ns() - start < ALARM_MS * MS)
        continue;
    return expirations >= count;
}

/* The line that the alarm comes by; 0: none was seen. */
static unsigned find_alarm_line(struct axtest *test)
{
    unsigned irq = 0;
    place_witnesses(test);
    uint64_t start = axhal_monotonic_ns();
    AXTEST_CHECK(test, axhal_wall_clock_alarm(0, count_expiration, &step) == AX_OK);
    AXTEST_CHECK(test, rings(1));
    patience_ns = axhal_monotonic_ns() - start < 10 * MS ? 50 * MS : ALARM_MS * MS;
    for (unsigned i = 0; i < witness_count; i++)
        if (witnesses[i].seen == 1)
            irq = witnesses[i].irq;
    remove_witnesses(test);
    AXTEST_CHECK(test, irq != 0);
    return irq;
}

static void test_shared_and_masked(struct axtest *test)
{
    struct axhal_irq_counts before, after;
    if (!has_alarm(test))
        return;
    axhal_irq_count(&before);
    unsigned irq = find_alarm_line(test);
    AXTEST_CHECK(test, axhal_irq_disable(irq) == AX_OK);
    AXTEST_CHECK(test, axhal_wall_clock_alarm(0, count_expiration, &step) == AX_OK);
    axhal_busy_wait_ns(patience_ns);
    AXTEST_CHECK(test, expirations == 1);
    AXTEST_CHECK(test, axhal_irq_enable(irq) == AX_OK);
    uint64_t start = axhal_monotonic_ns();
    AXTEST_CHECK(test, rings(2) && axhal_monotonic_ns() - start < ALARM_MS * MS / 2);
    axhal_irq_count(&after);
    AXTEST_CHECK(test, after.unhandled == before.unhandled && after.masked == before.masked);
}

static volatile unsigned ring_place, timer_place;

static void note_place(void *argument)
{
    expirations = expirations + 1;
    *(volatile unsigned *)argument = expirations;
}

/* Both wait while interrupts are off; true: the alarm came first, then the timer. */
static bool alarm_is_first(struct axtest *test)
{
    static struct axhal_timer due;
    due = (struct axhal_timer)AXHAL_TIMER_INIT(note_place, (void *)(uintptr_t)&timer_place);
    expirations = 0;
    struct axcpu_irq_state state = axcpu_irq_disable();
    AXTEST_CHECK(test,
                 axhal_wall_clock_alarm(0, note_place, (void *)(uintptr_t)&ring_place) == AX_OK);
    AXTEST_CHECK(test, axhal_timer_start(&due, 0, 0) == AX_OK);
    axhal_busy_wait_ns(patience_ns);
    AXTEST_CHECK(test, expirations == 0);
    axcpu_irq_restore(state);
    AXTEST_CHECK(test, rings(2));
    return ring_place < timer_place;
}

/* Where the timer comes by the same controller: it is the one whose line has another number. */
static void test_priorities(struct axtest *test)
{
    unsigned timer_irq = 0;
    if (!has_timer(test) || !has_alarm(test))
        return;
    unsigned alarm_irq = find_alarm_line(test);
    for (unsigned i = 0; i < witness_count; i++)
        if (witnesses[i].irq < alarm_irq)
            timer_irq = witnesses[i].irq;
    if (timer_irq == 0) {
        axtest_skip(test, "the timer does not come by the controller");
        return;
    }
    AXTEST_CHECK(test, axhal_irq_set_priority(alarm_irq, AXHAL_IRQ_PRIORITIES - 1) == AX_OK);
    AXTEST_CHECK(test, alarm_is_first(test));
    AXTEST_CHECK(test, axhal_irq_set_priority(alarm_irq, 0) == AX_OK);
    AXTEST_CHECK(test, !alarm_is_first(test));
    AXTEST_CHECK(test, axhal_irq_set_priority(alarm_irq, AXHAL_IRQ_PRIORITY_NORMAL) == AX_OK);
}

static void test_addresses(struct axtest *test)
{
    struct ax_paddr in_image;
    struct ax_paddr in_linear_map;
    AXTEST_CHECK(test, axhal_virt_to_phys(ax_vaddr_of(axcpu_text_start), &in_image) == AX_OK);
    struct ax_vaddr alias = axhal_phys_to_virt(in_image);
    AXTEST_CHECK(test, axhal_virt_to_phys(alias, &in_linear_map) == AX_OK);
    AXTEST_CHECK(test, in_linear_map.raw == in_image.raw);
    AXTEST_CHECK(test, memcmp(ax_vaddr_ptr(alias), axcpu_text_start, 64) == 0);
    AXTEST_CHECK(test, axhal_virt_to_phys(ax_vaddr(0), &in_image) == AX_EFAULT);
    AXTEST_CHECK(test, axhal_virt_to_phys(ax_vaddr_of(axcpu_image_end), &in_image) == AX_EFAULT);
}

static const struct axtest_case cases[] = {
    {"time goes on", test_monotonic},
    {"the clock of the day", test_wall_clock},
    {"a timer interrupt comes once, not early", test_timer},
    {"a timer in the past comes at once", test_timer_in_the_past},
    {"a timer that is always due leaves time for others", test_timer_always_due},
    {"a canceled timer does not come", test_timer_canceled},
    {"a periodic timer comes until it is canceled", test_timer_periodic},
    {"many timers come in the order of their moments", test_many_timers},
    {"the alarm of the clock of the day, a device's interrupt", test_alarm},
    {"an alarm in the past", test_alarm_in_the_past},
    {"a device's line is shared, masked, and let through", test_shared_and_masked},
    {"the more urgent interrupt is handled first", test_priorities},
    {"physical and virtual addresses", test_addresses},
};

const struct axtest_suite axhal_suite = {"axhal", cases, AXTEST_COUNT(cases)};
