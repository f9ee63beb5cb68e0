/* Driver of SiFive's test finisher; see sifive_test.c. One instance. */
#pragma once

#include <axhal/platform.h>

/* "sifive,test0": a device driver's probe. */
enum ax_err sifive_test_probe(const struct axhal_fdt_node *node);

/* End QEMU with `status` as its exit status. Returns if the tree has no such device. */
void sifive_test_power_off(int status);

/* Reset the machine. Returns if the tree has no such device. */
void sifive_test_reboot(void);

/* Use the device that is mapped at `registers`: before the tree is read. */
void sifive_test_use(volatile void *registers);

/* Move to what the probe found, if anything. Once devices are mapped. */
void sifive_test_start(void);
