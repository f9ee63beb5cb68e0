/*
 * The ground on which misuse is injected: an instance that is made anew for each injection, with
 * live blocks of all sizes and holes between them; and what catches the end of an injection, be it
 * a panic, a fault or a hang. For detection.c, which is one program with this.
 */
#pragma once

#include "arena.h"
#include <axalloc/alloc.h>
#include <axalloc/guard_port.h>
#include <axbase/assert.h>
#include <axbase/fmt.h>
#include <signal.h>
#include <sys/time.h>

enum { ARENA = 1 << 20, BLOCKS = 24, PLACES = 2 * BLOCKS };

/* How an injection ended. */
enum ending {
    NAMED,     /* a panic where one was due, in the words that were due */
    STOPPED,   /* a panic there, in others */
    CHECKED,   /* axalloc_check() found it afterwards */
    LATER,     /* a panic during other allocations afterwards */
    CRASHED,   /* a fault, at once or later */
    HUNG,      /* no end for a second */
    UNNOTICED, /* nothing */
    ENDINGS
};

struct block {
    unsigned char *bytes; /* NULL: none */
    size_t size;
    size_t align;
};

static struct axalloc own, other;
static struct axalloc *instance = &own; /* on which it is injected */
static struct block blocks[PLACES];
static unsigned char *arena, *other_arena, *unmapped;

/* What the panic has to say, of which block. NULL, SIZE_MAX: whatever. */
static struct {
    const char *kind;
    const void *pointer;
    size_t size;
} due;

static char last_panic[1024];

/* ---- the ways out of an injection ---- */

static sigjmp_buf way_out;
static volatile sig_atomic_t is_away; /* inside an injection */
static volatile unsigned long injection;

enum { PANICKED = 1, FAULTED, TIMED_OUT };

void ax_port_panic(const char *file, unsigned line, const char *format, va_list args)
{
    ax_vsnprintf(last_panic, sizeof last_panic, format, args);
    if (is_away)
        siglongjmp(way_out, PANICKED);
    fprintf(stderr, "unexpected panic at %s:%u: %s\n", file, line, last_panic);
    abort();
}

static void on_fault(int number)
{
    if (!is_away) {
        signal(number, SIG_DFL);
        raise(number);
    }
    siglongjmp(way_out, FAULTED);
}

/* Twice in the same injection is a hang. */
static void on_tick(int number)
{
    static unsigned long last;
    (void)number;
    if (is_away && last == injection)
        siglongjmp(way_out, TIMED_OUT);
    last = injection;
}

static void handle(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_NODEFER};
    assert_int_equal(sigaction(number, &action, NULL), 0);
}

/* cmocka catches faults too, so it must be after each of its tests began. */
static void catch_faults(void)
{
    handle(SIGSEGV, on_fault);
    handle(SIGBUS, on_fault);
    handle(SIGFPE, on_fault);
    handle(SIGILL, on_fault);
}

static void prepare_ground(void)
{
    arena = arena_map(ARENA);
    other_arena = arena_map(ARENA);
    unmapped = arena_reserve(ARENA);
    handle(SIGALRM, on_tick);
    struct itimerval second = {{1, 0}, {1, 0}};
    assert_int_equal(setitimer(ITIMER_REAL, &second, NULL), 0);
}

/* ---- the ground ---- */

/* A secret for each instance, so that what an earlier one left in the arena proves nothing. */
uint64_t axalloc_port_secret(void)
{
    static uint64_t seed = 0x5ec2e7;
    return axtest_random_next(&seed);
}

bool axalloc_port_has_guard_pages(void)
{
    return false;
}

bool axalloc_port_guard_page(struct ax_vaddr page)
{
    (void)page;
    return false;
}

void axalloc_port_unguard_page(struct ax_vaddr page)
{
    (void)page;
}

static void churn(uint64_t *seed, unsigned operations)
{
    for (; operations > 0; operations--) {
        struct block *place = &blocks[axtest_random_below(seed, PLACES)];
        if (place->bytes != NULL) {
            axalloc_dealloc(instance, place->bytes, (struct ax_layout){place->size, place->align});
            place->bytes = NULL;
            continue;
        }
        place->size = random_size(seed, 9) - 1;
        place->align = axtest_random_below(seed, 8) == 0
                           ? (size_t)1 << axtest_random_below(seed, 10)
                           : AX_MALLOC_ALIGN;
        place->bytes = axalloc_alloc(instance, (struct ax_layout){place->size, place->align});
        assert_non_null(place->bytes);
        memset(place->bytes, (int)axtest_random_below(seed, 256), place->size);
    }
}

/* A live block of at least `least` bytes, of which the ground knows no more. */
static struct block take(uint64_t *seed, size_t least)
{
    for (;;) {
        struct block *place = &blocks[axtest_random_below(seed, PLACES)];
        struct block taken = *place;
        if (taken.bytes == NULL)
            churn(seed, 1);
        if (taken.bytes == NULL || taken.size < least)
            continue;
        place->bytes = NULL;
        due.pointer = taken.bytes;
        due.size = taken.size;
        return taken;
    }
}

static void start_anew(uint64_t *seed)
{
    memset(instance, 0, sizeof *instance);
    memset(blocks, 0, sizeof blocks);
    due.kind = NULL;
    due.pointer = NULL;
    due.size = SIZE_MAX;
    last_panic[0] = '\0';
    assert_int_equal(axalloc_init(instance, ax_vaddr_of(arena), ARENA), AX_OK);
    churn(seed, PLACES);
}

static bool panic_is_due(void)
{
    char text[64];
    if (due.kind == NULL || strstr(last_panic, due.kind) == NULL)
        return false;
    snprintf(text, sizeof text, "0x%llx", (unsigned long long)(uintptr_t)due.pointer);
    if (due.pointer != NULL && strstr(last_panic, text) == NULL)
        return false;
    snprintf(text, sizeof text, "size %zu", due.size);
    return due.size == SIZE_MAX || strstr(last_panic, text) != NULL;
}

/* What is found after a crime that nobody stopped. */
static enum ending look_around(uint64_t *seed)
{
    if (axalloc_check(instance) != NULL)
        return CHECKED;
    churn(seed, PLACES);
    return axalloc_check(instance) != NULL ? CHECKED : UNNOTICED;
}

/* Make the ground anew, commit `crime`, and see what comes of it. */
static enum ending inject(void (*crime)(uint64_t *seed), uint64_t *seed)
{
    static volatile bool is_done;
    injection++;
    start_anew(seed);
    is_done = false;
    enum ending ending = UNNOTICED;
    switch (sigsetjmp(way_out, 0)) {
    case 0:
        is_away = 1;
        crime(seed);
        is_done = true;
        ending = look_around(seed);
        break;
    case PANICKED:
        ending = is_done ? LATER : panic_is_due() ? NAMED : STOPPED;
        break;
    case FAULTED:
        ending = CRASHED;
        break;
    default:
        ending = HUNG;
    }
    is_away = 0;
    return ending;
}
