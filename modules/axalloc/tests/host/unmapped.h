/* The guard's ports for a test program in which pages can be made to fault, by mprotect(). */
#pragma once

#include "arena.h"

#include <axalloc/guard_port.h>

static bool port_refuses; /* no page can be unmapped any more */
static size_t closed_pages;

uint64_t axalloc_port_secret(void)
{
    return UINT64_C(0x0123456789abcdef);
}

bool axalloc_port_has_guard_pages(void)
{
    return true;
}

bool axalloc_port_guard_page(struct ax_vaddr page)
{
    if (port_refuses)
        return false;
    closed_pages++;
    return mprotect(ax_vaddr_ptr(page), AX_PAGE_SIZE, PROT_NONE) == 0;
}

void axalloc_port_unguard_page(struct ax_vaddr page)
{
    closed_pages--;
    assert_int_equal(mprotect(ax_vaddr_ptr(page), AX_PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
}
