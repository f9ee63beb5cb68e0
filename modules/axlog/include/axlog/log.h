/*
 * Log lines with levels. A line looks like
 *
 *     [    0.012345 0 axalloc] info: 31892 pages free
 *
 * seconds since the timer started, CPU, module, level, text. Two levels decide: CONFIG_AXLOG_MAX,
 * fixed at build (calls above it vanish, with their texts), and the boot argument log=<level>.
 *
 * Any context, interrupts and panics included. A line is written in one turn at the console, so
 * no other CPU's is in the middle of it; this CPU's interrupts are off meanwhile.
 * Cost of a line that is not shown: a load and a branch; of one that is: its bytes at the UART.
 */
#pragma once

#include <axbase/attr.h>
#include <axlog/config.h>
#include <stdbool.h>
#include <stdint.h>

enum axlog_level {
    AXLOG_OFF = 0,
    AXLOG_ERROR = 1,
    AXLOG_WARN = 2,
    AXLOG_INFO = 3,
    AXLOG_DEBUG = 4,
    AXLOG_TRACE = 5,
};

/* The boot level until somebody sets another: warnings and errors are never lost. */
#define AXLOG_DEFAULT AXLOG_INFO

/* One line; a newline is added. `module` outlives the call. Use the macros below. */
AX_PRINTF(3, 4)
void axlog_write(enum axlog_level level, const char *module, const char *format, ...);

/* The level now in force. */
extern enum axlog_level axlog_current;

#define AXLOG_AT(level, ...)                                                                       \
    ((level) <= CONFIG_AXLOG_MAX && (level) <= axlog_current                                       \
         ? axlog_write((level), AX_MODULE, __VA_ARGS__)                                            \
         : (void)0)

#define axlog_error(...) AXLOG_AT(AXLOG_ERROR, __VA_ARGS__)
#define axlog_warn(...) AXLOG_AT(AXLOG_WARN, __VA_ARGS__)
#define axlog_info(...) AXLOG_AT(AXLOG_INFO, __VA_ARGS__)
#define axlog_debug(...) AXLOG_AT(AXLOG_DEBUG, __VA_ARGS__)
#define axlog_trace(...) AXLOG_AT(AXLOG_TRACE, __VA_ARGS__)

/*
 * Text to the console as it is, in one turn: no time, no level, no newline added. What an app
 * prints with.
 */
AX_PRINTF(1, 2) void axlog_print(const char *format, ...);

/*
 * The level named by the `bytes` bytes at `name` (error, warn, info, debug, trace, off); false,
 * and `*out` untouched, when it is none of them.
 */
bool axlog_parse_level(const char *name, uint64_t bytes, enum axlog_level *out);

/* Show lines up to `level`. What was not compiled in stays out. */
void axlog_set_level(enum axlog_level level);

/* Colour the level's word by ANSI escapes. Off at boot: a log file is not a terminal. */
void axlog_set_color(bool on);

/* Ports: the clock since boot, and the index of this CPU. axhal's. Any context. */
uint64_t axlog_port_now_ns(void);
unsigned axlog_port_cpu(void);
