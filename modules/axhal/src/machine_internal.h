/* Shared by the files of the machine description. */
#pragma once

#include <axhal/machine.h>

/* The part of the tree that the pass is in. */
enum axhal_section { AXHAL_SECTION_OTHER, AXHAL_SECTION_CPUS, AXHAL_SECTION_RESERVED_MEMORY };

struct axhal_machine_reader {
    struct axhal_machine *machine;
    const struct axhal_image *image;
    const struct axhal_driver *drivers;
    uint64_t driver_lengths; /* bit n: some row's `compatible` has n characters, modulo 64 */
    struct axhal_boot_fault *fault;
    enum axhal_section section; /* the child of the root that was entered last */
    uint32_t aliases;           /* the first property of /aliases; 0: none seen */
};

/* Puts the reason into the fault; returns `err`. */
AX_PRINTF(3, 4)
enum ax_err axhal_machine_fail(struct axhal_machine_reader *reader, enum ax_err err,
                               const char *format, ...);

/* Sets driver_lengths. */
void axhal_machine_survey_drivers(struct axhal_machine_reader *reader);

/* Give the node to the driver that it names, if any: probe it, or remember it as a candidate. */
void axhal_machine_offer(struct axhal_machine_reader *reader, const struct axhal_fdt_node *node);

/* Probe candidates, the one of stdout-path first, until one succeeds. */
void axhal_machine_choose_console(struct axhal_machine_reader *reader);
