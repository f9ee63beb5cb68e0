/* Frames of executable memory, for the mapper; private to src/. */
#pragma once

#include "window.h"

/*
 * Frames for [start, end), zeroed, mapped readable and executable; the linear map may only read
 * them from now on. AX_ENOMEM: nothing changed.
 */
AX_MUST_CHECK enum ax_err code_fill(uint64_t start, uint64_t end);

/* The linear map may write these frames again, which nothing executes any more. */
window_retire code_retire;
