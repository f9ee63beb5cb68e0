/* What the boot loader handed over: each argument, and the initrd by its size and its checksum. */
#include <axlog/log.h>
#include <axruntime/app.h>
#include <stddef.h>
#include <stdint.h>

/* CRC-32 as of IEEE 802.3, so that zlib and `crc32` say the same; a bit at a time. */
static uint32_t crc32(const uint8_t *bytes, size_t count)
{
    const uint32_t polynomial = 0xedb88320u; /* its bits in the order of transmission */
    uint32_t crc = ~UINT32_C(0);
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? polynomial : 0);
    }
    return ~crc;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        axlog_print("argument %d: %s\n", i, argv[i]);
    size_t bytes;
    const uint8_t *initrd = axruntime_initrd(&bytes);
    if (initrd == NULL)
        axlog_print("no initrd\n");
    else
        axlog_print("initrd: %zu bytes, CRC-32 %08x\n", bytes, (unsigned)crc32(initrd, bytes));
    return 0;
}
