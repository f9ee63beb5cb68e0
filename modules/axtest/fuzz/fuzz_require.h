/* What each fuzzer needs: a check that ends the run, and axbase's ports. For one file a program. */
#pragma once

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <axbase/assert.h>
#include <axbase/fmt.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) ((condition) ? (void)0 : die(#condition, __FILE__, __LINE__))

static void die(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
    abort();
}

void ax_port_write(const char *text, size_t bytes)
{
    fwrite(text, 1, bytes, stderr);
}

void ax_port_panic(const char *file, unsigned line, const char *format, va_list args)
{
    fprintf(stderr, "%s:%u: panic: ", file, line);
    vfprintf(stderr, format, args);
    abort();
}
