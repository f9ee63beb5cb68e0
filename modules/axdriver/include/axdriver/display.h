/*
 * A picture on a screen: pixels in memory that the display reads by itself. There is one display at
 * most, that of a Raspberry Pi's VideoCore.
 */
#pragma once

#include <axbase/attr.h>
#include <axbase/err.h>
#include <stddef.h>
#include <stdint.h>

struct axdriver_display {
    volatile uint32_t *pixels; /* 0x00RRGGBB, the top left one first; device memory */
    unsigned width;
    unsigned height;
    size_t pitch; /* pixels from one line to the next; at least `width` */
};

enum { AXDRIVER_DISPLAY_SIDE_MAX = 4096 };

/*
 * Show so many pixels; what they are at first is unspecified. The memory is the display's, not
 * axalloc's.
 *
 * AX_EINVAL: a side is 0 or above AXDRIVER_DISPLAY_SIDE_MAX. AX_ENODEV: no display. AX_ENOTSUP: it
 * cannot show so many, or not in 32 bits. AX_EIO: it gives no memory that can be: none, too little,
 * or RAM of ours. Else those of axdriver_videocore_ask() and axmm_map_device(). `*out` untouched on
 * an error. Task context, interrupts on.
 */
AX_MUST_CHECK enum ax_err axdriver_display_open(unsigned width, unsigned height,
                                                struct axdriver_display *out);

/* Nobody draws any more: give the memory back. Errors of axdriver_videocore_ask(), logged. */
void axdriver_display_close(struct axdriver_display *display);
