/* What a driver of block devices supplies to block.c. */
#pragma once

#include <axbase/attr.h>
#include <axdriver/block.h>
#include <stdatomic.h>

/* The head of what a driver keeps of a device. */
struct axdriver_block {
    struct axdriver_block_info info; /* does not change once it is added */
    /* The request lies on the device, within its largest, and the device has the operation. */
    enum ax_err (*start)(struct axdriver_block *block, struct axdriver_block_request *request);
    _Atomic uint64_t timeout_ns;
    struct axdriver_block *next;
};

/* `block` is a device from now on, for good. Boot. */
void block_add(struct axdriver_block *block);
