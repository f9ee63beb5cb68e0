/*
 * The stack canary that both compilers use on both ISAs: one global word, and the function that
 * a smashed stack ends in. Compiled without link-time optimisation, which drops the two symbols
 * before the compiler's own references to them appear (gcc 12).
 *
 * One canary for the whole image is weaker than one a thread; clang 14 has no per-thread guard on
 * riscv64. Boot sets it before the first protected function runs, from the device tree's rng-seed.
 */
#include <axbase/assert.h>
#include <axbase/stack_protector.h>

uintptr_t __stack_chk_guard;

AX_NORETURN void __stack_chk_fail(void);

void __stack_chk_fail(void)
{
    ax_panic("stack smashed: the canary of the function at the top of the backtrace changed");
}
