/*
 * Disks, by a virtio device of the test's own: one that keeps the rules, one that says anything of
 * itself, one that errs, lies or never answers, and no memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../src/block_internal.h"
#include "fake_device.h"
#include <axcpu/irq.h>
#include <axdriver/config.h>

enum { BLOCK = 2, SECTORS = 1000, SECTOR = AXDRIVER_SECTOR_BYTES, OPERATIONS = 4 };
enum { TYPE_IN, TYPE_OUT, TYPE_FLUSH = 4, TYPE_DISCARD = 11, OK = 0, IOERR = 1, UNSUPP = 2 };
enum { CAPACITY = 0, SIZE_MAX_AT = 8, BLK_SIZE = 20, NUM_QUEUES = 34, MAX_DISCARD = 36 };
#define F_RO (UINT64_C(1) << 5)
#define F_MQ (UINT64_C(1) << 12)
#define F_DISCARD (UINT64_C(1) << 13)
#define F_FLUSH (UINT64_C(1) << 9)
#define NS_PER_MS UINT64_C(1000000)

extern const struct axdriver_virtio_driver axdriver_virtio_blk;
const struct axdriver_virtio_driver axdriver_virtio_drivers[] = {{0, NULL, NULL}};

static struct fake_device device;
static struct axdriver_block *disk;

static void set(size_t offset, uint64_t value, size_t bytes)
{
    memcpy(device.config + offset, &value, bytes);
}

/* A disk that keeps the rules, of two queues. */
static int prepare(void **state)
{
    (void)state;
    fake_start(&device, BLOCK);
    fake.has_timers = true;
    set(CAPACITY, SECTORS, 8);
    set(SIZE_MAX_AT, 1 << 20, 4);
    set(BLK_SIZE, 4096, 4);
    set(NUM_QUEUES, 2, 2);
    set(MAX_DISCARD, 512, 4);
    axcpu_irq_enable();
    return 0;
}

/* What the driver adds to the list stays there: the last one is the test's. */
static struct axdriver_block *last_disk(void)
{
    struct axdriver_block *last = NULL;
    for (unsigned i = 0; axdriver_block(i) != NULL; i++)
        last = axdriver_block(i);
    return last;
}

static int start(void **state)
{
    prepare(state);
    enum ax_err err = axdriver_virtio_blk.attach(&device.virtio);
    disk = last_disk();
    return err;
}

/* ---- the device's side of a request ---- */

struct seen {
    uint16_t id;
    uint32_t type;
    uint64_t sector;
    uint8_t *data; /* or what says what to discard */
    uint32_t data_bytes;
    uint8_t *status;
};

static bool next(unsigned index, struct seen *out)
{
    struct ring_request request;
    if (!fake_next(&device, index, &request))
        return false;
    const struct ring_descriptor *ring =
        ring_device_memory(device.queues[index].rings.descriptors.raw);
    assert_true(request.is_table);
    const struct ring_descriptor *table = ring_device_memory(ring[request.id].bus);
    const uint8_t *header = ring_device_memory(table[0].bus);
    assert_int_equal(table[0].bytes, 16);
    assert_in_range(request.count, 2, 3);
    assert_int_equal(table[request.count - 1].bytes, 1);
    *out =
        (struct seen){.id = request.id, .status = ring_device_memory(table[request.count - 1].bus)};
    memcpy(&out->type, header, 4);
    memcpy(&out->sector, header + 8, 8);
    if (request.count == 3) {
        out->data = ring_device_memory(table[1].bus);
        out->data_bytes = table[1].bytes;
    }
    return true;
}

/* Answer what was seen, as it should be. */
static void answer(unsigned index, const struct seen *seen, uint8_t status)
{
    bool is_read = seen->type == TYPE_IN;
    if (is_read)
        memset(seen->data, (int)seen->sector, seen->data_bytes);
    *seen->status = status;
    fake_use(&device, index, seen->id, 1 + (is_read ? seen->data_bytes : 0));
    assert_true(fake_interrupt(&device, 1));
}

/* ---- the app's side ---- */

static struct ended {
    struct axdriver_block_request request; /* first */
    unsigned count;
    enum ax_err result;
    bool starts_again;
} ended[80];
static uint8_t buffers[80][2 * SECTOR];

static void end(struct axdriver_block_request *request, enum ax_err result)
{
    struct ended *self = (struct ended *)request;
    self->count++;
    self->result = result;
    if (self->starts_again) {
        self->starts_again = false;
        assert_int_equal(axdriver_block_start(disk, request), AX_OK);
    }
}

static enum ax_err begin(unsigned i, enum axdriver_block_operation operation, uint64_t sector)
{
    ended[i] = (struct ended){.request = {.operation = operation,
                                          .sector = sector,
                                          .buffer = buffers[i],
                                          .count = 2,
                                          .done = end}};
    return axdriver_block_start(disk, &ended[i].request);
}

/* ---- what it says of itself ---- */

static void a_disk_is_described(void **state)
{
    (void)state;
    const struct axdriver_block_info *info = axdriver_block_info(disk);
    assert_string_equal(info->name, "virtio-blk on fake 0x1");
    assert_int_equal(info->sectors, SECTORS);
    assert_int_equal(info->block_bytes, 4096);
    assert_int_equal(info->queues, 2);
    assert_int_equal(info->most_sectors, 512); /* so much can be discarded at once */
    assert_true(info->read_only && info->can_flush && info->can_discard);
}

static enum ax_err attach_with(size_t offset, uint64_t value, size_t bytes)
{
    prepare(NULL);
    set(offset, value, bytes);
    enum ax_err err = axdriver_virtio_blk.attach(&device.virtio);
    axdriver_virtio_stop(&device.virtio);
    assert_true(err == AX_OK || fake.live == 0);
    return err;
}

static void numbers_that_cannot_be_are_refused(void **state)
{
    (void)state;
    assert_int_equal(attach_with(BLK_SIZE, 0, 4), AX_EBADMSG);
    assert_int_equal(attach_with(BLK_SIZE, 256, 4), AX_EBADMSG);
    assert_int_equal(attach_with(BLK_SIZE, 513, 4), AX_EBADMSG);
    assert_int_equal(attach_with(BLK_SIZE, UINT32_MAX, 4), AX_EBADMSG);
    assert_int_equal(attach_with(SIZE_MAX_AT, 511, 4), AX_EBADMSG);
    assert_int_equal(attach_with(NUM_QUEUES, 0, 2), AX_EBADMSG);
    assert_int_equal(attach_with(NUM_QUEUES, UINT16_MAX, 2), AX_OK);
    assert_int_equal(axdriver_block_info(last_disk())->queues, 8);
    assert_int_equal(attach_with(MAX_DISCARD, 0, 4), AX_OK);
    assert_false(axdriver_block_info(last_disk())->can_discard);
    assert_int_equal(attach_with(CAPACITY, UINT64_MAX, 8), AX_OK);
    assert_int_equal(attach_with(CAPACITY, 0, 8), AX_OK);
}

static void each_failure_on_the_way_loses_nothing(void **state)
{
    enum ax_err err = AX_ENOMEM;
    unsigned n = 0;
    while (err != AX_OK) {
        prepare(state);
        fake.until_failure = ++n;
        err = axdriver_virtio_blk.attach(&device.virtio);
        axdriver_virtio_stop(&device.virtio);
        assert_true(err == AX_OK || fake.live == 0);
    }
    assert_in_range(n, 10, 30);
}

/* ---- requests ---- */

/* The disk of the tests is read-only by its features: this one is not. */
static int start_writable(void **state)
{
    prepare(state);
    device.offered &= ~(F_RO | AXDRIVER_VIRTIO_F_EVENT_IDX); /* it is told of each request */
    enum ax_err err = axdriver_virtio_blk.attach(&device.virtio);
    disk = last_disk();
    return err;
}

static void what_is_asked_is_what_the_device_sees(void **state)
{
    static const struct {
        enum axdriver_block_operation operation;
        uint32_t type, data_bytes;
        uint64_t sector;
    } rows[OPERATIONS] = {{AXDRIVER_BLOCK_READ, TYPE_IN, 2 * SECTOR, 7},
                          {AXDRIVER_BLOCK_WRITE, TYPE_OUT, 2 * SECTOR, 7},
                          {AXDRIVER_BLOCK_FLUSH, TYPE_FLUSH, 0, 0},
                          {AXDRIVER_BLOCK_DISCARD, TYPE_DISCARD, 16, 0}};
    (void)state;
    unsigned live = fake.live;
    for (unsigned i = 0; i < OPERATIONS; i++) {
        struct seen seen;
        assert_int_equal(begin(i, rows[i].operation, 7), AX_OK);
        assert_true(next(0, &seen));
        assert_int_equal(seen.type, rows[i].type);
        assert_int_equal(seen.data_bytes, rows[i].data_bytes);
        assert_int_equal(seen.sector, rows[i].sector);
        if (rows[i].type == TYPE_DISCARD)
            assert_memory_equal(seen.data, ((uint64_t[]){7, 2}), 16);
        answer(0, &seen, OK);
        assert_int_equal(ended[i].count, 1);
        assert_int_equal(ended[i].result, AX_OK);
        assert_int_equal(fake.live, live);
    }
    assert_int_equal(buffers[0][0], 7);
    assert_int_equal(buffers[0][2 * SECTOR - 1], 7);
}

static void what_does_not_lie_on_the_disk_is_refused(void **state)
{
    (void)state;
    assert_int_equal(begin(0, AXDRIVER_BLOCK_READ, SECTORS - 1), AX_ERANGE);
    assert_int_equal(begin(0, AXDRIVER_BLOCK_READ, SECTORS), AX_ERANGE);
    assert_int_equal(begin(0, AXDRIVER_BLOCK_WRITE, UINT64_MAX), AX_ERANGE);
    assert_int_equal(begin(0, AXDRIVER_BLOCK_DISCARD, UINT64_MAX - 1), AX_ERANGE);
    assert_int_equal(begin(0, (enum axdriver_block_operation)4, 0), AX_EINVAL);
    ended[0].request =
        (struct axdriver_block_request){.count = 513, .buffer = buffers, .done = end};
    assert_int_equal(axdriver_block_start(disk, &ended[0].request), AX_EINVAL);
    assert_int_equal(axdriver_block_read(disk, 0, buffers, 0), AX_EINVAL);
    assert_int_equal(axdriver_block_read(disk, 0, NULL, 1), AX_EINVAL);
    assert_int_equal(axdriver_block_read(disk, SECTORS, buffers, 1), AX_ERANGE);
    assert_int_equal(axdriver_block_write(disk, 1, buffers, UINT32_MAX), AX_ERANGE);
    assert_int_equal(device.queues[0].told, 0);
}

static void what_the_disk_cannot_do_is_refused(void **state)
{
    (void)state;
    prepare(NULL);
    device.offered &= ~(F_FLUSH | F_DISCARD | F_MQ);
    assert_int_equal(axdriver_virtio_blk.attach(&device.virtio), AX_OK);
    disk = last_disk();
    assert_int_equal(axdriver_block_info(disk)->queues, 1);
    assert_int_equal(begin(0, AXDRIVER_BLOCK_WRITE, 0), AX_EPERM);
    assert_int_equal(begin(0, AXDRIVER_BLOCK_FLUSH, 0), AX_ENOTSUP);
    assert_int_equal(begin(0, AXDRIVER_BLOCK_DISCARD, 0), AX_ENOTSUP);
    assert_int_equal(axdriver_block_flush(disk), AX_ENOTSUP);
}

/* What the device says of one request, and what the app is told. */
static enum ax_err result_of(enum axdriver_block_operation operation, int status, uint32_t written)
{
    struct seen seen;
    assert_int_equal(begin(0, operation, 1), AX_OK);
    assert_true(next(0, &seen));
    if (status >= 0)
        *seen.status = (uint8_t)status;
    fake_use(&device, 0, seen.id, written);
    assert_true(fake_interrupt(&device, 1));
    assert_int_equal(ended[0].count, 1);
    return ended[0].result;
}

static void errors_surface(void **state)
{
    (void)state;
    unsigned live = fake.live;
    assert_int_equal(result_of(AXDRIVER_BLOCK_READ, OK, 2 * SECTOR + 1), AX_OK);
    /* what the slot held before is no answer */
    assert_int_equal(result_of(AXDRIVER_BLOCK_READ, -1, 2 * SECTOR + 1), AX_EIO); /* not said */
    assert_int_equal(result_of(AXDRIVER_BLOCK_READ, IOERR, 2 * SECTOR + 1), AX_EIO);
    assert_int_equal(result_of(AXDRIVER_BLOCK_WRITE, IOERR, 1), AX_EIO);
    assert_int_equal(result_of(AXDRIVER_BLOCK_DISCARD, UNSUPP, 1), AX_ENOTSUP);
    assert_int_equal(result_of(AXDRIVER_BLOCK_WRITE, 77, 1), AX_EIO);
    assert_int_equal(result_of(AXDRIVER_BLOCK_READ, OK, 2 * SECTOR), AX_EIO); /* not all of it */
    assert_int_equal(result_of(AXDRIVER_BLOCK_READ, OK, 0), AX_EIO);
    assert_int_equal(result_of(AXDRIVER_BLOCK_WRITE, OK, 0), AX_EIO);
    assert_int_equal(fake.live, live);
}

static void a_rule_that_is_broken_ends_all(void **state)
{
    (void)state;
    unsigned live = fake.live;
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(begin(i, AXDRIVER_BLOCK_READ, i), AX_OK);
    fake_use(&device, 0, 9999, 0);
    fake_interrupt(&device, 1);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(ended[i].count, 1);
        assert_int_equal(ended[i].result, AX_EIO);
    }
    assert_int_equal(begin(0, AXDRIVER_BLOCK_READ, 0), AX_EIO);
    assert_int_equal(ended[0].count, 0);
    assert_int_equal(fake.live, live);
    assert_int_equal(fake.errors, 1);
}

static void as_many_as_the_disk_takes_and_then_more(void **state)
{
    (void)state;
    struct seen seen;
    unsigned count = 0;
    while (begin(count, AXDRIVER_BLOCK_READ, count) == AX_OK)
        assert_in_range(++count, 1, 79);
    assert_int_equal(count, 64); /* 32 slots a queue */
    assert_int_equal(begin(count, AXDRIVER_BLOCK_READ, 0), AX_EBUSY);
    assert_true(next(0, &seen));
    ended[0].starts_again = true; /* its own slot is free by then */
    answer(0, &seen, OK);
    assert_int_equal(begin(count, AXDRIVER_BLOCK_READ, 0), AX_EBUSY);
    for (unsigned i = 0; i < count; i++) {
        assert_true(next(0, &seen));
        answer(0, &seen, OK);
    }
    assert_int_equal(ended[0].count, 2);
    assert_false(next(0, &seen));
}

/* No memory to lend: the slot is free again, however often. */
static void a_request_that_cannot_be_lent_loses_nothing(void **state)
{
    (void)state;
    unsigned live = fake.live;
    for (unsigned i = 0; i < 1000; i++) {
        fake.until_failure = 1;
        assert_int_equal(begin(0, AXDRIVER_BLOCK_READ, 0), AX_ENOMEM);
    }
    assert_int_equal(fake.live, live);
    assert_int_equal(ended[0].count, 0);
    assert_int_equal(result_of(AXDRIVER_BLOCK_READ, OK, 2 * SECTOR + 1), AX_OK);
}

/* ---- time ---- */

static void expire(uint64_t at_ns)
{
    struct axhal_timer *timer = fake.timer;
    assert_non_null(timer);
    fake.timer = NULL;
    fake.now_ns = at_ns;
    timer->expired(timer->argument);
}

static void a_disk_that_answers_is_left_alone_in_the_end(void **state)
{
    (void)state;
    struct seen seen;
    axdriver_block_set_timeout(disk, 50 * NS_PER_MS);
    assert_null(fake.timer);
    assert_int_equal(begin(0, AXDRIVER_BLOCK_READ, 0), AX_OK);
    assert_in_range(fake.deadline_ns, 50 * NS_PER_MS, 55 * NS_PER_MS);
    assert_true(next(0, &seen));
    answer(0, &seen, OK);
    fake.now_ns += 10 * NS_PER_MS;
    assert_int_equal(begin(1, AXDRIVER_BLOCK_READ, 0), AX_OK); /* the timer runs already */
    uint64_t second = fake.now_ns + 50 * NS_PER_MS;
    expire(fake.deadline_ns);
    assert_int_equal(fake.deadline_ns, second); /* of the request that is out */
    assert_int_equal(ended[1].count, 0);
    assert_true(next(0, &seen));
    answer(0, &seen, OK);
    expire(fake.deadline_ns);
    assert_null(fake.timer); /* nothing is out: it does not run */
    assert_int_equal(fake.errors, 0);
    assert_int_equal(begin(0, AXDRIVER_BLOCK_READ, 0), AX_OK);
    assert_non_null(fake.timer);
}

static void a_disk_that_does_not_answer_is_reset(void **state)
{
    (void)state;
    unsigned live = fake.live;
    axdriver_block_set_timeout(disk, 50 * NS_PER_MS);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(begin(i, AXDRIVER_BLOCK_READ, i), AX_OK);
    expire(fake.deadline_ns);
    assert_non_null(strstr(fake.told, "a request was not answered in time"));
    assert_int_equal(device.status, 0);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(ended[i].count, 1);
        assert_int_equal(ended[i].result, AX_EIO);
    }
    assert_int_equal(fake.live, live);
    assert_int_equal(begin(0, AXDRIVER_BLOCK_READ, 0), AX_EIO);
    expire(fake.deadline_ns);
    assert_null(fake.timer);
}

static void no_limit_is_none(void **state)
{
    (void)state;
    axdriver_block_set_timeout(disk, UINT64_MAX);
    assert_int_equal(begin(0, AXDRIVER_BLOCK_READ, 0), AX_OK);
    for (unsigned i = 0; i < 10; i++)
        expire(fake.now_ns + (UINT64_C(1) << 40));
    assert_int_equal(ended[0].count, 0);
}

static void without_a_timer_it_is_said_once(void **state)
{
    (void)state;
    fake.has_timers = false;
    assert_int_equal(begin(0, AXDRIVER_BLOCK_READ, 0), AX_OK);
    assert_non_null(strstr(fake.told, "no timer"));
    fake.told[0] = '\0';
    assert_int_equal(begin(1, AXDRIVER_BLOCK_READ, 0), AX_OK);
    assert_string_equal(fake.told, "");
}

/* ---- calls that wait ---- */

static uint64_t last_sector;
static unsigned failing; /* the how-manieth from now; 0: none */

static void answer_at_once(struct fake_device *self, unsigned index)
{
    struct seen seen;
    (void)self;
    while (next(index, &seen)) {
        last_sector = seen.sector;
        bool fails = failing != 0 && --failing == 0;
        answer(index, &seen, fails ? IOERR : OK);
    }
}

static void calls_wait_and_split(void **state)
{
    static uint8_t large[900 * SECTOR];
    (void)state;
    device.notified = answer_at_once;
    assert_int_equal(axdriver_block_read(disk, 50, large, 900), AX_OK);
    assert_int_equal(device.queues[0].told, 2);
    assert_int_equal(last_sector, 50 + 512);
    assert_int_equal(large[0], 50);
    assert_int_equal(large[512 * SECTOR - 1], 50);
    assert_int_equal(large[512 * SECTOR], (uint8_t)(50 + 512));
    assert_int_equal(axdriver_block_write(disk, 0, large, 1), AX_OK);
    assert_int_equal(axdriver_block_flush(disk), AX_OK);
    assert_int_equal(axdriver_block_discard(disk, 0, 600), AX_OK);
    assert_int_equal(device.queues[0].told, 6);
    failing = 1;
    assert_int_equal(axdriver_block_read(disk, 50, large, 900), AX_EIO);
    assert_int_equal(device.queues[0].told, 7); /* the second part was not tried */
}

/* ---- anything ---- */

enum { EPISODES = 300, STEPS = 400, OUT = 70 };

static bool is_out[OUT]; /* taken, and not ended */

static void end_once(struct axdriver_block_request *request, enum ax_err result)
{
    ptrdiff_t i = (struct ended *)request - ended;
    (void)result;
    assert_true(is_out[i]);
    is_out[i] = false;
}

static void begin_any(void)
{
    unsigned i = (unsigned)rand() % OUT;
    if (is_out[i])
        return;
    ended[i].request =
        (struct axdriver_block_request){.operation = (enum axdriver_block_operation)(rand() % 5),
                                        .sector = (uint64_t)(rand() % 1010),
                                        .buffer = buffers[i],
                                        .count = (uint32_t)(rand() % 4) % 3,
                                        .done = end_once};
    fake.until_failure = rand() % 8 == 0;
    is_out[i] = true; /* it may end before the call does */
    enum ax_err err = axdriver_block_start(disk, &ended[i].request);
    if (err != AX_OK) {
        assert_true(is_out[i]);
        is_out[i] = false;
    }
    fake.until_failure = 0;
}

static void answer_any(void)
{
    struct seen seen;
    if (device.queues[0].size == 0 || !next(0, &seen))
        return;
    *seen.status = (uint8_t)(rand() % 3);
    fake_use(&device, 0, seen.id, (uint32_t)(rand() % 3) * SECTOR + 1);
}

static void step(void)
{
    unsigned kind = (unsigned)rand() % 400;
    if (kind < 150)
        begin_any();
    else if (kind < 330)
        answer_any();
    else if (kind < 396)
        fake_interrupt(&device, 1);
    else if (kind < 398 && fake.timer != NULL)
        expire(rand() % 8 == 0 ? fake.deadline_ns : fake.now_ns);
    else if (kind == 399 && device.queues[0].size != 0)
        fake_use(&device, 0, (uint32_t)rand() % 128, (uint32_t)rand());
}

/* Whatever it does, what it took ends once, and all that was lent comes back. */
static void a_device_that_does_anything(void **state)
{
    unsigned failures = 0;
    srand(1);
    for (unsigned episode = 0; episode < EPISODES; episode++) {
        assert_int_equal(start_writable(state), 0);
        memset(is_out, 0, sizeof is_out);
        unsigned live = fake.live;
        for (unsigned i = 0; i < STEPS; i++)
            step();
        failures += fake.errors;
        axdriver_virtio_fail(&device.virtio, "the end");
        for (unsigned i = 0; i < OUT; i++)
            assert_false(is_out[i]);
        assert_int_equal(fake.live, live);
        axdriver_virtio_stop(&device.virtio);
    }
    assert_in_range(failures, EPISODES / 10, EPISODES); /* neither never nor always */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_disk_is_described, start),
        cmocka_unit_test(numbers_that_cannot_be_are_refused),
        cmocka_unit_test(each_failure_on_the_way_loses_nothing),
        cmocka_unit_test_setup(what_is_asked_is_what_the_device_sees, start_writable),
        cmocka_unit_test_setup(what_does_not_lie_on_the_disk_is_refused, start_writable),
        cmocka_unit_test(what_the_disk_cannot_do_is_refused),
        cmocka_unit_test_setup(errors_surface, start_writable),
        cmocka_unit_test_setup(a_rule_that_is_broken_ends_all, start_writable),
        cmocka_unit_test_setup(as_many_as_the_disk_takes_and_then_more, start_writable),
        cmocka_unit_test_setup(a_request_that_cannot_be_lent_loses_nothing, start_writable),
        cmocka_unit_test_setup(a_disk_that_answers_is_left_alone_in_the_end, start_writable),
        cmocka_unit_test_setup(a_disk_that_does_not_answer_is_reset, start_writable),
        cmocka_unit_test_setup(no_limit_is_none, start_writable),
        cmocka_unit_test_setup(without_a_timer_it_is_said_once, start_writable),
        cmocka_unit_test_setup(calls_wait_and_split, start_writable),
        cmocka_unit_test(a_device_that_does_anything),
    };
    return cmocka_run_group_tests_name("virtio_blk", tests, NULL, NULL);
}
