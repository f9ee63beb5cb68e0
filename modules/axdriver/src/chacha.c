/* ChaCha20's block function, as the RFC's text has it; both ISAs and the host are little-endian. */
#include "chacha.h"
#include <axbase/string.h>

enum { WORDS = 16, DOUBLE_ROUNDS = 10 };

static inline uint32_t rotate(uint32_t value, unsigned left)
{
    return value << left | value >> (32 - left);
}

static inline void quarter_round(uint32_t *at_a, uint32_t *at_b, uint32_t *at_c, uint32_t *at_d)
{
    uint32_t a = *at_a, b = *at_b, c = *at_c, d = *at_d;
    a += b, d = rotate(d ^ a, 16);
    c += d, b = rotate(b ^ c, 12);
    a += b, d = rotate(d ^ a, 8);
    c += d, b = rotate(b ^ c, 7);
    *at_a = a, *at_b = b, *at_c = c, *at_d = d;
}

/* Columns, then diagonals. Written out: with indexes to compute it would take twice as long. */
static inline void double_round(uint32_t s[WORDS])
{
    quarter_round(s + 0, s + 4, s + 8, s + 12);
    quarter_round(s + 1, s + 5, s + 9, s + 13);
    quarter_round(s + 2, s + 6, s + 10, s + 14);
    quarter_round(s + 3, s + 7, s + 11, s + 15);
    quarter_round(s + 0, s + 5, s + 10, s + 15);
    quarter_round(s + 1, s + 6, s + 11, s + 12);
    quarter_round(s + 2, s + 7, s + 8, s + 13);
    quarter_round(s + 3, s + 4, s + 9, s + 14);
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
