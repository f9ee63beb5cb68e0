/* What a piece of a test logs, as text. */
#pragma once

#include "arena.h"

#include <unistd.h>

/* Run `act(context)` with standard error, where the host's log goes, in a file; what it holds. */
static inline const char *log_text(void (*act)(void *context), void *context)
{
    static char text[2000];
    FILE *file = tmpfile();
    assert_non_null(file);
    fflush(stderr);
    int saved = dup(2);
    dup2(fileno(file), 2);
    act(context);
    fflush(stderr);
    dup2(saved, 2);
    close(saved);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}
