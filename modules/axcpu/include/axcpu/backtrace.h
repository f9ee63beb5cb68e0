/*
 * One step up a chain of frame pointers (every function keeps one: -fno-omit-frame-pointer).
 */
#pragma once

#include <axbase/addr.h>

struct axcpu_call {
    struct ax_vaddr fp;        /* the frame pointer of the caller */
    struct ax_vaddr call_site; /* in the caller's call instruction: a call that never returns may
                                  be its last, so the return address may be another function's */
};

/* Bytes around a frame pointer that axcpu_call_of() reads: [fp - 16, fp + 16). */
enum { AXCPU_FRAME_RECORD_BYTES = 16 };

/* The record that `fp` points at. The caller has checked that the bytes around it can be read. */
static inline struct axcpu_call axcpu_call_of(struct ax_vaddr fp);

#include <axcpu_arch/backtrace.h>
