/*
 * Lending ordinary memory to a device, and bounce buffers.
 *
 * A buffer is lent as it is if the device reaches it as one segment, and, where the device writes
 * past the caches, if no line of it holds anything else: a line that a CPU writes back would undo
 * what the device wrote into it, and to drop the line would undo what the CPU wrote beside it.
 * Otherwise the device gets a bounce buffer, whose lines are its own, and the bytes are copied.
 *
 * Where the device does not see the caches (Arm ARM B2.8; RISC-V CMO 1.0, 2.5):
 *
 *              before the device                        before the CPU
 *   to it      write back, so that it reads it          nothing
 *   from it    drop, so that no line is written         drop, since a CPU may have fetched
 *              back over it later                       old bytes meanwhile
 *   both       write back and drop                      drop
 *
 * Cost where nothing of that is needed: the arithmetic of the address.
 */
#include "internal.h"
#include <axbase/assert.h>
#include <axbase/string.h>
#include <axcpu/cache.h>
#include <axcpu/image.h>
#include <axdma/config.h>
#include <axhal/mem.h>
#include <axlog/log.h>

/* The bytes of a mapping that the device uses. */
static char *shared_of(const struct axdma_mapping *mapping)
{
    return mapping->bounce != NULL ? mapping->bounce : mapping->buffer;
}

static bool device_reads(enum axdma_direction direction)
{
    return (direction & AXDMA_TO_DEVICE) != 0;
}

static bool device_writes(enum axdma_direction direction)
{
    return (direction & AXDMA_FROM_DEVICE) != 0;
}

/* ---- the two hand-overs, of all or of a part ---- */

/* The part in whole lines: they are the mapping's own wherever the device writes. */
static char *widen(const struct axdma_mapping *mapping, size_t offset, size_t *bytes)
{
    char *first = shared_of(mapping) + offset;
    size_t line = axcpu_dcache_line_bytes();
    size_t before = (uintptr_t)first & (line - 1);
    *bytes = ax_align_up(before + *bytes, line);
    return first - before;
}

static void give_to_device(const struct axdma_device *device, const struct axdma_mapping *mapping,
                           size_t offset, size_t bytes)
{
    if (mapping->bounce != NULL && device_reads(mapping->direction))
        memcpy((char *)mapping->bounce + offset, (char *)mapping->buffer + offset, bytes);
    if (device->coherent)
        return;
    const char *first = widen(mapping, offset, &bytes);
    if (mapping->direction == AXDMA_TO_DEVICE)
        axcpu_dcache_clean(first, bytes);
    else if (mapping->direction == AXDMA_FROM_DEVICE)
        axcpu_dcache_invalidate(first, bytes);
    else
        axcpu_dcache_clean_invalidate(first, bytes);
}

static void take_from_device(const struct axdma_device *device, const struct axdma_mapping *mapping,
                             size_t offset, size_t bytes)
{
    if (!device_writes(mapping->direction))
        return;
    if (!device->coherent) {
        size_t widened = bytes;
        const char *first = widen(mapping, offset, &widened);
        axcpu_dcache_invalidate(first, widened);
    }
    if (mapping->bounce != NULL)
        memcpy((char *)mapping->buffer + offset, (char *)mapping->bounce + offset, bytes);
}

/* ---- map ---- */

/* The physical bytes of the buffer; AX_EFAULT: it has none, or a device may not write them. */
static enum ax_err find_physical(const void *buffer, size_t bytes, enum axdma_direction direction,
                                 struct ax_prange *out)
{
    struct ax_paddr first, last, image;
    struct ax_vaddr start = ax_vaddr_of(buffer);
    if (bytes - 1 > UINTPTR_MAX - start.raw || axhal_virt_to_phys(start, &first) != AX_OK ||
        axhal_virt_to_phys(ax_vaddr_add(start, bytes - 1), &last) != AX_OK ||
        last.raw - first.raw != bytes - 1)
        return AX_EFAULT;
    *out = (struct ax_prange){first, bytes};
    enum ax_err err = axhal_virt_to_phys(ax_vaddr_of(axcpu_text_start), &image);
    struct ax_prange constants = {image, (uint64_t)(axcpu_rodata_end - axcpu_text_start)};
    return err == AX_OK && device_writes(direction) && ax_prange_overlaps(*out, constants)
               ? AX_EFAULT
               : err;
}

/* The lines at both ends hold nothing else, or nobody minds. */
static bool has_own_lines(const struct axdma_device *device, struct ax_prange range,
                          enum axdma_direction direction)
{
    return device->coherent || !device_writes(direction) ||
           ax_is_aligned(range.start.raw | range.size_bytes, axcpu_dcache_line_bytes());
}

static bool can_be_lent(const struct axdma_device *device, struct ax_prange range,
                        enum axdma_direction direction, bool is_one_segment, struct ax_busaddr *out)
{
    struct ax_busaddr bus;
    if (!reach_find(device, range, &bus) || !ax_is_aligned(bus.raw, device->limits.align) ||
        !has_own_lines(device, range, direction))
        return false;
    if (is_one_segment && reach_segment(&device->limits, bus, range.size_bytes) != range.size_bytes)
        return false;
    *out = bus;
    return true;
}

/* What a bounce buffer is; given back, too, since that does not depend on the segment's alignment.
 */
static struct ax_layout bounce_layout(const struct axdma_device *device, size_t bytes)
{
    size_t line = device->coherent ? 1 : axcpu_dcache_line_bytes();
    return (struct ax_layout){bytes, device->limits.align > line ? device->limits.align : line};
}

static enum ax_err take_bounce(const struct axdma_device *device, bool is_one_segment,
                               struct axdma_mapping *mapping)
{
    const struct demand demand = {device, device, false};
    struct ax_layout layout = bounce_layout(device, mapping->bytes);
    struct ax_paddr physical;
    enum ax_err err = ax_layout_is_valid(layout) ? AX_OK : AX_ERANGE;
    if (err == AX_OK && is_one_segment)
        err = reach_layout(device, &layout);
    if (err == AX_OK)
        err = memory_take(&demand, layout, &mapping->bounce);
    if (err != AX_OK)
        return err;
    bool is_reached =
        axhal_virt_to_phys(ax_vaddr_of(mapping->bounce), &physical) == AX_OK &&
        reach_find(device, (struct ax_prange){physical, mapping->bytes}, &mapping->bus);
    AX_ASSERT(is_reached);
    return AX_OK;
}

static void give_bounce(const struct axdma_device *device, const struct axdma_mapping *mapping)
{
    if (mapping->bounce == NULL)
        return;
    const char *wrong = memory_give(device, mapping->bounce, bounce_layout(device, mapping->bytes));
    AX_ASSERT(wrong == NULL);
}

enum ax_err stream_map(struct axdma_device *device, void *buffer, size_t bytes,
                       enum axdma_direction direction, bool is_one_segment,
                       struct axdma_mapping *out)
{
    struct axdma_mapping mapping = {.bytes = bytes, .buffer = buffer, .direction = direction};
    struct ax_prange range;
    if (bytes == 0 || direction < AXDMA_TO_DEVICE || direction > AXDMA_BOTH_WAYS)
        return AX_EINVAL;
    if (!device->coherent && !axcpu_dcache_is_maintained())
        return AX_ENOTSUP;
    enum ax_err err = find_physical(buffer, bytes, direction, &range);
    if (err == AX_OK && !can_be_lent(device, range, direction, is_one_segment, &mapping.bus))
        err = take_bounce(device, is_one_segment, &mapping);
    if (err != AX_OK)
        return err;
    if (CONFIG_AXDMA_CHECKS)
        err = lent_add(device, &mapping);
    if (err != AX_OK) {
        give_bounce(device, &mapping);
        return err;
    }
    give_to_device(device, &mapping, 0, bytes);
    if (CONFIG_AXDMA_CHECKS)
        lent_changes_hands(device, &mapping, true);
    /* relaxed: a count for axdma_device_end(), which the driver calls when all is done */
    atomic_fetch_add_explicit(&device->live, 1, memory_order_relaxed);
    *out = mapping;
    return AX_OK;
}

enum ax_err axdma_map(struct axdma_device *device, void *buffer, size_t bytes,
                      enum axdma_direction direction, struct axdma_mapping *out)
{
    return stream_map(device, buffer, bytes, direction, true, out);
}

/* ---- what may be done with a mapping ---- */

static AX_COLD enum ax_err refused(const struct axdma_device *device, const char *call,
                                   const char *wrong, const struct axdma_mapping *mapping)
{
    axlog_error("%s: %s: %s: %zu bytes at %p, bus 0x%llx", device->name, call, wrong,
                mapping->bytes, mapping->buffer, (unsigned long long)mapping->bus.raw);
    return AX_EINVAL;
}

/* Only debug builds know what is mapped; in others it is what the mapping itself says. */
static const char *wrong_with(const struct axdma_device *device,
                              const struct axdma_mapping *mapping)
{
    if (mapping->bytes == 0)
        return "not mapped, or unmapped twice";
    return CONFIG_AXDMA_CHECKS ? lent_check(device, mapping) : NULL;
}

enum ax_err axdma_unmap(struct axdma_device *device, struct axdma_mapping *mapping)
{
    const char *wrong = wrong_with(device, mapping);
    if (CONFIG_AXDMA_CHECKS && wrong == NULL)
        wrong = lent_remove(device, mapping);
    if (wrong != NULL)
        return refused(device, "unmap", wrong, mapping);
    take_from_device(device, mapping, 0, mapping->bytes);
    give_bounce(device, mapping);
    mapping->bytes = 0;
    /* relaxed: as in stream_map() */
    atomic_fetch_sub_explicit(&device->live, 1, memory_order_relaxed);
    return AX_OK;
}

/* ---- sync ---- */

static const char *wrong_with_part(const struct axdma_device *device,
                                   const struct axdma_mapping *mapping, size_t offset, size_t bytes)
{
    const char *wrong = wrong_with(device, mapping);
    bool is_inside = offset <= mapping->bytes && bytes <= mapping->bytes - offset && bytes != 0;
    return wrong != NULL || is_inside ? wrong : "outside of the mapping";
}

enum ax_err axdma_sync_for_cpu(struct axdma_device *device, const struct axdma_mapping *mapping,
                               size_t offset, size_t bytes)
{
    const char *wrong = wrong_with_part(device, mapping, offset, bytes);
    if (wrong != NULL)
        return refused(device, "sync for the CPU", wrong, mapping);
    if (CONFIG_AXDMA_CHECKS)
        lent_changes_hands(device, mapping, false);
    take_from_device(device, mapping, offset, bytes);
    return AX_OK;
}

enum ax_err axdma_sync_for_device(struct axdma_device *device, const struct axdma_mapping *mapping,
                                  size_t offset, size_t bytes)
{
    const char *wrong = wrong_with_part(device, mapping, offset, bytes);
    if (wrong != NULL)
        return refused(device, "sync for the device", wrong, mapping);
    give_to_device(device, mapping, offset, bytes);
    if (CONFIG_AXDMA_CHECKS)
        lent_changes_hands(device, mapping, true);
    return AX_OK;
}
