/*
 * Composes a line and hands it to axbase's write port piece by piece, without a buffer, so a line
 * has no longest length and costs no stack; all of it in one turn at the console.
 */
#include <axbase/fmt.h>
#include <axbase/string.h>
#include <axlog/log.h>

enum axlog_level axlog_current = AXLOG_DEFAULT;

static bool is_colored;

static const struct {
    char name[6];
    char color[6]; /* ANSI: ECMA-48, SGR */
} levels[] = {
    [AXLOG_OFF] = {"off", ""},
    [AXLOG_ERROR] = {"error", "\033[31m"},
    [AXLOG_WARN] = {"warn", "\033[33m"},
    [AXLOG_INFO] = {"info", "\033[32m"},
    [AXLOG_DEBUG] = {"debug", "\033[36m"},
    [AXLOG_TRACE] = {"trace", "\033[90m"},
};

void axlog_write(enum axlog_level level, const char *module, const char *format, ...)
{
    uint64_t microseconds = axlog_port_now_ns() / 1000;
    const char *color = is_colored ? levels[level].color : "";
    ax_console_begin();
    ax_format(&ax_console_sink, "[%5llu.%06llu %u %s] %s%s:%s ",
              (unsigned long long)(microseconds / 1000000),
              (unsigned long long)(microseconds % 1000000), axlog_port_cpu(), module, color,
              levels[level].name, is_colored ? "\033[0m" : "");
    va_list args;
    va_start(args, format);
    ax_vformat(&ax_console_sink, format, args);
    va_end(args);
    ax_port_write("\n", 1);
    ax_console_end();
}

void axlog_print(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    ax_vformat(&ax_console_sink, format, args);
    va_end(args);
}

bool axlog_parse_level(const char *name, uint64_t bytes, enum axlog_level *out)
{
    for (unsigned i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (strlen(levels[i].name) == bytes && memcmp(levels[i].name, name, bytes) == 0) {
            *out = (enum axlog_level)i;
            return true;
        }
    }
    return false;
}

void axlog_set_level(enum axlog_level level)
{
    axlog_current = level;
}

void axlog_set_color(bool on)
{
    is_colored = on;
}
