/* Slots of the boot table's image window, for the device tree and the console of last resort. */
#include <axcpu/image_window.h>
#include <axcpu/map_flags.h>
#include <axcpu/mmu.h>

/* The level-1 table of the image window: 512 slots of 2 MiB; built by boot.S. */
extern uint64_t axcpu_boot_window[AXCPU_PT_ENTRIES];

void *axcpu_early_map(unsigned slot, unsigned slots, struct ax_paddr at, unsigned map_flags)
{
    const struct axcpu_pt_format *format = axcpu_kernel_format();
    uint64_t bits = format->encode(map_flags | AXCPU_MAP_GLOBAL, 1);
    uint64_t base = ax_align_down(at.raw, AXCPU_EARLY_SLOT_BYTES);
    for (unsigned i = 0; i < slots; i++)
        axcpu_boot_window[slot + i] =
            axcpu_pt_entry(format, ax_paddr(base + (uint64_t)i * AXCPU_EARLY_SLOT_BYTES), bits);
    axcpu_mmu_publish();
    return ax_vaddr_ptr(
        ax_vaddr(AXCPU_IMAGE_BASE + (uint64_t)slot * AXCPU_EARLY_SLOT_BYTES + (at.raw - base)));
}
