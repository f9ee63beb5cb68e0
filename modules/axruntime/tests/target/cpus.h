/* What the cases of several CPUs share: all of them at one thing, at the same time. */
#pragma once

#include <axcpu/percpu.h>
#include <axtest/test.h>
#include <stdint.h>

/*
 * Run `function(argument)` on every CPU that is online, in task context, and return when all have
 * come back; none begins before all are there. False: some CPU did not take it.
 */
bool on_every_cpu(void (*function)(void *argument), void *argument);

/* How long a case of `on_every_cpu` goes on: CPUs may be threads of a machine that has fewer. */
bool is_time_left(void);

void test_cpus_differ(struct axtest *test);
void test_call(struct axtest *test);
void test_call_all(struct axtest *test);
void test_calls_cross(struct axtest *test);
void test_boot_cpu_is_called(struct axtest *test);
void test_call_nobody(struct axtest *test);
void test_run(struct axtest *test);
void test_run_refused(struct axtest *test);
void test_timers(struct axtest *test);

void test_lock(struct axtest *test);
void test_lock_in_interrupts(struct axtest *test);
void test_once(struct axtest *test);
void test_sequence(struct axtest *test);
void test_atomics(struct axtest *test);
