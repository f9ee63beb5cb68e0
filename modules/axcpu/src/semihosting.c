/* SYS_EXIT, semihosting 2.0, 7.5. */
#include <axcpu/semihosting.h>
#include <stdbool.h>

enum { SYS_EXIT = 0x18, ADP_STOPPED_APPLICATION_EXIT = 0x20026 };

/* Assembly. False when the instruction traps, that is when nobody answers. */
bool axcpu_semihosting_call(uint64_t operation, const uint64_t *parameters);

void axcpu_semihosting_exit(int status)
{
    uint64_t parameters[2] = {ADP_STOPPED_APPLICATION_EXIT, (uint64_t)status};
    (void)axcpu_semihosting_call(SYS_EXIT, parameters);
}
