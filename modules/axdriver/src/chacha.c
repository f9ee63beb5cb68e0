/* ChaCha20's block function, as the RFC's text has it; both ISAs and the host are little-endian. */
#include "chacha.h"
#include <axbase/string.h>

enum { WORDS = 16, DOUBLE_ROUNDS = 10 };

static inline uint32_t rotate(uint32_t value, unsigned left)
{
    return value << left | value >> (32 - left);
}

static inline void quarter_round(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
    *a += *b, *d = rotate(*d ^ *a, 16);
    *c += *d, *b = rotate(*b ^ *c, 12);
    *a += *b, *d = rotate(*d ^ *a, 8);
    *c += *d, *b = rotate(*b ^ *c, 7);
}

static void double_round(uint32_t s[WORDS])
{
    for (unsigned i = 0; i < 4; i++) /* columns */
        quarter_round(s + i, s + 4 + i, s + 8 + i, s + 12 + i);
    for (unsigned i = 0; i < 4; i++) /* diagonals */
        quarter_round(s + i, s + 4 + (i + 1) % 4, s + 8 + (i + 2) % 4, s + 12 + (i + 3) % 4);
}

void chacha_block(const uint32_t key[CHACHA_KEY_BYTES / 4], uint32_t counter,
                  const uint32_t nonce[CHACHA_NONCE_WORDS], uint8_t out[CHACHA_BLOCK_BYTES])
{
    static const uint32_t constants[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    uint32_t start[WORDS];
    uint32_t state[WORDS];
    memcpy(start, constants, sizeof constants);
    memcpy(start + 4, key, CHACHA_KEY_BYTES);
    start[12] = counter;
    memcpy(start + 13, nonce, CHACHA_NONCE_WORDS * sizeof *nonce);
    memcpy(state, start, sizeof state);
    for (unsigned i = 0; i < DOUBLE_ROUNDS; i++)
        double_round(state);
    for (unsigned i = 0; i < WORDS; i++)
        state[i] += start[i];
    memcpy(out, state, sizeof state);
    memset(start, 0, sizeof start);
}
