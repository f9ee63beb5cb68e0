/* The benchmarks of bytes_main.h, of what libc/core.h says. */
#include "libc/core.h"

#include "bytes_main.h"

int main(int argc, char **argv)
{
    return bench_main(argc, argv);
}
