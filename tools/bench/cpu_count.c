/*
 * A QEMU plugin that counts the instructions that each CPU executes between two marks of a section
 * (<axcpu/mark.h>) of its own.
 *
 * For: tools/bench/cpus.py. Result, in the file out=: a line `cpu instructions` for each CPU that
 * has executed two such marks.
 *
 * Idea: a block of translated code adds its length to a counter of the CPU that executes it, so
 * counts are exact but for the block in which a mark stands.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "qemu_plugin.h"

int qemu_plugin_version = API_VERSION;

enum { CPUS = 64 };

/* A CPU's own: the threads of CPUs share no line. */
static struct {
    _Alignas(64) uint64_t executed;
    uint64_t began_at;
    uint64_t counted;
    unsigned marks;
} cpus[CPUS];

static const char *out_path;

static void executed(unsigned int cpu, void *data)
{
    cpus[cpu % CPUS].executed += (uintptr_t)data;
}

static void marked(unsigned int cpu, void *data)
{
    (void)data;
    cpu %= CPUS;
    if (cpus[cpu].marks++ == 0) {
        cpus[cpu].began_at = cpus[cpu].executed;
    } else {
        cpus[cpu].counted = cpus[cpu].executed - cpus[cpu].began_at;
    }
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
    size_t count = qemu_plugin_tb_n_insns(tb);

    (void)id;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, CALLBACK_NO_REGISTERS,
                                         (void *)(uintptr_t)count);
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        if (mark_of(insn) == SECTION) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, marked, CALLBACK_NO_REGISTERS, NULL);
        }
    }
}

static void write_result(uint64_t id, void *data)
{
    FILE *out = fopen(out_path, "w");

    (void)id;
    (void)data;
    if (out == NULL) {
        perror(out_path);
        return;
    }
    for (unsigned cpu = 0; cpu < CPUS; cpu++) {
        if (cpus[cpu].marks >= 2) {
            fprintf(out, "%u %" PRIu64 "\n", cpu, cpus[cpu].counted);
        }
    }
    fclose(out);
}

int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv)
{
    (void)info;
    if (argc != 1 || strncmp(argv[0], "out=", 4) != 0) {
        fprintf(stderr, "cpu_count: wants one argument, out=<file>\n");
        return -1;
    }
    out_path = argv[0] + 4;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, write_result, NULL);
    return 0;
}
