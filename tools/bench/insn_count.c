/*
 * A QEMU plugin that counts each guest instruction that runs between marked addresses.
 *
 * For: tools/bench/boot. Counting starts when `start` is first executed (the kernel's entry, a
 * physical address, so the firmware before it is out and its calls after it are in), changes to a
 * second column at `main`, and ends at `end`. The result is a text file: `reached N` (3: all marks
 * seen), then `address count-to-main count-to-end` for each address that ran.
 *
 * Idea: one node an instruction address, found when QEMU translates it and handed to its callback,
 * so running code does one call and one increment.
 *
 * Does badly: one CPU only; an instruction that faults counts when tried and again when it is
 * retried, where the guest's own counter has it once.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"

int qemu_plugin_version = API_VERSION;

enum phase { BEFORE, TO_MAIN, TO_END, DONE, PHASES };
enum { BUCKETS = 1 << 14 };

struct node {
    uint64_t address;
    uint64_t count[PHASES];
    struct node *next;
};

static struct node *buckets[BUCKETS];
static uint64_t marks[PHASES]; /* marks[p]: the address whose execution begins phase p */
static enum phase phase = BEFORE;
static const char *out_path;

static void write_result(void)
{
    FILE *out = fopen(out_path, "w");

    if (out == NULL) {
        perror(out_path);
        return;
    }
    fprintf(out, "reached %d\n", (int)phase);
    for (size_t i = 0; i < BUCKETS; i++) {
        for (const struct node *n = buckets[i]; n != NULL; n = n->next) {
            if (n->count[TO_MAIN] + n->count[TO_END] > 0) {
                fprintf(out, "%" PRIx64 " %" PRIu64 " %" PRIu64 "\n", n->address, n->count[TO_MAIN],
                        n->count[TO_END]);
            }
        }
    }
    fclose(out);
}

static void executed(unsigned int cpu, void *data)
{
    struct node *node = data;

    (void)cpu;
    while (phase != DONE && node->address == marks[phase + 1]) {
        phase++;
        if (phase == DONE) {
            write_result();
        }
    }
    node->count[phase]++;
}

static struct node *find_node(uint64_t address)
{
    struct node **bucket = &buckets[(address >> 1) % BUCKETS];

    for (struct node *n = *bucket; n != NULL; n = n->next) {
        if (n->address == address) {
            return n;
        }
    }
    struct node *fresh = calloc(1, sizeof(*fresh));
    if (fresh == NULL) {
        abort();
    }
    fresh->address = address;
    fresh->next = *bucket;
    *bucket = fresh;
    return fresh;
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
    size_t count = qemu_plugin_tb_n_insns(tb);

    (void)id;
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        struct node *node = find_node(qemu_plugin_insn_vaddr(insn));
        qemu_plugin_register_vcpu_insn_exec_cb(insn, executed, CALLBACK_NO_REGISTERS, node);
    }
}

static void at_exit(uint64_t id, void *data)
{
    (void)id;
    (void)data;
    if (phase != DONE) {
        write_result();
    }
}

/* Take one `key=value`. */
static bool take_argument(const char *argument)
{
    static const char *const keys[PHASES] = {"out=", "start=", "main=", "end="};

    for (size_t i = 0; i < PHASES; i++) {
        size_t length = strlen(keys[i]);
        if (strncmp(argument, keys[i], length) == 0) {
            marks[i] = strtoull(argument + length, NULL, 0);
            out_path = i == 0 ? argument + length : out_path;
            return true;
        }
    }
    fprintf(stderr, "insn_count: %s: not an argument of this plugin\n", argument);
    return false;
}

int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (!take_argument(argv[i])) {
            return -1;
        }
    }
    if (out_path == NULL || marks[TO_MAIN] == 0 || marks[TO_END] == 0 || marks[DONE] == 0) {
        fprintf(stderr, "insn_count: wants out=, start=, main= and end=\n");
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    return 0;
}
