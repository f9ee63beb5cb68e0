/*
 * The VideoCore of a Raspberry Pi, which owns the board: asked by messages of property tags
 * (Raspberry Pi firmware wiki, "Mailbox property interface") through the mailbox that the tree
 * names as brcm,bcm2835-mbox.
 */
#pragma once

#include <axbase/attr.h>
#include <axbase/err.h>
#include <stdint.h>

/* What a tag begins with, in words; its value follows. */
enum {
    AXDRIVER_VIDEOCORE_TAG_ID = 0,
    AXDRIVER_VIDEOCORE_TAG_BYTES = 1,  /* of the value, asked or answered, whichever is more */
    AXDRIVER_VIDEOCORE_TAG_ANSWER = 2, /* 0; after: bytes of the answer, 0 for a tag not known */
    AXDRIVER_VIDEOCORE_TAG_VALUE = 3,
    AXDRIVER_VIDEOCORE_WORDS_MAX = 125 /* of all tags */
};

/*
 * Ask one message of tags, one after the other in `tags`, `words` in all; each value is whole
 * words. The answers come into the same places.
 *
 * AX_ENODEV: no VideoCore. AX_EINVAL: the tags do not fill `words`, or are too many. AX_EBUSY:
 * another CPU asks. AX_EIO: it refused the message, or its answer is not one to this message, or
 * none came in a second; after the last it is never asked again, since the message may still be its
 * own. `tags` is unchanged on an error. Task context, interrupts on; waits for the answer's
 * interrupt.
 */
AX_MUST_CHECK enum ax_err axdriver_videocore_ask(uint32_t *tags, unsigned words);
