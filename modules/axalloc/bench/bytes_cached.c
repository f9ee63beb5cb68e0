/* The benchmarks of bytes_main.h, of what cached/core.h says. */
#include "cached/core.h"

#include "bytes_main.h"

int main(int argc, char **argv)
{
    return bench_main(argc, argv);
}
