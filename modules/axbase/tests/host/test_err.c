/* The error codes: each has its own name, and the number that the C library knows it by. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <axbase/err.h>

static const struct {
    enum ax_err err;
    int number;
    const char *name;
} codes[] = {
    {AX_OK, 0, "AX_OK"},
    {AX_EPERM, EPERM, "AX_EPERM"},
    {AX_ENOENT, ENOENT, "AX_ENOENT"},
    {AX_EIO, EIO, "AX_EIO"},
    {AX_ENOMEM, ENOMEM, "AX_ENOMEM"},
    {AX_EFAULT, EFAULT, "AX_EFAULT"},
    {AX_EBUSY, EBUSY, "AX_EBUSY"},
    {AX_EEXIST, EEXIST, "AX_EEXIST"},
    {AX_ENODEV, ENODEV, "AX_ENODEV"},
    {AX_EINVAL, EINVAL, "AX_EINVAL"},
    {AX_ENOSPC, ENOSPC, "AX_ENOSPC"},
    {AX_ERANGE, ERANGE, "AX_ERANGE"},
    {AX_EBADMSG, EBADMSG, "AX_EBADMSG"},
    {AX_EOVERFLOW, EOVERFLOW, "AX_EOVERFLOW"},
    {AX_ENOTSUP, ENOTSUP, "AX_ENOTSUP"},
    {AX_EALREADY, EALREADY, "AX_EALREADY"},
};

static void an_error_is_the_negative_errno(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof codes / sizeof codes[0]; i++)
        assert_int_equal(codes[i].err, -codes[i].number);
}

static void each_error_has_its_name(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof codes / sizeof codes[0]; i++)
        assert_string_equal(ax_err_name(codes[i].err), codes[i].name);
}

/* A number that is none of ours has a name too. */
static void other_numbers_are_unknown(void **state)
{
    unsigned unknown = 0;
    (void)state;
    for (int number = -200; number < 10; number++) {
        enum ax_err err = (enum ax_err)number;
        assert_non_null(ax_err_name(err));
        unknown += ax_err_name(err)[0] == 'u';
    }
    assert_int_equal(unknown, 210 - sizeof codes / sizeof codes[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_is_the_negative_errno),
        cmocka_unit_test(each_error_has_its_name),
        cmocka_unit_test(other_numbers_are_unknown),
    };
    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
