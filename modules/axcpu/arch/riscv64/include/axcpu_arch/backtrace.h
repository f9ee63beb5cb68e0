/*
 * Frame records of riscv64: ra at fp - 8, the caller's fp at fp - 16 (RISC-V ELF psABI 1.0,
 * "frame pointer convention"). Included by <axcpu/backtrace.h> alone.
 */
#pragma once

enum { AXCPU_CALL_BYTES_MIN = 2 };           /* the shortest call instruction */
enum { AXCPU_FRAME_RECORD_ABOVE_BYTES = 0 }; /* of the record that lie at fp and above */

static inline struct axcpu_call axcpu_call_of(struct ax_vaddr fp)
{
    const uint64_t *record = (const uint64_t *)(uintptr_t)(fp.raw - 16);
    return (struct axcpu_call){ax_vaddr(record[0]), ax_vaddr(record[1] - AXCPU_CALL_BYTES_MIN)};
}
