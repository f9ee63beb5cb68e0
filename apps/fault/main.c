/*
 * Does one thing that must not go well, named by its argument, so that tests can see how the
 * kernel reports it and with which status the run ends. README.md lists them.
 */
#include "heap.h"
#include "mapped.h"
#include "together.h"
#include <axbase/assert.h>
#include <axbase/string.h>
#include <axcpu/image.h>
#include <axcpu/irq.h>
#include <axcpu/percpu.h>
#include <axhal/console.h>
#include <axhal/mem.h>
#include <axhal/power.h>
#include <axhal/run.h>
#include <axlog/log.h>
#include <axruntime/app.h>
#include <stddef.h>
#include <stdint.h>

static const uint64_t constant = 42;
static uint32_t data_word;

/* The compiler may not know what a pointer points at, or it refuses or removes the access. */
static volatile uint32_t *hidden(const volatile void *pointer)
{
    uintptr_t address = (uintptr_t)pointer;
    __asm__ volatile("" : "+r"(address));
    return (volatile uint32_t *)address;
}

static void write_text(void)
{
    *hidden(axcpu_text_start) = 0;
}

static void write_rodata(void)
{
    *hidden(&constant) = 0;
}

/* The linear map shows the image's text too, and must not be a way to write it. */
static void write_text_alias(void)
{
    struct ax_paddr text;
    if (axhal_virt_to_phys(ax_vaddr_of(axcpu_text_start), &text) == AX_OK)
        *hidden(ax_vaddr_ptr(axhal_phys_to_virt(text))) = 0;
}

static void read_null(void)
{
    data_word = *hidden(NULL);
}

static void call(const volatile void *code)
{
    uintptr_t address = (uintptr_t)hidden(code);
    ((void (*)(void))address)();
}

static void execute_data(void)
{
    call(&data_word);
}

static void execute_linear_map(void)
{
    struct ax_paddr text;
    if (axhal_virt_to_phys(ax_vaddr_of(axcpu_text_start), &text) == AX_OK)
        call(ax_vaddr_ptr(axhal_phys_to_virt(text)));
}

AX_NOINLINE static void fill(char *buffer, size_t bytes)
{
    memset(buffer, 'x', bytes);
}

AX_NOINLINE static void smash_stack(void)
{
    char buffer[16];
    volatile size_t bytes = sizeof buffer + 48;
    fill(buffer, bytes);
}

static void execute_undefined(void)
{
    __asm__ volatile(".4byte 0");
}

static void panic(void)
{
    ax_panic("asked to, with the number %d", 42);
}

static void exit_3(void)
{
    axruntime_exit(3);
}

/* A second boot prints the same again: the runner is told to allow that or not. */
static void reboot(void)
{
    axlog_print("rebooting\n");
    axhal_reboot();
}

/* Prints what is typed until the end of a line. */
static void echo(void)
{
    char line[64];
    size_t length = 0;
    while (length < sizeof line - 1) {
        int byte = axhal_console_read();
        if (byte == '\n' || byte == '\r')
            break;
        if (byte >= 0)
            line[length++] = (char)byte;
    }
    line[length] = '\0';
    axlog_print("read: %s\n", line);
}

static struct {
    char text[64];
    size_t length;
    volatile bool is_whole;
} received;

static void receive(char byte, void *unused)
{
    (void)unused;
    if (byte == '\n' || byte == '\r' || received.length == sizeof received.text - 1)
        received.is_whole = true;
    else if (!received.is_whole)
        received.text[received.length++] = byte;
}

/* The same by interrupts: asleep until one comes. */
static void echo_by_interrupt(void)
{
    if (axhal_console_receive(receive, NULL) != AX_OK) {
        axlog_print("the console has no interrupt\n");
        return;
    }
    struct axcpu_irq_state state = axcpu_irq_disable();
    while (!received.is_whole) {
        axcpu_wait_for_interrupt();
        axcpu_irq_restore(state);
        state = axcpu_irq_disable();
    }
    axcpu_irq_restore(state);
    axlog_print("received: %s\n", received.text);
}

static const struct {
    const char *name;
    void (*commit)(void);
} faults[] = {
    {"write-text", write_text},
    {"write-rodata", write_rodata},
    {"write-text-alias", write_text_alias},
    {"null", read_null},
    {"exec-data", execute_data},
    {"exec-linear-map", execute_linear_map},
    {"stack-overflow", overflow_stack},
    {"smash", smash_stack},
    {"ud", execute_undefined},
    {"panic", panic},
    {"panic-interrupted", panic_interrupted},
    {"exit-under-panic", exit_under_panic},
    {"say", say},
    {"exit-3", exit_3},
    {"reboot", reboot},
    {"echo", echo},
    {"echo-by-interrupt", echo_by_interrupt},
    {"heap-double-free", heap_double_free},
    {"heap-interior-free", heap_interior_free},
    {"heap-misaligned-free", heap_misaligned_free},
    {"heap-foreign-free", heap_foreign_free},
    {"heap-wrong-size-free", heap_wrong_size_free},
    {"heap-overflow", heap_overflow},
    {"heap-page-overflow", heap_page_overflow},
    {"heap-write-after-free", heap_write_after_free},
    {"heap-leak", heap_leak},
    {"mapped-overflow", mapped_overflow},
    {"mapped-use-after-free", mapped_use_after_free},
    {"mapped-stack-overflow", mapped_stack_overflow},
    {"trap-stack-overflow", trap_stack_overflow},
    {"device-freed-as-stack", device_freed_as_stack},
    {"code-write", code_write},
    {"code-execute-open", code_execute_open},
};

enum { FAULTS = sizeof faults / sizeof faults[0], STATUS_USAGE = 2 };

/* ---- on which CPU ---- */

static void commit_there(void *argument)
{
    faults[*(const unsigned *)argument].commit();
}

/* On every CPU but this one, or on one. */
static bool start_others(unsigned *fault, unsigned first, unsigned end)
{
    bool is_taken = false;
    for (unsigned cpu = first; AXCPU_CPUS_MAX > 1 && cpu < end; cpu++)
        is_taken = axhal_run_on(cpu, commit_there, fault) == AX_OK || is_taken;
    return is_taken;
}

/* `where`: NULL for this CPU, "cpu=<digit>", or "cpu=all". False: there is no such CPU. */
static bool commit(unsigned fault, const char *where)
{
    static unsigned chosen;
    chosen = fault;
    if (where == NULL || strcmp(where, "cpu=0") == 0) {
        faults[fault].commit();
        return true;
    }
    if (strcmp(where, "cpu=all") == 0) {
        start_others(&chosen, 1, AXCPU_CPUS_MAX);
        faults[fault].commit();
        for (unsigned cpu = 1; cpu < AXCPU_CPUS_MAX; cpu++)
            axhal_run_wait(cpu);
        return true;
    }
    unsigned cpu = (unsigned)(where[strlen("cpu=")] - '0');
    if (!start_others(&chosen, cpu, cpu + 1))
        return false;
    axhal_run_wait(cpu);
    return true;
}

static bool is_place(const char *argument)
{
    size_t length = strlen("cpu=");
    return strncmp(argument, "cpu=", length) == 0 && argument[length] != '\0';
}

static int usage(void)
{
    axlog_print("fault: give one of these as the boot argument, and perhaps cpu=<digit>, cpu=all:");
    for (unsigned i = 0; i < FAULTS; i++)
        axlog_print(" %s", faults[i].name);
    axlog_print("\n");
    return STATUS_USAGE;
}

int main(int argc, char **argv)
{
    const char *where = argc == 3 ? argv[2] : NULL;
    if (argc < 2 || argc > 3 || (where != NULL && !is_place(where)))
        return usage();
    for (unsigned i = 0; i < FAULTS; i++) {
        if (strcmp(argv[1], faults[i].name) != 0)
            continue;
        axlog_print("about to: %s\n", faults[i].name);
        if (!commit(i, where)) {
            axlog_print("fault: %s is not there\n", where);
            return STATUS_USAGE;
        }
        axlog_print("done: %s\n", faults[i].name);
        return 0;
    }
    return usage();
}
