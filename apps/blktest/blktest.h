/* What the files of blktest share. */
#pragma once

#include <axbase/attr.h>
#include <axdriver/block.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { SECTOR_WORDS = AXDRIVER_SECTOR_BYTES / 8, MOST_SECTORS = 8192 };

/*
 * A sector says which it is and how often it was written; the rest follows from that, so that a
 * sector that is old, another one's, or torn, is told from a good one. tools/test/disk.py makes and
 * checks the same.
 */
struct sector {
    uint64_t magic;
    uint64_t number;
    uint64_t writes; /* 0: as the host made it */
    uint64_t body[SECTOR_WORDS - 3];
};
_Static_assert(sizeof(struct sector) == AXDRIVER_SECTOR_BYTES, "a sector");

void sector_fill(struct sector *sector, uint64_t number, uint64_t writes);
bool sector_is(const struct sector *sector, uint64_t number, uint64_t writes);

/* A disk, and how often each sector of it was written. */
struct disk {
    struct axdriver_block *block;
    const struct axdriver_block_info *info;
    unsigned index;
    uint8_t *writes;
};

/* What went wrong, once: the first caller is kept. */
void fail(const char *what);
extern _Atomic(const char *) failed;

/* Random reads, writes and discards, by all CPUs at once, each in a part of its own. */
struct work_counts {
    uint64_t reads, writes, discards; /* requests */
    uint64_t sectors_written;
};
void work(struct disk *disk, unsigned requests, uint64_t seed, struct work_counts *counts);

/* Random reads, many at a time: how many requests a million instructions make. */
void rate(struct disk *disk, unsigned requests);

/* Each request that touches sector `bad` fails, and no other. */
void bad_sector(struct disk *disk, uint64_t bad);

/* The disk stops answering: what it was asked fails in time, and everything after it at once. */
void silent_disk(struct disk *disk);

/*
 * Instructions that this CPU has executed, and time that it slept, from some moment on. False: they
 * are not counted here (QEMU counts them under -icount shift=0 only).
 */
bool instructions_start(void);
uint64_t instructions_now(void);
