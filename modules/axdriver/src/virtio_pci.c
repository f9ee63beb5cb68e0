/*
 * The PCI transport of virtio (virtio 1.2, 4.1): registers in BARs, found by capabilities of the
 * vendor's own kind.
 *
 * A capability says which part of which BAR is what: none is used before it lies in its BAR whole
 * and is as large as its structure. The first good one of each kind counts (4.1.4.1). What depends
 * on the device later (where a queue's doorbell is) is checked when it is read.
 *
 * Transitional devices, which old ones can be driven through too, are driven as modern ones; what
 * has no such capabilities is refused by a line. Interrupts are INTx: MSI-X stays off, so all
 * queues have one line, which other functions may share.
 */
#include "pci.h"
#include <axalloc/malloc.h>
#include <axbase/string.h>
#include <axcpu/mmio.h>
#include <axdriver/driver.h>
#include <axdriver/virtio.h>
#include <axlog/log.h>
#include <axmm/device.h>

/* 4.1.2: ids. Below FIRST_MODERN the device is transitional, its kind in the subsystem's id. */
enum { VENDOR = 0x1af4, FIRST = 0x1000, FIRST_MODERN = 0x1040, LAST = 0x107f };

/* 4.1.4: struct virtio_pci_cap. */
enum { CAPABILITY_VENDOR = 9, CAP_BYTES = 2, CAP_KIND = 3, CAP_BAR = 4, CAP_OFFSET = 8 };
enum { CAP_LENGTH = 12, CAP_MULTIPLIER = 16, CAP_LEAST = 16, CAP_NOTIFY_LEAST = 20 };
enum { COMMON = 1, NOTIFY = 2, ISR = 3, CONFIG = 4, PART_KINDS };

/* 4.1.4.3: struct virtio_pci_common_cfg. */
enum { FEATURE_SELECT = 0x00, FEATURE = 0x04, GUEST_FEATURE_SELECT = 0x08, GUEST_FEATURE = 0x0c };
enum { STATUS = 0x14, GENERATION = 0x15, QUEUE_SELECT = 0x16, QUEUE_SIZE = 0x18 };
enum { QUEUE_VECTOR = 0x1a, QUEUE_ENABLE = 0x1c, QUEUE_NOTIFY = 0x1e, QUEUE_DESCRIPTORS = 0x20 };
enum { QUEUE_AVAILABLE = 0x28, QUEUE_USED = 0x30, COMMON_BYTES = 0x38 };

enum { NO_VECTOR = 0xffff, GENERATION_TRIES = 100, CONFIG_BYTES_MAX = 4096 };

struct part {
    volatile void *registers; /* NULL: not found */
    uint32_t bytes;
};

struct virtio_pci {
    struct axdriver_virtio device; /* first */
    struct pci_function function;
    struct part parts[PART_KINDS];
    uint32_t notify_multiplier;
    uint64_t doorbells[AXDRIVER_VIRTIO_QUEUES_MAX]; /* offsets in the part NOTIFY */
    char name[sizeof "virtio-pci " + PCI_NAME_BYTES];
};

static struct virtio_pci *of(struct axdriver_virtio *device)
{
    return (struct virtio_pci *)device;
}

static volatile void *common_of(struct axdriver_virtio *device)
{
    return of(device)->parts[COMMON].registers;
}

static uint8_t status(struct axdriver_virtio *device)
{
    return axcpu_mmio_read8(common_of(device), STATUS);
}

static void set_status(struct axdriver_virtio *device, uint8_t value)
{
    axcpu_mmio_write8(common_of(device), STATUS, value);
}

static uint64_t features(struct axdriver_virtio *device)
{
    volatile void *common = common_of(device);
    axcpu_mmio_write32(common, FEATURE_SELECT, 1);
    uint64_t high = axcpu_mmio_read32(common, FEATURE);
    axcpu_mmio_write32(common, FEATURE_SELECT, 0);
    return high << 32 | axcpu_mmio_read32(common, FEATURE);
}

static void set_features(struct axdriver_virtio *device, uint64_t value)
{
    volatile void *common = common_of(device);
    for (unsigned i = 0; i < 2; i++) {
        axcpu_mmio_write32(common, GUEST_FEATURE_SELECT, i);
        axcpu_mmio_write32(common, GUEST_FEATURE, (uint32_t)(value >> 32 * i));
    }
}

static uint32_t queue_size_max(struct axdriver_virtio *device, unsigned index)
{
    axcpu_mmio_write16(common_of(device), QUEUE_SELECT, (uint16_t)index);
    return axcpu_mmio_read16(common_of(device), QUEUE_SIZE);
}

/* 4.1.3.1: 64 bits go as two accesses of 32. */
static void write_address(volatile void *common, unsigned offset, struct ax_busaddr address)
{
    axcpu_mmio_write32(common, offset, (uint32_t)address.raw);
    axcpu_mmio_write32(common, offset + 4, (uint32_t)(address.raw >> 32));
}

static enum ax_err queue_enable(struct axdriver_virtio *device, unsigned index, uint32_t size,
                                const struct axdriver_virtio_rings *rings)
{
    struct virtio_pci *self = of(device);
    volatile void *common = common_of(device);
    if (index >= AXDRIVER_VIRTIO_QUEUES_MAX)
        return AX_EINVAL;
    axcpu_mmio_write16(common, QUEUE_SELECT, (uint16_t)index);
    uint64_t doorbell = (uint64_t)axcpu_mmio_read16(common, QUEUE_NOTIFY) * self->notify_multiplier;
    if (doorbell + sizeof(uint16_t) > self->parts[NOTIFY].bytes || doorbell % sizeof(uint16_t) != 0)
        return AX_EBADMSG;
    self->doorbells[index] = doorbell;
    axcpu_mmio_write16(common, QUEUE_SIZE, (uint16_t)size);
    axcpu_mmio_write16(common, QUEUE_VECTOR, NO_VECTOR);
    write_address(common, QUEUE_DESCRIPTORS, rings->descriptors);
    write_address(common, QUEUE_AVAILABLE, rings->available);
    write_address(common, QUEUE_USED, rings->used);
    axcpu_mmio_write16(common, QUEUE_ENABLE, 1);
    return axcpu_mmio_read16(common, QUEUE_ENABLE) == 1 ? AX_OK : AX_EIO;
}

static void notify(struct axdriver_virtio *device, unsigned index)
{
    struct virtio_pci *self = of(device);
    axcpu_mmio_write16(self->parts[NOTIFY].registers, self->doorbells[index], (uint16_t)index);
}

/* 4.1.3.1: a field is read by its own width; we are asked for a field at a time, or for bytes. */
static void copy_config(const volatile void *registers, size_t offset, uint8_t *to, size_t bytes)
{
    if (bytes == sizeof(uint16_t) && offset % sizeof(uint16_t) == 0) {
        uint16_t value = axcpu_mmio_read16(registers, offset);
        memcpy(to, &value, sizeof value);
        return;
    }
    if (bytes % sizeof(uint32_t) != 0 || offset % sizeof(uint32_t) != 0) {
        for (size_t i = 0; i < bytes; i++)
            to[i] = axcpu_mmio_read8(registers, offset + i);
        return;
    }
    for (size_t i = 0; i < bytes; i += sizeof(uint32_t)) {
        uint32_t value = axcpu_mmio_read32(registers, offset + i);
        memcpy(to + i, &value, sizeof value);
    }
}

static bool has_config(struct virtio_pci *self, size_t offset, size_t bytes)
{
    return offset <= self->parts[CONFIG].bytes && bytes <= self->parts[CONFIG].bytes - offset;
}

/* 4.1.4.3.1: what was read is of one piece if the generation is the same before and after. */
static enum ax_err read_config(struct axdriver_virtio *device, size_t offset, void *out,
                               size_t bytes)
{
    struct virtio_pci *self = of(device);
    if (!has_config(self, offset, bytes))
        return AX_ERANGE;
    for (unsigned i = 0; i < GENERATION_TRIES; i++) {
        uint8_t before = axcpu_mmio_read8(common_of(device), GENERATION);
        copy_config(self->parts[CONFIG].registers, offset, out, bytes);
        if (axcpu_mmio_read8(common_of(device), GENERATION) == before)
            return AX_OK;
    }
    return AX_EIO;
}

static enum ax_err write_config(struct axdriver_virtio *device, size_t offset, const void *from,
                                size_t bytes)
{
    struct virtio_pci *self = of(device);
    const uint8_t *source = from;
    if (!has_config(self, offset, bytes))
        return AX_ERANGE;
    for (size_t i = 0; i < bytes; i++)
        axcpu_mmio_write8(self->parts[CONFIG].registers, offset + i, source[i]);
    return AX_OK;
}

/* 4.1.4.5: reading clears. */
static uint32_t interrupt_status(struct axdriver_virtio *device)
{
    return axcpu_mmio_read8(of(device)->parts[ISR].registers, 0);
}

/*
 * Without the right to be a bus master it reaches no memory (PCI Local Bus 3.0, 6.2.2); what it had
 * written before arrives before what a read of it gives (PCI Express Base 4.0, 2.4.1). Its
 * registers still answer.
 */
static void cut_off(struct axdriver_virtio *device)
{
    const struct pci_function *function = &of(device)->function;
    pci_write16(function, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE);
    (void)pci_read16(function, PCI_COMMAND);
    axlog_error("%s does not confirm its reset: the bus keeps it from memory", device->name);
}

static const struct axdriver_virtio_transport transport = {
    .name = "virtio-pci",
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
    .cut_off = cut_off,
};

static uint32_t least_bytes(uint8_t kind)
{
    return kind == COMMON ? COMMON_BYTES : kind == NOTIFY ? sizeof(uint16_t) : 1;
}

/* All of the capability that its kind needs is there. */
static bool is_whole(const struct pci_function *function, unsigned at)
{
    if (at + CAP_LEAST > PCI_CAPABILITY_END)
        return false;
    unsigned least = pci_read8(function, at + CAP_KIND) == NOTIFY ? CAP_NOTIFY_LEAST : CAP_LEAST;
    return at + least <= PCI_CAPABILITY_END && pci_read8(function, at + CAP_BYTES) >= least;
}

/* Map the part that the capability at `at` describes; what is not as it should be is passed over.
 */
static void take_part(struct virtio_pci *self, unsigned at)
{
    const struct pci_function *function = &self->function;
    if (!is_whole(function, at))
        return;
    uint8_t kind = pci_read8(function, at + CAP_KIND);
    uint32_t offset = pci_read32(function, at + CAP_OFFSET);
    struct part part = {NULL, pci_read32(function, at + CAP_LENGTH)};
    if (kind < COMMON || kind > CONFIG || self->parts[kind].registers != NULL ||
        part.bytes < least_bytes(kind) || offset % sizeof(uint32_t) != 0)
        return;
    if (kind == CONFIG && part.bytes > CONFIG_BYTES_MAX)
        part.bytes = CONFIG_BYTES_MAX;
    if (pci_bar_map(function, pci_read8(function, at + CAP_BAR), offset, part.bytes,
                    &part.registers) != AX_OK)
        return;
    self->parts[kind] = part;
    if (kind == NOTIFY)
        self->notify_multiplier = pci_read32(function, at + CAP_MULTIPLIER);
}

static void unmap_parts(struct virtio_pci *self)
{
    for (unsigned kind = COMMON; kind < PART_KINDS; kind++)
        if (self->parts[kind].registers != NULL)
            axmm_unmap_device(self->parts[kind].registers);
}

/* A device without a configuration of its own need not have that part. */
static enum ax_err find_parts(struct virtio_pci *self)
{
    struct pci_capability_walk walk = {0, 0};
    while (pci_capability_next(&self->function, &walk, CAPABILITY_VENDOR))
        take_part(self, walk.at);
    return self->parts[COMMON].registers != NULL && self->parts[NOTIFY].registers != NULL &&
                   self->parts[ISR].registers != NULL
               ? AX_OK
               : AX_ENOTSUP;
}

static void name_device(struct virtio_pci *self)
{
    static const char kind[] = "virtio-pci ";
    memcpy(self->name, kind, sizeof kind);
    memcpy(self->name + sizeof kind - 1, self->function.name, PCI_NAME_BYTES);
    self->device.name = self->name;
    self->device.transport = &transport;
}

static enum ax_err prepare(struct virtio_pci *self)
{
    const struct pci_host *host = self->function.bus->host;
    enum ax_err err =
        axdma_device_init_on_bus(&self->device.dma, self->name, host->tree, &host->place);
    if (err == AX_OK)
        err = pci_interrupt(&self->function, &self->device.irq);
    if (err == AX_OK)
        err = pci_bars_assign(&self->function);
    if (err == AX_OK)
        err = find_parts(self);
    return err;
}

static const char *reason(enum ax_err err)
{
    switch (err) {
    case AX_ENOTSUP:
        return "a legacy device, or one without the capabilities of virtio 1.2, 4.1.4";
    case AX_ENOSPC:
        return "no window of the bus has room for its registers";
    case AX_ENODEV:
        return "its interrupt has no controller that this platform knows";
    case AX_ENOENT:
        return "the tree wires its interrupt to nothing";
    default:
        return ax_err_name(err);
    }
}

/* True: there is a driver for this kind of device in the image, so it is worth waking. */
static bool read_kind(const struct pci_function *function, uint64_t *kind)
{
    uint16_t id = pci_read16(function, PCI_DEVICE);
    if (pci_read16(function, PCI_VENDOR) != VENDOR || id < FIRST || id > LAST)
        return false;
    *kind = id >= FIRST_MODERN ? id - (uint64_t)FIRST_MODERN : pci_read16(function, PCI_SUBSYSTEM);
    const struct axdriver_virtio_driver *row = axdriver_virtio_drivers;
    while (row->device_id != 0 && row->device_id != *kind)
        row++;
    return *kind != 0 && row->device_id == *kind;
}

enum ax_err virtio_pci_attach(const struct pci_function *found)
{
    uint64_t kind;
    if (!read_kind(found, &kind))
        return AX_ENODEV;
    struct virtio_pci *self = axalloc_calloc(1, sizeof *self);
    if (self == NULL)
        return AX_ENOMEM;
    self->function = *found;
    self->device.device_id = kind;
    name_device(self);
    enum ax_err err = prepare(self);
    if (err != AX_OK)
        axlog_warn("%s cannot be used: %s", self->name, reason(err));
    else
        err = axdriver_virtio_found(&self->device);
    if (err == AX_OK)
        return AX_OK;
    pci_quiet(&self->function);
    unmap_parts(self);
    axalloc_free(self);
    return err;
}
