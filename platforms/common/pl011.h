/* Driver of the PL011 UART; see pl011.c. One instance. */
#pragma once

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
