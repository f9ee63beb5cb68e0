/*
 * Formatting against libc's snprintf, which both are called with the same arguments: every
 * combination of what C defines, then random ones. And what is ours alone: unknown conversions,
 * NULL, the capacity's edges.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <axbase/fmt.h>
#include <axtest/random.h>

enum { TEXT_BYTES = 400, FORMAT_BYTES = 100, FUZZ_ROUNDS = 100000 };

static const char *const int_lengths[] = {"", "hh", "h"};
static const char *const long_lengths[] = {"l", "ll", "z", "j", "t"};
static const char *const widths[] = {"", "1", "2", "7", "20", "31"};
static const char *const precisions[] = {"", ".", ".0", ".1", ".3", ".19", ".25"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Ours says what libc says, and how long it is. */
static void assert_like_libc(const char *format, ...)
{
    char ours[TEXT_BYTES], libcs[TEXT_BYTES];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(libcs, sizeof libcs, format, args);
    va_end(args);
    va_start(args, format);
    size_t bytes = ax_vsnprintf(ours, sizeof ours, format, args);
    va_end(args);
    if (strcmp(ours, libcs) != 0 || bytes != (size_t)length)
        fail_msg("\"%s\": \"%s\" (%zu), libc: \"%s\" (%d)", format, ours, bytes, libcs, length);
}

static void assert_text(const char *expected, const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list args;
    va_start(args, format);
    size_t bytes = ax_vsnprintf(text, sizeof text, format, args);
    va_end(args);
    assert_string_equal(text, expected);
    assert_int_equal(bytes, strlen(expected));
}

/* Bit i of `set` chooses the i-th flag. */
static void write_flags(char *out, unsigned set)
{
    for (unsigned i = 0; i < 5; i++)
        if (set >> i & 1)
            *out++ = "-0#+ "[i];
    *out = '\0';
}

/* One conversion of every length, of a value that is as wide as the length takes. */
static void compare_number(const char *flags, const char *width, const char *precision, char letter,
                           long value)
{
    char format[FORMAT_BYTES];
    for (size_t i = 0; i < COUNT(int_lengths); i++) {
        snprintf(format, sizeof format, "%%%s%s%s%s%c", flags, width, precision, int_lengths[i],
                 letter);
        assert_like_libc(format, (int)value);
    }
    for (size_t i = 0; i < COUNT(long_lengths); i++) {
        snprintf(format, sizeof format, "%%%s%s%s%s%c", flags, width, precision, long_lengths[i],
                 letter);
        assert_like_libc(format, value);
    }
}

static void compare_value(char letter, long value)
{
    for (unsigned set = 0; set < 32; set++) {
        char flags[6];
        write_flags(flags, set);
        for (size_t w = 0; w < COUNT(widths); w++)
            for (size_t p = 0; p < COUNT(precisions); p++)
                compare_number(flags, widths[w], precisions[p], letter, value);
    }
}

static void compare_values(const char *letters)
{
    static const long values[] = {0,         1,       -1,      42,       -9,      0xbeef,
                                  SCHAR_MIN, INT_MAX, INT_MIN, LONG_MAX, LONG_MIN};
    for (; *letters != '\0'; letters++)
        for (size_t i = 0; i < COUNT(values); i++)
            compare_value(*letters, values[i]);
}

static void signed_numbers(void **state)
{
    (void)state;
    compare_values("di");
}

static void unsigned_numbers(void **state)
{
    (void)state;
    compare_values("u");
}

static void hexadecimal_numbers(void **state)
{
    (void)state;
    compare_values("xX");
}

static void strings_and_characters(void **state)
{
    static const char *const texts[] = {"", "a", "axle", "a text of some length"};
    char format[FORMAT_BYTES];
    (void)state;
    for (size_t w = 0; w < COUNT(widths); w++)
        for (size_t left = 0; left < 2; left++) {
            const char *flag = left ? "-" : "";
            for (size_t p = 0; p < COUNT(precisions); p++)
                for (size_t i = 0; i < COUNT(texts); i++) {
                    snprintf(format, sizeof format, "[%%%s%s%ss]", flag, widths[w], precisions[p]);
                    assert_like_libc(format, texts[i]);
                }
            snprintf(format, sizeof format, "[%%%s%sc]", flag, widths[w]);
            assert_like_libc(format, 'x');
        }
}

static void a_string_is_not_read_beyond_its_precision(void **state)
{
    char *unterminated = malloc(3);
    (void)state;
    assert_non_null(unterminated);
    memcpy(unterminated, "abc", 3);
    assert_text("abc", "%.3s", unterminated);
    assert_text("ab", "%.*s", 2, unterminated);
    assert_text("", "%.0s", unterminated);
    free(unterminated);
}

static void pointers(void **state)
{
    int object = 0;
    (void)state;
    assert_like_libc("%p", (void *)&object);
    assert_like_libc("[%20p]", (void *)&object);
    assert_like_libc("[%-20p]", (void *)UINTPTR_MAX);
    assert_text("0x0", "%p", (void *)NULL);
}

static void width_and_precision_as_arguments(void **state)
{
    (void)state;
    for (int width = -12; width < 13; width++)
        for (int precision = -3; precision < 12; precision++) {
            assert_like_libc("[%*.*d]", width, precision, -12345);
            assert_like_libc("[%0*d]", width, 77);
            assert_like_libc("[%*.*s]", width, precision, "axle");
            assert_like_libc("[%#*.*lx]", width, precision, 0xabcdefL);
        }
}

static void text_between_conversions(void **state)
{
    (void)state;
    assert_like_libc("");
    assert_like_libc("no conversion at all");
    assert_like_libc("100%%");
    assert_like_libc("%%%d%%", 5);
    assert_like_libc("%d%d%d", 1, 2, 3);
    assert_like_libc("a%sb%cc%ldd", "1", '2', 3L);
    assert_like_libc("%d %s %lu %c %x %lld %s|", -1, "two", 3UL, '4', 5u, -6LL, "seven");
}

static void an_unknown_conversion_is_printed_as_it_stands(void **state)
{
    (void)state;
    assert_text("%q", "%q");
    assert_text("%q 7", "%q %d", 7);
    assert_text("[%-5.2llY]", "[%-5.2llY]");
    assert_text("%f", "%f");
    assert_text("%n", "%n");
    assert_text("%\n", "%\n");
}

static void a_format_that_ends_in_a_conversion_is_printed_as_it_stands(void **state)
{
    (void)state;
    assert_text("%", "%");
    assert_text("50%", "50%");
    assert_text("%-08", "%-08");
    assert_text("%.3ll", "%.3ll");
    assert_text("%.", "%.");
}

static void a_null_string_has_words(void **state)
{
    const char *none = NULL;
    (void)state;
    assert_text("(null)", "%s", none);
    assert_text("  (null)", "%8s", none);
    assert_text("(null)  ", "%-8s", none);
    assert_text("(nu", "%.3s", none);
}

/* What fits, with its end; bytes beyond the capacity are not touched. */
static void assert_cut(size_t capacity)
{
    char ours[16], libcs[16];
    memset(ours, '~', sizeof ours);
    memset(libcs, '~', sizeof libcs);
    volatile size_t limit = capacity; /* so that the compiler does not warn of what is wanted */
    int length = snprintf(libcs, limit, "%s:%d", "axle", 123);
    assert_int_equal(ax_snprintf(ours, capacity, "%s:%d", "axle", 123), length);
    assert_memory_equal(ours, libcs, sizeof ours);
}

static void any_capacity(void **state)
{
    (void)state;
    for (size_t capacity = 0; capacity <= 16; capacity++)
        assert_cut(capacity);
}

static void capacity_zero_needs_no_buffer(void **state)
{
    (void)state;
    assert_int_equal(ax_snprintf(NULL, 0, "%s", "axle"), 4);
}

struct counting_sink {
    struct ax_sink sink; /* first: the callback casts back */
    char text[TEXT_BYTES];
    size_t bytes;
};

static void count(struct ax_sink *self, const char *text, size_t bytes)
{
    struct counting_sink *sink = (struct counting_sink *)(void *)self;
    assert_true(bytes > 0 && sink->bytes + bytes < sizeof sink->text);
    memcpy(sink->text + sink->bytes, text, bytes);
    sink->bytes += bytes;
}

static void a_sink_gets_every_byte_once(void **state)
{
    struct counting_sink sink = {{count}, "", 0};
    (void)state;
    size_t bytes = ax_format(&sink.sink, "%5d|%-5s|%05u|%%", 42, "ab", 7u);
    assert_string_equal(sink.text, "   42|ab   |00007|%");
    assert_int_equal(bytes, sink.bytes);
}

/* A random conversion: its class decides the lengths and letters. `stars` takes them as arguments.
 */
static char *random_spec(uint64_t *seed, char *out, const char *const *lengths, size_t length_count,
                         const char *letters, bool stars)
{
    bool is_text = letters[0] == 's' || letters[0] == 'c';
    char flags[6];
    write_flags(flags, (unsigned)axtest_random_below(seed, is_text ? 2 : 32));
    out += sprintf(out, "%%%s", flags);
    if (stars)
        out += sprintf(out, letters[0] == 'c' ? "*" : "*.*");
    else if (axtest_random_below(seed, 2))
        out += sprintf(out, "%d", 1 + (int)axtest_random_below(seed, 30));
    if (!stars && letters[0] != 'c' && axtest_random_below(seed, 2))
        out += sprintf(out, ".%d", (int)axtest_random_below(seed, 25));
    return out + sprintf(out, "%s%c", lengths[axtest_random_below(seed, length_count)],
                         letters[axtest_random_below(seed, strlen(letters))]);
}

static char *random_literal(uint64_t *seed, char *out)
{
    static const char *const literals[] = {"", " ", "%%", "axle", "\t[", "0x", "-"};
    return out + sprintf(out, "%s", literals[axtest_random_below(seed, COUNT(literals))]);
}

/* An int, a long, a string and a character, with text around them. */
static void random_format(uint64_t *seed, char *out, bool stars)
{
    static const char *const no_length[] = {""};
    out = random_literal(seed, out);
    out = random_spec(seed, out, int_lengths, COUNT(int_lengths), "diuxX", stars);
    out = random_literal(seed, out);
    out = random_spec(seed, out, long_lengths, COUNT(long_lengths), "diuxX", stars);
    out = random_literal(seed, out);
    out = random_spec(seed, out, no_length, 1, "s", stars);
    out = random_spec(seed, out, no_length, 1, "c", stars);
    random_literal(seed, out);
}

static void random_formats(void **state)
{
    char format[FORMAT_BYTES];
    uint64_t seed = 6;
    (void)state;
    for (unsigned round = 0; round < FUZZ_ROUNDS; round++) {
        int number = (int)axtest_random_wide(&seed);
        long wide = (long)axtest_random_wide(&seed);
        char letter = (char)('!' + axtest_random_below(&seed, 90));
        const char *text = &"the text of which some end is taken"[axtest_random_below(&seed, 36)];
        random_format(&seed, format, false);
        assert_like_libc(format, number, wide, text, letter);
    }
}

static void random_formats_with_widths_as_arguments(void **state)
{
    char format[FORMAT_BYTES];
    uint64_t seed = 7;
    (void)state;
    for (unsigned round = 0; round < FUZZ_ROUNDS; round++) {
        int w[4], p[3];
        for (unsigned i = 0; i < 4; i++)
            w[i] = (int)axtest_random_below(&seed, 60) - 30;
        for (unsigned i = 0; i < 3; i++)
            p[i] = (int)axtest_random_below(&seed, 28) - 3;
        int number = -(int)axtest_random_wide(&seed);
        long wide = -(long)axtest_random_wide(&seed);
        random_format(&seed, format, true);
        assert_like_libc(format, w[0], p[0], number, w[1], p[1], wide, w[2], p[2], "axle", w[3],
                         'x');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signed_numbers),
        cmocka_unit_test(unsigned_numbers),
        cmocka_unit_test(hexadecimal_numbers),
        cmocka_unit_test(strings_and_characters),
        cmocka_unit_test(a_string_is_not_read_beyond_its_precision),
        cmocka_unit_test(pointers),
        cmocka_unit_test(width_and_precision_as_arguments),
        cmocka_unit_test(text_between_conversions),
        cmocka_unit_test(an_unknown_conversion_is_printed_as_it_stands),
        cmocka_unit_test(a_format_that_ends_in_a_conversion_is_printed_as_it_stands),
        cmocka_unit_test(a_null_string_has_words),
        cmocka_unit_test(any_capacity),
        cmocka_unit_test(capacity_zero_needs_no_buffer),
        cmocka_unit_test(a_sink_gets_every_byte_once),
        cmocka_unit_test(random_formats),
        cmocka_unit_test(random_formats_with_widths_as_arguments),
    };
    return cmocka_run_group_tests_name("fmt", tests, NULL, NULL);
}
