/* Driver of the 16550 UART; see ns16550.c. One instance. */
#pragma once

#include <axhal/interrupt.h>
#include <axhal/platform.h>

/* "ns16550a": a console driver's probe. AX_ENOTSUP: registers of 16 or 64 bits. */
enum ax_err ns16550_probe(const struct axhal_fdt_node *node);

/*
 * A 16550 is where the probe found one: its scratch register works. A byte that was typed before
 * may be lost. Once devices are mapped.
 */
bool ns16550_answers(void);

/* Usable once the probe succeeded and devices are mapped. */
extern const struct axhal_console ns16550_console;

/*
 * Interrupt when a byte has come; `out` is by which interrupt of the tree. Once the device that the
 * probe found is in use. Errors: those of axhal_fdt_interrupt(), and AX_ENODEV: it is not.
 */
enum ax_err ns16550_interrupt(struct axhal_interrupt *out);
