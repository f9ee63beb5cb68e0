/*
 * Random bytes for the app: a generator that is fed by the machine's entropy devices (virtio-rng),
 * the tree's rng-seed and the counter, and that forgets what it has given.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Fill `to`. Any context. Cost: about 10 instructions a byte. */
void axdriver_random(void *to, size_t bytes);

/* Whether an entropy device has fed it: without one it is only as good as rng-seed. */
bool axdriver_random_is_seeded(void);
