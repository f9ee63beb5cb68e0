/*
 * The layout (Raspberry Pi firmware wiki, "Mailbox property interface"), in little-endian words:
 *
 *   bytes in all, code, { id, bytes of the value, code, value ... } ..., 0
 *
 * Both codes are 0 in a request. In an answer the first is ANSWERED, and a tag's has IS_ANSWER and
 * the answer's length, which may be more than there was room for.
 *
 * Where the tags lie is taken from what was asked; of the answer only codes and values are
 * believed.
 */
#include "videocore_message.h"
#include <axbase/string.h>
#include <axdriver/videocore.h>
#include <stdbool.h>
#include <stddef.h>

enum { BYTES = 0, CODE = 1, TAGS = 2 };
enum { ID = AXDRIVER_VIDEOCORE_TAG_ID, ROOM = AXDRIVER_VIDEOCORE_TAG_BYTES };
enum { ANSWER = AXDRIVER_VIDEOCORE_TAG_ANSWER, VALUE = AXDRIVER_VIDEOCORE_TAG_VALUE };
#define ANSWERED UINT32_C(0x80000000)
#define IS_ANSWER UINT32_C(0x80000000)

_Static_assert(VIDEOCORE_MESSAGE_WORDS == AXDRIVER_VIDEOCORE_WORDS_MAX + TAGS + 1, "as said");

/* The words of the tag at `tag`, of which `left` words are there; 0: it is none. */
static unsigned tag_words(const uint32_t *tag, unsigned left)
{
    if (left < VALUE || tag[ID] == 0 || tag[ROOM] % sizeof *tag != 0 ||
        tag[ROOM] / sizeof *tag > left - VALUE)
        return 0;
    return VALUE + tag[ROOM] / (unsigned)sizeof *tag;
}

enum ax_err videocore_message_write(uint32_t *message, const uint32_t *tags, unsigned words)
{
    unsigned at = 0;
    if (words == 0 || words > AXDRIVER_VIDEOCORE_WORDS_MAX)
        return AX_EINVAL;
    while (at < words) {
        unsigned length = tag_words(tags + at, words - at);
        if (length == 0 || tags[at + ANSWER] != 0)
            return AX_EINVAL;
        at += length;
    }
    message[BYTES] = (TAGS + words + 1) * (unsigned)sizeof *message;
    message[CODE] = 0;
    memcpy(message + TAGS, tags, words * sizeof *tags);
    message[TAGS + words] = 0;
    return AX_OK;
}

static bool answers(const uint32_t *answer, const uint32_t *tag)
{
    return answer[ID] == tag[ID] && answer[ROOM] == tag[ROOM] &&
           (answer[ANSWER] == 0 || (answer[ANSWER] & IS_ANSWER) != 0);
}

static void take_answer(uint32_t *tag, const uint32_t *answer)
{
    uint32_t bytes = answer[ANSWER] & ~IS_ANSWER;
    tag[ANSWER] = bytes < tag[ROOM] ? bytes : tag[ROOM];
    memcpy(tag + VALUE, answer + VALUE, tag[ROOM]);
}

enum ax_err videocore_message_read(const uint32_t *message, uint32_t *tags, unsigned words)
{
    if (message[CODE] != ANSWERED)
        return AX_EIO;
    for (unsigned at = 0; at < words; at += tag_words(tags + at, words - at))
        if (!answers(message + TAGS + at, tags + at))
            return AX_EIO;
    for (unsigned at = 0; at < words; at += tag_words(tags + at, words - at))
        take_answer(tags + at, message + TAGS + at);
    return AX_OK;
}
