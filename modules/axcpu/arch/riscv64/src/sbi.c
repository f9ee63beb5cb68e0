/* SBI calls: a7 = extension, a6 = function, arguments and results in a0 and a1 (SBI 1.0, ch. 3). */
#include <axcpu/sbi.h>

/* Extensions, each with the chapter that defines it. */
enum {
    SBI_LEGACY_PUTCHAR = 1,  /* 5.2 */
    SBI_LEGACY_GETCHAR = 2,  /* 5.3 */
    SBI_TIME = 0x54494d45,   /* 6 */
    SBI_IPI = 0x735049,      /* 7 */
    SBI_RFENCE = 0x52464e43, /* 8 */
    SBI_HSM = 0x48534d,      /* 9 */
    SBI_SRST = 0x53525354,   /* 10 */
};

struct sbi_result {
    long error;
    long value;
};

static struct sbi_result call4(long extension, long function, unsigned long arg0,
                               unsigned long arg1, unsigned long arg2, unsigned long arg3)
{
    register unsigned long a0 __asm__("a0") = arg0;
    register unsigned long a1 __asm__("a1") = arg1;
    register unsigned long a2 __asm__("a2") = arg2;
    register unsigned long a3 __asm__("a3") = arg3;
    register long a6 __asm__("a6") = function;
    register long a7 __asm__("a7") = extension;
    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a6), "r"(a7) : "memory");
    return (struct sbi_result){(long)a0, (long)a1};
}

static struct sbi_result call(long extension, long function, unsigned long arg0, unsigned long arg1)
{
    return call4(extension, function, arg0, arg1, 0, 0);
}

void axcpu_sbi_putchar(char character)
{
    call(SBI_LEGACY_PUTCHAR, 0, (unsigned char)character, 0);
}

int axcpu_sbi_getchar(void)
{
    return (int)call(SBI_LEGACY_GETCHAR, 0, 0, 0).error;
}

void axcpu_sbi_set_timer(uint64_t ticks)
{
    call(SBI_TIME, 0, ticks, 0);
}

bool axcpu_sbi_send_ipi(uint64_t hart)
{
    return call(SBI_IPI, 0, 1, hart).error == 0;
}

long axcpu_sbi_hart_start(uint64_t hart, uint64_t entry, uint64_t argument)
{
    return call4(SBI_HSM, 0, hart, entry, argument, 0).error;
}

/* A base of all ones makes the mask be ignored: every hart (3.1). */
static const unsigned long every_hart = ~0UL;

bool axcpu_sbi_fence_i_all(void)
{
    return call(SBI_RFENCE, 0, 0, every_hart).error == 0;
}

bool axcpu_sbi_sfence_vma_all(uint64_t start, uint64_t bytes)
{
    return call4(SBI_RFENCE, 1, 0, every_hart, start, bytes).error == 0;
}

void axcpu_sbi_reset(enum axcpu_sbi_reset type, bool failure)
{
    call(SBI_SRST, 0, (unsigned long)type, failure ? 1 : 0);
}
