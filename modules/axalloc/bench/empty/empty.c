/*
 * empty: no allocator, but the cost of calling one. Every block is the same 16 bytes, and a free
 * does nothing; `make bench` counts it and subtracts it from the others.
 */
#include <axalloc/bytes.h>

const char axalloc_bytes_name[] = "empty";

static unsigned char block[AX_MALLOC_ALIGN] AX_ALIGNED(AX_MALLOC_ALIGN);

void axalloc_bytes_init(struct axalloc_bytes *self)
{
    self->nothing = 0;
}

enum ax_err axalloc_bytes_add_memory(struct axalloc_bytes *self, void *start, size_t size,
                                     enum axalloc_region_use use)
{
    (void)self;
    (void)start;
    (void)size;
    (void)use;
    return AX_OK;
}

size_t axalloc_bytes_region_for(struct ax_layout layout)
{
    return layout.size;
}

void *axalloc_bytes_alloc(struct axalloc_bytes *self, struct ax_layout layout)
{
    (void)self;
    (void)layout;
    return block;
}

bool axalloc_bytes_dealloc(struct axalloc_bytes *self, void *pointer, size_t size)
{
    (void)self;
    (void)pointer;
    (void)size;
    return false;
}

bool axalloc_bytes_release(struct axalloc_bytes *self, struct ax_vrange *out)
{
    (void)self;
    (void)out;
    return false;
}

size_t axalloc_bytes_usable_size(const struct axalloc_bytes *self, const void *pointer)
{
    (void)self;
    (void)pointer;
    return sizeof block;
}

bool axalloc_bytes_resize(struct axalloc_bytes *self, void *pointer, size_t size)
{
    (void)self;
    (void)pointer;
    return size <= sizeof block;
}

size_t axalloc_bytes_total(const struct axalloc_bytes *self)
{
    (void)self;
    return 0;
}

size_t axalloc_bytes_used(const struct axalloc_bytes *self)
{
    (void)self;
    return 0;
}

size_t axalloc_bytes_available(const struct axalloc_bytes *self)
{
    (void)self;
    return 0;
}

const char *axalloc_bytes_check(const struct axalloc_bytes *self)
{
    (void)self;
    return NULL;
}

void axalloc_bytes_walk(const struct axalloc_bytes *self,
                        bool (*visit)(void *context, const struct axalloc_block *block),
                        void *context)
{
    (void)self;
    (void)visit;
    (void)context;
}
