/* The smallest app: one line, and success. */
#include <axlog/log.h>
#include <axruntime/app.h>

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    axlog_print("Hello, world!\n");
    return 0;
}
