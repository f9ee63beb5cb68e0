/* The cases of axdma's suite that are in a file of their own. */
#pragma once

#include <axtest/test.h>

void test_dma_together(struct axtest *test);
