/*
 * What the plugins here use of QEMU's plugin API, version 1 (include/qemu/qemu-plugin.h; Debian
 * ships no header, so the few prototypes are declared here), and the marks of <axcpu/mark.h> in the
 * code that QEMU runs.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct qemu_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

typedef void (*translated_fn)(uint64_t id, struct qemu_plugin_tb *tb);
typedef void (*executed_fn)(unsigned int cpu, void *data);
typedef void (*exit_fn)(uint64_t id, void *data);

enum { API_VERSION = 1, CALLBACK_NO_REGISTERS = 0, INLINE_ADD = 0 };

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, translated_fn fn);
void qemu_plugin_register_atexit_cb(uint64_t id, exit_fn fn, void *data);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, executed_fn fn, int flags,
                                          void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, executed_fn fn,
                                            int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op,
                                                void *pointer, uint64_t immediate);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

/* What QEMU looks up in a plugin; each defines them. */
extern int qemu_plugin_version;
int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv);

enum mark { BEGIN, END_ALLOC, END_FREE, SECTION, MARKS };

/* Which mark an instruction is, MARKS if none: the encodings of <axcpu/mark.h> on the three ISAs.
 */
static inline enum mark mark_of(const struct qemu_plugin_insn *insn)
{
    const unsigned char *bytes = qemu_plugin_insn_data(insn);
    size_t size = qemu_plugin_insn_size(insn);
    uint32_t word = 0;

    if (size == 7 && bytes[0] == 0x0f && bytes[1] == 0x1f && bytes[2] == 0x80) {
        memcpy(&word, bytes + 3, sizeof(word)); /* nopl word(%rax) */
        return (word & ~UINT32_C(3)) == 0xa1120 ? (enum mark)(word & 3) : MARKS;
    }
    if (size != 4) {
        return MARKS;
    }
    memcpy(&word, bytes, sizeof(word));
    if ((word & 0xffffcfff) == 0xa1120037) { /* lui zero, 0xa1120 + mark */
        return (enum mark)(word >> 12 & 3);
    }
    if ((word & 0xffffff9f) == 0xd294241f) { /* movz xzr, #0xa120 + mark */
        return (enum mark)(word >> 5 & 3);
    }
    return MARKS;
}
