/*
 * The guard's ports in a process on Linux: the secret from the system's randomness, unmapped pages
 * by mprotect(). The system has a limit to how many pieces a process's memory may be in; beyond it
 * mprotect() says no, and a block has a canary in place of such a page.
 */
#include <axalloc/guard_port.h>
#include <axbase/assert.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

uint64_t axalloc_port_secret(void)
{
    uint64_t word;
    int saved = errno;
    if (getrandom(&word, sizeof word, GRND_NONBLOCK) != (ssize_t)sizeof word) {
        struct timespec now; /* early in the system's life there is nothing better */
        clock_gettime(CLOCK_MONOTONIC, &now);
        word = (uint64_t)now.tv_nsec * UINT64_C(0x9e3779b97f4a7c15) ^ (uintptr_t)&word;
    }
    errno = saved;
    return word;
}

bool axalloc_port_has_guard_pages(void)
{
    return true;
}

bool axalloc_port_guard_page(struct ax_vaddr page)
{
    int saved = errno;
    bool done = mprotect(ax_vaddr_ptr(page), AX_PAGE_SIZE, PROT_NONE) == 0;
    errno = saved;
    return done;
}

/* Fails only if the process is out of pieces; then the page cannot be used, and it is the end. */
void axalloc_port_unguard_page(struct ax_vaddr page)
{
    int saved = errno;
    int result = mprotect(ax_vaddr_ptr(page), AX_PAGE_SIZE, PROT_READ | PROT_WRITE);
    AX_ASSERT(result == 0);
    errno = saved;
}
