/* Assertions and panics: when they speak, what they say, and from where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <axbase/assert.h>
#include <axbase/stack_protector.h>
#include <axtest/host.h>

AX_NORETURN void __stack_chk_fail(void);

static int forget(void **state)
{
    (void)state;
    axtest_last_panic[0] = '\0';
    return 0;
}

static void a_true_assertion_is_silent_and_evaluated_once(void **state)
{
    int evaluated = 0;
    (void)state;
    AX_ASSERT(++evaluated == 1);
    assert_int_equal(evaluated, 1);
    assert_string_equal(axtest_last_panic, "");
}

static void a_false_assertion_names_its_condition(void **state)
{
    volatile int two = 2;
    (void)state;
    expect_assert_failure(AX_ASSERT(two == 3));
    assert_string_equal(axtest_last_panic, "assertion failed: two == 3");
}

/* The condition goes in as an argument, not as the format. */
static void conversions_in_the_condition_are_kept(void **state)
{
    (void)state;
    expect_assert_failure(AX_ASSERT("%s%d"[0] == 'x'));
    assert_string_equal(axtest_last_panic, "assertion failed: \"%s%d\"[0] == 'x'");
}

static void a_debug_assertion_is_evaluated_in_debug_builds_only(void **state)
{
    int evaluated = 0;
    (void)state;
    AX_DEBUG_ASSERT(++evaluated == 1);
    assert_int_equal(evaluated, CONFIG_DEBUG);
}

static void a_false_debug_assertion_speaks_in_debug_builds_only(void **state)
{
    volatile int two = 2;
    (void)state;
    if (CONFIG_DEBUG) {
        expect_assert_failure(AX_DEBUG_ASSERT(two == 3));
        assert_string_equal(axtest_last_panic, "assertion failed: two == 3");
    } else {
        AX_DEBUG_ASSERT(two == 3);
        assert_string_equal(axtest_last_panic, "");
    }
}

static void a_panic_formats_its_arguments(void **state)
{
    (void)state;
    expect_assert_failure(ax_panic("%s %d of 0x%llx", "page", -3, 0xdeadbeefULL));
    assert_string_equal(axtest_last_panic, "page -3 of 0xdeadbeef");
}

static void a_panic_says_where(void **state)
{
    const unsigned line = __LINE__ + 2;
    (void)state;
    expect_assert_failure(ax_panic("here"));
    assert_int_equal(axtest_last_panic_line, line);
    assert_string_equal(axtest_last_panic_file, __FILE__);
}

static void a_smashed_stack_panics(void **state)
{
    (void)state;
    expect_assert_failure(__stack_chk_fail());
    assert_int_equal(strncmp(axtest_last_panic, "stack smashed", 13), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_true_assertion_is_silent_and_evaluated_once, forget),
        cmocka_unit_test_setup(a_false_assertion_names_its_condition, forget),
        cmocka_unit_test_setup(conversions_in_the_condition_are_kept, forget),
        cmocka_unit_test_setup(a_debug_assertion_is_evaluated_in_debug_builds_only, forget),
        cmocka_unit_test_setup(a_false_debug_assertion_speaks_in_debug_builds_only, forget),
        cmocka_unit_test_setup(a_panic_formats_its_arguments, forget),
        cmocka_unit_test_setup(a_panic_says_where, forget),
        cmocka_unit_test_setup(a_smashed_stack_panics, forget),
    };
    return cmocka_run_group_tests_name("assert", tests, NULL, NULL);
}
