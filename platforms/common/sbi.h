/* SBI firmware, for platforms that run under it; see sbi.c. */
#pragma once

#include <axhal/console.h>
#include <axhal/platform.h>

/* Firmware's console: needs no registers, works from the first instruction on. */
void sbi_write(const char *text, size_t bytes);

/* axplat_start_cpu(), by the hart state management of SBI. */
enum ax_err sbi_start_cpu(uint64_t hardware_id, struct ax_paddr entry, struct ax_paddr block);
