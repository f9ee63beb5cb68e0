/* Byte streams besides the console: virtio-console ports. */
#pragma once

#include <axbase/attr.h>
#include <axbase/err.h>
#include <stddef.h>
#include <stdint.h>

struct axdriver_serial;

/* Device `index`, in the order in which they were found. NULL: there are no more. */
struct axdriver_serial *axdriver_serial(unsigned index);

/* All of it, or AX_EIO (the device is broken), AX_ENOMEM, AX_EFAULT. Task context; waits. */
AX_MUST_CHECK enum ax_err axdriver_serial_write(struct axdriver_serial *serial, const void *from,
                                                size_t bytes);

/*
 * At least one byte and at most `room`, into `to`; `*count` tells. Waits up to `timeout_ns`:
 * AX_EBUSY if none came.
 */
AX_MUST_CHECK enum ax_err axdriver_serial_read(struct axdriver_serial *serial, void *to,
                                               size_t room, uint64_t timeout_ns, size_t *count);
