/* The ordered map: insert, look up, iterate in order, delete half, again, delete all. */
#include "map.h"
#include "random.h"
#include "tests.h"

#include <axbase/fmt.h>
#include <axbase/string.h>

enum { SEED = 7, TEXT_BYTES = 32 };

/* Texts of 2 to 31 characters, a function of the key. */
static const char *text_of(uint64_t key, char *buffer)
{
    ax_snprintf(buffer, TEXT_BYTES, "%0*llx", (int)(key % 15 + 1), (unsigned long long)(key >> 32));
    return buffer;
}

static bool has_text(uint64_t key, const char *text)
{
    char expected[TEXT_BYTES];
    return text != NULL && strcmp(text, text_of(key, expected)) == 0;
}

struct order {
    uint64_t last_key;
    size_t count;
};

static bool is_in_order(uint64_t key, const char *text, void *context)
{
    struct order *order = context;
    bool good = (order->count == 0 || key > order->last_key) && has_text(key, text);
    *order = (struct order){key, order->count + 1};
    return good;
}

static bool all_in_order(const struct map *map, size_t count)
{
    struct order order = {0, 0};
    return map_each(map, is_in_order, &order) && order.count == count && map->count == count;
}

/* The keys are the numbers of a generator, which repeats them; it never gives one twice. */
static const char *insert_all(struct map *map, size_t keys)
{
    uint64_t state = SEED;
    char text[TEXT_BYTES];
    for (size_t i = 0; i < keys; i++) {
        uint64_t key = random_next(&state);
        if (!map_insert(map, key, text_of(key, text)))
            return "the map ran out of memory";
    }
    return all_in_order(map, keys) ? NULL : "the map is not in order after inserting";
}

static const char *remove_half(struct map *map, size_t keys)
{
    uint64_t state = SEED;
    for (size_t i = 0; i < keys; i++) {
        uint64_t key = random_next(&state);
        if (i % 2 == 0 && !map_remove(map, key))
            return "a key of the map is missing";
    }
    return all_in_order(map, keys / 2) ? NULL : "the map is not in order after deleting half";
}

static const char *look_up_all(const struct map *map, size_t keys, bool half_is_gone)
{
    uint64_t state = SEED;
    for (size_t i = 0; i < keys; i++) {
        uint64_t key = random_next(&state);
        const char *text = map_find(map, key);
        if (half_is_gone && i % 2 == 0 ? text != NULL : !has_text(key, text))
            return "the map gives a wrong text for a key";
    }
    return NULL;
}

const char *test_map(size_t keys, struct report *report)
{
    struct map map = {NULL, 0, 1};
    const char *failed = insert_all(&map, keys);
    note_peak(report);
    if (failed == NULL)
        failed = look_up_all(&map, keys, false);
    if (failed == NULL)
        failed = remove_half(&map, keys);
    if (failed == NULL)
        failed = look_up_all(&map, keys, true);
    map_clear(&map);
    report->operations += 4 * keys; /* a node and a text, allocated and freed */
    return failed;
}
