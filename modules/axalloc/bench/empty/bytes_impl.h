/* The state of the empty allocator; see empty.c. */
#pragma once

struct axalloc_bytes {
    unsigned char nothing;
};
