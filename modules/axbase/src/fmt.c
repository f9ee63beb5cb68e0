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

enum length { LENGTH_INT, LENGTH_CHAR, LENGTH_SHORT, LENGTH_LONG, LENGTH_LONG_LONG };

struct spec {
    bool left, zero, alternate, plus, space, has_precision;
    size_t width;
    size_t precision;
    enum length length;
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

static void emit_fill(struct output *out, char fill, size_t count)
{
    for (; count > 0; count--)
        emit(out, &fill, 1);
}

static void emit_padded(struct output *out, const struct spec *spec, const char *text, size_t bytes)
{
    size_t fill = spec->width > bytes ? spec->width - bytes : 0;
    if (!spec->left)
        emit_fill(out, ' ', fill);
    emit(out, text, bytes);
    if (spec->left)
        emit_fill(out, ' ', fill);
}

/* Sign or base prefix, then zeros, then digits; spaces outside. C11 7.21.6.1. */
static void emit_number(struct output *out, const struct spec *spec, const char *prefix,
                        uint64_t value, unsigned base, char ten)
{
    char digits[DIGITS_MAX];
    size_t count = 0;
    for (; value != 0; value /= base) {
        unsigned digit = (unsigned)(value % base);
        digits[sizeof digits - ++count] = (char)(digit < 10 ? '0' + digit : ten + (digit - 10));
    }
    size_t least = spec->has_precision ? spec->precision : 1;
    size_t prefix_bytes = strlen(prefix);
    if (spec->zero && !spec->left && !spec->has_precision && spec->width > prefix_bytes)
        least = spec->width - prefix_bytes > least ? spec->width - prefix_bytes : least;
    size_t zeros = least > count ? least - count : 0;
    size_t body = prefix_bytes + zeros + count;
    size_t fill = spec->width > body ? spec->width - body : 0;
    if (!spec->left)
        emit_fill(out, ' ', fill);
    emit(out, prefix, prefix_bytes);
    emit_fill(out, '0', zeros);
    emit(out, digits + sizeof digits - count, count);
    if (spec->left)
        emit_fill(out, ' ', fill);
}

static void emit_signed(struct output *out, const struct spec *spec, int64_t value)
{
    const char *prefix = value < 0 ? "-" : spec->plus ? "+" : spec->space ? " " : "";
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    emit_number(out, spec, prefix, magnitude, 10, 'a');
}

static void emit_hex(struct output *out, const struct spec *spec, uint64_t value, char conversion)
{
    const char *prefix = spec->alternate && value != 0 ? (conversion == 'X' ? "0X" : "0x") : "";
    emit_number(out, spec, prefix, value, 16, conversion == 'X' ? 'A' : 'a');
}

static void emit_string(struct output *out, const struct spec *spec, const char *text)
{
    if (text == NULL)
        text = "(null)";
    emit_padded(out, spec, text,
                spec->has_precision ? strnlen(text, spec->precision) : strlen(text));
}

/* Both ISAs are LP64, so size_t, intmax_t, ptrdiff_t and long long all have long's width. */
static const char *parse_length(const char *p, struct spec *spec)
{
    spec->length = LENGTH_INT;
    if (*p == 'h') {
        spec->length = p[1] == 'h' ? LENGTH_CHAR : LENGTH_SHORT;
        return p + (p[1] == 'h' ? 2 : 1);
    }
    if (*p == 'l') {
        spec->length = p[1] == 'l' ? LENGTH_LONG_LONG : LENGTH_LONG;
        return p + (p[1] == 'l' ? 2 : 1);
    }
    if (*p == 'z' || *p == 'j' || *p == 't') {
        spec->length = LENGTH_LONG;
        return p + 1;
    }
    return p;
}

static const char *parse_flags(const char *p, struct spec *spec)
{
    for (;; p++) {
        if (*p == '-')
            spec->left = true;
        else if (*p == '0')
            spec->zero = true;
        else if (*p == '#')
            spec->alternate = true;
        else if (*p == '+')
            spec->plus = true;
        else if (*p == ' ')
            spec->space = true;
        else
            return p;
    }
}

static const char *parse_count(const char *p, size_t *count)
{
    for (*count = 0; *p >= '0' && *p <= '9'; p++)
        *count = *count * 10 + (size_t)(*p - '0');
    return p;
}

struct arguments {
    va_list list;
};

/* Out of line: va_arg is a dozen instructions on aarch64. */
AX_NOINLINE static int next_int(struct arguments *args)
{
    return va_arg(args->list, int);
}

AX_NOINLINE static long next_long(struct arguments *args)
{
    return va_arg(args->list, long);
}

static const char *parse_width(const char *p, struct spec *spec, struct arguments *args)
{
    if (*p != '*')
        return parse_count(p, &spec->width);
    int width = next_int(args);
    spec->left = spec->left || width < 0;
    spec->width = width < 0 ? (size_t) - (int64_t)width : (size_t)width;
    return p + 1;
}

static const char *parse_precision(const char *p, struct spec *spec, struct arguments *args)
{
    if (*p != '.')
        return p;
    p++;
    spec->has_precision = true;
    if (*p != '*')
        return parse_count(p, &spec->precision);
    int precision = next_int(args);
    spec->has_precision = precision >= 0;
    spec->precision = precision >= 0 ? (size_t)precision : 0;
    return p + 1;
}

static const char *parse_spec(const char *p, struct spec *spec, struct arguments *args)
{
    *spec = (struct spec){.left = false};
    p = parse_flags(p, spec);
    p = parse_width(p, spec, args);
    p = parse_precision(p, spec, args);
    return parse_length(p, spec);
}

static int64_t next_signed(const struct spec *spec, struct arguments *args)
{
    if (spec->length == LENGTH_LONG || spec->length == LENGTH_LONG_LONG)
        return next_long(args);
    int value = next_int(args);
    if (spec->length == LENGTH_CHAR)
        return (signed char)value;
    return spec->length == LENGTH_SHORT ? (short)value : value;
}

/* The same argument, its upper bits cut off at its width instead of being the sign's. */
static uint64_t next_unsigned(const struct spec *spec, struct arguments *args)
{
    uint64_t value = (uint64_t)next_signed(spec, args);
    switch (spec->length) {
    case LENGTH_CHAR:
        return (unsigned char)value;
    case LENGTH_SHORT:
        return (unsigned short)value;
    case LENGTH_INT:
        return (unsigned)value;
    default:
        return value;
    }
}

/* False when the conversion is none of ours; then no argument was consumed. */
static bool convert(struct output *out, struct spec *spec, char conversion, struct arguments *args)
{
    char character;
    switch (conversion) {
    case 'd':
    case 'i':
        emit_signed(out, spec, next_signed(spec, args));
        return true;
    case 'u':
        emit_number(out, spec, "", next_unsigned(spec, args), 10, 'a');
        return true;
    case 'x':
    case 'X':
        emit_hex(out, spec, next_unsigned(spec, args), conversion);
        return true;
    case 'p':
        emit_number(out, spec, "0x", (uintptr_t)va_arg(args->list, void *), 16, 'a');
        return true;
    case 'c':
        character = (char)next_int(args);
        emit_padded(out, spec, &character, 1);
        return true;
    case 's':
        emit_string(out, spec, va_arg(args->list, const char *));
        return true;
    case '%':
        emit(out, "%", 1);
        return true;
    default:
        return false;
    }
}

size_t ax_vformat(struct ax_sink *sink, const char *format, va_list args)
{
    struct output out = {sink, 0};
    struct arguments arguments;
    va_copy(arguments.list, args);
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
