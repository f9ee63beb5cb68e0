/* Driver of the PL011 UART; see pl011.c. One instance. */
#pragma once

#include <axhal/interrupt.h>
#include <axhal/platform.h>

/* "arm,pl011": a console driver's probe. */
enum ax_err pl011_probe(const struct axhal_fdt_node *node);

/* Use the registers that are mapped at `registers`: before the tree is read. */
void pl011_use(volatile void *registers);

/*
 * Move to the registers that the probe found. False, and nothing changed: the probe found none, or
 * no PL011 answers there. Once devices are mapped.
 */
bool pl011_start(void);

/* The console operations, for the platform's tables. */
void pl011_write(const char *text, size_t bytes);
int pl011_read(void);

/*
 * Interrupt when a byte has come; `out` is by which interrupt of the tree. Once the device that the
 * probe found is in use. Errors: those of axhal_fdt_interrupt(), and AX_ENODEV: it is not.
 */
enum ax_err pl011_interrupt(struct axhal_interrupt *out);
