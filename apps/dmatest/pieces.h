/* The kinds of memory that devices are told of, each tried on a device. */
#pragma once

#include "endpoint.h"

/* How many were tried, and of these how many were wrong. Prints a line for each. */
struct tally {
    unsigned tried;
    unsigned wrong;
};

void pieces_try(struct endpoint *endpoint, struct tally *tally);

/* Whether each misuse of the calls is refused. */
void misuse_try(struct endpoint *endpoint, struct tally *tally);
