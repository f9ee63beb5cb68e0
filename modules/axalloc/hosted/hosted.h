/* What the files of libaxalloc.so share; library.c says how it works. */
#pragma once

#include <axalloc/alloc.h>
#include <stdbool.h>

/* The instance has memory; the first caller sees to it. False: there is none, and will be none. */
bool hosted_start(void);

/* Reserve the window, and give the instance its first pages. Once. */
bool hosted_window_open(struct axalloc *self);

/* Threads can have caches from now on. Once. */
void hosted_threads_start(void);

/* Both locks of the instance are held around fork(), and free after it. Once. */
void hosted_fork_start(void);

/* Pages that were free when the system took their contents back, since the start. */
size_t hosted_purged_pages(void);

/* Write to a file as it is now: nothing is kept back, nothing allocated. */
void hosted_write(int file, const char *text, size_t bytes);
