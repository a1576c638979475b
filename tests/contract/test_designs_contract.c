/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The laws of every design. */
#include "small_trial.h"

/* Draws, or finds that the design refuses these units with a text. Each draw has a context of its own. */
static bool draws(const tm_design *design, const tm_design_units *units, int32_t *arm)
{
    temoin_context *ctx = check_context();
    const temoin_status status = design->draw(ctx, units, arm);
    if (status != TEMOIN_OK) {
        assert_int_equal(status, TEMOIN_ERR_PLAN);
        assert_true(temoin_context_n_problems(ctx) > 0);
    }
    assert_null(ctx->scratch.last); /* scratch is given back either way */
    temoin_context_free(ctx);
    return status == TEMOIN_OK;
}

static void keys_are_found_and_described(void **state)
{
    (void)state;
    assert_true(tm_n_designs > 0);
    for (int d = 0; d < tm_n_designs; d++) {
        assert_ptr_equal(tm_design_find(tm_designs[d]->key), tm_designs[d]);
        assert_true(strlen(tm_designs[d]->title) > 0 && strlen(tm_designs[d]->cites) > 0);
    }
    assert_null(tm_design_find("no such design"));
    assert_null(tm_design_find(""));
}

static void same_seed_same_draw(void **state)
{
    (void)state;
    static small_trial t;
    int32_t again[MOST_UNITS];
    uint64_t x = 77;
    for (int trial = 0; trial < 200; trial++) {
        build_random_trial(&t, &x, trial % 2 ? 6 : 1, 40);
        for (int d = 0; d < tm_n_designs; d++) {
            if (!draws(tm_designs[d], &t.units, t.arm)) continue;
            for (int64_t u = 0; u < t.units.n_units; u++) assert_in_range(t.arm[u], 0, t.units.n_arms - 1);
            memset(again, 0xff, sizeof again);
            assert_true(draws(tm_designs[d], &t.units, again));
            assert_memory_equal(again, t.arm, (size_t)t.units.n_units * sizeof *again);
        }
    }
}

static void another_seed_or_trial_is_another_draw(void **state)
{
    (void)state;
    static small_trial t;
    int32_t other[MOST_UNITS];
    const int64_t n = 200, shares[] = {1, 1};
    build_trial(&t, 1, 2, &n, shares);
    for (int d = 0; d < tm_n_designs; d++) {
        assert_true(draws(tm_designs[d], &t.units, t.arm));
        tm_design_units units = t.units;
        units.seed = "s ";
        assert_true(draws(tm_designs[d], &units, other));
        assert_memory_not_equal(other, t.arm, sizeof(int32_t) * 200);
        units = t.units;
        units.trial_id = "u";
        assert_true(draws(tm_designs[d], &units, other));
        assert_memory_not_equal(other, t.arm, sizeof(int32_t) * 200);
    }
}

static void check_frequencies(const tm_design *design, small_trial *t, char seed[32])
{
    enum { DRAWS = 20000 };
    double probability[4][64], error, count[64][4] = {{0}};
    temoin_context *ctx = check_context();
    for (int32_t a = 0; a < t->units.n_arms; a++) {
        for (int64_t u = 0; u < t->units.n_units; u++) t->arm[u] = a;
        check_ok(ctx, design->received(ctx, &t->units, t->arm, probability[a], &error));
        assert_true(design->simulated || error == 0);
    }
    temoin_context_free(ctx);
    for (int r = 0; r < DRAWS; r++) {
        snprintf(seed, 32, "%d", r);
        assert_true(draws(design, &t->units, t->arm));
        for (int64_t u = 0; u < t->units.n_units; u++) count[u][t->arm[u]]++;
    }
    for (int64_t u = 0; u < t->units.n_units; u++) {
        double sum = 0;
        for (int32_t a = 0; a < t->units.n_arms; a++) {
            const double p = probability[a][u];
            assert_true(p >= 0 && p <= 1);
            assert_true(fabs(count[u][a] - DRAWS * p) <= 5.5 * sqrt(DRAWS * p * (1 - p)));
            sum += p;
        }
        check_close(sum, 1, 1e-15);
    }
}

static void empirical_probabilities_are_the_declared_ones(void **state)
{
    (void)state;
    static small_trial t;
    const int64_t size[] = {3, 1, 2}, shares[] = {1, 2, 7, 1, 0, 1, 1, 1, 1};
    for (int d = 0; d < tm_n_designs; d++)
        for (int32_t n_strata = 1; n_strata <= 3; n_strata += 2) {
            build_trial(&t, n_strata, 3, size, shares);
            char seed[32] = "first";
            t.units.seed = seed;
            if (draws(tm_designs[d], &t.units, t.arm)) check_frequencies(tm_designs[d], &t, seed);
        }
}

static void out_of_memory_is_an_error(void **state)
{
    (void)state;
    static small_trial t;
    const int64_t n = 50, shares[] = {1, 2, 4};
    build_trial(&t, 1, 3, &n, shares);
    for (int d = 0; d < tm_n_designs; d++)
        for (int64_t k = 1;; k++) {
            temoin_context *ctx = check_context();
            tm_arena_fail_after(k);
            const temoin_status status = tm_designs[d]->draw(ctx, &t.units, t.arm);
            tm_arena_fail_after(0);
            assert_null(ctx->scratch.last);
            temoin_context_free(ctx);
            if (status == TEMOIN_OK) break;
            assert_int_equal(status, TEMOIN_ERR_MEMORY);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_found_and_described),
        cmocka_unit_test(same_seed_same_draw),
        cmocka_unit_test(another_seed_or_trial_is_another_draw),
        cmocka_unit_test(empirical_probabilities_are_the_declared_ones),
        cmocka_unit_test(out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
