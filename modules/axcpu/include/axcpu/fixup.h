/*
 * The places where an instruction may fault without harm, each with the place to go on. Written
 * by the assembly that holds the instruction; read by the trap decoder.
 */
#pragma once

#include <axbase/addr.h>
#include <stdbool.h>

struct axcpu_fixup {
    struct ax_vaddr instruction;
    struct ax_vaddr resume;
};

extern const struct axcpu_fixup axcpu_fixups[], axcpu_fixups_end[];
