/* What goes wrong with mapped memory and with stacks; mapped.c. */
#pragma once

void mapped_overflow(void);
void mapped_use_after_free(void);
void mapped_stack_overflow(void);
void trap_stack_overflow(void);
void device_freed_as_stack(void);
void code_write(void);
void code_execute_open(void);

/* Recursion without an end. */
void overflow_stack(void);
