/*
 * Interrupts from one CPU to another, or to itself: they say nothing but that there is something
 * to look for, in memory. Several that are sent before the first is taken may arrive as one.
 */
#pragma once

#include <axbase/attr.h>
#include <axbase/err.h>

/*
 * Interrupt CPU `cpu`, an index: it will call axhal_ipi_received(), and will see all that this CPU
 * has written before. Nothing happens if that CPU never called axhal_ipi_start_cpu(). Any context.
 * Cost: on aarch64 a barrier and one register; on riscv64 a call of the firmware.
 */
void axhal_ipi_send(unsigned cpu);

/*
 * Let them through on this CPU, and try: once on each, that of the boot too, after
 * axhal_irq_start() or axhal_irq_start_cpu(), with interrupts off; they are on for a moment.
 * AX_ENODEV: this CPU cannot be interrupted, as it has found in 20 ms.
 */
AX_MUST_CHECK enum ax_err axhal_ipi_start_cpu(void);

/*
 * Somebody interrupted this CPU. With interrupts off, on the trap stack; the interrupt is
 * completed already, so it need not return. Defined by what gives meaning to them (src/call.c).
 */
void axhal_ipi_received(void);
