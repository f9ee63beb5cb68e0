/* Memory from the operating system; the idea is in unix_heap.h. */
#include "unix_heap.h"
#include <sys/mman.h>

enum { STEP_BYTES = 1 << 20 };

static enum ax_err map(void *context, size_t size, struct ax_vrange *out)
{
    uint64_t bytes;
    (void)context;
    if (ax_align_up_overflows(size, STEP_BYTES, &bytes))
        return AX_ENOMEM;
    void *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED)
        return AX_ENOMEM;
    *out = (struct ax_vrange){ax_vaddr_of(start), bytes};
    return AX_OK;
}

static void unmap(void *context, struct ax_vrange range)
{
    (void)context;
    munmap(ax_vaddr_ptr(range.start), range.size_bytes);
}

const struct axalloc_grower axalloc_unix_grower = {NULL, map, unmap};

struct axalloc_locked axalloc_unix = {.raw = {.grower = &axalloc_unix_grower}};
