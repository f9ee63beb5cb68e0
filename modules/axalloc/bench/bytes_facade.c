/* The benchmarks of bytes_main.h, of what facade/core.h says. */
#include "facade/core.h"

#include "bytes_main.h"

int main(int argc, char **argv)
{
    return bench_main(argc, argv);
}
