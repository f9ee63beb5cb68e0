/*
 * What pages are for, and how many each purpose has and had: the accounting of an instance
 * (ArceOS's newer allocator counts by kind too). A page has one kind while it is allocated, which
 * whoever frees it names again; the kinds' pages add up to axalloc_used_pages().
 *
 * Costs: an addition and a comparison for each run that is allocated, a subtraction for each that
 * is freed; nothing a page.
 */
#pragma once

#include <stddef.h>

enum axalloc_kind {
    AXALLOC_HEAP,        /* what the byte allocator is made of */
    AXALLOC_PAGE_TABLES, /* of the kernel's address space and others */
    AXALLOC_DMA,         /* shared with devices */
    AXALLOC_STACKS,
    AXALLOC_CACHES, /* copies of what lies elsewhere, which may be dropped */
    AXALLOC_APP,    /* all others: the plain functions' */
};

#define AXALLOC_KINDS (AXALLOC_APP + 1)

struct axalloc_usage {
    size_t pages;      /* in use now */
    size_t peak_pages; /* the most that were at once, since axalloc_init() */
};
