/* A sink that keeps what it is given, for tests of what is printed. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <axbase/fmt.h>

struct capture {
    struct ax_sink sink; /* first: the callback casts back */
    size_t bytes;
    char text[4096];
};

static inline void capture_write(struct ax_sink *self, const char *text, size_t bytes)
{
    struct capture *capture = (struct capture *)(void *)self;
    assert_true(capture->bytes + bytes < sizeof capture->text);
    memcpy(capture->text + capture->bytes, text, bytes);
    capture->bytes += bytes;
    capture->text[capture->bytes] = '\0';
}

static inline void capture_start(struct capture *capture)
{
    capture->sink.write = capture_write;
    capture->bytes = 0;
    capture->text[0] = '\0';
}
