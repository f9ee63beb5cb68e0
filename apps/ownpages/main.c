/* An app that brings its own page allocator: the kernel's heap, tables and pages all come from it.
 */
#include <axalloc/alloc.h>
#include <axlog/log.h>
#include <axruntime/app.h>

enum { RUN = 16 };

int main(int argc, char **argv)
{
    struct axalloc *memory = axalloc_global();
    struct ax_vaddr first, second;
    size_t before = axalloc_available_pages(memory);
    (void)argc;
    (void)argv;
    axlog_print("page allocator: %s\n", axalloc_pages_name);
    if (axalloc_alloc_pages(memory, RUN, AX_PAGE_SIZE, &first) != AX_OK ||
        axalloc_dealloc_pages(memory, first, RUN) != AX_OK ||
        axalloc_alloc_pages(memory, RUN, AX_PAGE_SIZE, &second) != AX_OK)
        return 1;
    axlog_print("a run that was freed %s\n",
                second.raw == first.raw ? "serves again at once" : "waits for its turn");
    enum ax_err wrong = axalloc_dealloc_pages(memory, first, RUN + 1);
    axlog_print("a free of one page too many is refused: %s\n", wrong != AX_OK ? "yes" : "no");
    if (axalloc_dealloc_pages(memory, second, RUN) != AX_OK || axalloc_check(memory) != NULL)
        return 1;
    axlog_print("%s\n", axalloc_available_pages(memory) == before ? "all pages are back" : "lost");
    return 0;
}
