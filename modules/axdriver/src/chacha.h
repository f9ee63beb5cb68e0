/*
 * The block function of ChaCha20 (RFC 8439, 2.3): 64 bytes out of a key, a counter and a nonce.
 * No table and no branch depends on the key.
 */
#pragma once

#include <stdint.h>

enum { CHACHA_KEY_BYTES = 32, CHACHA_NONCE_WORDS = 3, CHACHA_BLOCK_BYTES = 64 };

/* `key` is little-endian words, as the RFC reads its bytes. Cost: 1,100
 * instructions on aarch64, 2,200 on riscv64, which has no rotation. Pure. */
void chacha_block(const uint32_t key[CHACHA_KEY_BYTES / 4], uint32_t counter,
                  const uint32_t nonce[CHACHA_NONCE_WORDS], uint8_t out[CHACHA_BLOCK_BYTES]);
