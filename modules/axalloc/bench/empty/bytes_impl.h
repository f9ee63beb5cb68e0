/* The state of the empty allocator; see empty.c. */
#pragma once

#include <axalloc/bytes_regions.h>

struct axalloc_bytes {
    unsigned char nothing;
};
