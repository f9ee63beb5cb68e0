/*
 * What a platform supplies: its name, its drivers, and the few things that must work when nothing
 * else does. A platform is one folder under platforms/ that defines all of these; a missing one
 * fails the link.
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/attr.h>
#include <axhal/console.h>
#include <axhal/interrupt.h>
#include <axhal/machine.h>

/* "riscv64-qemu-virt". */
extern const char axplat_name[];

/*
 * The devices that this platform may find in its tree, by what they are for; see
 * <axhal/machine.h>. The tables have no last row; one that has nothing to list has
 * AXHAL_NO_DRIVER. Each is defined with the attribute of its name.
 *
 *   axplat_drivers        always looked for
 *   axplat_irq_drivers    if the image has to do with interrupts: controllers
 *   axplat_timer_drivers  if the image has timers, and they are behind a controller
 *   axplat_clock_drivers  if the image asks for the time of the day
 */
extern const struct axhal_driver axplat_drivers[];
extern const struct axhal_driver axplat_irq_drivers[];
extern const struct axhal_driver axplat_timer_drivers[];
extern const struct axhal_driver axplat_clock_drivers[];
#define AXHAL_DRIVERS AX_SECTION(".rodata.ax_drivers")
#define AXHAL_IRQ_DRIVERS AX_SECTION(".rodata.ax_drivers_irq")
#define AXHAL_TIMER_DRIVERS AX_SECTION(".rodata.ax_drivers_timer")
#define AXHAL_CLOCK_DRIVERS AX_SECTION(".rodata.ax_drivers_clock")
#define AXHAL_NO_DRIVER                                                                            \
    {                                                                                              \
        "", NULL, AXHAL_DRIVER_DEVICE                                                              \
    }

/* Those of them that the image has, one after the other, with a last row. */
extern const struct axhal_driver ax_drivers[];

/*
 * A console for before the tree is read, or when it cannot be. Usable after axplat_init_early().
 */
extern const struct axhal_console axplat_last_resort_console;

/* The registers of that console, empty if it has none; they are always mapped as a device. */
extern const struct ax_prange axplat_last_resort_registers;

/* RAM that firmware keeps even if the tree does not say so; empty if there is none. */
extern const struct ax_prange axplat_firmware;

/*
 * Called first, on the boot table. Before: only the image is mapped. After: the console of last
 * resort works.
 */
void axplat_init_early(void);

/*
 * Called on the final kernel table. Before: nothing has been printed since the boot table went.
 * After: the console is the device that `console` probed; if that is NULL, or no such device
 * answers, it is the platform's last resort, and a warning says so.
 */
void axplat_init_mapped(const struct axhal_driver *console);

/*
 * Let the console's device interrupt when a byte has come; `out` is by which interrupt. AX_ENODEV:
 * the console is that of last resort; else those of axhal_fdt_interrupt(). Task context.
 */
AX_MUST_CHECK enum ax_err axplat_console_interrupt(struct axhal_interrupt *out);

/*
 * Interrupt a CPU: by firmware, which knows it by its hardware id, or by axhal_irq_send(), where
 * the controller does it. What it is to see is in memory already. Any context.
 */
void axplat_ipi_send(unsigned cpu, uint64_t hardware_id);

/*
 * End the run so that `status` (0 to 255) reaches whoever started it, by the best way that the
 * tree named, else by one of last resort. Any context. May return if nothing works; the caller
 * then stops this CPU.
 */
void axplat_power_off(int status);

/* Start the machine again. May return if nothing works. Any context. */
void axplat_reboot(void);

/*
 * Have the CPU with `hardware_id` begin at `entry`, MMU off, with `block` as its argument
 * (<axcpu/start.h>). Returns without waiting for it. AX_ENODEV: there is no such CPU, or no way to
 * start one. AX_EALREADY: it runs already. AX_EIO: firmware refused for another reason. Boot.
 */
AX_MUST_CHECK enum ax_err axplat_start_cpu(uint64_t hardware_id, struct ax_paddr entry,
                                           struct ax_paddr block);
