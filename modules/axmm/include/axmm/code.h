/*
 * Writing executable memory: what axalloc_manager_allocate() gives for AXALLOC_EXECUTABLE (in the
 * kernel that is a port which axmm fills; <axalloc/mapper.h>).
 *
 * Such memory is sealed at first: readable and executable, all zeros, which is no instruction on
 * either ISA. No other mapping of its frames can write: the linear map only reads them. To write
 * it, open it; nothing can execute it until it is sealed again. So at no moment is a byte of it
 * both writable and executable, by whichever address, on whichever CPU.
 *
 *     void *code;
 *     err = axalloc_manager_allocate(axalloc_global(), AXALLOC_EXECUTABLE, layout, &code);
 *     err = axmm_code_write(code, instructions, sizeof instructions);
 *     ((void (*)(void))(uintptr_t)code)();
 *
 * Error of all: AX_EFAULT: not all of it is executable memory of one block, or it is 0 bytes;
 * nothing changed. Task context; they take the kernel table's lock. The caller sees to it that
 * nobody runs what is open: that would fault.
 */
#pragma once

#include <axbase/attr.h>
#include <axbase/err.h>
#include <stddef.h>

/* The pages that hold [code, code + bytes) become readable and writable, and not executable. */
AX_MUST_CHECK enum ax_err axmm_code_open(void *code, size_t bytes);

/*
 * The pages become readable and executable, and every CPU will fetch what was written
 * (axcpu_icache_sync()). Cost: about 400 instructions a page, and the flushes.
 */
AX_MUST_CHECK enum ax_err axmm_code_seal(void *code, size_t bytes);

/* Open, copy `bytes` from `source`, seal. */
AX_MUST_CHECK enum ax_err axmm_code_write(void *code, const void *source, size_t bytes);
