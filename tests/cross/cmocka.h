// SPDX-License-Identifier: MIT
// The part of cmocka that the tests here use, on nothing but libc, for processors that no packages
// are installed for. The same test sources see this header instead of the real one.

#ifndef BACKLINE_TESTS_CROSS_CMOCKA_H
#define BACKLINE_TESTS_CROSS_CMOCKA_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef void (*CMUnitTestFunction)(void **state);
typedef int (*CMFixtureFunction)(void **state);

struct CMUnitTest {
    const char *name;
    CMUnitTestFunction test_func;
    CMFixtureFunction setup_func, teardown_func;
    void *initial_state;
};

#define cmocka_unit_test(f) cmocka_unit_test_setup_teardown(f, NULL, NULL)
#define cmocka_unit_test_setup_teardown(f, setup, teardown)                                        \
    {                                                                                              \
#f, f, setup, teardown, NULL                                                               \
    }
#define cmocka_run_group_tests(tests, setup, teardown)                                             \
    bl_cmocka_run(tests, sizeof(tests) / sizeof(tests)[0], setup, teardown)
#define cmocka_run_group_tests_name(name, tests, setup, teardown)                                  \
    ((void)(name), cmocka_run_group_tests(tests, setup, teardown))

int bl_cmocka_run(const struct CMUnitTest *tests, size_t count, CMFixtureFunction setup,
                  CMFixtureFunction teardown);
void print_message(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void bl_cmocka_skip(void);
_Noreturn void bl_cmocka_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define skip() bl_cmocka_skip()
#define fail() bl_cmocka_fail(__FILE__, __LINE__, "failed")
#define fail_msg(...) bl_cmocka_fail(__FILE__, __LINE__, __VA_ARGS__)

#define BL_CMOCKA_CHECK(holds, ...)                                                                \
    ((holds) ? (void)0 : bl_cmocka_fail(__FILE__, __LINE__, __VA_ARGS__))

#define assert_true(x) BL_CMOCKA_CHECK(x, "%s", #x)
#define assert_false(x) BL_CMOCKA_CHECK(!(x), "not: %s", #x)
#define assert_null(x) BL_CMOCKA_CHECK((x) == NULL, "%s is not NULL", #x)
#define assert_non_null(x) BL_CMOCKA_CHECK((x) != NULL, "%s is NULL", #x)
#define assert_ptr_equal(a, b) BL_CMOCKA_CHECK((a) == (b), "%s != %s", #a, #b)
#define assert_int_equal(a, b)                                                                     \
    bl_cmocka_integers(1, (intmax_t)(a), (intmax_t)(b), __FILE__, __LINE__)
#define assert_int_not_equal(a, b)                                                                 \
    bl_cmocka_integers(0, (intmax_t)(a), (intmax_t)(b), __FILE__, __LINE__)
#define assert_in_range(x, low, high)                                                              \
    BL_CMOCKA_CHECK((x) >= (low) && (x) <= (high), "%s is not in %s..%s", #x, #low, #high)
#define assert_string_equal(a, b) BL_CMOCKA_CHECK(strcmp(a, b) == 0, "\"%s\" != \"%s\"", a, b)
#define assert_string_not_equal(a, b) BL_CMOCKA_CHECK(strcmp(a, b) != 0, "\"%s\"", a)
#define assert_memory_equal(a, b, size) BL_CMOCKA_CHECK(memcmp(a, b, size) == 0, "%s, %s", #a, #b)
#define assert_memory_not_equal(a, b, size)                                                        \
    BL_CMOCKA_CHECK(memcmp(a, b, size) != 0, "%s, %s", #a, #b)

void bl_cmocka_integers(int equal, intmax_t a, intmax_t b, const char *file, int line);

#endif
