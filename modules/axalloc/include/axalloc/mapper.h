/*
 * Memory that takes page tables to make: virtually contiguous, or executable. axalloc knows no page
 * tables, so whoever does lends it a mapper: in the image that is axmm, by a port; elsewhere
 * nobody, until axalloc_use_mapper() is called, and such requests are AX_ENOTSUP.
 *
 * An image without such memory carries none of it, since what the port names is then not linked.
 * What uses it: <axalloc/buffer.h>, <axalloc/manager.h>.
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/err.h>
#include <stddef.h>

enum axalloc_mapping {
    AXALLOC_MAPPING_DATA, /* readable and writable */
    AXALLOC_MAPPING_CODE, /* readable and executable; how it is written is the mapper's to say */
};

/*
 * All functions may be called in any context that the callers of axalloc are in, with none of
 * its locks held. They never panic for want of memory.
 */
struct axalloc_mapper {
    void *context; /* their first argument */

    /* Whole pages. Every address that they give lies in it, and no other memory does. */
    struct ax_vrange window;

    /*
     * Map `pages` pages at successive addresses, the first a multiple of `align`, a power of two
     * of at least a page. Contents: undefined. AX_ENOMEM: nothing changed. AX_ENOTSUP: this
     * mapper makes no such memory. `*out` is written only on AX_OK.
     */
    enum ax_err (*map)(void *context, enum axalloc_mapping mapping, size_t pages, size_t align,
                       struct ax_vaddr *out);

    /*
     * Make the `pages` pages at `start`, which one map() or remap() gave, `new_pages` pages at
     * `*out`, which may be elsewhere: the first min(pages, new_pages) are the same pages, so that
     * nothing is copied and code need not be writable. Errors as map(): nothing changed.
     */
    enum ax_err (*remap)(void *context, struct ax_vaddr start, size_t pages, size_t new_pages,
                         size_t align, struct ax_vaddr *out);

    /* Undo: the very pages that one map() or remap() gave. */
    void (*unmap)(void *context, struct ax_vaddr start, size_t pages);
};

/* Port: the mapper of an image until axalloc_use_mapper() says another. axmm's. */
extern const struct axalloc_mapper axalloc_port_mapper;

/*
 * Use `mapper` from now on, or none if NULL. It is lent for ever. To be called at boot, or when
 * nothing of the former mapper is in use.
 */
void axalloc_use_mapper(const struct axalloc_mapper *mapper);
