/* Several CPUs on the target. With one CPU each case still holds, of that one. */
#include "cpus.h"

static const struct axtest_case cases[] = {
    {"CPUs have numbers, names and stacks of their own", test_cpus_differ},
    {"a call runs on the CPU that it names", test_call},
    {"a call of all runs once on each", test_call_all},
    {"calls that cross each other all arrive", test_calls_cross},
    {"the CPU that booted is called, too", test_boot_cpu_is_called},
    {"a CPU that is not there cannot be called", test_call_nobody},
    {"work runs on the CPU that it is given to", test_run},
    {"a CPU that has work takes no more", test_run_refused},
    {"each CPU has timers of its own", test_timers},
    {"a lock admits one CPU at a time", test_lock},
    {"a lock is good in interrupts, too", test_lock_in_interrupts},
    {"what is to happen once happens once", test_once},
    {"a sequence counter tells torn reads", test_sequence},
    {"atomics lose nothing", test_atomics},
};

const struct axtest_suite axruntime_suite = {"axruntime", cases, AXTEST_COUNT(cases)};
