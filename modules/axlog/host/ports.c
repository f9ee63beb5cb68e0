/* axlog's ports on the host, for test programs that bring none of their own. */
#include <axlog/log.h>

uint64_t axlog_port_now_ns(void)
{
    return 0;
}

unsigned axlog_port_cpu(void)
{
    return 0;
}
