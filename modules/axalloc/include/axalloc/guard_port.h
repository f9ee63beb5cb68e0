/*
 * The ports of guarded builds: what axalloc cannot know by itself. In the image axruntime and axmm
 * define them, on Linux the library does, for tests modules/axalloc/host/.
 */
#pragma once

#include <axbase/addr.h>
#include <axbase/attr.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Port: a word that an attacker cannot know, another one with each boot or process where the
 * machine has randomness. Asked once an instance, when it is given its first memory.
 */
uint64_t axalloc_port_secret(void);

/* Port: pages can be made to fault here. If not, the two below are never called. */
bool axalloc_port_has_guard_pages(void);

/*
 * Port: make the page at `page`, which axalloc owns, fault on every access. False: that cannot be
 * done; nothing changed. Called with no lock held; the contents may be lost.
 */
AX_MUST_CHECK bool axalloc_port_guard_page(struct ax_vaddr page);

/* Port: undo that. Called with no lock held. Cannot fail. */
void axalloc_port_unguard_page(struct ax_vaddr page);
