/* The rules of the address space, checked leaf by leaf. */
#include "window.h"
#include <axcpu/config.h>
#include <axcpu/image.h>
#include <axcpu/image_window.h>
#include <axcpu/layout.h>
#include <axcpu/percpu.h>
#include <axhal/mem.h>
#include <axmm/check.h>
#include <stddef.h>

struct findings {
    const char *wrong;          /* the first */
    struct ax_prange fixed;     /* the image's text and constants */
    uint64_t mapped_bytes;      /* in the window */
    struct ax_prange forbidden; /* for the inner walk: nobody may write this */
};

static const struct ax_vrange mapped_window = {{AXCPU_MAPPED_BASE}, AXCPU_MAPPED_SIZE};

static struct ax_prange frames_of(const struct axhal_mapping *leaf)
{
    return ax_prange(leaf->physical.raw, leaf->virtual.size_bytes);
}

static bool is_text(struct ax_vaddr address)
{
    return address.raw >= (uintptr_t)axcpu_text_start && address.raw < (uintptr_t)axcpu_text_end;
}

/* The area that holds all of the leaf; NULL: none does. */
static const struct area *area_of(const struct axhal_mapping *leaf)
{
    uint64_t start = leaf->virtual.start.raw;
    bool is_fixed = ax_vrange_contains(window_fixed.window, leaf->virtual.start);
    const struct area *area = areas_at_or_below(is_fixed ? &window_fixed : &window_mapper, start);
    bool is_inside = area != NULL && start - area->start < area->size_bytes &&
                     leaf->virtual.size_bytes <= window_end_of(area) - start;
    return is_inside ? area : NULL;
}

static const char *wrong_in_area(const struct axhal_mapping *leaf)
{
    const struct area *area = area_of(leaf);
    bool is_executable = (leaf->map_flags & AXCPU_MAP_EXECUTE) != 0;
    bool is_device = (leaf->map_flags & AXCPU_MAP_DEVICE) != 0;
    if (area == NULL)
        return "something is mapped outside of all mapped areas";
    if (is_executable && area->kind != AREA_CODE)
        return "a mapped area is executable that is no code";
    return is_device == (area->kind == AREA_DEVICE) ? NULL
                                                    : "a mapped area has the wrong memory type";
}

static enum ax_err look_for_writer(const struct axhal_mapping *leaf, void *context)
{
    struct findings *findings = context;
    bool is_writable = (leaf->map_flags & AXCPU_MAP_WRITE) != 0;
    if (is_writable && ax_prange_overlaps(frames_of(leaf), findings->forbidden))
        findings->wrong = "executable memory can be written by another address";
    return findings->wrong == NULL ? AX_OK : AX_EINVAL;
}

/* What is wrong with a leaf by itself. */
static const char *wrong_with(const struct axhal_mapping *leaf, const struct findings *findings)
{
    bool is_writable = (leaf->map_flags & AXCPU_MAP_WRITE) != 0;
    bool is_executable = (leaf->map_flags & AXCPU_MAP_EXECUTE) != 0;
    bool is_mapped = ax_vrange_contains(mapped_window, leaf->virtual.start);
    if (leaf->virtual.start.raw < AXCPU_LINEAR_BASE)
        return "something is mapped below the kernel's half";
    if (is_writable && is_executable)
        return "a page is writable and executable";
    if (is_writable && ax_prange_overlaps(frames_of(leaf), findings->fixed))
        return "the image's text or constants can be written";
    if (is_mapped)
        return wrong_in_area(leaf);
    return is_executable && !is_text(leaf->virtual.start) ? "a page is executable that is no code"
                                                          : NULL;
}

static enum ax_err look_at(const struct axhal_mapping *leaf, void *context)
{
    struct findings *findings = context;
    bool is_mapped = ax_vrange_contains(mapped_window, leaf->virtual.start);
    findings->wrong = wrong_with(leaf, findings);
    findings->mapped_bytes += is_mapped ? leaf->virtual.size_bytes : 0;
    if (findings->wrong == NULL && is_mapped && (leaf->map_flags & AXCPU_MAP_EXECUTE) != 0) {
        findings->forbidden = frames_of(leaf);
        (void)axhal_pt_walk(kernel_space(), look_for_writer, findings);
    }
    return findings->wrong == NULL ? AX_OK : AX_EINVAL;
}

static uint64_t bytes_of(const struct areas *areas)
{
    uint64_t bytes = 0;
    const struct area *area = areas_above(areas, 0);
    for (; area != NULL; area = areas_above(areas, area->start))
        bytes += area->size_bytes;
    return bytes;
}

static bool is_absent(uint64_t address)
{
    struct axhal_mapping leaf;
    return axhal_pt_query(kernel_space(), ax_vaddr(address), &leaf) != AX_OK;
}

static bool are_guards_absent(void)
{
    bool absent = is_absent((uintptr_t)axcpu_boot_stack_guard) &&
                  is_absent((uintptr_t)axcpu_trap_stack_guard);
    for (unsigned i = 1; i < AXCPU_CPUS_MAX; i++) {
        const struct axcpu_percpu *cpu = &axcpu_percpus[i];
        if (cpu->stack_top != 0)
            absent = absent && is_absent(cpu->trap_stack_bottom - 1) &&
                     is_absent(cpu->stack_top - CONFIG_AXCPU_STACK_KIB * UINT64_C(1024) - 1) &&
                     is_absent(cpu->emergency_stack_top - AXCPU_EMERGENCY_STACK_BYTES - 1);
    }
    return absent;
}

static const char *check_locked(struct findings *findings)
{
    const char *wrong = areas_check(&window_mapper);
    if (wrong == NULL)
        wrong = areas_check(&window_fixed);
    if (wrong != NULL)
        return wrong;
    if (!are_guards_absent())
        return "a page below a stack is mapped";
    (void)axhal_pt_walk(kernel_space(), look_at, findings);
    if (findings->wrong != NULL)
        return findings->wrong;
    uint64_t bytes = bytes_of(&window_mapper) + bytes_of(&window_fixed);
    return findings->mapped_bytes == bytes ? NULL : "a mapped area is not there whole";
}

const char *axmm_check(void)
{
    struct findings findings = {.wrong = NULL};
    struct ax_paddr text;
    if (axhal_virt_to_phys(ax_vaddr_of(axcpu_text_start), &text) != AX_OK)
        return "the image has no physical address";
    findings.fixed = ax_prange(text.raw, (uint64_t)(axcpu_rodata_end - axcpu_text_start));
    struct axsync_spin_state state = axsync_spin_lock(&kernel_space_lock);
    const char *wrong = check_locked(&findings);
    axsync_spin_unlock(&kernel_space_lock, state);
    return wrong;
}
