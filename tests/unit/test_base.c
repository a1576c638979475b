/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include <locale.h>

#include "base/files.h"
#include "base/nearest.h"
#include "base/number_text.h"
#include "base/sink.h"

static void shortest_digits_read_back(void **state)
{
    (void)state;
    char text[TM_NUMBER_TEXT_SIZE];
    assert_string_equal(tm_number_text(0.1, text), "0.1");
    assert_string_equal(tm_number_text(-1794.3424, text), "-1794.3424");
    assert_string_equal(tm_number_text(1e300, text), "1e+300");
    assert_string_equal(tm_number_text(100000, text), "100000");
    assert_string_equal(tm_number_text(1.0 / 3, text), "0.3333333333333333");
    assert_string_equal(tm_number_text(2.5e-5, text), "0.000025");
    assert_string_equal(tm_number_text(2.5e-6, text), "2.5e-06");
    assert_string_equal(tm_number_text(NAN, text), "");
    assert_string_equal(tm_number_text(-0.0, text), "0");
    uint64_t x = 88172645463325252u; /* xorshift64 over bit patterns of all magnitudes */
    for (int i = 0; i < 200000; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        double want, got;
        memcpy(&want, &x, sizeof want);
        if (!isfinite(want)) continue;
        tm_number_text(want, text);
        assert_true(tm_number_read(text, strlen(text), '.', &got));
        assert_true(got == want);
    }
}

static void numbers_are_read_strictly(void **state)
{
    (void)state;
    double x;
    assert_true(tm_number_read("1,5", 3, ',', &x) && x == 1.5);
    assert_true(tm_number_read("-.5e2", 5, '.', &x) && x == -50);
    assert_true(tm_number_read("007.50", 6, '.', &x) && x == 7.5);
    const char *const wrong[] = {"", "1,5", "1.5.2", "0x1p3", "inf", "nan", "1e", " 1", "1 ", "+", "1e999", "."};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(tm_number_read(wrong[i], strlen(wrong[i]), '.', &x));
}

static void fixed_decimals(void **state)
{
    (void)state;
    char text[TM_NUMBER_TEXT_SIZE];
    assert_string_equal(tm_number_fixed(1794.3424, 2, text), "1794.34");
    assert_string_equal(tm_number_fixed(-0.001, 2, text), "0.00");
    assert_string_equal(tm_number_fixed(-1.005, 1, text), "-1.0");
}

static void nearest_names_what_was_meant(void **state)
{
    (void)state;
    const char *const keys[] = {"estimator", "variance", "covariates", "waves"};
    assert_string_equal(tm_nearest("variacne", keys, 4), "variance");
    assert_string_equal(tm_nearest("covariate", keys, 4), "covariates");
    assert_null(tm_nearest("zzzzzzzzzz", keys, 4));
}

static void twenty_problems_are_kept(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    size_t mark = tm_problems_mark(ctx);
    for (int i = 0; i < 25; i++) tm_problem(ctx, "problem %d", i);
    assert_int_equal(tm_problems_end(ctx, mark, TEMOIN_ERR_DATA), TEMOIN_ERR_DATA);
    assert_int_equal(temoin_context_n_problems(ctx), 20);
    assert_int_equal(temoin_context_n_problems_dropped(ctx), 5);
    assert_string_equal(temoin_context_problem(ctx, 19), "problem 19");
    assert_false(tm_problems_full(ctx)); /* who stopped here would make "and 5 more" a lie */
    for (int i = 25; i < 1020; i++) tm_problem(ctx, "problem %d", i);
    assert_true(tm_problems_full(ctx));
    assert_int_equal(temoin_context_n_problems_dropped(ctx), 1000);
    temoin_context_free(ctx);
}

static void arena_gives_aligned_zeroes_and_rewinds(void **state)
{
    (void)state;
    tm_arena arena = {0};
    tm_mark start = tm_arena_mark(&arena);
    for (int64_t n = 0; n < 100000; n = n * 2 + 1) {
        unsigned char *bytes = tm_arena_take(&arena, n, 3);
        assert_int_equal((uintptr_t)bytes % 64, 0);
        for (int64_t i = 0; i < n * 3; i++) assert_int_equal(bytes[i], 0);
        memset(bytes, 0xff, (size_t)n * 3);
    }
    assert_null(tm_arena_take(&arena, INT64_MAX, 8));
    tm_arena_rewind(&arena, start);
    assert_null(arena.last);
}

static void csv_and_json_text(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    tm_sink sink;
    tm_sink_init(&sink, ctx);
    tm_sink_csv(&sink, "a\"b,c");
    tm_sink_put(&sink, " ");
    tm_sink_json(&sink, "é\"\\\n\x01");
    check_ok(ctx, tm_sink_finish(&sink));
    assert_string_equal(sink.text, "\"a\"\"b,c\" \"é\\\"\\\\\\n\\u0001\"");
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shortest_digits_read_back),
        cmocka_unit_test(numbers_are_read_strictly),
        cmocka_unit_test(fixed_decimals),
        cmocka_unit_test(nearest_names_what_was_meant),
        cmocka_unit_test(twenty_problems_are_kept),
        cmocka_unit_test(arena_gives_aligned_zeroes_and_rewinds),
        cmocka_unit_test(csv_and_json_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
