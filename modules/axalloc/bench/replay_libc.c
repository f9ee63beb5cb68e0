/* Replays a trace on malloc(), whichever LD_PRELOAD brings; see replay.h. */
#include "libc/core.h"

#include "replay.h"

static void start(uint64_t peak_bytes)
{
    (void)peak_bytes;
}

/* A line of /proc/self/status, in bytes. */
static size_t status_bytes(const char *field)
{
    char line[256];
    size_t kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, field, strlen(field)) == 0)
            kib = strtoull(line + strlen(field) + 1, NULL, 10);
    if (status != NULL)
        fclose(status);
    return kib << 10;
}

static int fit(const struct trace *trace)
{
    double ns;
    memset(replay_slots, 0, trace->slots * sizeof *replay_slots);
    size_t before = status_bytes("VmRSS");
    if (!replay(trace, true, &ns))
        return 3;
    printf("footprint %zu\n", status_bytes("VmHWM") - before);
    return 0;
}

int main(int argc, char **argv)
{
    return replay_main(argc, argv, start, fit);
}
