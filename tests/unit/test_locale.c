/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The suite runs a second time under a decimal-comma locale; here it is made sure that this run has one. */
#include "check.h"

#include "base/number_text.h"

static int comma_is_asked_for(void)
{
    const char *locale = getenv("LC_ALL");
    return locale && strncmp(locale, "de_DE", 5) == 0;
}

static void the_locale_is_the_one_asked_for(void **state)
{
    (void)state;
    char text[16];
    snprintf(text, sizeof text, "%.1f", 1.5);
    assert_string_equal(text, comma_is_asked_for() ? "1,5" : "1.5");
}

static void numbers_keep_the_point(void **state)
{
    (void)state;
    char text[TM_NUMBER_TEXT_SIZE];
    double x = 0;
    assert_string_equal(tm_number_text(1234567.25, text), "1234567.25");
    assert_string_equal(tm_number_fixed(-1234.5, 2, text), "-1234.50");
    assert_true(tm_number_read("1.5", 3, '.', &x) && x == 1.5);
    assert_true(tm_number_read("1,5", 3, ',', &x) && x == 1.5);
    assert_false(tm_number_read("1,5", 3, '.', &x));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_locale_is_the_one_asked_for),
        cmocka_unit_test(numbers_keep_the_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
