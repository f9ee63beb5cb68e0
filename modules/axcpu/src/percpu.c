/* The CPUs' own blocks. */
#include <axcpu/percpu.h>
#include <axcpu/start.h>

struct axcpu_percpu axcpu_percpus[AXCPU_CPUS_MAX];
_Atomic uint64_t axcpu_second_cpus;
struct axcpu_starting axcpu_starting;
