/*
 * A million random operations against a shadow model: buffers are lent to a device that sees the
 * caches and to one that does not, to one with a narrow window, with odd limits; the devices read
 * and write; parts change hands; lines are written back and fetched at random moments. What each
 * side must see is kept in arrays of the test's own.
 */
#include "fake_machine.h"

enum { OPERATIONS = 1000000, BUFFERS = 24, BUFFER_BYTES = 2048, DEVICES = 4, CHECK_EVERY = 4096 };

static struct axdma_device devices[DEVICES];
static uint64_t random_state = 5;

/* A buffer of the heap; what the CPU is to find in it; and who has it. */
static struct {
    unsigned char *start;
    unsigned char expected[BUFFER_BYTES];
    struct axdma_device *device; /* NULL: nobody; else bytes from `offset` on are lent */
    size_t offset;
    bool is_written; /* by the device, since it was lent: until then what it would write is anything
                      */
    struct axdma_mapping mapping;
    struct axdma_memory memory; /* coherent memory instead, if `cpu` is not NULL */
    struct ax_layout layout;
} buffers[BUFFERS];

static size_t below(size_t limit)
{
    return (size_t)axtest_random_below(&random_state, limit);
}

static void randomize(unsigned char *bytes, size_t count)
{
    unsigned char step = (unsigned char)below(256), value = (unsigned char)below(256);
    for (size_t i = 0; i < count; i++)
        bytes[i] = value = (unsigned char)(value + step);
}

static void set_up(void)
{
    for (unsigned i = 0; i < DEVICES; i++)
        axdma_device_init(&devices[i], "device");
    devices[1].coherent = true;
    devices[2].windows[devices[2].window_count++] =
        (struct axdma_window){ax_busaddr(0x10000), ax_paddr(RAM_START + 0x600000), 0x40000};
    devices[3].coherent = true;
    devices[3].limits = (struct axdma_limits){
        .mask = 0xffffffff, .boundary = 4096, .segment_bytes = 2048, .align = 8};
    for (unsigned i = 0; i < BUFFERS; i++) {
        buffers[i].start = heap_bytes(BUFFER_BYTES, 16);
        randomize(buffers[i].start, BUFFER_BYTES);
        memcpy(buffers[i].expected, buffers[i].start, BUFFER_BYTES);
    }
}

static void lend(unsigned i)
{
    size_t line = axcpu_host_dcache_line_bytes, bytes = 1 + below(BUFFER_BYTES);
    size_t offset = below(BUFFER_BYTES - bytes + 1);
    if (below(3) == 0) { /* whole lines, perhaps */
        offset -= offset % line;
        bytes += below(2) * (line - bytes % line) % line;
        bytes = bytes <= BUFFER_BYTES - offset ? bytes : BUFFER_BYTES - offset;
    }
    buffers[i].device = &devices[below(DEVICES)];
    buffers[i].offset = offset;
    buffers[i].is_written = false;
    assert_int_equal(axdma_map(buffers[i].device, buffers[i].start + offset, bytes,
                               (enum axdma_direction)(1 + below(3)), &buffers[i].mapping),
                     AX_OK);
}

/* The device reads what it must find, or writes. */
static void transfer(unsigned i)
{
    static unsigned char bytes[BUFFER_BYTES];
    struct axdma_mapping *mapping = &buffers[i].mapping;
    unsigned char *expected = buffers[i].expected + buffers[i].offset;
    if (mapping->direction & AXDMA_TO_DEVICE) {
        device_read(buffers[i].device, mapping->bus, bytes, mapping->bytes);
        assert_memory_equal(bytes, expected, mapping->bytes);
    }
    if (mapping->direction & AXDMA_FROM_DEVICE) {
        randomize(expected, mapping->bytes);
        device_write(buffers[i].device, mapping->bus, expected, mapping->bytes);
        buffers[i].is_written = true;
    }
}

/* The CPU has all of it for a while. */
static void turn(unsigned i)
{
    struct axdma_mapping *mapping = &buffers[i].mapping;
    unsigned char *expected = buffers[i].expected + buffers[i].offset;
    if ((mapping->direction & AXDMA_FROM_DEVICE) && !buffers[i].is_written)
        transfer(i);
    assert_int_equal(axdma_sync_for_cpu(buffers[i].device, mapping, 0, mapping->bytes), AX_OK);
    assert_memory_equal(mapping->buffer, expected, mapping->bytes);
    if (mapping->direction & AXDMA_TO_DEVICE) {
        randomize(expected, mapping->bytes);
        memcpy(mapping->buffer, expected, mapping->bytes);
    }
    assert_int_equal(axdma_sync_for_device(buffers[i].device, mapping, 0, mapping->bytes), AX_OK);
}

static void take_back(unsigned i)
{
    if ((buffers[i].mapping.direction & AXDMA_FROM_DEVICE) && !buffers[i].is_written)
        transfer(i);
    assert_int_equal(axdma_unmap(buffers[i].device, &buffers[i].mapping), AX_OK);
    buffers[i].device = NULL;
    assert_memory_equal(buffers[i].start, buffers[i].expected, BUFFER_BYTES);
}

/* Coherent memory of one of the devices, seen by both sides without a word. */
static void allocate(unsigned i)
{
    size_t size = below(8) == 0 ? 1 + below(4096) : 1 + below(300);
    struct ax_layout layout = {size > 2048 ? 2048 : size, (size_t)1 << below(8)};
    struct axdma_device *device = &devices[below(DEVICES)];
    buffers[i].layout = layout;
    if (axdma_alloc(device, layout, &buffers[i].memory) == AX_OK)
        buffers[i].device = device;
    else
        buffers[i].memory.cpu = NULL;
}

static void use(unsigned i)
{
    static unsigned char bytes[4096], found[4096];
    size_t size = buffers[i].layout.size;
    randomize(bytes, size);
    device_write(buffers[i].device, buffers[i].memory.bus, bytes, size);
    assert_memory_equal(buffers[i].memory.cpu, bytes, size);
    randomize(buffers[i].memory.cpu, size);
    device_read(buffers[i].device, buffers[i].memory.bus, found, size);
    assert_memory_equal(buffers[i].memory.cpu, found, size);
}

static void release(unsigned i)
{
    assert_int_equal(axdma_dealloc(buffers[i].device, buffers[i].memory, buffers[i].layout), AX_OK);
    buffers[i].memory.cpu = NULL;
    buffers[i].device = NULL;
}

/* The CPU writes: lines are dirty when they are lent next. */
static void scribble(unsigned i)
{
    size_t bytes = 1 + below(BUFFER_BYTES), offset = below(BUFFER_BYTES - bytes + 1);
    randomize(buffers[i].expected + offset, bytes);
    memcpy(buffers[i].start + offset, buffers[i].expected + offset, bytes);
}

static void act(unsigned i)
{
    size_t choice = below(16);
    if (buffers[i].device == NULL) {
        if (choice < 10)
            lend(i);
        else if (choice < 12)
            allocate(i);
        else if (choice < 14)
            scribble(i);
        else
            cache_act((size_t)(buffers[i].start - machine.ram) + below(BUFFER_BYTES));
    } else if (buffers[i].memory.cpu != NULL) {
        if (choice < 8)
            use(i);
        else
            release(i);
    } else if (choice < 3) {
        transfer(i);
    } else if (choice < 5) {
        turn(i);
    } else if (choice < 11) {
        take_back(i);
    } else {
        size_t at = find_byte(buffers[i].device, buffers[i].mapping.bus);
        cache_act(at + below(buffers[i].mapping.bytes));
    }
}

static void both_sides_see_what_they_must(void **state)
{
    struct holdings before;
    (void)state;
    set_up();
    before = held();
    for (unsigned long n = 0; n < OPERATIONS; n++) {
        act((unsigned)below(BUFFERS));
        if (n % CHECK_EVERY == 0)
            assert_null(axalloc_check(axalloc_global()));
    }
    for (unsigned i = 0; i < BUFFERS; i++) {
        if (buffers[i].memory.cpu != NULL)
            release(i);
        else if (buffers[i].device != NULL)
            take_back(i);
    }
    assert_held(before);
    for (unsigned i = 0; i < DEVICES; i++)
        assert_int_equal(axdma_device_end(&devices[i]), AX_OK);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(both_sides_see_what_they_must, machine_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
