/* Byte streams besides the console: virtio-console ports. */
#pragma once

#include <axbase/attr.h>
#include <axbase/err.h>
#include <stddef.h>
#include <stdint.h>

struct axdriver_serial;

/* Device `index`, in the order in which they were found. NULL: there are no more. */
struct axdriver_serial *axdriver_serial(unsigned index);

/*
 * All of it. AX_EIO: the device is broken, or did not take it within
 * CONFIG_AXDRIVER_SERIAL_TIMEOUT_MS, and is not used any more. AX_EBUSY: 16 others write. Those of
 * axdma_map(). How much was sent is unknown then. Task context, interrupts on; waits.
 */
AX_MUST_CHECK enum ax_err axdriver_serial_write(struct axdriver_serial *serial, const void *from,
                                                size_t bytes);

/*
 * At least one byte and at most `room`, into `to`; `*count` tells. Waits up to `timeout_ns`:
 * AX_EBUSY if none came. AX_EINVAL: no room. AX_EALREADY: somebody else reads. AX_EIO: the device
 * is broken, and all that came before has been read. Task context, interrupts on.
 */
AX_MUST_CHECK enum ax_err axdriver_serial_read(struct axdriver_serial *serial, void *to,
                                               size_t room, uint64_t timeout_ns, size_t *count);
