/*
 * The header of a flattened device tree, and the two blocks that need no walk.
 * Devicetree Specification v0.4, 5.2 (header), 5.3 (memory reservation block).
 *
 * Invariant of an open tree: each block lies inside the blob, and the blob inside what may be
 * read; the strings block ends with a zero byte, so that a string is known to end by its start.
 * Blocks may overlap one another: reading does not mind.
 */
#include "fdt_internal.h"

#define FDT_MAGIC 0xd00dfeedu

enum {
    VERSION_LEAST = 16, /* properties are not padded to 8 bytes from here on */
    VERSION_KNOWN = 17, /* the header says how long the structure block is */
    BLOB_ALIGN = 8,     /* 5.6 */
    RESERVATION_CELLS = 4,
    RESERVATION_BYTES = 16
};

/* 5.2, each field a cell. */
enum {
    HEADER_MAGIC,
    HEADER_TOTAL_BYTES,
    HEADER_STRUCTURE,
    HEADER_STRINGS,
    HEADER_RESERVATIONS,
    HEADER_VERSION,
    HEADER_COMPATIBLE_VERSION,
    HEADER_BOOT_CPU,
    HEADER_STRINGS_BYTES,
    HEADER_STRUCTURE_BYTES,
    HEADER_CELLS
};

struct header {
    uint32_t field[HEADER_CELLS];
};

static enum ax_err complain(struct axhal_fdt *fdt, enum ax_err err, const char *text,
                            uint32_t value)
{
    fdt->complaint = text;
    fdt->complaint_value = value;
    return err;
}

static enum ax_err check_identity(struct axhal_fdt *out, const struct header *header,
                                  size_t readable_bytes)
{
    const uint32_t *field = header->field;
    uint32_t total = field[HEADER_TOTAL_BYTES];
    if (field[HEADER_MAGIC] != FDT_MAGIC)
        return complain(out, AX_EBADMSG, "magic is not 0xd00dfeed but", field[HEADER_MAGIC]);
    if (field[HEADER_VERSION] < VERSION_LEAST || field[HEADER_COMPATIBLE_VERSION] > VERSION_KNOWN ||
        field[HEADER_COMPATIBLE_VERSION] > field[HEADER_VERSION])
        return complain(out, AX_EBADMSG, "cannot be read as version 0x11, but is",
                        field[HEADER_VERSION]);
    if (total < sizeof *header || total > AXHAL_FDT_BYTES_MAX || total > readable_bytes)
        return complain(out, AX_EOVERFLOW, "total size is out of bounds,", total);
    return AX_OK;
}

/* `complaint` says which block it is. */
static enum ax_err check_block(struct axhal_fdt *out, uint32_t total, const char *complaint,
                               uint32_t offset, uint32_t bytes, uint32_t align)
{
    if (offset < sizeof(struct header) || offset > total || bytes > total - offset ||
        offset % align != 0)
        return complain(out, AX_EBADMSG, complaint, offset);
    return AX_OK;
}

static enum ax_err check_blocks(struct axhal_fdt *out, const struct header *header)
{
    const uint32_t *field = header->field;
    uint32_t total = field[HEADER_TOTAL_BYTES];
    enum ax_err err = check_block(out, total, "structure block is misplaced, at",
                                  field[HEADER_STRUCTURE], field[HEADER_STRUCTURE_BYTES], 4);
    if (err == AX_OK)
        err = check_block(out, total, "strings block is misplaced, at", field[HEADER_STRINGS],
                          field[HEADER_STRINGS_BYTES], 1);
    if (err == AX_OK)
        err = check_block(out, total, "reservation block is misplaced, at",
                          field[HEADER_RESERVATIONS], RESERVATION_BYTES, 8);
    return err;
}

static bool is_last_reservation(const struct axhal_be32 *entry)
{
    return (entry[0].raw | entry[1].raw | entry[2].raw | entry[3].raw) == 0;
}

/* Count up to the entry of zeros; false if the blob ends before it. */
static bool count_reservations(struct axhal_fdt *out, uint32_t room_bytes)
{
    const struct axhal_be32 *entry = out->reservations;
    uint32_t room = room_bytes / RESERVATION_BYTES;
    for (uint32_t i = 0; i < room; i++, entry += RESERVATION_CELLS) {
        out->reservation_count = i;
        if (is_last_reservation(entry))
            return true;
    }
    return false;
}

static uint32_t max(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static enum ax_err find_blocks(struct axhal_fdt *out, const struct header *header, const char *blob)
{
    uint32_t structure = header->field[HEADER_STRUCTURE];
    uint32_t strings = header->field[HEADER_STRINGS];
    uint32_t reservations = header->field[HEADER_RESERVATIONS];
    uint32_t strings_bytes = header->field[HEADER_STRINGS_BYTES];
    out->cells = (const struct axhal_be32 *)(const void *)(blob + structure);
    out->cell_count = header->field[HEADER_STRUCTURE_BYTES] / 4;
    out->strings = blob + strings;
    out->reservations = (const struct axhal_be32 *)(const void *)(blob + reservations);
    out->boot_cpu = header->field[HEADER_BOOT_CPU];
    if (!count_reservations(out, header->field[HEADER_TOTAL_BYTES] - reservations))
        return complain(out, AX_EBADMSG, "reservation block has no end, at", reservations);
    out->used_bytes =
        max(reservations + (out->reservation_count + 1) * RESERVATION_BYTES,
            max(structure + header->field[HEADER_STRUCTURE_BYTES], strings + strings_bytes));
    while (strings_bytes > 0 && out->strings[strings_bytes - 1] != '\0')
        strings_bytes--;
    out->strings_bytes = strings_bytes;
    axhal_fdt_forget_names(out);
    return AX_OK;
}

enum ax_err axhal_fdt_open(const void *blob, size_t readable_bytes, struct axhal_fdt *out)
{
    const struct axhal_be32 *cells = blob;
    struct header header = {{0}};
    out->complaint = NULL;
    if (blob == NULL || (uintptr_t)blob % BLOB_ALIGN != 0)
        return complain(out, AX_EINVAL, "address is 0 or no multiple of 8, ends in",
                        (uint32_t)((uintptr_t)blob & 0xfff));
    if (readable_bytes < sizeof header)
        return complain(out, AX_EOVERFLOW, "total size is out of bounds,",
                        (uint32_t)readable_bytes);
    for (unsigned i = 0; i < HEADER_CELLS; i++)
        header.field[i] = axhal_be32_value(cells + i);
    enum ax_err err = check_identity(out, &header, readable_bytes);
    if (err != AX_OK)
        return err;
    if (header.field[HEADER_VERSION] < VERSION_KNOWN)
        header.field[HEADER_STRUCTURE_BYTES] =
            header.field[HEADER_TOTAL_BYTES] - header.field[HEADER_STRUCTURE];
    err = check_blocks(out, &header);
    return err != AX_OK ? err : find_blocks(out, &header, blob);
}

struct ax_prange axhal_fdt_memreserve(const struct axhal_fdt *fdt, uint32_t index)
{
    const struct axhal_be32 *entry = fdt->reservations + (size_t)index * RESERVATION_CELLS;
    return ax_prange(axhal_be32_number(entry, 2), axhal_be32_number(entry + 2, 2));
}
