/*
 * Random bytes for the app: a generator that is fed by the machine's entropy devices (virtio-rng),
 * the tree's rng-seed and the counter, and that forgets what it has given.
 */
#pragma once

#include <axbase/attr.h>
#include <axbase/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Fill `to`. Any context; takes the generator's lock (rank 13) for one block. Cost: a block of
 * ChaCha20 (1,100 instructions on aarch64, 2,200 on riscv64), and one for each 64 bytes beyond 32.
 */
void axdriver_random(void *to, size_t bytes);

/* An entropy device has fed it: without one it is only as good as rng-seed. Any context. */
bool axdriver_random_is_seeded(void);

/*
 * Wait for that, up to `timeout_ns`. AX_ENODEV: no entropy device can be used here. AX_EBUSY: it
 * has given nothing in that time. Task context, interrupts on.
 */
AX_MUST_CHECK enum ax_err axdriver_random_wait(uint64_t timeout_ns);
