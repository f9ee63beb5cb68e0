/* Driver of the mini UART of BCM2835 and its kin; see bcm2835_aux_uart.c. One instance. */
#pragma once

#include <axhal/console.h>
#include <axhal/interrupt.h>
#include <axhal/platform.h>
#include <stdbool.h>

/* "brcm,bcm2835-aux": a device driver's probe, of what enables the UART. */
enum ax_err bcm2835_aux_probe(const struct axhal_fdt_node *node);

/* "brcm,bcm2835-aux-uart": a console driver's probe. */
enum ax_err bcm2835_aux_uart_probe(const struct axhal_fdt_node *node);

/* Enable it. False: the probes found none, or it does not answer. Once devices are mapped. */
bool bcm2835_aux_uart_start(void);

/* To be used only after a start that was right. */
extern const struct axhal_console bcm2835_aux_uart_console;

/*
 * Interrupt when a byte has come; `out` is by which interrupt of the tree. Errors: those of
 * axhal_fdt_interrupt(), and AX_ENODEV: it was not started.
 */
enum ax_err bcm2835_aux_uart_interrupt(struct axhal_interrupt *out);
