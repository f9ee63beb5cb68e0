/*
 * Calls of the SBI firmware (RISC-V SBI specification 1.0). riscv64 only.
 */
#pragma once

#include <axbase/attr.h>
#include <axbase/err.h>
#include <stdbool.h>
#include <stdint.h>

/* A console that needs no device: slow (hundreds of instructions a byte), always there. */
void axcpu_sbi_putchar(char character);

/* The byte that came next, or -1 when none did. */
int axcpu_sbi_getchar(void);

/* Let the S-mode timer interrupt of this hart come due when `time` reaches `ticks`. */
void axcpu_sbi_set_timer(uint64_t ticks);

/* Raise the S-mode software interrupt of `hart`. False: the firmware knows no such hart. */
bool axcpu_sbi_send_ipi(uint64_t hart);

/*
 * Start `hart` in S-mode at `entry`, MMU off, with its id in a0 and `argument` in a1 (9.1). 0, or
 * one of the error codes of chapter 3.
 */
enum { AXCPU_SBI_INVALID_PARAM = -3, AXCPU_SBI_ALREADY_AVAILABLE = -6 };
long axcpu_sbi_hart_start(uint64_t hart, uint64_t entry, uint64_t argument);

/*
 * fence.i, and sfence.vma of `bytes` from `start` on (0 and 0: of everything), on every hart that
 * runs. It interrupts them in M-mode, so it does not matter whether they let interrupts through.
 * False: the firmware refuses. Cost: hundreds of instructions, and those of each hart.
 */
bool axcpu_sbi_fence_i_all(void);
bool axcpu_sbi_sfence_vma_all(uint64_t start, uint64_t bytes);

enum axcpu_sbi_reset { AXCPU_SBI_SHUTDOWN = 0, AXCPU_SBI_COLD_REBOOT = 1 };

/*
 * System reset extension; does not return if the firmware has it.
 * `failure`: tell the firmware that the system stops because of a fault.
 */
void axcpu_sbi_reset(enum axcpu_sbi_reset type, bool failure);
