/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The smallest p value of rolling designs, against lists of all assignments and closed forms. */
#include "small_trial.h"

static double smallest_p(const tm_design *design, const small_trial *t)
{
    double log_p;
    temoin_context *ctx = check_context();
    check_ok(ctx, tm_design_smallest_p(ctx, design, &t->units, &log_p));
    assert_null(ctx->scratch.last);
    temoin_context_free(ctx);
    return exp(log_p);
}

/* Of two equal arms, turn by turn, and listed; and closed forms of trials that are too large to list. */
static void smallest_p_values(void **state)
{
    (void)state;
    static small_trial t;
    const char *const key[] = {"permuted", "biased_coin", "urn"};
    const double large[] = {2 / pow(6, 28), 2 / pow(3, 56), 0}; /* 112 units in blocks of 4; Efron's coin */
    const int64_t size[][2] = {{1, 0}, {2, 1}, {5, 2}, {7, 4}, {112, 0}}, shares[] = {1, 1, 1, 1}, unequal[] = {1, 2};
    for (int d = 0; d < 3; d++) {
        tm_design by_list = *design_of(key[d]);
        by_list.likeliest = NULL;
        for (int k = 0; k < 4; k++) {
            build_trial(&t, 1 + (k > 0), 2, size[k], shares);
            check_close(smallest_p(design_of(key[d]), &t), smallest_p(&by_list, &t), 1e-13);
        }
        build_trial(&t, 1, 2, size[4], shares);
        if (large[d] > 0) check_close(smallest_p(design_of(key[d]), &t) / large[d], 1, 1e-12);
        build_trial(&t, 1, 2, size[1], unequal); /* is listed */
        t.options.coin = 0.75;
        check_close(smallest_p(design_of(key[d]), &t), smallest_p(&by_list, &t), 0);
    }
}

/* The likeliest arm at each turn makes some assignment, so the smallest p value is not below its probability and its
 * mirror's; with two equal arms that assignment is the likeliest of all. */
static void likely_assignments_bound_smallest_p(void **state)
{
    (void)state;
    static small_trial t;
    const char *const key[] = {"permuted", "biased_coin", "urn", "minimized"};
    const int64_t size[] = {5, 3}, shares[][6] = {{1, 1, 1, 1}, {1, 2, 1, 2}, {1, 2, 1, 1, 2, 1}};
    static const int64_t sizes[][2] = {{2, 4}, {3, 6}, {4, 8}};
    static int32_t level[MOST_UNITS];
    const int32_t *factor[] = {level}, n_levels[] = {2};
    for (int d = 0; d < 4; d++)
        for (int k = 0; k < 3; k++) {
            tm_design by_list = *design_of(key[d]);
            double log_likely;
            temoin_context *ctx = check_context();
            by_list.likeliest = NULL;
            build_trial(&t, d == 3 ? 1 : 2, k == 2 ? 3 : 2, size, shares[k]);
            for (int64_t u = 0; u < t.units.n_units; u++) level[u] = (int32_t)(u % 2);
            if (d == 3) set_factors(&t, 1, factor, n_levels);
            t.options.coin = 0.8;
            t.options.block_sizes = sizes[k];
            t.options.n_block_sizes = 2;
            check_ok(ctx, by_list.likely(ctx, &t.units, &log_likely));
            const double p = smallest_p(&by_list, &t);
            assert_true(exp(log_likely) > 0 && exp(log_likely) <= p * (1 + 1e-12));
            if (k == 0 && d != 2) check_close(exp(log_likely), p, 1e-12);
            assert_null(ctx->scratch.last);
            temoin_context_free(ctx);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smallest_p_values),
        cmocka_unit_test(likely_assignments_bound_smallest_p),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
