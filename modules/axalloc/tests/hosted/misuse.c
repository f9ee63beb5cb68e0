/*
 * Misuse of malloc(), one kind a run, as a program of Linux commits it: tools/test/hosted runs it
 * on each hardened libaxalloc, which is to stop it by a message. Its argument says which kind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 100, LARGE = 16 * 4096, QUARANTINED = 3000 };

/* The compiler is not to know what is done with it. */
static char *volatile block;

static void double_free(void)
{
    free(block);
    free(block);
}

static void overflow(void)
{
    block[SIZE] = 1;
    free(block);
}

static void underflow(void)
{
    block[-1] ^= 1;
    free(block);
}

static void write_after_free(void)
{
    free(block);
    block[5] = 1;
    for (size_t i = 0; i < QUARANTINED; i++) {
        char *volatile other = malloc(SIZE);
        free(other);
    }
}

static void inside(void)
{
    free(block + 16);
}

static void foreign(void)
{
    static char array[64];
    block = array + 16;
    free(block);
}

static void resize_after_free(void)
{
    free(block);
    block = realloc(block, 2 * SIZE);
}

/* The page behind it faults at once. */
static void overflow_of_pages(void)
{
    block = malloc(LARGE);
    block[LARGE] = 1;
}

static void nothing_wrong(void)
{
    memset(block, 1, SIZE);
    free(block);
}

static const struct {
    const char *name;
    void (*commit)(void);
} kinds[] = {
    {"double-free", double_free},
    {"overflow", overflow},
    {"underflow", underflow},
    {"write-after-free", write_after_free},
    {"inside", inside},
    {"foreign", foreign},
    {"resize-after-free", resize_after_free},
    {"overflow-of-pages", overflow_of_pages},
    {"nothing", nothing_wrong},
};

int main(int argc, char **argv)
{
    block = malloc(SIZE);
    for (size_t i = 0; argc == 2 && i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(argv[1], kinds[i].name) == 0) {
            kinds[i].commit();
            puts("went on");
            return 0;
        }
    return 2;
}
