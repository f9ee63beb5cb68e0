/*
 * Addresses of the mapped window in words.
 *
 * A report may come while the tree of areas is being changed, even by this CPU, so no lock is
 * taken: the worst is a wrong word, or a fault within the report, which is reported as such.
 */
#include "describe.h"
#include "window.h"
#include <axcpu/layout.h>
#include <axhal/trap.h>

static const char *const kinds[] = {
    [AREA_DATA] = "virtually contiguous memory, which is not executable",
    [AREA_CODE] =
        "executable memory, writable only while it is open, executable only while it is sealed",
    [AREA_STACK] = "stack",
    [AREA_DEVICE] = "a device's registers, which are not executable",
};

static const struct ax_vrange window = {{AXCPU_MAPPED_BASE}, AXCPU_MAPPED_SIZE};

static const struct areas *areas_of(struct ax_vaddr address)
{
    return ax_vrange_contains(window_fixed.window, address) ? &window_fixed : &window_mapper;
}

static bool is_guard_below(const struct area *area, struct ax_vaddr address)
{
    return area != NULL && area->start - address.raw - 1 < AX_PAGE_SIZE;
}

static void print_area(struct ax_sink *sink, const struct area *area)
{
    if (area->kind == AREA_STACK)
        ax_format(sink, "the %s stack of CPU %u", area->name, area->number);
    else
        ax_format(sink, "%s", kinds[area->kind]);
    ax_format(sink, ": %llu KiB at 0x%016llx", (unsigned long long)area->size_bytes / 1024,
              (unsigned long long)area->start);
}

static bool describe(struct ax_vaddr address, struct ax_sink *sink)
{
    if (!ax_vrange_contains(window, address))
        return false;
    const struct area *below = areas_at_or_below(areas_of(address), address.raw);
    const struct area *above = areas_above(areas_of(address), address.raw);
    uint64_t offset = below == NULL ? 0 : address.raw - below->start;
    bool is_behind = below != NULL && offset - below->size_bytes < AX_PAGE_SIZE;
    if (below != NULL && offset < below->size_bytes) {
        print_area(sink, below);
    } else if (is_guard_below(above, address) && (above->kind == AREA_STACK || !is_behind)) {
        ax_format(sink, "the guard page below ");
        print_area(sink, above);
    } else if (is_behind) {
        ax_format(sink, "the guard page above ");
        print_area(sink, below);
    } else {
        ax_format(sink, "in the window of mapped memory, where nothing is mapped");
    }
    return true;
}

static bool find_stack(struct ax_vaddr address, struct ax_vrange *out)
{
    const struct area *area = areas_above(&window_fixed, address.raw);
    if (!is_guard_below(area, address))
        area = areas_at_or_below(&window_fixed, address.raw);
    if (area == NULL || area->kind != AREA_STACK || address.raw > window_end_of(area))
        return false;
    *out = (struct ax_vrange){ax_vaddr(area->start), area->size_bytes};
    return true;
}

void describe_mapped_addresses(void)
{
    static const struct axhal_places places = {describe, find_stack};
    axhal_places_use(&places);
}
