/*
 * Makes flattened device trees for the tests, token by token, so that broken ones are as easy as
 * sound ones. Overflow of its buffers aborts the test. Header only: each test is one file.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FDTB_BYTES = 512 * 1024, FDTB_HEADER_BYTES = 40 };

enum fdtb_token { FDTB_BEGIN = 1, FDTB_END_NODE, FDTB_PROP, FDTB_NOP, FDTB_END = 9 };

struct fdtb_block {
    uint8_t *bytes;
    size_t used;
};

struct fdtb {
    struct fdtb_block reservations;
    struct fdtb_block structure;
    struct fdtb_block strings;
    bool share_strings;  /* as dtc does; else each property brings its own */
    bool structure_last; /* behind the strings, so that ASan watches its end */
};

static inline void fdtb_put(struct fdtb_block *block, const void *bytes, size_t count)
{
    if (block->used + count > FDTB_BYTES)
        abort();
    memcpy(block->bytes + block->used, bytes, count);
    block->used += count;
}

static inline void fdtb_put_u32(struct fdtb_block *block, uint32_t value)
{
    uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                        (uint8_t)value};
    fdtb_put(block, bytes, 4);
}

static inline void fdtb_put_u64(struct fdtb_block *block, uint64_t value)
{
    fdtb_put_u32(block, (uint32_t)(value >> 32));
    fdtb_put_u32(block, (uint32_t)value);
}

static inline void fdtb_pad(struct fdtb_block *block, size_t align)
{
    while (block->used % align != 0)
        fdtb_put(block, "", 1);
}

static inline struct fdtb *fdtb_new(void)
{
    struct fdtb *b = calloc(1, sizeof *b);
    b->reservations.bytes = calloc(1, FDTB_BYTES);
    b->structure.bytes = calloc(1, FDTB_BYTES);
    b->strings.bytes = calloc(1, FDTB_BYTES);
    b->share_strings = true;
    return b;
}

static inline void fdtb_free(struct fdtb *b)
{
    free(b->reservations.bytes);
    free(b->structure.bytes);
    free(b->strings.bytes);
    free(b);
}

static inline void fdtb_token(struct fdtb *b, uint32_t token)
{
    fdtb_put_u32(&b->structure, token);
}

static inline void fdtb_reserve(struct fdtb *b, uint64_t start, uint64_t bytes)
{
    fdtb_put_u64(&b->reservations, start);
    fdtb_put_u64(&b->reservations, bytes);
}

static inline void fdtb_begin(struct fdtb *b, const char *name)
{
    fdtb_token(b, FDTB_BEGIN);
    fdtb_put(&b->structure, name, strlen(name) + 1);
    fdtb_pad(&b->structure, 4);
}

static inline void fdtb_end(struct fdtb *b)
{
    fdtb_token(b, FDTB_END_NODE);
}

static inline uint32_t fdtb_string_offset(struct fdtb *b, const char *name)
{
    size_t bytes = strlen(name) + 1;
    for (size_t at = 0; b->share_strings && at + bytes <= b->strings.used; at++)
        if (memcmp(b->strings.bytes + at, name, bytes) == 0)
            return (uint32_t)at;
    fdtb_put(&b->strings, name, bytes);
    return (uint32_t)(b->strings.used - bytes);
}

static inline void fdtb_prop(struct fdtb *b, const char *name, const void *value, size_t bytes)
{
    fdtb_token(b, FDTB_PROP);
    fdtb_put_u32(&b->structure, (uint32_t)bytes);
    fdtb_put_u32(&b->structure, fdtb_string_offset(b, name));
    fdtb_put(&b->structure, value, bytes);
    fdtb_pad(&b->structure, 4);
}

static inline void fdtb_string(struct fdtb *b, const char *name, const char *value)
{
    fdtb_prop(b, name, value, strlen(value) + 1);
}

/* A property of `count` cells, given as unsigned int. */
static inline void fdtb_cells(struct fdtb *b, const char *name, unsigned count, ...)
{
    struct fdtb_block cells = {malloc(FDTB_BYTES), 0};
    va_list args;
    va_start(args, count);
    for (unsigned i = 0; i < count; i++)
        fdtb_put_u32(&cells, va_arg(args, unsigned));
    va_end(args);
    fdtb_prop(b, name, cells.bytes, cells.used);
    free(cells.bytes);
}

/* The same, of 64-bit numbers in two cells each, given as uint64_t. */
static inline void fdtb_u64s(struct fdtb *b, const char *name, unsigned count, ...)
{
    struct fdtb_block cells = {malloc(FDTB_BYTES), 0};
    va_list args;
    va_start(args, count);
    for (unsigned i = 0; i < count; i++)
        fdtb_put_u64(&cells, va_arg(args, uint64_t));
    va_end(args);
    fdtb_prop(b, name, cells.bytes, cells.used);
    free(cells.bytes);
}

/* The root with the usual cell counts: two of each. */
static inline void fdtb_root(struct fdtb *b)
{
    fdtb_begin(b, "");
    fdtb_cells(b, "#address-cells", 1, 2u);
    fdtb_cells(b, "#size-cells", 1, 2u);
}

static inline void fdtb_memory(struct fdtb *b, uint64_t start, uint64_t bytes)
{
    char name[32];
    snprintf(name, sizeof name, "memory@%llx", (unsigned long long)start);
    fdtb_begin(b, name);
    fdtb_string(b, "device_type", "memory");
    fdtb_u64s(b, "reg", 2, start, bytes);
    fdtb_end(b);
}

/* A finished blob, in memory of its own that ends where the blob does, so that ASan watches. */
struct fdtb_blob {
    uint8_t *bytes;
    size_t count;
};

static inline void fdtb_set(struct fdtb_blob *blob, size_t offset, uint32_t value)
{
    struct fdtb_block window = {blob->bytes + offset, 0};
    fdtb_put_u32(&window, value);
}

static inline uint32_t fdtb_get(const struct fdtb_blob *blob, size_t offset)
{
    const uint8_t *p = blob->bytes + offset;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* An exact copy that takes `count` bytes only. */
static inline struct fdtb_blob fdtb_copy(const void *bytes, size_t count)
{
    struct fdtb_blob blob = {malloc(count > 0 ? count : 1), count};
    memcpy(blob.bytes, bytes, count);
    return blob;
}

/* Append the block; returns its offset. */
static inline size_t fdtb_place(struct fdtb_block *out, const struct fdtb_block *block)
{
    fdtb_pad(out, 4);
    fdtb_put(out, block->bytes, block->used);
    return out->used - block->used;
}

/* Header, reservations, structure, strings; nothing is closed or terminated that was not. */
static inline struct fdtb_blob fdtb_assemble(const struct fdtb *b)
{
    struct fdtb_block out = {calloc(1, FDTB_BYTES), FDTB_HEADER_BYTES};
    fdtb_place(&out, &b->reservations);
    size_t strings = b->structure_last ? fdtb_place(&out, &b->strings) : 0;
    size_t structure = fdtb_place(&out, &b->structure);
    strings = b->structure_last ? strings : fdtb_place(&out, &b->strings);
    struct fdtb_block header = {out.bytes, 0};
    const uint32_t fields[] = {0xd00dfeed,
                               (uint32_t)out.used,
                               (uint32_t)structure,
                               (uint32_t)strings,
                               FDTB_HEADER_BYTES,
                               17,
                               16,
                               0,
                               (uint32_t)b->strings.used,
                               (uint32_t)b->structure.used};
    for (unsigned i = 0; i < sizeof fields / sizeof fields[0]; i++)
        fdtb_put_u32(&header, fields[i]);
    struct fdtb_blob blob = fdtb_copy(out.bytes, out.used);
    free(out.bytes);
    return blob;
}

/* End the reservations and the structure, assemble, and free the builder. */
static inline struct fdtb_blob fdtb_finish(struct fdtb *b)
{
    fdtb_reserve(b, 0, 0);
    fdtb_token(b, FDTB_END);
    struct fdtb_blob blob = fdtb_assemble(b);
    fdtb_free(b);
    return blob;
}
