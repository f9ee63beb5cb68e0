/* Misuse of the heap, for main.c's table. Each returns if nobody stopped it. */
#pragma once

void heap_double_free(void);
void heap_interior_free(void);
void heap_misaligned_free(void);
void heap_foreign_free(void);
void heap_wrong_size_free(void);
void heap_overflow(void);
void heap_page_overflow(void);
void heap_write_after_free(void);
void heap_leak(void);
