/*
 * A QEMU plugin that counts the instructions of each operation that a program marks by
 * <axcpu/mark.h>: how many operations, their sum, the largest, and what most of them took.
 *
 * For: tools/bench/bench, in QEMU's system emulation (guests) and user emulation (this machine's
 * programs) alike. Result, in the file out=: a line `section kind operations sum largest p50 p999`
 * for each section and kind (alloc, free) that occurred.
 *
 * Idea: an instruction costs one inline addition, without a call; a mark is found by its encoding
 * when it is translated, and alone gets a callback.
 *
 * Does badly: one thread only; a system call or a repeated string instruction counts as one.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"

int qemu_plugin_version = API_VERSION;

enum { KINDS = 2, SECTIONS = 64, BUCKETS = 4096 }; /* the last bucket holds all that is more */

static const char *const kind_names[KINDS] = {"alloc", "free"};

struct sums {
    uint64_t operations;
    uint64_t instructions;
    uint64_t largest;
    uint64_t histogram[BUCKETS]; /* by instructions */
};

static struct sums sums[SECTIONS][KINDS];
static uint64_t executed_so_far;
static uint64_t began_at;
static size_t section;
static const char *out_path;

/* The least number of instructions that `share` of the operations stayed within. */
static uint64_t quantile(const struct sums *of, double share)
{
    uint64_t seen = 0;

    for (size_t i = 0; i < BUCKETS - 1; i++) {
        seen += of->histogram[i];
        if ((double)seen >= share * (double)of->operations) {
            return i;
        }
    }
    return of->largest;
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
    for (size_t s = 0; s < SECTIONS; s++) {
        for (size_t k = 0; k < KINDS; k++) {
            const struct sums *of = &sums[s][k];
            if (of->operations > 0) {
                fprintf(out, "%zu %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
                        s, kind_names[k], of->operations, of->instructions, of->largest,
                        quantile(of, 0.5), quantile(of, 0.999));
            }
        }
    }
    fclose(out);
}

static void ended(enum mark mark)
{
    struct sums *to = &sums[section][mark - END_ALLOC];
    uint64_t took = executed_so_far - began_at;

    to->operations++;
    to->instructions += took;
    to->largest = took > to->largest ? took : to->largest;
    to->histogram[took < BUCKETS ? took : BUCKETS - 1]++;
}

static void marked(unsigned int cpu, void *data)
{
    enum mark mark = (enum mark)(uintptr_t)data;

    (void)cpu;
    if (mark == BEGIN) {
        began_at = executed_so_far;
    } else if (mark == SECTION) {
        section += section + 1 < SECTIONS ? 1 : 0;
    } else {
        ended(mark);
    }
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
    size_t count = qemu_plugin_tb_n_insns(tb);

    (void)id;
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        enum mark mark = mark_of(insn);
        if (mark == MARKS) {
            qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD, &executed_so_far, 1);
        } else {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, marked, CALLBACK_NO_REGISTERS,
                                                   (void *)(uintptr_t)mark);
        }
    }
}

int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv)
{
    (void)info;
    if (argc != 1 || strncmp(argv[0], "out=", 4) != 0) {
        fprintf(stderr, "op_count: wants one argument, out=<file>\n");
        return -1;
    }
    out_path = argv[0] + 4;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, write_result, NULL);
    return 0;
}
