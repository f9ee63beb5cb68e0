/*
 * Any sequence of calls to the page allocator, against a shadow model of one byte a page: what is
 * handed out was free, what is refused had to be, and the allocator's own check holds throughout.
 *
 * The input: a byte for the first page, two for the number of pages, then five for each call. The
 * pages are two ranges with a hole between; the records lie elsewhere, and no page is touched.
 */
#include <axalloc/pages.h>
#include <stdint.h>
#include <string.h>

#include <fuzz_require.h>

enum { MOST_PAGES = 700, HOLE = 3, CHECK_EVERY = 64 };

static struct axalloc_pages pages;
static unsigned char is_free[2 * MOST_PAGES + HOLE]; /* the model */
static uint64_t first_page;
static size_t page_count; /* with the hole */
static size_t range_pages;

static struct ax_vaddr address_of(size_t page)
{
    return ax_vaddr((first_page + page) * AX_PAGE_SIZE);
}

/* All of these pages are of one range. */
static bool is_managed(size_t page, size_t count)
{
    size_t second = range_pages + HOLE;
    return page + count <= range_pages || (page >= second && page + count <= page_count);
}

static bool is_all(size_t page, size_t count, unsigned char value)
{
    for (size_t i = page; i < page + count; i++)
        if (is_free[i] != value)
            return false;
    return true;
}

/* There is such a run, below page `end`. */
static bool is_there(size_t count, size_t align, size_t end)
{
    size_t length = 0;
    for (size_t page = 0; page < end; page++) {
        length = is_free[page] ? length + 1 : 0;
        size_t start = page + 1 - length;
        size_t skip = (size_t)(-(first_page + start) & (align - 1));
        if (length >= skip + count)
            return true;
    }
    return false;
}

static void alloc(size_t count, size_t align, size_t end)
{
    struct ax_vaddr start;
    enum ax_err err = end == page_count
                          ? axalloc_pages_alloc(&pages, count, align * AX_PAGE_SIZE, &start)
                          : axalloc_pages_alloc_below(&pages, count, align * AX_PAGE_SIZE,
                                                      address_of(end), &start);
    if (count == 0) {
        REQUIRE(err == AX_EINVAL);
        return;
    }
    REQUIRE(err == (is_there(count, align, end) ? AX_OK : AX_ENOMEM));
    if (err != AX_OK)
        return;
    size_t page = (size_t)(start.raw / AX_PAGE_SIZE - first_page);
    REQUIRE(start.raw % (align * AX_PAGE_SIZE) == 0 && is_managed(page, count));
    REQUIRE(page + count <= end && is_all(page, count, 1));
    memset(&is_free[page], 0, count);
}

static void alloc_at(size_t page, size_t count)
{
    enum ax_err err = axalloc_pages_alloc_at(&pages, address_of(page), count, AX_PAGE_SIZE);
    enum ax_err expected = AX_OK;
    if (count == 0)
        expected = AX_EINVAL;
    else if (!is_managed(page, count))
        expected = AX_EFAULT;
    else if (!is_all(page, count, 1))
        expected = AX_EBUSY;
    REQUIRE(err == expected);
    if (err == AX_OK)
        memset(&is_free[page], 0, count);
}

static void dealloc(size_t page, size_t count)
{
    enum ax_err err = axalloc_pages_dealloc(&pages, address_of(page), count);
    enum ax_err expected = AX_OK;
    if (count == 0)
        expected = AX_EINVAL;
    else if (!is_managed(page, count))
        expected = AX_EFAULT;
    else if (!is_all(page, count, 0))
        expected = AX_EINVAL;
    REQUIRE(err == expected);
    if (err == AX_OK)
        memset(&is_free[page], 1, count);
}

static void call(const uint8_t *bytes)
{
    size_t count = bytes[1] < 128 ? bytes[1] : (size_t)(bytes[1] - 128) * 16;
    size_t page = (bytes[2] | (size_t)bytes[3] << 8) % page_count;
    switch (bytes[0] % 5) {
    case 0:
        alloc(count, 1, page_count);
        break;
    case 1:
        alloc(count, (size_t)1 << bytes[4] % 12, bytes[4] < 128 ? page_count : page);
        break;
    case 2:
        alloc_at(page, count);
        break;
    case 3:
        axalloc_pages_keep_low(&pages, address_of(page));
        break;
    default:
        dealloc(page, count);
    }
}

static void *add(size_t page)
{
    void *records = malloc(axalloc_pages_metadata_bytes(range_pages));
    memset(records, 0xa5, axalloc_pages_metadata_bytes(range_pages));
    struct ax_vrange range = {address_of(page), range_pages * AX_PAGE_SIZE};
    REQUIRE(axalloc_pages_add_with(&pages, range, records) == AX_OK);
    memset(&is_free[page], 1, range_pages);
    return records;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 8)
        return 0;
    first_page = data[0];
    range_pages = 1 + (data[1] | (size_t)data[2] << 8) % MOST_PAGES;
    page_count = 2 * range_pages + HOLE;
    memset(is_free, 0, page_count);
    axalloc_pages_init(&pages);
    void *first = add(0), *second = add(range_pages + HOLE);
    for (size_t at = 3, calls = 1; at + 5 <= size; at += 5, calls++) {
        call(&data[at]);
        if (calls % CHECK_EVERY == 0)
            REQUIRE(axalloc_pages_check(&pages) == NULL);
    }
    REQUIRE(axalloc_pages_check(&pages) == NULL);
    free(first);
    free(second);
    return 0;
}
