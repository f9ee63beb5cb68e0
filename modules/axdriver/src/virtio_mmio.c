/*
 * Virtio over MMIO (virtio 1.2, 4.2): a page of registers a device, or half a KiB of one, that the
 * tree names as virtio,mmio. Most such places of a virtual machine are empty, and cost a mapping
 * and two reads.
 *
 * Only version 2 of the registers. Version 1, legacy, has other rings and guest-endian fields, and
 * QEMU 7.2 still makes it unless told otherwise: refused with a line that says what to tell it.
 */
#include "interrupt.h"
#include "want.h"
#include <axalloc/malloc.h>
#include <axbase/checked.h>
#include <axbase/fmt.h>
#include <axbase/list.h>
#include <axbase/string.h>
#include <axcpu/barrier.h>
#include <axcpu/mmio.h>
#include <axcpu/try.h>
#include <axdriver/virtio.h>
#include <axhal/irq.h>
#include <axlog/log.h>
#include <axmm/device.h>

/* Virtio 1.2, table 4.1. */
enum {
    MAGIC = 0x000,
    VERSION = 0x004,
    DEVICE_ID = 0x008,
    DEVICE_FEATURES = 0x010,
    DEVICE_FEATURES_SELECT = 0x014,
    DRIVER_FEATURES = 0x020,
    DRIVER_FEATURES_SELECT = 0x024,
    QUEUE_SELECT = 0x030,
    QUEUE_SIZE_MAX = 0x034,
    QUEUE_SIZE = 0x038,
    QUEUE_READY = 0x044,
    QUEUE_NOTIFY = 0x050,
    INTERRUPT_STATUS = 0x060,
    INTERRUPT_ACKNOWLEDGE = 0x064,
    STATUS = 0x070,
    QUEUE_DESCRIPTORS = 0x080, /* these three: low word, then high word */
    QUEUE_AVAILABLE = 0x090,
    QUEUE_USED = 0x0a0,
    CONFIG_GENERATION = 0x0fc,
    CONFIG = 0x100
};

enum { MODERN = 2, NAME_BYTES = 40, GENERATION_TRIES = 16 };
static const uint32_t magic_value = 0x74726976; /* "virt" */

struct mmio_device {
    struct axdriver_virtio virtio;
    volatile void *base;
    uint64_t config_bytes;
    char name[NAME_BYTES];
};

static struct mmio_device *of(struct axdriver_virtio *device)
{
    return AX_CONTAINER_OF(device, struct mmio_device, virtio);
}

static uint32_t read(struct axdriver_virtio *device, unsigned offset)
{
    return axcpu_mmio_read32(of(device)->base, offset);
}

static void write(struct axdriver_virtio *device, unsigned offset, uint32_t value)
{
    axcpu_mmio_write32(of(device)->base, offset, value);
}

static void write_address(struct axdriver_virtio *device, unsigned offset, struct ax_busaddr bus)
{
    write(device, offset, (uint32_t)bus.raw);
    write(device, offset + 4, (uint32_t)(bus.raw >> 32));
}

/* ---- the transport ---- */

static uint8_t status(struct axdriver_virtio *device)
{
    return (uint8_t)read(device, STATUS);
}

static void set_status(struct axdriver_virtio *device, uint8_t value)
{
    write(device, STATUS, value);
}

static uint64_t features(struct axdriver_virtio *device)
{
    write(device, DEVICE_FEATURES_SELECT, 1);
    uint64_t high = read(device, DEVICE_FEATURES);
    write(device, DEVICE_FEATURES_SELECT, 0);
    return high << 32 | read(device, DEVICE_FEATURES);
}

static void set_features(struct axdriver_virtio *device, uint64_t value)
{
    write(device, DRIVER_FEATURES_SELECT, 1);
    write(device, DRIVER_FEATURES, (uint32_t)(value >> 32));
    write(device, DRIVER_FEATURES_SELECT, 0);
    write(device, DRIVER_FEATURES, (uint32_t)value);
}

static uint32_t queue_size_max(struct axdriver_virtio *device, unsigned index)
{
    write(device, QUEUE_SELECT, index);
    return read(device, QUEUE_SIZE_MAX);
}

static enum ax_err queue_enable(struct axdriver_virtio *device, unsigned index, uint32_t size,
                                const struct axdriver_virtio_rings *rings)
{
    write(device, QUEUE_SELECT, index);
    if (read(device, QUEUE_READY) != 0) /* after a reset, it must not be: 4.2.3.2 */
        return AX_EBUSY;
    write(device, QUEUE_SIZE, size);
    write_address(device, QUEUE_DESCRIPTORS, rings->descriptors);
    write_address(device, QUEUE_AVAILABLE, rings->available);
    write_address(device, QUEUE_USED, rings->used);
    axcpu_barrier_device(); /* the rings are zeroed before the device sees them */
    write(device, QUEUE_READY, 1);
    return read(device, QUEUE_READY) == 1 ? AX_OK : AX_EIO;
}

static void notify(struct axdriver_virtio *device, unsigned index)
{
    write(device, QUEUE_NOTIFY, index);
}

static uint32_t interrupt_status(struct axdriver_virtio *device)
{
    uint32_t bits = read(device, INTERRUPT_STATUS);
    if (bits != 0)
        write(device, INTERRUPT_ACKNOWLEDGE, bits);
    axcpu_barrier_device(); /* what the interrupt is about is read after it */
    return bits;
}

static bool is_in_config(const struct mmio_device *device, size_t offset, size_t bytes)
{
    return offset <= device->config_bytes && bytes <= device->config_bytes - offset;
}

/*
 * In words where place and length allow it, else in bytes: 4.2.2.2 wants fields read as wide as
 * they are, and none of 16 bits is read alone.
 */
static void copy_config(const volatile void *base, size_t offset, void *out, size_t bytes)
{
    bool in_words = (offset | bytes) % sizeof(uint32_t) == 0;
    size_t step = in_words ? sizeof(uint32_t) : 1;
    for (size_t i = 0; i < bytes; i += step) {
        uint32_t value = in_words ? axcpu_mmio_read32(base, CONFIG + offset + i)
                                  : axcpu_mmio_read8(base, CONFIG + offset + i);
        memcpy((char *)out + i, &value, step); /* little-endian, as both ISAs are */
    }
}

static enum ax_err read_config(struct axdriver_virtio *device, size_t offset, void *out,
                               size_t bytes)
{
    if (!is_in_config(of(device), offset, bytes))
        return AX_ERANGE;
    for (unsigned tries = GENERATION_TRIES; tries > 0; tries--) {
        uint32_t before = read(device, CONFIG_GENERATION);
        copy_config(of(device)->base, offset, out, bytes);
        if (read(device, CONFIG_GENERATION) == before)
            return AX_OK;
    }
    return AX_EIO;
}

static enum ax_err write_config(struct axdriver_virtio *device, size_t offset, const void *from,
                                size_t bytes)
{
    const uint8_t *next = from;
    if (!is_in_config(of(device), offset, bytes))
        return AX_ERANGE;
    for (size_t i = 0; i < bytes; i++)
        axcpu_mmio_write8(of(device)->base, CONFIG + offset + i, next[i]);
    return AX_OK;
}

static const struct axdriver_virtio_transport transport = {
    .name = "virtio-mmio",
    .status = status,
    .set_status = set_status,
    .features = features,
    .set_features = set_features,
    .queue_size_max = queue_size_max,
    .queue_enable = queue_enable,
    .notify = notify,
    .read_config = read_config,
    .write_config = write_config,
    .interrupt_status = interrupt_status,
};

/* ---- finding one ---- */

/* What is plugged in at `base`. AX_ENODEV: nothing. AX_EBADMSG: it is no place for one. */
static enum ax_err identify(volatile void *base, uint32_t *device_id)
{
    uint32_t magic;
    if (!axcpu_try_read32((volatile uint32_t *)base + MAGIC / 4, &magic) || magic != magic_value)
        return AX_EBADMSG;
    *device_id = axcpu_mmio_read32(base, DEVICE_ID);
    return *device_id != 0 ? AX_OK : AX_ENODEV;
}

/* AX_ENODEV: it is not driven, which was said. */
static enum ax_err check_version(volatile void *base, const char *name)
{
    uint32_t version = axcpu_mmio_read32(base, VERSION);
    if (version == MODERN)
        return AX_OK;
    axlog_warn("%s is a legacy device (version %u), not driven: tell QEMU "
               "-global virtio-mmio.force-legacy=false",
               name, (unsigned)version);
    return AX_ENODEV;
}

static enum ax_err find_interrupt(const struct axhal_fdt_node *node, const char *name,
                                  unsigned *irq)
{
    enum ax_err err = interrupt_of(node, 0, irq);
    if (err == AX_OK)
        return AX_OK;
    axlog_warn("%s has no interrupt that can be used: %s", name, ax_err_name(err));
    return AX_ENODEV;
}

/* The device whose registers are at device->base. */
static enum ax_err attach_device(struct mmio_device *device, const struct axhal_fdt_node *node,
                                 struct ax_paddr registers)
{
    struct axhal_fdt_place place;
    uint32_t device_id;
    enum ax_err err = identify(device->base, &device_id);
    if (err != AX_OK)
        return err;
    ax_snprintf(device->name, sizeof device->name, "virtio-mmio 0x%llx",
                (unsigned long long)registers.raw);
    err = check_version(device->base, device->name);
    if (err == AX_OK)
        err = find_interrupt(node, device->name, &device->virtio.irq);
    if (err != AX_OK)
        return err;
    axhal_fdt_place_of(node, &place);
    device->virtio.device_id = device_id;
    device->virtio.transport = &transport;
    device->virtio.name = device->name;
    err = axdma_device_init_from_tree(&device->virtio.dma, device->name, node->fdt, &place);
    return err == AX_OK ? axdriver_virtio_found(&device->virtio) : err;
}

/* ---- its registers ---- */

/*
 * What was mapped last. Places are close together and mostly empty: what was mapped for one serves
 * those that share its page, and is unmapped, if none of them is in use, only after the next, so
 * that tables are not taken down and made anew for each. The last one stays.
 */
static struct {
    struct ax_prange pages; /* empty: none */
    volatile void *base;
    bool is_used;
} mapped;

static enum ax_err map_anew(struct ax_prange pages)
{
    volatile void *base;
    enum ax_err err = axmm_map_device(pages, &base);
    if (err != AX_OK)
        return err;
    if (mapped.pages.size_bytes != 0 && !mapped.is_used)
        axmm_unmap_device(mapped.base);
    mapped.pages = pages;
    mapped.base = base;
    mapped.is_used = false;
    return AX_OK;
}

/* Where they are mapped until somebody asks for others, and for good once `mapped.is_used` is. */
static enum ax_err map(struct ax_prange registers, volatile void **out)
{
    uint64_t start = ax_align_down(registers.start.raw, AX_PAGE_SIZE);
    uint64_t end;
    if (ax_add_overflows(registers.start.raw, registers.size_bytes, &end) ||
        ax_align_up_overflows(end, AX_PAGE_SIZE, &end))
        return AX_ERANGE;
    struct ax_prange pages = ax_prange(start, end - start);
    enum ax_err err = AX_OK;
    if (pages.start.raw != mapped.pages.start.raw || pages.size_bytes != mapped.pages.size_bytes)
        err = map_anew(pages);
    if (err == AX_OK)
        *out = (volatile char *)mapped.base + (registers.start.raw - start);
    return err;
}

static enum ax_err attach(const struct axhal_fdt_node *node)
{
    struct ax_prange registers;
    enum ax_err err = axhal_fdt_reg(node, 0, &registers);
    if (err != AX_OK || registers.size_bytes < CONFIG)
        return err != AX_OK ? err : AX_EBADMSG;
    struct mmio_device *device = axalloc_calloc(1, sizeof *device);
    if (device == NULL)
        return AX_ENOMEM;
    device->config_bytes = registers.size_bytes - CONFIG;
    err = map(registers, &device->base);
    if (err == AX_OK)
        err = attach_device(device, node, registers.start);
    /* a device that could not be reset has memory for good, and axdma knows it by this record */
    if (err == AX_OK || axdma_device_end(&device->virtio.dma) != AX_OK)
        mapped.is_used = true;
    else
        axalloc_free(device);
    return err;
}

AXDRIVER_TREE_DRIVER(mmio)
const struct axdriver_tree_driver axdriver_virtio_mmio = {"virtio,mmio", attach};
