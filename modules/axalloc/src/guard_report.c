/*
 * The ends: a panic in one line that says what was done, to which address, how large the block is
 * there, and where it was allocated and freed; then each of these calls on a line of its own, in
 * the form to which tools/run adds names (docs/testing.md).
 *
 * Nothing here writes, and nothing is read that was not found to be readable.
 */
#include "guard_find.h"
#include <axbase/assert.h>
#include <axbase/fmt.h>

/* What is known of a block, as text. */
struct story {
    char facts[160]; /* "size 64, allocated at 0x..., freed at 0x..." */
    char calls[160]; /* "\n  allocated at pc 0x...", and so on */
};

enum { PC_BYTES = 1 }; /* back from a return address into the call */

static unsigned long long pc_of(uintptr_t site)
{
    return site == 0 ? 0 : (unsigned long long)(site - PC_BYTES);
}

/* Sites of a block that has left the quarantine are gone. */
static struct story story_of(const struct axalloc_guard *guard, const void *payload)
{
    const struct guard_header *header = guard_header_of(payload);
    size_t size = guard_size(header->tag);
    struct story story;
    enum guard_state state = guard_state_of(guard, payload);
    unsigned long long allocated = pc_of(header->site), freed = pc_of(header->freed_at);
    if (state == GUARD_RELEASED) {
        ax_snprintf(story.facts, sizeof story.facts, "size %zu", size);
        story.calls[0] = '\0';
    } else if (state == GUARD_WAITING) {
        ax_snprintf(story.facts, sizeof story.facts,
                    "size %zu, allocated at 0x%llx, freed at 0x%llx", size, allocated, freed);
        ax_snprintf(story.calls, sizeof story.calls,
                    "\n  allocated at pc 0x%016llx\n  freed at pc 0x%016llx", allocated, freed);
    } else {
        ax_snprintf(story.facts, sizeof story.facts, "size %zu, allocated at 0x%llx", size,
                    allocated);
        ax_snprintf(story.calls, sizeof story.calls, "\n  allocated at pc 0x%016llx", allocated);
    }
    return story;
}

/* What is wrong with a free, a realloc, a question about the size, of a pointer. */
static const char *const acts[] = {"free", "realloc", "size query"};

AX_NORETURN static void refuse_live(const void *pointer, size_t size, enum guard_act act,
                                    const struct story *story, unsigned long long pc)
{
    ax_panic("axalloc: wrong-size %s of 0x%llx (%s, freed as size %zu)%s\n  now at pc 0x%016llx",
             acts[act], (unsigned long long)(uintptr_t)pointer, story->facts, size, story->calls,
             pc);
}

AX_NORETURN static void refuse_freed(const void *pointer, enum guard_act act,
                                     const struct story *story, unsigned long long pc)
{
    ax_panic("axalloc: %s of 0x%llx (%s)%s\n  now at pc 0x%016llx",
             act == GUARD_FREE     ? "double free"
             : act == GUARD_RESIZE ? "realloc after free"
                                   : "size query after free",
             (unsigned long long)(uintptr_t)pointer, story->facts, story->calls, pc);
}

/* In no block of ours at all. */
AX_NORETURN static void refuse_foreign(const struct axalloc_guard *guard, const void *pointer,
                                       enum guard_act act, unsigned long long pc)
{
    ax_panic("axalloc: foreign %s of 0x%llx (%s)\n  now at pc 0x%016llx", acts[act],
             (unsigned long long)(uintptr_t)pointer,
             guard_in_window(guard, (uintptr_t)pointer)
                 ? "no block is there, or its header was overwritten"
                 : "outside of this allocator's memory",
             pc);
}

AX_NORETURN static void refuse_inside(const struct axalloc_guard *guard, const void *pointer,
                                      const void *block, enum guard_act act, unsigned long long pc)
{
    struct story story = story_of(guard, block);
    const char *kind = (uintptr_t)pointer % AX_MALLOC_ALIGN != 0 ? "misaligned" : "interior";
    ax_panic("axalloc: %s %s of 0x%llx, %zu bytes into the %s block 0x%llx (%s)%s"
             "\n  now at pc 0x%016llx",
             kind, acts[act], (unsigned long long)(uintptr_t)pointer,
             (size_t)((uintptr_t)pointer - (uintptr_t)block),
             guard_state_of(guard, block) == GUARD_LIVE ? "live" : "freed",
             (unsigned long long)(uintptr_t)block, story.facts, story.calls, pc);
}

void guard_refuse(struct axalloc *self, const void *pointer, size_t size, enum guard_act act,
                  const void *site)
{
    const struct axalloc_guard *guard = &self->guard;
    unsigned long long pc = pc_of((uintptr_t)site);
    enum guard_state state = guard_state_of(guard, pointer);
    if (state != GUARD_NO_BLOCK) {
        struct story story = story_of(guard, pointer);
        if (state == GUARD_LIVE)
            refuse_live(pointer, size, act, &story, pc);
        refuse_freed(pointer, act, &story, pc);
    }
    const void *block = guard_find(guard, (uintptr_t)pointer);
    if (block != NULL)
        refuse_inside(guard, pointer, block, act, pc);
    refuse_foreign(guard, pointer, act, pc);
}

void guard_overflowed(struct axalloc *self, const void *payload, enum guard_act act,
                      const void *site)
{
    struct story story = story_of(&self->guard, payload);
    ax_panic("axalloc: overflow of 0x%llx (%s), found by %s%s\n  found at pc 0x%016llx",
             (unsigned long long)(uintptr_t)payload, story.facts, acts[act], story.calls,
             pc_of((uintptr_t)site));
}

void guard_written_after_free(struct axalloc *self, const void *payload, size_t size)
{
    if (guard_state_of(&self->guard, payload) != GUARD_WAITING)
        ax_panic("axalloc: write after free in front of 0x%llx: its header changed while it waited",
                 (unsigned long long)(uintptr_t)payload);
    const struct guard_header *header = guard_header_of(payload);
    const unsigned char *bytes = payload, poison[] = {0xee, 0xf4};
    size_t at = 0;
    while (bytes[at] == poison[at % 2]) /* there is one that is not */
        at++;
    unsigned long long allocated = pc_of(header->site), freed = pc_of(header->freed_at);
    ax_panic("axalloc: write after free of 0x%llx, at byte %zu (size %zu, allocated at 0x%llx, "
             "freed at 0x%llx)\n  allocated at pc 0x%016llx\n  freed at pc 0x%016llx",
             (unsigned long long)(uintptr_t)payload, at, size, allocated, freed, allocated, freed);
}

bool axalloc_guard_describe(struct axalloc *self, struct ax_vaddr address, struct ax_sink *sink)
{
    const struct axalloc_guard *guard = &self->guard;
    if (!CONFIG_AXALLOC_GUARD_PAGES || !guard_pages_closed(guard, (uintptr_t)address.raw))
        return false;
    uintptr_t page = (uintptr_t)ax_align_down(address.raw, AX_PAGE_SIZE);
    const void *block = guard_find(guard, page - 1);
    ax_format(sink, "the unmapped page behind a block");
    if (block == NULL)
        return true;
    struct story story = story_of(guard, block);
    ax_format(sink, " of axalloc: 0x%llx (%s)%s", (unsigned long long)(uintptr_t)block, story.facts,
              story.calls);
    return true;
}
