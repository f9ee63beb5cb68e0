/* Mapped memory used wrongly, executable memory at the wrong time, and stacks that run over. */
#include "mapped.h"
#include <axalloc/buffer.h>
#include <axalloc/manager.h>
#include <axbase/assert.h>
#include <axbase/config.h>
#include <axhal/time.h>
#include <axhal/timer.h>
#include <axmm/code.h>
#include <axmm/device.h>
#include <axmm/stacks.h>

/* Call `function` on the stack that ends at `top`; what it returns with is kept in a register. */
#if CONFIG_ISA_RISCV64
#define CALL_ON_STACK "mv s1, sp\n\tmv sp, %0\n\tjalr %1\n\tmv sp, s1"
#define CLOBBERED "s1", "ra", "t0", "t1", "t2", "a0", "a1", "memory"
#else
#define CALL_ON_STACK "mov x19, sp\n\tmov sp, %0\n\tblr %1\n\tmov sp, x19"
#define CLOBBERED "x19", "x30", "x0", "x1", "x2", "memory"
#endif

static const struct ax_layout layout = {5000, 16};

static volatile uint32_t word;

/* The compiler may not know what a pointer points at. */
static volatile unsigned char *hidden(void *pointer)
{
    __asm__ volatile("" : "+r"(pointer));
    return pointer;
}

static volatile unsigned char *mapped_block(void)
{
    struct axalloc_slice buffer;
    enum ax_err err = axalloc_buffer_alloc(AXALLOC_VMALLOC, layout, 0, &buffer);
    AX_ASSERT(err == AX_OK);
    return hidden(buffer.bytes);
}

void mapped_overflow(void)
{
    volatile unsigned char *block = mapped_block();
    for (size_t i = 0; i <= 2 * AX_PAGE_SIZE; i++)
        block[i] = 'x';
}

void mapped_use_after_free(void)
{
    volatile unsigned char *block = mapped_block();
    axalloc_buffer_free(AXALLOC_VMALLOC, (void *)(uintptr_t)block, layout);
    word = *block;
}

/* A page where QEMU's virt machines have no RAM; nobody touches it. */
void device_freed_as_stack(void)
{
    static const struct ax_prange registers = {{0x1000}, AX_PAGE_SIZE};
    volatile void *device;
    enum ax_err err = axmm_map_device(registers, &device);
    AX_ASSERT(err == AX_OK);
    struct ax_vaddr bottom = ax_vaddr_of(device);
    axmm_stack_free(&(struct axmm_stack){bottom, ax_vaddr_add(bottom, AX_PAGE_SIZE)});
}

static volatile unsigned char *code_block(void)
{
    void *code;
    enum ax_err err = axalloc_manager_allocate(axalloc_global(), AXALLOC_EXECUTABLE, layout, &code);
    AX_ASSERT(err == AX_OK);
    return hidden(code);
}

void code_write(void)
{
    *code_block() = 1;
}

void code_execute_open(void)
{
    volatile unsigned char *code = code_block();
    enum ax_err err = axmm_code_open((void *)(uintptr_t)code, layout.size);
    AX_ASSERT(err == AX_OK);
    ((void (*)(void))(uintptr_t)code)();
}

AX_NOINLINE static uint32_t recurse(volatile uint32_t depth)
{
    volatile uint32_t frame[64];
    frame[depth % 64] = depth;
    return depth == UINT32_MAX ? depth : recurse(depth + 1) + frame[0];
}

void overflow_stack(void)
{
    word = recurse(0);
}

void mapped_stack_overflow(void)
{
    struct axmm_stack stack;
    enum ax_err err = axmm_stack_alloc(16384, &stack);
    AX_ASSERT(err == AX_OK);
    axmm_stack_name(&stack, "example's", 0);
    __asm__ volatile(CALL_ON_STACK : : "r"(stack.top.raw), "r"(overflow_stack) : CLOBBERED);
}

static void overflow_in_interrupt(void *unused)
{
    (void)unused;
    overflow_stack();
}

/* The handler of an interrupt runs on the trap stack. */
void trap_stack_overflow(void)
{
    static struct axhal_timer timer = AXHAL_TIMER_INIT(overflow_in_interrupt, NULL);
    enum ax_err err = axhal_timer_start(&timer, 0, 0);
    AX_ASSERT(err == AX_OK);
    axhal_busy_wait_ns(AXHAL_NS_PER_SECOND);
}
