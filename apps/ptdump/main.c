/* Prints what the kernel's page table maps, and whether it keeps the rules. */
#include <axalloc/buffer.h>
#include <axalloc/manager.h>
#include <axbase/string.h>
#include <axlog/log.h>
#include <axmm/check.h>
#include <axmm/dump.h>
#include <axmm/stacks.h>
#include <axruntime/app.h>

enum { STATUS_USAGE = 2 };

/* One of each kind of mapped memory, so that there is something of it to see. */
static enum ax_err map_one_of_each(void)
{
    struct axalloc_slice buffer;
    struct axmm_stack stack;
    void *code;
    struct ax_layout large = {5 << 20, 16}, small = {10000, 16};
    enum ax_err err = axalloc_buffer_alloc(AXALLOC_VMALLOC, large, 0, &buffer);
    if (err == AX_OK)
        err = axalloc_manager_allocate(axalloc_global(), AXALLOC_EXECUTABLE, small, &code);
    if (err == AX_OK)
        err = axmm_stack_alloc(16 << 10, &stack);
    if (err == AX_OK)
        axmm_stack_name(&stack, "example's", 0);
    return err;
}

int main(int argc, char **argv)
{
    bool wants_all = argc == 2 && strcmp(argv[1], "all") == 0;
    if (argc > 1 && !wants_all) {
        axlog_print("ptdump: the argument can be: all\n");
        return STATUS_USAGE;
    }
    if (wants_all && map_one_of_each() != AX_OK)
        return 1;
    axmm_dump(&ax_console_sink);
    const char *wrong = axmm_check();
    axlog_print("axmm_check: %s\n", wrong == NULL ? "sound" : wrong);
    return wrong == NULL ? 0 : 1;
}
