/* Between the generator and the devices that feed it. */
#pragma once

#include <stddef.h>

/* `bytes` bytes of entropy from a device. Any context; takes the generator's lock (rank 13). */
void random_feed(const void *entropy, size_t bytes);

/* Now and then `ask` is called, by whoever takes random bytes, for more of it. Boot. */
void random_use_feeder(void (*ask)(void));
