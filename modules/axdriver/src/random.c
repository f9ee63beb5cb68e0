/*
 * The one generator, and what goes into it: the tree's rng-seed and kaslr-seed and the counter at
 * boot, bytes of an entropy device as soon as interrupts are on, and more of them whenever a MiB
 * was given away; with each, the counter.
 *
 * The seed of the tree stays readable in it, and the stack canary was made of a word of it: what is
 * random here is so for somebody who cannot read the tree.
 */
#include "random.h"
#include "generator.h"
#include "wait.h"
#include "want.h"
#include <axcpu/timer.h>
#include <axdriver/random.h>
#include <axhal/machine.h>
#include <axhal/time.h>
#include <axsync/spinlock.h>
#include <stdatomic.h>

enum { BYTES_BETWEEN_FEEDS = 1 << 20 };

static struct axsync_spinlock lock = AXSYNC_SPINLOCK_INIT(13, "random");
static struct generator generator;     /* guarded by the lock, as is the next */
static size_t given_bytes;             /* since `ask` was called last */
static _Atomic(void (*)(void)) feeder; /* NULL: no device feeds it */
static atomic_uint is_seeded;

/* The counter goes in with whatever else does: when something happened is hard to guess. */
static void mix(const void *entropy, size_t bytes)
{
    uint64_t now = axcpu_counter();
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    generator_mix(&generator, &now, sizeof now);
    generator_mix(&generator, entropy, bytes);
    axsync_spin_unlock(&lock, state);
}

static void begin(const struct axhal_machine *machine)
{
    mix(&machine->kaslr_seed, sizeof machine->kaslr_seed);
    mix(machine->rng_seed, machine->rng_seed_bytes);
}

extern const struct axhal_boot_step axdriver_port_seed;
AXDRIVER_BOOT_STEP const struct axhal_boot_step axdriver_port_seed = {begin};

void random_feed(const void *entropy, size_t bytes)
{
    mix(entropy, bytes);
    /* relaxed: it says nothing of other memory */
    atomic_store_explicit(&is_seeded, 1, memory_order_relaxed);
}

void random_use_feeder(void (*ask)(void))
{
    /* release: what `ask` needs was written before; pairs with the acquire of feed_again() */
    atomic_store_explicit(&feeder, ask, memory_order_release);
}

static void feed_again(void)
{
    /* acquire: pairs with the release of random_use_feeder() */
    void (*ask)(void) = atomic_load_explicit(&feeder, memory_order_acquire);
    if (ask != NULL)
        ask();
}

static inline void want_entropy(void)
{
    want_virtio();
    AX_KEEP(&axdriver_port_seed);
    AX_KEEP(&axdriver_virtio_rng);
}

void axdriver_random(void *to, size_t bytes)
{
    struct generator_stream stream;
    want_entropy();
    struct axsync_spin_state state = axsync_spin_lock(&lock);
    generator_step(&generator, &stream);
    given_bytes += bytes;
    bool is_due = given_bytes >= BYTES_BETWEEN_FEEDS;
    if (is_due)
        given_bytes = 0;
    axsync_spin_unlock(&lock, state);
    generator_spend(&stream, to, bytes);
    if (is_due)
        feed_again();
}

bool axdriver_random_is_seeded(void)
{
    want_entropy();
    /* relaxed: it says nothing of other memory */
    return atomic_load_explicit(&is_seeded, memory_order_relaxed) != 0;
}

/* In steps of a millisecond: it is once in a run, so nobody is woken for it. */
enum ax_err axdriver_random_wait(uint64_t timeout_ns)
{
    uint64_t now = axhal_monotonic_ns();
    uint64_t deadline = timeout_ns > UINT64_MAX - now ? UINT64_MAX : now + timeout_ns;
    struct wait wait;
    wait_begin(&wait);
    while (!axdriver_random_is_seeded()) {
        /* relaxed: only whether there is one matters */
        if (atomic_load_explicit(&feeder, memory_order_relaxed) == NULL)
            return AX_ENODEV;
        if (axhal_monotonic_ns() >= deadline || wait_until(&wait, wait_limit_ms(1)))
            return AX_EBUSY;
    }
    return AX_OK;
}
