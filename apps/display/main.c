/*
 * A picture on the screen: a red ramp to the right, a green one downwards, blue stripes by the
 * bits of both, and a white frame. tools/test takes it off the screen and computes it again.
 *
 * The argument `wait` keeps it there until a byte is typed.
 */
#include <axbase/string.h>
#include <axdriver/display.h>
#include <axdriver/videocore.h>
#include <axhal/console.h>
#include <axhal/machine.h>
#include <axhal/mem.h>
#include <axlog/log.h>
#include <axruntime/app.h>
#include <stdbool.h>

enum { WIDTH = 640, HEIGHT = 480, FRAME = 8, WHITE = 0xffffff };
enum { GET_BOARD_REVISION = 0x10002, GET_ARM_MEMORY = 0x10005 };

static uint32_t color_at(unsigned x, unsigned y)
{
    if (x < FRAME || y < FRAME || x >= WIDTH - FRAME || y >= HEIGHT - FRAME)
        return WHITE;
    return x * 255 / (WIDTH - 1) << 16 | y * 255 / (HEIGHT - 1) << 8 | ((x ^ y) & 0xff);
}

static void draw(const struct axdriver_display *display)
{
    for (unsigned y = 0; y < HEIGHT; y++)
        for (unsigned x = 0; x < WIDTH; x++)
            display->pixels[y * display->pitch + x] = color_at(x, y);
}

static unsigned count_wrong(const struct axdriver_display *display)
{
    unsigned wrong = 0;
    for (unsigned y = 0; y < HEIGHT; y++)
        for (unsigned x = 0; x < WIDTH; x++)
            wrong += display->pixels[y * display->pitch + x] != color_at(x, y);
    return wrong;
}

/* What the VideoCore says of the board; the CPUs' memory is what the tree has, too. */
static bool ask_board(void)
{
    uint32_t tags[] = {GET_BOARD_REVISION, 4, 0, 0, GET_ARM_MEMORY, 8, 0, 0, 0};
    enum ax_err err = axdriver_videocore_ask(tags, sizeof tags / sizeof *tags);
    if (err != AX_OK) {
        axlog_print("the VideoCore is not there: %s\n", ax_err_name(err));
        return false;
    }
    axlog_print("board 0x%x, memory of the CPUs: %u KiB from 0x%x on\n", (unsigned)tags[3],
                (unsigned)tags[8] / 1024, (unsigned)tags[7]);
    struct ax_prange memory = ax_prange(tags[7], tags[8]);
    return axhal_memory_map_is_ram(axhal_memory(), memory);
}

int main(int argc, char **argv)
{
    struct axdriver_display display;
    if (!ask_board())
        return 1;
    enum ax_err err = axdriver_display_open(WIDTH, HEIGHT, &display);
    if (err != AX_OK) {
        axlog_print("no display: %s\n", ax_err_name(err));
        return 1;
    }
    draw(&display);
    unsigned wrong = count_wrong(&display);
    axlog_print("a picture of %u x %u, %u pixels wrong\n", display.width, display.height, wrong);
    while (argc > 1 && strcmp(argv[1], "wait") == 0 && axhal_console_read() < 0)
        continue;
    axdriver_display_close(&display);
    return wrong == 0 ? 0 : 1;
}
