/* The framebuffer, of a VideoCore that gives one and of those that give something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <axdriver/display.h>
#include <axdriver/videocore.h>
#include <axmm/device.h>

enum { WIDTH = 640, HEIGHT = 480, BYTES = WIDTH * HEIGHT * 4 };
enum { WIDTH_AT = 3, HEIGHT_AT = 4, DEPTH_AT = 18, BASE_AT = 26, BYTES_AT = 27, PITCH_AT = 31 };

/* What is put into the answer in place of what is right. */
static struct {
    unsigned at;
    uint32_t value;
    enum ax_err err;     /* of the question */
    enum ax_err map_err; /* of the mapping */
} wrong;
static struct ax_prange mapped;
static unsigned released;
static char pixels[BYTES];

enum ax_err __wrap_axdriver_videocore_ask(uint32_t *tags, unsigned words);
enum ax_err __wrap_axmm_map_device(struct ax_prange registers, volatile void **out);
void __wrap_axmm_unmap_device(volatile void *registers);

enum ax_err __wrap_axdriver_videocore_ask(uint32_t *tags, unsigned words)
{
    if (words == 3) {
        assert_int_equal(tags[0], 0x48001);
        released++;
        return AX_OK;
    }
    if (wrong.err != AX_OK)
        return wrong.err;
    for (unsigned at = 0; at < words; at += 3 + tags[at + 1] / 4)
        tags[at + 2] = tags[at + 1];
    tags[BASE_AT] = 0xfc100000; /* with the bus's alias, as firmware has it */
    tags[BYTES_AT] = BYTES;
    tags[PITCH_AT] = WIDTH * 4;
    if (wrong.at != 0)
        tags[wrong.at] = wrong.value;
    return AX_OK;
}

enum ax_err __wrap_axmm_map_device(struct ax_prange registers, volatile void **out)
{
    mapped = registers;
    *out = pixels;
    return wrong.map_err;
}

void __wrap_axmm_unmap_device(volatile void *registers)
{
    assert_ptr_equal((const void *)(uintptr_t)registers, pixels);
    mapped = ax_prange(0, 0);
}

static int start(void **state)
{
    (void)state;
    memset(&wrong, 0, sizeof wrong);
    mapped = ax_prange(0, 0);
    released = 0;
    return 0;
}

static enum ax_err open_display(struct axdriver_display *out)
{
    return axdriver_display_open(WIDTH, HEIGHT, out);
}

static void test_it_opens_and_closes(void **state)
{
    (void)state;
    struct axdriver_display display;
    assert_int_equal(open_display(&display), AX_OK);
    assert_int_equal(mapped.start.raw, 0x3c100000);
    assert_int_equal(mapped.size_bytes, BYTES);
    assert_true(display.width == WIDTH && display.height == HEIGHT && display.pitch == WIDTH);
    assert_int_equal(released, 0);
    axdriver_display_close(&display);
    assert_int_equal(mapped.size_bytes, 0);
    assert_int_equal(released, 1);
}

static void test_an_address_without_the_alias_is_the_same(void **state)
{
    (void)state;
    struct axdriver_display display;
    wrong.at = BASE_AT;
    wrong.value = 0x3c100000;
    assert_int_equal(open_display(&display), AX_OK);
    assert_int_equal(mapped.start.raw, 0x3c100000);
}

static void refuse(unsigned at, uint32_t value, enum ax_err want)
{
    struct axdriver_display display = {.width = 1};
    start(NULL);
    wrong.at = at;
    wrong.value = value;
    assert_int_equal(open_display(&display), want);
    assert_int_equal(display.width, 1);
    assert_int_equal(released, 1);
    assert_int_equal(mapped.size_bytes, 0);
}

static void test_what_it_gives_must_do(void **state)
{
    (void)state;
    refuse(WIDTH_AT, 320, AX_ENOTSUP);
    refuse(HEIGHT_AT, 481, AX_ENOTSUP);
    refuse(DEPTH_AT, 16, AX_ENOTSUP);
    refuse(DEPTH_AT - 1, 0, AX_ENOTSUP);
    refuse(BASE_AT, 0, AX_EIO);
    refuse(BASE_AT - 1, 0, AX_EIO);
    refuse(BYTES_AT, BYTES - 1, AX_EIO);
    refuse(PITCH_AT, WIDTH * 4 - 4, AX_EIO);
    refuse(PITCH_AT, WIDTH * 4 + 2, AX_EIO);
    refuse(PITCH_AT, 0x80000000, AX_EIO); /* times the height it is 0, in 32 bits */
    refuse(PITCH_AT - 1, 0, AX_EIO);
}

static void test_memory_of_ours_is_no_screen(void **state)
{
    (void)state;
    struct axdriver_display display;
    wrong.map_err = AX_EEXIST;
    assert_int_equal(open_display(&display), AX_EIO);
    assert_int_equal(released, 1);
    start(NULL);
    wrong.map_err = AX_ENOMEM;
    assert_int_equal(open_display(&display), AX_ENOMEM);
    assert_int_equal(released, 1);
}

static void test_sizes_and_no_videocore(void **state)
{
    (void)state;
    struct axdriver_display display;
    assert_int_equal(axdriver_display_open(0, 1, &display), AX_EINVAL);
    assert_int_equal(axdriver_display_open(1, 0, &display), AX_EINVAL);
    assert_int_equal(axdriver_display_open(1, AXDRIVER_DISPLAY_SIDE_MAX + 1, &display), AX_EINVAL);
    wrong.err = AX_ENODEV;
    assert_int_equal(open_display(&display), AX_ENODEV);
    assert_int_equal(released, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_it_opens_and_closes, start),
        cmocka_unit_test_setup(test_an_address_without_the_alias_is_the_same, start),
        cmocka_unit_test_setup(test_what_it_gives_must_do, start),
        cmocka_unit_test_setup(test_memory_of_ours_is_no_screen, start),
        cmocka_unit_test_setup(test_sizes_and_no_videocore, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
