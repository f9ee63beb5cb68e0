/* Looks a faulting instruction up in the table of those that may fault. A handful: linear search.
 */
#include <axcpu/fixup.h>
#include <axcpu/trap.h>

bool axcpu_trap_fix_up(struct axcpu_trap_frame *frame)
{
    struct ax_vaddr pc = axcpu_trap_pc(frame);
    for (const struct axcpu_fixup *fixup = axcpu_fixups; fixup < axcpu_fixups_end; fixup++) {
        if (fixup->instruction.raw == pc.raw) {
            axcpu_trap_set_pc(frame, fixup->resume);
            return true;
        }
    }
    return false;
}
