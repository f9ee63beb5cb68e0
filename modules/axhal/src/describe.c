/* Addresses in words: the parts of the image, the guard pages, the linear map. */
#include <axcpu/image.h>
#include <axcpu/layout.h>
#include <axhal/trap.h>

/* [start, end) of the image, and what it is. The narrower come first. */
struct place {
    const char *start;
    const char *end;
    const char *words;
};

static const struct place places[] = {
    {axcpu_boot_stack_guard, axcpu_boot_stack_bottom, "the guard page below the boot stack"},
    {axcpu_trap_stack_guard, axcpu_trap_stack_bottom, "the guard page below the trap stack"},
    {axcpu_boot_stack_bottom, axcpu_boot_stack_top, "the boot stack, which is not executable"},
    {axcpu_text_start, axcpu_text_end, "the image's text, which is not writable"},
    {axcpu_rodata_start, axcpu_rodata_end,
     "the image's constants, which are neither writable nor executable"},
    {axcpu_data_start, axcpu_image_end, "the image's data, which is not executable"},
};

const char *axhal_describe_address(struct ax_vaddr address)
{
    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++)
        if (address.raw >= (uintptr_t)places[i].start && address.raw < (uintptr_t)places[i].end)
            return places[i].words;
    if (address.raw < AX_PAGE_SIZE)
        return "a null pointer: the first page is never mapped";
    if (address.raw - AXCPU_LINEAR_BASE < AXCPU_LINEAR_SIZE)
        return "in the linear map, where it is not RAM, or not writable, or executed";
    if (address.raw >= AXCPU_LINEAR_BASE)
        return "in the kernel's half, where nothing is mapped";
    return "outside the kernel's half of the address space";
}
