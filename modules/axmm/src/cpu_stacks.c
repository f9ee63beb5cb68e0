/*
 * One run of pages for a CPU, cut by guard pages that are taken out of the linear map:
 *
 *     | guard | ordinary stack | guard | trap stack | guard | emergency stack |
 *
 * The trap stack begins at a multiple of twice its size, as aarch64's entry asks.
 */
#include <axalloc/alloc.h>
#include <axbase/assert.h>
#include <axcpu/config.h>
#include <axcpu/image_window.h>
#include <axmm/kernel_space.h>
#include <axmm/stacks.h>

enum {
    ALIGN = 2 * AXCPU_TRAP_STACK_BYTES,
    STACK_BYTES = CONFIG_AXCPU_STACK_KIB * 1024,
    TRAP_AT = (AX_PAGE_SIZE + STACK_BYTES + AX_PAGE_SIZE + ALIGN - 1) / ALIGN * ALIGN,
    EMERGENCY_AT = TRAP_AT + AXCPU_TRAP_STACK_BYTES + AX_PAGE_SIZE,
    ALL_BYTES = EMERGENCY_AT + AXCPU_EMERGENCY_STACK_BYTES,
    STACK_TOP_AT = TRAP_AT - AX_PAGE_SIZE,
    GUARDS = 3,
};

static struct ax_vrange guard(struct ax_vaddr start, unsigned index)
{
    static const uint32_t at[GUARDS] = {STACK_TOP_AT - STACK_BYTES - AX_PAGE_SIZE,
                                        TRAP_AT - AX_PAGE_SIZE, EMERGENCY_AT - AX_PAGE_SIZE};
    return (struct ax_vrange){ax_vaddr_add(start, at[index]), AX_PAGE_SIZE};
}

static void give_back(struct ax_vaddr start, unsigned guards)
{
    enum ax_err err = AX_OK;
    while (guards > 0 && err == AX_OK)
        err = axmm_show(guard(start, --guards));
    if (err == AX_OK)
        err = axalloc_dealloc_pages_as(axalloc_global(), AXALLOC_STACKS, start,
                                       ALL_BYTES / AX_PAGE_SIZE);
    AX_ASSERT(err == AX_OK);
}

enum ax_err axmm_cpu_stacks_alloc(struct axhal_cpu_stacks *out)
{
    struct ax_vaddr start;
    enum ax_err err = axalloc_alloc_pages_as(axalloc_global(), AXALLOC_STACKS,
                                             ALL_BYTES / AX_PAGE_SIZE, ALIGN, &start);
    if (err != AX_OK)
        return err;
    for (unsigned i = 0; i < GUARDS; i++) {
        err = axmm_hide(guard(start, i));
        if (err != AX_OK) {
            give_back(start, i);
            return err;
        }
    }
    *out = (struct axhal_cpu_stacks){
        .top = ax_vaddr_add(start, STACK_TOP_AT),
        .trap_bottom = ax_vaddr_add(start, TRAP_AT),
        .trap_top = ax_vaddr_add(start, TRAP_AT + AXCPU_TRAP_STACK_BYTES),
        .emergency_top = ax_vaddr_add(start, ALL_BYTES),
    };
    return AX_OK;
}

void axmm_cpu_stacks_dealloc(const struct axhal_cpu_stacks *stacks)
{
    struct ax_vaddr start = {stacks->emergency_top.raw - ALL_BYTES};
    give_back(start, GUARDS);
}
