/*
 * For the `bytes_impl.h` of an allocator that lives in the regions it is given: it has no part in
 * what <axalloc/bytes.h> says of pages and classes, and defines none of those functions.
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/layout.h>
#include <stdbool.h>
#include <stddef.h>

enum { AXALLOC_BYTES_WORKS_IN_PAGES = 0, AXALLOC_BYTES_HAS_CLASSES = 0 };
