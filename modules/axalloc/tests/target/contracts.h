/* The cases of contracts.c, for the suite. */
#pragma once

#include <axtest/test.h>

void test_ids(struct axtest *test);
void test_frames(struct axtest *test);
void test_buffers(struct axtest *test);
void test_low_buffers(struct axtest *test);
void test_manager(struct axtest *test);
void test_toy_heap(struct axtest *test);
