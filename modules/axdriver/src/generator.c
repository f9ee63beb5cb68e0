/* Nonces keep apart what blocks are for: the next step, mixing in, and long streams. */
#include "generator.h"
#include <axbase/string.h>

static const uint32_t step_nonce[CHACHA_NONCE_WORDS] = {0x70657473}; /* "step" */
static const uint32_t mix_nonce[CHACHA_NONCE_WORDS] = {0x2178696d};  /* "mix!" */
static const uint32_t long_nonce[CHACHA_NONCE_WORDS] = {0x676e6f6c}; /* "long" */

_Static_assert(sizeof(struct generator) + sizeof(struct generator_stream) == CHACHA_BLOCK_BYTES,
               "a step is one block");
_Static_assert(sizeof(struct generator_stream) == CHACHA_KEY_BYTES, "a stream is a key");

/* The compiler must not leave this out because nobody reads the bytes again. */
static void forget(void *secret, size_t bytes)
{
    volatile uint8_t *byte = secret;
    while (bytes-- > 0)
        *byte++ = 0;
}

void generator_mix(struct generator *self, const void *secret, size_t bytes)
{
    const uint8_t *next = secret;
    uint8_t block[CHACHA_BLOCK_BYTES];
    while (bytes > 0) {
        uint8_t *key = (uint8_t *)self->key;
        size_t now = bytes < CHACHA_KEY_BYTES ? bytes : CHACHA_KEY_BYTES;
        for (size_t i = 0; i < now; i++)
            key[i] ^= next[i];
        chacha_block(self->key, (uint32_t)now, mix_nonce, block);
        memcpy(self->key, block, sizeof self->key);
        next += now;
        bytes -= now;
    }
    forget(block, sizeof block);
}

void generator_step(struct generator *self, struct generator_stream *out)
{
    uint8_t block[CHACHA_BLOCK_BYTES];
    chacha_block(self->key, 0, step_nonce, block);
    memcpy(self->key, block, sizeof self->key);
    memcpy(out->words, block + sizeof self->key, sizeof out->words);
    forget(block, sizeof block);
}

void generator_spend(struct generator_stream *stream, void *out, size_t bytes)
{
    uint8_t block[CHACHA_BLOCK_BYTES];
    uint8_t *next = out;
    if (bytes <= sizeof stream->words) {
        memcpy(out, stream->words, bytes);
        forget(stream, sizeof *stream);
        return;
    }
    for (uint32_t counter = 0; bytes > 0; counter++) {
        size_t now = bytes < sizeof block ? bytes : sizeof block;
        chacha_block(stream->words, counter, long_nonce, block);
        memcpy(next, block, now);
        next += now;
        bytes -= now;
    }
    forget(block, sizeof block);
    forget(stream, sizeof *stream);
}
