/* axcpu on the target: interrupts on and off, accesses that may fault, the counter. */
#include <axcpu/irq.h>
#include <axcpu/percpu.h>
#include <axcpu/timer.h>
#include <axcpu/try.h>
#include <axtest/test.h>

static void test_irq_state(struct axtest *test)
{
    bool before = axcpu_irq_is_enabled();
    struct axcpu_irq_state outer = axcpu_irq_disable();
    AXTEST_CHECK(test, !axcpu_irq_is_enabled());
    struct axcpu_irq_state inner = axcpu_irq_disable();
    axcpu_irq_restore(inner);
    AXTEST_CHECK(test, !axcpu_irq_is_enabled());
    axcpu_irq_restore(outer);
    AXTEST_CHECK(test, axcpu_irq_is_enabled() == before);
}

static void test_try_read(struct axtest *test)
{
    uint32_t good = 0x12345678;
    uint32_t value = 0;
    AXTEST_CHECK(test, axcpu_try_read32(&good, &value) && value == good);
    value = 7;
    AXTEST_CHECK(test, !axcpu_try_read32(NULL, &value) && value == 7);
}

static void test_counter(struct axtest *test)
{
    uint64_t first = axcpu_counter();
    uint64_t second = axcpu_counter();
    AXTEST_CHECK(test, second >= first);
}

static void test_percpu(struct axtest *test)
{
    AXTEST_CHECK(test, axcpu_this_cpu() == &axcpu_percpus[0]);
    AXTEST_CHECK(test, axcpu_this_cpu()->trap_depth == 0);
}

static const struct axtest_case cases[] = {
    {"interrupt state nests", test_irq_state},
    {"a read that faults is reported", test_try_read},
    {"the counter does not go back", test_counter},
    {"this CPU's block", test_percpu},
};

const struct axtest_suite axcpu_suite = {"axcpu", cases, AXTEST_COUNT(cases)};
