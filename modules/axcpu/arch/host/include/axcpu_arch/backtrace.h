/*
 * Frame records in host tests: as on aarch64, which is x86-64's shape too.
 * Included by <axcpu/backtrace.h> alone.
 */
#pragma once

enum { AXCPU_CALL_BYTES_MIN = 1 };            /* the shortest call instruction */
enum { AXCPU_FRAME_RECORD_ABOVE_BYTES = 16 }; /* of the record that lie at fp and above */

static inline struct axcpu_call axcpu_call_of(struct ax_vaddr fp)
{
    const uint64_t *record = (const uint64_t *)(uintptr_t)fp.raw;
    return (struct axcpu_call){ax_vaddr(record[0]), ax_vaddr(record[1] - AXCPU_CALL_BYTES_MIN)};
}
