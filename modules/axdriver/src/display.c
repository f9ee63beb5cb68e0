/*
 * The VideoCore's framebuffer: one message asks for size, depth and memory at once, since the
 * firmware settles them together. What it answers is checked before any of it is used.
 *
 * The memory is the VideoCore's own: above what the tree calls RAM, so that it can be mapped as a
 * device's, and an answer that points into our RAM is refused. It comes as an address on the
 * VideoCore's bus, whose two upper bits say how it is cached there and are not part of the place
 * (BCM2835 ARM Peripherals, 1.2.3); firmware sets them, QEMU does not.
 */
#include "want.h"
#include <axdriver/display.h>
#include <axdriver/videocore.h>
#include <axlog/log.h>
#include <axmm/device.h>
#include <stdbool.h>

/* Property tags. */
enum {
    ALLOCATE = 0x40001,
    GET_PITCH = 0x40008,
    RELEASE = 0x48001,
    SET_PHYSICAL_SIZE = 0x48003,
    SET_VIRTUAL_SIZE = 0x48004,
    SET_DEPTH = 0x48005,
    SET_PIXEL_ORDER = 0x48006,
    SET_VIRTUAL_OFFSET = 0x48009
};
enum { DEPTH_BITS = 32, ORDER_BGR = 0, BUFFER_ALIGN = 4096 }; /* BGR from the lowest byte on */
enum { PLACE_MASK = 0x3fffffff };

/* The message, as words; answers come into the same places. */
struct question {
    uint32_t physical[3], width, height;
    uint32_t virtual[3], virtual_width, virtual_height;
    uint32_t offset[3], x, y;
    uint32_t depth[3], bits;
    uint32_t order[3], pixel_order;
    uint32_t allocate[3], base, bytes; /* asked: alignment, and nothing */
    uint32_t get_pitch[3], pitch;
};

enum { QUESTION_WORDS = sizeof(struct question) / sizeof(uint32_t) };

static bool has_answered(const uint32_t *tag)
{
    return tag[AXDRIVER_VIDEOCORE_TAG_ANSWER] == tag[AXDRIVER_VIDEOCORE_TAG_BYTES];
}

static bool is_as_asked(const struct question *answer, unsigned width, unsigned height)
{
    return has_answered(answer->physical) && answer->width == width && answer->height == height &&
           has_answered(answer->depth) && answer->bits == DEPTH_BITS;
}

/* Every line is whole, and in the memory that was given. */
static bool is_memory_enough(const struct question *answer, unsigned width, unsigned height)
{
    return has_answered(answer->allocate) && has_answered(answer->get_pitch) && answer->base != 0 &&
           answer->pitch >= width * sizeof(uint32_t) && answer->pitch % sizeof(uint32_t) == 0 &&
           (uint64_t)answer->pitch * height <= answer->bytes;
}

static void release(void)
{
    uint32_t tag[] = {RELEASE, 0, 0};
    enum ax_err err = axdriver_videocore_ask(tag, sizeof tag / sizeof *tag);
    if (err != AX_OK)
        axlog_error("the framebuffer is not given back: %s", ax_err_name(err));
}

static enum ax_err map(const struct question *answer, volatile uint32_t **out)
{
    volatile void *pixels;
    struct ax_prange buffer = ax_prange(answer->base & PLACE_MASK, answer->bytes);
    enum ax_err err = axmm_map_device(buffer, &pixels);
    if (err == AX_OK)
        *out = pixels;
    return err == AX_EEXIST ? AX_EIO : err;
}

enum ax_err axdriver_display_open(unsigned width, unsigned height, struct axdriver_display *out)
{
    if (width - 1 >= AXDRIVER_DISPLAY_SIDE_MAX || height - 1 >= AXDRIVER_DISPLAY_SIDE_MAX)
        return AX_EINVAL;
    struct question question = {
        .physical = {SET_PHYSICAL_SIZE, 8, 0},
        .width = width,
        .height = height,
        .virtual = {SET_VIRTUAL_SIZE, 8, 0},
        .virtual_width = width,
        .virtual_height = height,
        .offset = {SET_VIRTUAL_OFFSET, 8, 0},
        .depth = {SET_DEPTH, 4, 0},
        .bits = DEPTH_BITS,
        .order = {SET_PIXEL_ORDER, 4, 0},
        .pixel_order = ORDER_BGR,
        .allocate = {ALLOCATE, 8, 0},
        .base = BUFFER_ALIGN,
        .get_pitch = {GET_PITCH, 4, 0},
    };
    enum ax_err err = axdriver_videocore_ask(question.physical, QUESTION_WORDS);
    if (err != AX_OK)
        return err;
    if (!is_as_asked(&question, width, height))
        err = AX_ENOTSUP;
    else if (!is_memory_enough(&question, width, height))
        err = AX_EIO;
    volatile uint32_t *pixels = NULL;
    if (err == AX_OK)
        err = map(&question, &pixels);
    if (err != AX_OK) {
        release();
        return err;
    }
    *out = (struct axdriver_display){pixels, width, height, question.pitch / sizeof(uint32_t)};
    return AX_OK;
}

void axdriver_display_close(struct axdriver_display *display)
{
    axmm_unmap_device(display->pixels);
    release();
}
