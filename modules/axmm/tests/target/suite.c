/* axmm on the target: the live kernel table, walked, and mappings changed under access. */
#include "cases.h"
#include <axalloc/alloc.h>
#include <axcpu/image.h>
#include <axcpu/irq.h>
#include <axcpu/layout.h>
#include <axcpu/try.h>
#include <axhal/mem.h>
#include <axmm/kernel_space.h>
#include <axtest/test.h>

#define MIB (UINT64_C(1) << 20)

enum { WRITE = AXCPU_MAP_WRITE, EXECUTE = AXCPU_MAP_EXECUTE };

/* What one walk over every leaf found. */
struct findings {
    struct ax_prange fixed; /* the image's text and constants, in physical memory */
    unsigned writable_and_executable;
    unsigned writable_aliases;
    unsigned executable_outside_text;
    unsigned first_page;
    unsigned lower_half;
    unsigned devices;
    unsigned large_leaves;
};

static enum ax_err look_at(const struct axhal_mapping *mapping, void *context)
{
    struct findings *findings = context;
    struct ax_prange physical = {mapping->physical, mapping->virtual.size_bytes};
    bool is_text = mapping->virtual.start.raw >= (uintptr_t)axcpu_text_start &&
                   mapping->virtual.start.raw < (uintptr_t)axcpu_text_end;
    bool is_writable = (mapping->map_flags & WRITE) != 0;
    bool is_executable = (mapping->map_flags & EXECUTE) != 0;
    findings->writable_and_executable += is_writable && is_executable;
    findings->writable_aliases += is_writable && ax_prange_overlaps(physical, findings->fixed);
    findings->executable_outside_text += is_executable && !is_text;
    findings->first_page += mapping->virtual.start.raw == 0;
    findings->lower_half += mapping->virtual.start.raw < AXCPU_LINEAR_BASE;
    findings->devices += (mapping->map_flags & AXCPU_MAP_DEVICE) != 0;
    findings->large_leaves += mapping->virtual.size_bytes > AX_PAGE_SIZE;
    return AX_OK;
}

static void test_protections(struct axtest *test)
{
    struct ax_paddr text;
    struct findings found = {.writable_and_executable = 0};
    AXTEST_CHECK(test, axhal_virt_to_phys(ax_vaddr_of(axcpu_text_start), &text) == AX_OK);
    found.fixed = ax_prange(text.raw, (uint64_t)(axcpu_rodata_end - axcpu_text_start));
    AXTEST_CHECK(test, axmm_walk(look_at, &found) == AX_OK);
    AXTEST_CHECK(test, found.writable_and_executable == 0);
    AXTEST_CHECK(test, found.writable_aliases == 0);
    AXTEST_CHECK(test, found.executable_outside_text == 0);
    AXTEST_CHECK(test, found.first_page == 0);
    AXTEST_CHECK(test, found.lower_half == 0);
    AXTEST_CHECK(test, found.devices > 0);
    AXTEST_CHECK(test, found.large_leaves > 0);
}

unsigned flags_at(const void *address)
{
    struct axhal_mapping mapping;
    unsigned known = AXCPU_MAP_READ | WRITE | EXECUTE | AXCPU_MAP_DEVICE | AXCPU_MAP_UNCACHED;
    return axmm_query(ax_vaddr_of(address), &mapping) == AX_OK ? mapping.map_flags & known : 0;
}

static void test_sections(struct axtest *test)
{
    AXTEST_CHECK(test, flags_at(axcpu_text_start) == (AXCPU_MAP_READ | EXECUTE));
    AXTEST_CHECK(test, flags_at(axcpu_rodata_start) == AXCPU_MAP_READ);
    AXTEST_CHECK(test, flags_at(axcpu_data_start) == (AXCPU_MAP_READ | WRITE));
    AXTEST_CHECK(test, flags_at(axcpu_boot_stack_bottom) == (AXCPU_MAP_READ | WRITE));
}

bool is_readable(const void *address)
{
    uint32_t value;
    return axcpu_try_read32(address, &value);
}

static void test_absent(struct axtest *test)
{
    AXTEST_CHECK(test, flags_at(NULL) == 0 && !is_readable(NULL));
    AXTEST_CHECK(test, flags_at(axcpu_boot_stack_guard) == 0);
    AXTEST_CHECK(test, !is_readable(axcpu_boot_stack_guard));
    AXTEST_CHECK(test, flags_at(axcpu_trap_stack_guard) == 0);
    AXTEST_CHECK(test, !is_readable(axcpu_trap_stack_guard));
}

/* One page in the middle of a large leaf changes, keeps its contents, and changes back. */
static void test_split(struct axtest *test)
{
    struct ax_vaddr run;
    struct axhal_mapping mapping;
    if (!AXTEST_CHECK(test, axalloc_alloc_pages(axalloc_global(), 2 * MIB / AX_PAGE_SIZE, 2 * MIB,
                                                &run) == AX_OK))
        return;
    struct ax_vrange page = {ax_vaddr_add(run, MIB), AX_PAGE_SIZE};
    volatile uint32_t *word = ax_vaddr_ptr(page.start);
    *word = 0xa11ce;
    AXTEST_CHECK(test, axmm_protect(page, AXCPU_MAP_READ) == AX_OK);
    AXTEST_CHECK(test, axmm_query(page.start, &mapping) == AX_OK);
    AXTEST_CHECK(test, mapping.virtual.size_bytes == AX_PAGE_SIZE && !(mapping.map_flags & WRITE));
    AXTEST_CHECK(test, *word == 0xa11ce);
    AXTEST_CHECK(test, axmm_query(run, &mapping) == AX_OK && (mapping.map_flags & WRITE) != 0);
    AXTEST_CHECK(test, axmm_protect(page, AXCPU_MAP_READ | WRITE | AXCPU_MAP_UNCACHED) == AX_OK);
    *word = 0xb0b;
    AXTEST_CHECK(test, axmm_protect(page, AXCPU_MAP_READ | WRITE) == AX_OK && *word == 0xb0b);
    AXTEST_CHECK(test,
                 axalloc_dealloc_pages(axalloc_global(), run, 2 * MIB / AX_PAGE_SIZE) == AX_OK);
}

static void test_refusals(struct axtest *test)
{
    struct ax_vrange text = {ax_vaddr_of(axcpu_text_start), AX_PAGE_SIZE};
    struct ax_vrange nothing = {ax_vaddr_of(axcpu_boot_stack_guard), AX_PAGE_SIZE};
    AXTEST_CHECK(test, axmm_protect(text, AXCPU_MAP_READ | WRITE | EXECUTE) == AX_EINVAL);
    AXTEST_CHECK(test, axmm_protect(nothing, AXCPU_MAP_READ) == AX_ENOENT);
    text.size_bytes = 1;
    AXTEST_CHECK(test, axmm_protect(text, AXCPU_MAP_READ) == AX_EINVAL);
}

static const struct axtest_case cases[] = {
    {"no writable alias of code, nothing both writable and executable", test_protections},
    {"text RX, rodata R, data RW", test_sections},
    {"page 0 and the guard pages are absent", test_absent},
    {"one page of a large leaf changes and changes back", test_split},
    {"what must not be is refused", test_refusals},
    {"virtually contiguous memory from scattered frames", test_scattered_frames},
    {"virtually contiguous buffers keep what they hold", test_mapped_buffers},
    {"a large mapping has large leaves and goes back", test_large_mapping},
    {"pages around each mapping are absent", test_guards},
    {"remap keeps the frames", test_remap},
    {"mappings that cannot be are refused", test_impossible_mappings},
    {"stacks have guards and names", test_stacks},
    {"executable memory is never writable at once", test_code},
    {"executable memory is resized without a copy", test_code_resized},
    {"out of memory leaves nothing half done", test_out_of_memory},
    {"out of memory for tables leaves nothing half done", test_out_of_tables},
    {"the check finds what breaks the rules", test_check_finds},
    {"a device that is found late is mapped as one", test_device},
    {"the picture has a line for each kind", test_dump},
    {"every CPU maps, resizes and unmaps at once", test_together},
    {"other CPUs forget what was unmapped", test_others_forget},
    {"memory is used while its mapping changes", test_used_while_changed},
    {"new code is fetched on every CPU", test_code_is_fetched_anew},
    {"cache maintenance changes no byte", test_caches_change_nothing},
};

const struct axtest_suite axmm_suite = {"axmm", cases, AXTEST_COUNT(cases)};
