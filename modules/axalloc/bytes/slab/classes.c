/*
 * The tables of <slab_classes.h>. The pages of a class are the fewest that leave at most 1/128 of
 * them over and hold 16 slots up to 256 bytes, 8 up to 1 KiB, 4 up to 8 KiB, 2 above; where no
 * number of pages up to 16 does, what leaves least. tests/host/test_slab.c computes both tables
 * again.
 */
#include <axbase/addr.h>
#include <slab_classes.h>

#define C(size, pages)                                                                             \
    {                                                                                              \
        size, (uint32_t)(((UINT64_C(1) << 32) + (size)-1) / (size)),                               \
            (uint16_t)((pages)*AX_PAGE_SIZE / (size)), pages                                       \
    }

/* clang-format off */
const struct slab_class slab_classes[SLAB_CLASSES] = {
    {0, 0, 0, 0},
    C(16, 1), C(32, 1), C(48, 1), C(64, 1), C(80, 1), C(96, 2), C(112, 2), C(128, 1), C(144, 3),
    C(160, 2), C(176, 4), C(192, 3), C(208, 3), C(224, 4), C(240, 1), C(256, 1), C(272, 1),
    C(288, 5), C(304, 5), C(320, 4), C(336, 6), C(352, 5), C(368, 8), C(384, 3), C(400, 5),
    C(416, 5), C(432, 7), C(448, 7), C(464, 5), C(480, 2), C(496, 4), C(512, 1), C(528, 4),
    C(544, 2), C(560, 7), C(576, 9), C(592, 8), C(608, 7), C(624, 9), C(640, 5), C(656, 5),
    C(672, 11), C(688, 11), C(704, 5), C(720, 3), C(736, 9), C(752, 7), C(768, 3), C(784, 5),
    C(800, 9), C(816, 2), C(832, 9), C(848, 5), C(864, 7), C(880, 8), C(896, 7), C(912, 13),
    C(928, 5), C(944, 3), C(960, 4), C(976, 6), C(992, 8), C(1008, 16), C(1024, 2), C(1152, 9),
    C(1280, 5), C(1408, 9), C(1536, 3), C(1664, 9), C(1792, 7), C(1920, 8), C(2048, 2),
    C(2304, 9), C(2560, 5), C(2816, 9), C(3072, 3), C(3328, 9), C(3584, 7), C(3840, 15),
    C(4096, 4), C(4608, 9), C(5120, 5), C(5632, 11), C(6144, 6), C(6656, 13), C(7168, 7),
    C(7680, 15), C(8192, 8), C(9216, 9), C(10240, 5), C(11264, 11), C(12288, 6), C(13312, 13),
    C(14336, 7), C(15360, 15), C(16384, 8), C(18432, 9), C(20480, 10), C(22528, 11), C(24576, 12),
    C(26624, 13), C(28672, 14), C(30720, 15), C(32768, 16),
};

const uint8_t slab_class_by_step[SLAB_LARGEST / SLAB_STEP] = {
    8, 16, 24, 32, 40, 48, 56, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 73, 74, 74, 75, 75, 76, 76,
    77, 77, 78, 78, 79, 79, 80, 80, 81, 81, 81, 81, 82, 82, 82, 82, 83, 83, 83, 83, 84, 84, 84, 84,
    85, 85, 85, 85, 86, 86, 86, 86, 87, 87, 87, 87, 88, 88, 88, 88, 89, 89, 89, 89, 89, 89, 89, 89,
    90, 90, 90, 90, 90, 90, 90, 90, 91, 91, 91, 91, 91, 91, 91, 91, 92, 92, 92, 92, 92, 92, 92, 92,
    93, 93, 93, 93, 93, 93, 93, 93, 94, 94, 94, 94, 94, 94, 94, 94, 95, 95, 95, 95, 95, 95, 95, 95,
    96, 96, 96, 96, 96, 96, 96, 96, 97, 97, 97, 97, 97, 97, 97, 97, 97, 97, 97, 97, 97, 97, 97, 97,
    98, 98, 98, 98, 98, 98, 98, 98, 98, 98, 98, 98, 98, 98, 98, 98, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100,
    100, 100, 100, 101, 101, 101, 101, 101, 101, 101, 101, 101, 101, 101, 101, 101, 101, 101, 101,
    102, 102, 102, 102, 102, 102, 102, 102, 102, 102, 102, 102, 102, 102, 102, 102, 103, 103, 103,
    103, 103, 103, 103, 103, 103, 103, 103, 103, 103, 103, 103, 103, 104, 104, 104, 104, 104, 104,
    104, 104, 104, 104, 104, 104, 104, 104, 104, 104,
};
/* clang-format on */

/*
 * Between two doublings classes are a power of two apart. An alignment that is no more than that
 * divides each of them, and the multiples of one that is more are classes themselves: so the least
 * class that holds a multiple of the alignment is one too.
 */
size_t slab_class_of_aligned(size_t size, size_t align)
{
    if (align > AX_PAGE_SIZE || size > SLAB_LARGEST)
        return SLAB_LARGE;
    return slab_class_of_size(size == 0 ? align : (size_t)ax_align_up(size, align));
}
