/*
 * FEATURES=trace: says on the console what is allocated, resized and freed on the global instance,
 * for `make compare APP=`; docs/compare.md describes the lines.
 *
 * Idea: it stands outside. The link sends every call of the functions below that comes from another
 * file to __wrap_<name> (ld's --wrap; `wraps` in module.mk), which calls the real one and prints
 * one line. So the allocator's own sources know nothing of it, and what one of these functions
 * calls in its own file is not seen twice. Link-time optimisation is off, since it would join calls
 * before.
 *
 * A free is printed before it happens, an allocation after, so that the order of lines is the order
 * in which addresses are taken. Nothing is allocated here: what is recorded is what happens
 * without.
 *
 * Does badly: an app is as slow as its console; what it allocates inside a console write would be
 * lost in the middle of another line.
 */
#include <axalloc/alloc.h>
#include <axlog/log.h>

void *__real_axalloc_alloc(struct axalloc *self, struct ax_layout layout);
void __real_axalloc_dealloc(struct axalloc *self, void *pointer, struct ax_layout layout);
void __real_axalloc_dealloc_unsized(struct axalloc *self, void *pointer);
void *__real_axalloc_reallocate(struct axalloc *self, void *pointer, struct ax_layout layout);

void *__wrap_axalloc_alloc(struct axalloc *self, struct ax_layout layout);
void __wrap_axalloc_dealloc(struct axalloc *self, void *pointer, struct ax_layout layout);
void __wrap_axalloc_dealloc_unsized(struct axalloc *self, void *pointer);
void *__wrap_axalloc_reallocate(struct axalloc *self, void *pointer, struct ax_layout layout);

static bool is_recorded(const struct axalloc *self, const void *pointer)
{
    return self == axalloc_global() && pointer != NULL;
}

static void print_alloc(const void *block, struct ax_layout layout)
{
    axlog_print("@a %llx %zu %zu\n", (unsigned long long)(uintptr_t)block, layout.size,
                layout.align);
}

static void print_free(const void *block)
{
    axlog_print("@f %llx\n", (unsigned long long)(uintptr_t)block);
}

void *__wrap_axalloc_alloc(struct axalloc *self, struct ax_layout layout)
{
    void *block = __real_axalloc_alloc(self, layout);
    if (is_recorded(self, block))
        print_alloc(block, layout);
    return block;
}

void __wrap_axalloc_dealloc(struct axalloc *self, void *pointer, struct ax_layout layout)
{
    if (is_recorded(self, pointer))
        print_free(pointer);
    __real_axalloc_dealloc(self, pointer, layout);
}

void __wrap_axalloc_dealloc_unsized(struct axalloc *self, void *pointer)
{
    if (is_recorded(self, pointer))
        print_free(pointer);
    __real_axalloc_dealloc_unsized(self, pointer);
}

void *__wrap_axalloc_reallocate(struct axalloc *self, void *pointer, struct ax_layout layout)
{
    if (is_recorded(self, pointer) && layout.size == 0)
        print_free(pointer);
    void *block = __real_axalloc_reallocate(self, pointer, layout);
    if (is_recorded(self, block) && pointer == NULL)
        print_alloc(block, layout);
    else if (is_recorded(self, block))
        axlog_print("@r %llx %llx %zu\n", (unsigned long long)(uintptr_t)pointer,
                    (unsigned long long)(uintptr_t)block, layout.size);
    return block;
}
