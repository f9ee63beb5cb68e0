/*
 * A small printf: parse one conversion into a spec, turn its argument into text, pad, emit.
 *
 * Invariant: every byte of the format is either copied, or part of a conversion that consumed its
 * argument. Cost: a byte at a time for numbers (at most 20 digits), runs for literal text.
 */
#include <axbase/fmt.h>
#include <axbase/string.h>
#include <stdbool.h>
#include <stdint.h>

enum flag { LEFT = 1, ZERO = 2, ALTERNATE = 4, PLUS = 8, SPACE = 16, HAS_PRECISION = 32 };

struct spec {
    unsigned flags;
    size_t width;
    size_t precision;
    unsigned bits; /* of the argument, if it is an integer */
};

struct output {
    struct ax_sink *sink;
    size_t bytes;
};

enum { DIGITS_MAX = 20 }; /* 2^64 in base 10 */

static void emit(struct output *out, const char *text, size_t bytes)
{
    if (bytes == 0)
        return;
    out->sink->write(out->sink, text, bytes);
    out->bytes += bytes;
}

AX_NOINLINE static void emit_fill(struct output *out, const char *fill, size_t count)
{
    for (; count > 0; count--)
        emit(out, fill, 1);
}

/* Prefix, zeros, text; spaces on one side, or more zeros instead. C11 7.21.6.1. */
static void emit_field(struct output *out, const struct spec *spec, const char *prefix,
                       size_t zeros, const char *text, size_t bytes)
{
    size_t prefix_bytes = strlen(prefix);
    size_t body = prefix_bytes + zeros + bytes;
    size_t fill = spec->width > body ? spec->width - body : 0;
    bool left = (spec->flags & LEFT) != 0;
    if ((spec->flags & (ZERO | LEFT | HAS_PRECISION)) == ZERO) {
        zeros += fill;
        fill = 0;
    }
    emit_fill(out, " ", left ? 0 : fill);
    emit(out, prefix, prefix_bytes);
    emit_fill(out, "0", zeros);
    emit(out, text, bytes);
    emit_fill(out, " ", left ? fill : 0);
}

static void emit_number(struct output *out, const struct spec *spec, const char *prefix,
                        uint64_t value, unsigned base, char ten)
{
    char digits[DIGITS_MAX];
    size_t count = 0;
    for (; value != 0; value /= base) {
        unsigned digit = (unsigned)(value % base);
        digits[sizeof digits - ++count] = (char)(digit < 10 ? '0' + digit : ten + (digit - 10));
    }
    size_t least = spec->flags & HAS_PRECISION ? spec->precision : 1;
    emit_field(out, spec, prefix, least > count ? least - count : 0, digits + sizeof digits - count,
               count);
}

struct arguments {
    va_list list;
};

/* Out of line: va_arg is a dozen instructions on aarch64. */
AX_NOINLINE static int next_int(struct arguments *args)
{
    return va_arg(args->list, int);
}

AX_NOINLINE static uint64_t next_long(struct arguments *args)
{
    return va_arg(args->list, unsigned long);
}

AX_NOINLINE static const void *next_pointer(struct arguments *args)
{
    return va_arg(args->list, const void *);
}

static const char *parse_flags(const char *p, struct spec *spec)
{
    static const char characters[] = "-0#+ "; /* in the order of enum flag */
    const char *found;
    while ((found = memchr(characters, *p, sizeof characters - 1)) != NULL) {
        spec->flags |= 1u << (found - characters);
        p++;
    }
    return p;
}

/* A number, or `*` for an argument that may be negative. */
static const char *parse_count(const char *p, struct arguments *args, int64_t *count)
{
    uint64_t value = 0;
    if (*p == '*') {
        *count = next_int(args);
        return p + 1;
    }
    for (; *p >= '0' && *p <= '9'; p++)
        value = value * 10 + (uint64_t)(*p - '0');
    *count = (int64_t)value;
    return p;
}

/* Both ISAs are LP64, so size_t, intmax_t, ptrdiff_t and long long all have long's width. */
static const char *parse_length(const char *p, struct spec *spec)
{
    static const char long_lengths[] = "lzjt";
    spec->bits = 32;
    if (*p == 'h') {
        spec->bits = p[1] == 'h' ? 8 : 16;
        return p + (p[1] == 'h' ? 2 : 1);
    }
    if (memchr(long_lengths, *p, sizeof long_lengths - 1) == NULL)
        return p;
    spec->bits = 64;
    return p + (p[0] == 'l' && p[1] == 'l' ? 2 : 1);
}

static const char *parse_spec(const char *p, struct spec *spec, struct arguments *args)
{
    int64_t count;
    spec->flags = 0;
    spec->precision = 0;
    p = parse_count(parse_flags(p, spec), args, &count);
    if (count < 0) {
        spec->flags |= LEFT;
        count = -count;
    }
    spec->width = (size_t)count;
    if (*p == '.') {
        p = parse_count(p + 1, args, &count);
        spec->flags |= count >= 0 ? HAS_PRECISION : 0;
        spec->precision = (size_t)count;
    }
    return parse_length(p, spec);
}

/* The argument, its upper bits cut off at its width. */
static uint64_t next_unsigned(const struct spec *spec, struct arguments *args)
{
    uint64_t value = spec->bits == 64 ? next_long(args) : (uint64_t)next_int(args);
    return value & UINT64_MAX >> (64 - spec->bits);
}

/* Makes the magnitude of a signed number; returns its sign. */
static const char *split_sign(const struct spec *spec, uint64_t *number)
{
    if ((*number >> (spec->bits - 1) & 1) == 0)
        return spec->flags & PLUS ? "+" : spec->flags & SPACE ? " " : "";
    *number = -*number & UINT64_MAX >> (64 - spec->bits);
    return "-";
}

static void convert_number(struct output *out, const struct spec *spec, char conversion,
                           struct arguments *args)
{
    bool is_pointer = conversion == 'p';
    bool is_signed = conversion == 'd' || conversion == 'i';
    unsigned base = is_signed || conversion == 'u' ? 10 : 16;
    uint64_t number = is_pointer ? (uintptr_t)next_pointer(args) : next_unsigned(spec, args);
    const char *prefix = "";
    if (is_signed)
        prefix = split_sign(spec, &number);
    else if (is_pointer || (base == 16 && (spec->flags & ALTERNATE) != 0 && number != 0))
        prefix = conversion == 'X' ? "0X" : "0x";
    emit_number(out, spec, prefix, number, base, conversion == 'X' ? 'A' : 'a');
}

static void emit_string(struct output *out, const struct spec *spec, const char *text)
{
    if (text == NULL)
        text = "(null)";
    size_t bytes_max = spec->flags & HAS_PRECISION ? spec->precision : SIZE_MAX;
    emit_field(out, spec, "", 0, text, strnlen(text, bytes_max));
}

/* False when the conversion is none of ours; then no argument was consumed. */
static bool convert(struct output *out, const struct spec *spec, char conversion,
                    struct arguments *args)
{
    static const char numbers[] = "diuxXp";
    if (memchr(numbers, conversion, sizeof numbers - 1) != NULL) {
        convert_number(out, spec, conversion, args);
        return true;
    }
    char character = conversion;
    switch (conversion) {
    case 'c':
        character = (char)next_int(args);
        emit_field(out, spec, "", 0, &character, 1);
        return true;
    case 's':
        emit_string(out, spec, next_pointer(args));
        return true;
    case '%':
        emit(out, &character, 1);
        return true;
    default:
        return false;
    }
}

size_t ax_vformat(struct ax_sink *sink, const char *format, va_list args)
{
    struct output out = {sink, 0};
    struct arguments arguments;
    bool is_console = sink == &ax_console_sink;
    va_copy(arguments.list, args);
    if (is_console)
        ax_console_begin();
    while (*format != '\0') {
        const char *start = format;
        while (*format != '\0' && *format != '%')
            format++;
        emit(&out, start, (size_t)(format - start));
        if (*format == '\0')
            break;
        struct spec spec;
        start = format;
        format = parse_spec(format + 1, &spec, &arguments);
        if (*format == '\0' || !convert(&out, &spec, *format, &arguments))
            emit(&out, start, (size_t)(format - start) + (*format != '\0'));
        format += *format != '\0';
    }
    if (is_console)
        ax_console_end();
    va_end(arguments.list);
    return out.bytes;
}

size_t ax_format(struct ax_sink *sink, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t bytes = ax_vformat(sink, format, args);
    va_end(args);
    return bytes;
}

struct buffer_sink {
    struct ax_sink sink; /* first: the callback casts back */
    char *buffer;
    size_t capacity; /* bytes, the terminating zero not counted */
    size_t used;
};

static void buffer_write(struct ax_sink *self, const char *text, size_t bytes)
{
    struct buffer_sink *sink = (struct buffer_sink *)(void *)self;
    size_t room = sink->capacity - sink->used;
    size_t kept = bytes < room ? bytes : room;
    if (kept == 0)
        return; /* the buffer may be NULL */
    memcpy(sink->buffer + sink->used, text, kept);
    sink->used += kept;
}

size_t ax_vsnprintf(char *buffer, size_t capacity, const char *format, va_list args)
{
    struct buffer_sink sink = {{buffer_write}, buffer, capacity > 0 ? capacity - 1 : 0, 0};
    size_t bytes = ax_vformat(&sink.sink, format, args);
    if (capacity > 0)
        buffer[sink.used] = '\0';
    return bytes;
}

size_t ax_snprintf(char *buffer, size_t capacity, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t bytes = ax_vsnprintf(buffer, capacity, format, args);
    va_end(args);
    return bytes;
}
