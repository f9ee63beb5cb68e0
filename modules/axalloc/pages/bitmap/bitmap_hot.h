/* The hot word of an instance (pages_impl.h), for those who change its regions. */
#pragma once

#include <pages_impl.h>

/* Its pages are known as free to their region; none is hot any more. */
void bitmap_cool(struct axalloc_pages *self);
