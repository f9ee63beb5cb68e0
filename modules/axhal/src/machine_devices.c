/*
 * Which driver a device is for, and which device is the console.
 *
 * The console is named by /chosen/stdout-path, which may stand before or after the device in the
 * tree, and may be an alias. So devices that could be it are remembered by their place, and
 * looked at again when all is known. Aliases have names of their own: /aliases is searched then.
 *
 * Costs: an entry of a `compatible` is compared with the rows of the table only if one of them is
 * as long as it is; about 80 instructions a node.
 */
#include <axbase/string.h>

#include "fdt_internal.h"
#include "machine_internal.h"

void axhal_machine_survey_drivers(struct axhal_machine_reader *reader)
{
    for (const struct axhal_driver *row = reader->drivers; row->compatible != NULL; row++)
        reader->driver_lengths |= UINT64_C(1) << strlen(row->compatible) % 64;
}

static const struct axhal_driver *find_row(const struct axhal_driver *row, const char *compatible)
{
    while (row->compatible != NULL && !axhal_fdt_is_same(row->compatible, compatible))
        row++;
    return row->compatible != NULL ? row : NULL;
}

/* The row for the most specific entry of `compatible` that has one. */
static const struct axhal_driver *find_driver(const struct axhal_machine_reader *reader,
                                              const struct axhal_fdt_node *node)
{
    const char *entry = (const char *)axhal_fdt_cells(node, AXHAL_FDT_COMPATIBLE);
    const char *end = entry + axhal_fdt_bytes(node, AXHAL_FDT_COMPATIBLE);
    const struct axhal_driver *driver = NULL;
    if (entry == end || end[-1] != '\0')
        return NULL;
    while (entry < end && driver == NULL) {
        size_t length = strlen(entry);
        if ((reader->driver_lengths >> length % 64 & 1) != 0)
            driver = find_row(reader->drivers, entry);
        entry += length + 1;
    }
    return driver;
}

/* True: the driver has the device. */
static bool probe(struct axhal_machine *machine, const struct axhal_driver *driver,
                  const struct axhal_fdt_node *node)
{
    struct axhal_machine_notes *notes = &machine->notes;
    if (driver->probe(node) == AX_OK)
        return true;
    if (notes->probes_failed++ == 0)
        notes->first_failed = driver->compatible;
    return false;
}

void axhal_machine_offer(struct axhal_machine_reader *reader, const struct axhal_fdt_node *node)
{
    struct axhal_machine *machine = reader->machine;
    const struct axhal_driver *driver = find_driver(reader, node);
    if (driver == NULL || driver->probe == NULL) /* AXHAL_NO_DRIVER */
        return;
    if (driver->role == AXHAL_DRIVER_DEVICE) {
        probe(machine, driver, node);
        return;
    }
    if (machine->candidate_count == AXHAL_CONSOLES_MAX) {
        machine->notes.consoles_left_out++;
        return;
    }
    struct axhal_console_candidate *candidate = &machine->candidates[machine->candidate_count++];
    candidate->driver = driver;
    axhal_fdt_place_of(node, &candidate->place);
}

/* The path that `name`, `bytes` long, is an alias of; "" if it is none. */
static const char *find_alias(const struct axhal_machine_reader *reader, const char *name,
                              size_t bytes)
{
    struct axhal_fdt_property property;
    uint32_t cell = reader->aliases;
    if (cell == 0)
        return "";
    while (axhal_fdt_next_property(&reader->machine->tree, &cell, &property)) {
        const char *value = property.value;
        if (strncmp(property.name, name, bytes) == 0 && property.name[bytes] == '\0')
            return property.bytes > 0 && value[property.bytes - 1] == '\0' ? value : "";
    }
    return "";
}

/* The length of a path or alias before the options: "/soc/serial@10000000:115200n8". */
static size_t path_bytes(const char *path)
{
    size_t bytes = 0;
    while (path[bytes] != '\0' && path[bytes] != ':')
        bytes++;
    return bytes;
}

/* The candidate that stdout-path names; candidate_count if it names none of them. */
static unsigned find_stdout(const struct axhal_machine_reader *reader)
{
    const struct axhal_machine *machine = reader->machine;
    const char *path = machine->stdout_path;
    size_t bytes = path_bytes(path);
    unsigned i = 0;
    if (path[0] != '/') {
        path = find_alias(reader, path, bytes);
        bytes = path_bytes(path);
    }
    while (i < machine->candidate_count &&
           !axhal_fdt_place_is(&machine->tree, &machine->candidates[i].place, path, bytes))
        i++;
    return i;
}

struct attempt {
    struct axhal_machine *machine;
    const struct axhal_driver *driver;
};

static enum ax_err probe_candidate(const struct axhal_fdt_node *node, void *context)
{
    struct attempt *attempt = context;
    if (probe(attempt->machine, attempt->driver, node))
        attempt->machine->console = attempt->driver;
    return AX_OK;
}

static bool try_candidate(struct axhal_machine *machine, unsigned index)
{
    struct attempt attempt = {machine, machine->candidates[index].driver};
    return axhal_fdt_revisit(&machine->tree, &machine->candidates[index].place, probe_candidate,
                             &attempt) == AX_OK &&
           machine->console != NULL;
}

void axhal_machine_choose_console(struct axhal_machine_reader *reader)
{
    struct axhal_machine *machine = reader->machine;
    unsigned chosen = find_stdout(reader);
    if (chosen < machine->candidate_count && try_candidate(machine, chosen)) {
        machine->console_is_stdout = true;
        return;
    }
    for (unsigned i = 0; i < machine->candidate_count; i++)
        if (i != chosen && try_candidate(machine, i))
            return;
}
