/* Replays a trace on the byte allocator of this build; see replay.h. */
#include "axle/core.h"

#include "replay_arena.h"

int main(int argc, char **argv)
{
    return replay_main(argc, argv, start, fit);
}
