/* What axruntime's files share. */
#pragma once

#include <axhal/machine.h>

enum { ARGUMENTS_MAX = 64 };

/* The boot arguments, apart: Axle's own words acted upon, the others in argv. */
struct arguments {
    int argc;
    char *argv[ARGUMENTS_MAX + 1];
};

/*
 * Split `text` at blanks; obey log= and color=; list the other words in `out`. What does not fit
 * is dropped with a warning, and so is all if there is no memory. The words are copied into pages
 * of axalloc's, which the app keeps.
 */
void arguments_parse(const char *text, struct arguments *out);

/* The line that says what this is. */
void banner_print(const struct axhal_machine *machine);
