/* axhal on the target: time, the timer interrupt, the clock of the day, address conversion. */
#include <axbase/string.h>
#include <axcpu/image.h>
#include <axcpu/irq.h>
#include <axhal/mem.h>
#include <axhal/time.h>
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

/* True once the timer expired; false after a second. */
static bool wait_for_expiration(void)
{
    uint64_t start = axhal_monotonic_ns();
    while (expirations == 0 && axhal_monotonic_ns() - start < AXHAL_NS_PER_SECOND)
        continue;
    return expirations != 0;
}

static bool has_timer(struct axtest *test)
{
    if (axhal_timer_set(UINT64_MAX, count_expiration, NULL) != AX_ENODEV) {
        axhal_timer_cancel();
        return true;
    }
    axtest_skip(test, "no interrupt controller that this platform knows");
    return false;
}

static void test_timer(struct axtest *test)
{
    unsigned step = 1;
    if (!has_timer(test))
        return;
    expirations = 0;
    uint64_t deadline = axhal_monotonic_ns() + MS;
    AXTEST_CHECK(test, axhal_timer_set(deadline, count_expiration, &step) == AX_OK);
    AXTEST_CHECK(test, wait_for_expiration() && axhal_monotonic_ns() >= deadline);
    axhal_busy_wait_ns(2 * MS);
    AXTEST_CHECK(test, expirations == 1);
}

static void test_timer_in_the_past(struct axtest *test)
{
    unsigned step = 1;
    if (!has_timer(test))
        return;
    expirations = 0;
    AXTEST_CHECK(test, axhal_timer_set(0, count_expiration, &step) == AX_OK);
    AXTEST_CHECK(test, wait_for_expiration());
}

/* Canceled before it was due? Not if this CPU was held up for so long. */
static bool cancel_in_time(struct axtest *test, uint64_t *deadline)
{
    static unsigned step = 1;
    *deadline = axhal_monotonic_ns() + 20 * MS;
    AXTEST_CHECK(test, axhal_timer_set(*deadline, count_expiration, &step) == AX_OK);
    axhal_timer_cancel();
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
    {"a canceled timer does not come", test_timer_canceled},
    {"physical and virtual addresses", test_addresses},
};

const struct axtest_suite axhal_suite = {"axhal", cases, AXTEST_COUNT(cases)};
