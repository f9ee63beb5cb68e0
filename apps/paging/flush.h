/* The part of app paging that compares flushes by time. */
#pragma once

#include <stdbool.h>

/* Print a line for each number of pages. False: there is no memory for them. */
bool flush_compare(void);
