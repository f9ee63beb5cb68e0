/*
 * The ground on which misuse is injected: an instance that is made anew for each injection, with
 * live blocks of all sizes and holes between them; and what catches the end of an injection, be it
 * a panic, a fault or a hang. For detection.c.
 */
#pragma once

#include "arena.h"
#include <axalloc/alloc.h>
#include <signal.h>

enum { ARENA = 1 << 20, BLOCKS = 24 };

/* How an injection ended. */
enum ending {
    NAMED,     /* a panic where one was due */
    CHECKED,   /* axalloc_check() found it afterwards */
    LATER,     /* a panic during other allocations afterwards */
    CRASHED,   /* a fault, at once or later */
    HUNG,      /* no end within a second */
    UNNOTICED, /* nothing */
    ENDINGS
};

struct block {
    unsigned char *bytes; /* NULL: none */
    size_t size;
    size_t align;
};

/* What the panic has to say. */
struct words {
    const char *kind;
    const void *pointer; /* NULL: whatever */
    size_t size;         /* SIZE_MAX: whatever */
};

extern struct axalloc instance;
extern struct block blocks[BLOCKS];
extern unsigned char *arena, *other_arena;
extern struct axalloc other; /* another instance, on other_arena */
extern struct words due;
extern char last_panic[1024];

/* Map the arenas, catch faults, start the watch. Once. */
void ground_prepare(void);

/* Random traffic: allocate into empty places, free full ones. */
void ground_churn(uint64_t *seed, unsigned operations);

/* A random live block of at least `least` bytes; it is taken out of blocks[]. */
struct block ground_take(uint64_t *seed, size_t least);

/* Make the ground anew, commit `crime`, and see what comes of it. */
enum ending ground_inject(void (*crime)(uint64_t *seed), uint64_t *seed);

/* What `due` asks for is in last_panic. */
bool ground_panic_is_due(void);
