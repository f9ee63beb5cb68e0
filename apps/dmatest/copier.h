/* An engine that copies: it uses both addresses of a copy, so one that arrives proves both. */
#pragma once

#include "pieces.h"

/* Have the engine found, if the machine has one that we drive. */
void copier_want(void);

/* Copies between the kinds of memory, and whether all was given back. A line for each. */
void copier_try(struct tally *tally);
