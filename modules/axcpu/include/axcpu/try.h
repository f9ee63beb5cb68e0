/* Accesses that may fault without ending the run: the trap handler turns the fault into false. */
#pragma once

#include <axbase/attr.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Read the 32-bit word at `address` (4-byte aligned) into `*out`; false, `*out` untouched, when
 * the access faults. Only after axcpu's trap entry is set, that is anywhere after boot.S. On
 * hardware that reports bus errors late (aarch64 SError) those still end the run.
 */
AX_MUST_CHECK bool axcpu_try_read32(const volatile uint32_t *address, uint32_t *out);

/* The same for a byte, which some devices have and others refuse. */
AX_MUST_CHECK bool axcpu_try_read8(const volatile uint8_t *address, uint8_t *out);

/* Write `value` to the 32-bit word at `address`; false when the access faults. As above. */
AX_MUST_CHECK bool axcpu_try_write32(volatile uint32_t *address, uint32_t value);
