/*
 * What an instance's pages are to a host system, with CONFIG_AXALLOC_PAGES_PORT: address space that
 * becomes memory when it is written, and ceases to be when the system is told so. All are called
 * with page_lock held, and call nothing of axalloc's but the page allocator of `self`.
 */
#pragma once

#include <axalloc/alloc.h>

/* There is no run of `count` pages aligned to `align` bytes: give it more pages. False: there are
 * none. */
bool axalloc_port_pages_more(struct axalloc *self, size_t count, size_t align);

/* These pages are allocated. */
void axalloc_port_pages_taken(struct axalloc *self, struct ax_vaddr start, size_t count);

/* They are free, and what they hold is nobody's. */
void axalloc_port_pages_given(struct axalloc *self, struct ax_vaddr start, size_t count);
