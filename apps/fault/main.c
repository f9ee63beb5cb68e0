/*
 * Does the one wrong thing that its argument names, so that a test can see it caught, named and
 * turned into an exit status; and the few right things that end a run in another way.
 *
 * Does badly: nothing here is defined by C. Each fault is hidden from the compiler behind a
 * volatile object, and is what it should be on the compilers that the tests run.
 */
#include <axbase/assert.h>
#include <axbase/attr.h>
#include <axbase/string.h>
#include <axhal/console.h>
#include <axhal/power.h>
#include <axlog/log.h>
#include <axruntime/app.h>
#include <stddef.h>
#include <stdint.h>

enum { STATUS_USAGE = 2, STATUS_SURVIVED = 3, STATUS_ASKED_FOR = 42 };

static volatile uintptr_t zero = 0;
static const uint32_t constant = 1;
static uint32_t writable[4];

static void write_to(uintptr_t address)
{
    *(volatile uint32_t *)(address + zero) = 1;
}

static void write_text(void)
{
    write_to((uintptr_t)&write_text);
}

static void write_rodata(void)
{
    write_to((uintptr_t)&constant);
}

static void write_null(void)
{
    write_to(0);
}

static void read_null(void)
{
    axlog_print("%u\n", (unsigned)*(volatile uint32_t *)zero);
}

static void execute(uintptr_t address)
{
    ((void (*)(void))(address + zero))();
}

static void execute_data(void)
{
    execute((uintptr_t)writable);
}

static void execute_null(void)
{
    execute(0);
}

static void execute_stack(void)
{
    uint32_t code[4] = {0};
    execute((uintptr_t)code);
}

/* Never ends, and uses its frame after the call, so that no compiler makes a loop of it. */
AX_NOINLINE static unsigned recurse(unsigned depth)
{
    volatile char frame[256];
    frame[depth % sizeof frame] = (char)depth;
    return zero == 0 ? recurse(depth + 1) + (unsigned)frame[0] : depth;
}

static void overflow_stack(void)
{
    axlog_print("%u\n", recurse(0));
}

/* Writes past its array as a careless copy would: over the canary, and what is beyond it. */
AX_NOINLINE static void smash_stack(void)
{
    char name[16];
    volatile char *byte = name;
    for (size_t i = 0; i < sizeof name + 32 + zero; i++)
        byte[i] = 'A';
}

static void trap(void)
{
    __builtin_trap();
}

static void panic(void)
{
    ax_panic("as asked, %d", STATUS_ASKED_FOR);
}

static void fail_assertion(void)
{
    AX_ASSERT(zero != 0);
}

static void exit_with_status(void)
{
    axruntime_exit(STATUS_ASKED_FOR);
}

/* One line from the console, said back. */
static void echo(void)
{
    char line[64];
    size_t length = 0;
    int byte = 0;
    axlog_print("type a line\n");
    while (byte != '\n' && byte != '\r' && length < sizeof line - 1) {
        byte = axhal_console_read();
        if (byte >= ' ')
            line[length++] = (char)byte;
    }
    line[length] = '\0';
    axlog_print("you typed: %s\n", line);
    axruntime_exit(0);
}

static const struct {
    const char *name;
    void (*act)(void);
} acts[] = {
    {"write-text", write_text},
    {"write-rodata", write_rodata},
    {"write-null", write_null},
    {"null", read_null},
    {"exec-data", execute_data},
    {"exec-null", execute_null},
    {"exec-stack", execute_stack},
    {"stack-overflow", overflow_stack},
    {"smash", smash_stack},
    {"ud", trap},
    {"panic", panic},
    {"assert", fail_assertion},
    {"exit", exit_with_status},
    {"reboot", axhal_reboot},
    {"echo", echo},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (argc == 2 && strcmp(argv[1], acts[i].name) == 0) {
            axlog_print("doing %s\n", acts[i].name);
            acts[i].act();
            axlog_print("survived %s\n", acts[i].name);
            return STATUS_SURVIVED;
        }
    }
    axlog_print("fault: say what to do by ARGS=, one of:");
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
        axlog_print(" %s", acts[i].name);
    axlog_print("\n");
    return STATUS_USAGE;
}
