/* A message of property tags: made of what is asked, and taken apart with suspicion. */
#pragma once

#include <axbase/attr.h>
#include <axbase/err.h>
#include <stdint.h>

enum { VIDEOCORE_MESSAGE_WORDS = 128 }; /* AXDRIVER_VIDEOCORE_WORDS_MAX, two before, one behind */

/*
 * The message that asks `tags`, into `message`, of VIDEOCORE_MESSAGE_WORDS words. AX_EINVAL: the
 * tags do not fill `words`, or are too many.
 */
AX_MUST_CHECK enum ax_err videocore_message_write(uint32_t *message, const uint32_t *tags,
                                                  unsigned words);

/*
 * The answers to `tags`, which videocore_message_write() took: `message` is a copy of what came
 * back, for the device may change its own at any time. AX_EIO: it is no answer to these; `tags` is
 * unchanged.
 */
AX_MUST_CHECK enum ax_err videocore_message_read(const uint32_t *message, uint32_t *tags,
                                                 unsigned words);
