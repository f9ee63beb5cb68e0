/* Driver of SiFive's UART; see sifive_uart.c. One instance. */
#pragma once

#include <axhal/interrupt.h>
#include <axhal/platform.h>

/* "sifive,uart0": a console driver's probe. */
enum ax_err sifive_uart_probe(const struct axhal_fdt_node *node);

/* A UART is where the probe found one, and firmware has set it up. Once devices are mapped. */
bool sifive_uart_answers(void);

/* Usable once sifive_uart_answers(). */
extern const struct axhal_console sifive_uart_console;

/*
 * Interrupt when a byte has come; `out` is by which interrupt of the tree. Once the device that the
 * probe found is in use. Errors: those of axhal_fdt_interrupt(), and AX_ENODEV: it is not.
 */
enum ax_err sifive_uart_interrupt(struct axhal_interrupt *out);
