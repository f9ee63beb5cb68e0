/* Replays a trace on the byte allocator of this build with its caches in front; see replay.h. */
#include "cached/core.h"

#include "replay_arena.h"

int main(int argc, char **argv)
{
    return replay_main(argc, argv, start, fit);
}
