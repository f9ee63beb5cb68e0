/* The stack canary; see src/stack_protector.c. */
#pragma once

#include <stdint.h>

/*
 * The value that every protected function checks on return. Written once, at boot, by a function
 * that is itself not protected and never returns to one that read the old value. Its lowest byte
 * is 0, so that a runaway string copy cannot reproduce it.
 */
extern uintptr_t __stack_chk_guard;
