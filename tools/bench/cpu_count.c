/*
 * A QEMU plugin that counts the instructions that each CPU executes between two marks of a section
 * (<axcpu/mark.h>) of its own.
 *
 * For: tools/bench/cpus.py. Result, in the file out=: a line `cpu instructions` for each CPU that
 * has executed two such marks.
 *
 * Idea: a block of translated code adds its length to a counter of the CPU that executes it, so
 * counts are exact but for the block in which a mark stands. Interface: QEMU's plugin API, version
 * 1 (include/qemu/qemu-plugin.h; Debian ships no header, so the few prototypes are declared here).
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct qemu_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

typedef void (*translated_fn)(uint64_t id, struct qemu_plugin_tb *tb);
typedef void (*executed_fn)(unsigned int cpu, void *data);
typedef void (*exit_fn)(uint64_t id, void *data);

enum { API_VERSION = 1, CALLBACK_NO_REGISTERS = 0 };

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, translated_fn fn);
void qemu_plugin_register_atexit_cb(uint64_t id, exit_fn fn, void *data);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, executed_fn fn, int flags,
                                          void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, executed_fn fn,
                                            int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

/* What QEMU looks up in a plugin. */
extern int qemu_plugin_version;
int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv);

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

/* The encodings of axcpu_mark_section() on riscv64 (lui zero, 0xa1123) and aarch64 (movz xzr). */
static bool is_mark(const struct qemu_plugin_insn *insn)
{
    uint32_t word = 0;

    if (qemu_plugin_insn_size(insn) != sizeof(word)) {
        return false;
    }
    memcpy(&word, qemu_plugin_insn_data(insn), sizeof(word));
    return word == 0xa1123037 || word == 0xd294247f;
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
    size_t count = qemu_plugin_tb_n_insns(tb);

    (void)id;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, CALLBACK_NO_REGISTERS,
                                         (void *)(uintptr_t)count);
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        if (is_mark(insn)) {
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
