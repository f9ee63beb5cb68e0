/*
 * axbase's output port on the host, for test programs that bring none of their own: the console is
 * standard error. Apart from the panic port, so that a test can replace either.
 */
#include <stdio.h>

#include <axbase/fmt.h>

void ax_port_write(const char *text, size_t bytes)
{
    fwrite(text, 1, bytes, stderr);
}
