/*
 * axalloc's guard ports for test programs that bring none of their own: a secret that is the same
 * in each run, so that a failure repeats, and no unmapped pages.
 */
#include <axalloc/guard_port.h>

uint64_t axalloc_port_secret(void)
{
    return UINT64_C(0x5ec2e7d00d1e5eed);
}

bool axalloc_port_has_guard_pages(void)
{
    return false;
}

bool axalloc_port_guard_page(struct ax_vaddr page)
{
    (void)page;
    return false;
}

void axalloc_port_unguard_page(struct ax_vaddr page)
{
    (void)page;
}
