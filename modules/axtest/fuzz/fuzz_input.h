/* A fuzzer's bytes, one after the other; zeroes when they are used up. For one file a program. */
#pragma once

#include <stddef.h>
#include <stdint.h>

static struct {
    const uint8_t *next;
    size_t left;
} input;

static uint8_t byte(void)
{
    if (input.left == 0)
        return 0;
    input.left--;
    return *input.next++;
}
