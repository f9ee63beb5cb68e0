/*
 * Finds blocks by their signatures alone, whatever the byte allocator: 16 bytes at a time backwards
 * from an address, until a header is signed for the place where it is. By chance that happens once
 * in 2^63 headers. Only reports and checks come here.
 */
#include "guard_find.h"

enum guard_state guard_state_of(const struct axalloc_guard *guard, const void *payload)
{
    if (!guard_can_read(guard, payload))
        return GUARD_NO_BLOCK;
    const struct guard_header *header = guard_header_of(payload);
    uint64_t signature = guard_sign(guard, payload, header->tag);
    if (header->check == guard_live_check(signature, header))
        return GUARD_LIVE;
    if (header->check == guard_waiting_check(signature))
        return GUARD_WAITING;
    return header->check == guard_released_check(signature) ? GUARD_RELEASED : GUARD_NO_BLOCK;
}

/*
 * A live block ends the search, since no other one reaches over it. The header of a freed block may
 * be an old one in what is now the payload of a live block, so it only counts if no live one does.
 */
const void *guard_find(const struct axalloc_guard *guard, uintptr_t address)
{
    uintptr_t payload = (uintptr_t)ax_align_down(address, AX_MALLOC_ALIGN);
    const void *freed = NULL;
    for (; address - payload < GUARD_FIND_BYTES && guard_in_window(guard, payload);
         payload -= AX_MALLOC_ALIGN) {
        const void *block = ax_vaddr_ptr(ax_vaddr(payload));
        enum guard_state state = guard_state_of(guard, block);
        if (state == GUARD_NO_BLOCK)
            continue;
        bool has_it = address - payload < guard_size(guard_header_of(block)->tag) + GUARD_CANARY;
        if (state == GUARD_LIVE)
            return has_it ? block : freed;
        if (has_it && freed == NULL)
            freed = block;
    }
    return freed;
}
