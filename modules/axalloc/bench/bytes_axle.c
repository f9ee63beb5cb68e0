/* The benchmarks of bytes_main.h, of what axle/core.h says. */
#include "axle/core.h"

#include "bytes_main.h"

int main(int argc, char **argv)
{
    return bench_main(argc, argv);
}
