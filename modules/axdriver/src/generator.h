/*
 * A generator of random bytes that forgets: "fast key erasure" (Bernstein, "Fast-key-erasure
 * random-number generators", 2017) over ChaCha20. Each step makes 64 bytes of the key; the first 32
 * are the next key, the rest is given away. Who reads the key later learns nothing of what was
 * given away before.
 *
 * No lock: the owner has one, and holds it for one block, however much is asked for.
 */
#pragma once

#include "chacha.h"
#include <stddef.h>
#include <stdint.h>

/* All zero to begin with, which is as good as no secret: mix some in. */
struct generator {
    uint32_t key[CHACHA_KEY_BYTES / 4];
};

enum { GENERATOR_STREAM_BYTES = CHACHA_BLOCK_BYTES - CHACHA_KEY_BYTES };

/* What one step gave away: as it is, or the key of as many bytes as anybody may want. */
struct generator_stream {
    uint32_t words[GENERATOR_STREAM_BYTES / 4];
};

/*
 * Make the key depend on `bytes` bytes at `secret` too. Bytes that somebody else knows or chooses
 * do no harm: the key was mixed in as well. One block for each 32 bytes.
 */
void generator_mix(struct generator *self, const void *secret, size_t bytes);

/* One step: the next key, and 32 bytes for the caller. */
void generator_step(struct generator *self, struct generator_stream *out);

/*
 * `bytes` random bytes out of a step, which is used up. Up to 256 GiB; a block for each 64 bytes
 * beyond the first 32.
 */
void generator_spend(struct generator_stream *stream, void *out, size_t bytes);
