/* Stacks are areas of the mapped window; their reports are describe.c's. */
#include "describe.h"
#include "window.h"
#include <axbase/assert.h>
#include <axbase/bits.h>
#include <axmm/stacks.h>

#define STACK_BYTES_MAX ((size_t)1 << 30)

enum ax_err axmm_stack_alloc(size_t bytes, struct axmm_stack *out)
{
    struct area wanted = {.kind = AREA_STACK, .name = "mapped"};
    struct area *area;
    if (bytes == 0 || bytes > STACK_BYTES_MAX)
        return AX_EINVAL;
    wanted.size_bytes = ax_align_up(bytes, AX_PAGE_SIZE);
    uint64_t align = UINT64_C(2) << ax_log2_ceil(wanted.size_bytes);
    describe_mapped_addresses();
    enum ax_err err = window_take(&window_fixed, &wanted, align, &area);
    if (err != AX_OK)
        return err;
    err = window_fill(area->start, window_end_of(area), AXALLOC_STACKS);
    if (err != AX_OK) {
        window_give(&window_fixed, area);
        return err;
    }
    *out = (struct axmm_stack){ax_vaddr(area->start), ax_vaddr(window_end_of(area))};
    return AX_OK;
}

void axmm_stack_name(const struct axmm_stack *stack, const char *name, unsigned cpu)
{
    struct area *area = window_fixed_area(stack->bottom.raw, AREA_STACK, "axmm_stack_name");
    area->name = name;
    area->number = cpu;
}

void axmm_stack_free(const struct axmm_stack *stack)
{
    struct area *area = window_fixed_area(stack->bottom.raw, AREA_STACK, "axmm_stack_free");
    enum ax_err err = window_drain(area->start, window_end_of(area), AXALLOC_STACKS, NULL);
    AX_ASSERT(err == AX_OK);
    window_give(&window_fixed, area);
}
