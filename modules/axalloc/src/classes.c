/* Size classes for the caches, of an allocator that has none; see <axalloc/bytes_regions.h>. */
#include <axalloc/bytes.h>

unsigned axalloc_bytes_class_of(const struct axalloc_bytes *self, const void *pointer)
{
    if (AXALLOC_BYTES_SIZE_NEEDS_LOCK)
        return 0;
    size_t class = axalloc_bytes_usable_size(self, pointer) / 16;
    return class < AXALLOC_BYTES_CLASSES ? (unsigned)class : 0;
}

size_t axalloc_bytes_take(struct axalloc_bytes *self, unsigned class, void **out, size_t most)
{
    struct ax_layout layout = {axalloc_bytes_class_size(class), AX_MALLOC_ALIGN};
    size_t count = 0;
    while (count < most && (out[count] = axalloc_bytes_alloc(self, layout)) != NULL)
        count++;
    return count;
}

size_t axalloc_bytes_put_most(const struct axalloc_bytes *self, unsigned class)
{
    (void)self, (void)class;
    return 4;
}

bool axalloc_bytes_put(struct axalloc_bytes *self, void *const *objects, size_t count)
{
    bool has_region = false;
    for (size_t i = 0; i < count; i++)
        has_region |= axalloc_bytes_dealloc(self, objects[i], AXALLOC_SIZE_UNKNOWN);
    return has_region;
}
