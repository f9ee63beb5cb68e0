/* The boot CPU's own block; those of the others come from memory, once there is some. */
#include <axcpu/percpu.h>

struct axcpu_percpu axcpu_boot_percpu;
