/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pashley and Miratrix's variances over all assignments of small trials. */
#include "randsample.h"

#include "inference/effects.h"

enum { MOST_BLOCKS = 8, MOST_UNITS = 24 };

typedef struct trial {
    int n_blocks, n, size[MOST_BLOCKS], treated[MOST_BLOCKS];
    double y0[MOST_UNITS], y1[MOST_UNITS], y[MOST_UNITS];
    int32_t stratum[MOST_UNITS], arm[MOST_UNITS];
} trial;

typedef struct sums {
    double count, value, square, variance;
} sums;

static tm_effect estimate(temoin_context *ctx, const trial *t, const char *variance)
{
    static const double weights[] = {-1, 1};
    const tm_sample s = {
        .n = t->n, .n_arms = 2, .n_strata = t->n_blocks, .y = t->y, .arm = t->arm, .stratum = t->stratum};
    tm_effect e;
    tm_notes_init(&e.notes, ctx);
    check_ok(ctx, tm_effects_run(ctx, &s, tm_estimator_find("dim"), tm_variance_find(variance), weights, 1, 0.95, &e));
    return e;
}

/* Every choice of the treated within block b and those behind it. */
static void enumerate(temoin_context *ctx, trial *t, int b, const char *variance, sums *out)
{
    int first = 0;
    if (b == t->n_blocks) {
        for (int i = 0; i < t->n; i++) t->y[i] = t->arm[i] ? t->y1[i] : t->y0[i];
        const tm_effect e = estimate(ctx, t, variance);
        out->count++, out->value += e.value, out->square += e.value * e.value, out->variance += e.se * e.se;
        return;
    }
    for (int k = 0; k < b; k++) first += t->size[k];
    for (int subset = 0; subset < 1 << t->size[b]; subset++) {
        if (__builtin_popcount((unsigned)subset) != t->treated[b]) continue;
        for (int i = 0; i < t->size[b]; i++) t->arm[first + i] = subset >> i & 1;
        enumerate(ctx, t, b + 1, variance, out);
    }
}

static void build(trial *t, const int (*shape)[2], int n_blocks, double differing, uint64_t *seed)
{
    *t = (trial){.n_blocks = n_blocks};
    for (int b = 0; b < n_blocks; b++) {
        double level = 3 * rand_normal(seed), effect = 1 + differing * rand_normal(seed);
        t->size[b] = shape[b][0] + shape[b][1], t->treated[b] = shape[b][0];
        for (int i = 0; i < t->size[b]; i++, t->n++) {
            t->stratum[t->n] = b;
            t->y0[t->n] = level + rand_normal(seed);
            t->y1[t->n] = t->y0[t->n] + effect;
        }
    }
}

/* Where all effects are equal the variance has the right mean; where blocks differ it is larger. */
static void mean_over_all_assignments(void **state)
{
    (void)state;
    static const int mixed[][2] = {{1, 1}, {1, 2}, {2, 1}, {1, 1}, {2, 2}},
                     sized[][2] = {{1, 1}, {1, 1}, {1, 2}, {2, 1}, {2, 2}};
    static trial t;
    uint64_t seed = 61;
    for (int round = 0; round < 6; round++)
        for (int by_size = 0; by_size < 2; by_size++) {
            temoin_context *ctx = check_context();
            sums s = {0};
            build(&t, by_size ? sized : mixed, 5, round % 2 ? 2 : 0, &seed);
            enumerate(ctx, &t, 0, by_size ? "pashley_miratrix_m" : "pashley_miratrix", &s);
            double truth = s.square / s.count - s.value / s.count * s.value / s.count;
            if (round % 2)
                assert_true(s.variance / s.count > truth * (1 + 1e-9));
            else
                check_close(s.variance / s.count, truth, 1e-9);
            temoin_context_free(ctx);
        }
}

/* Pairs only: the matched-pair variance. Large blocks only: Neyman's. */
static void known_cases(void **state)
{
    (void)state;
    static const int pairs[][2] = {{1, 1}, {1, 1}, {1, 1}, {1, 1}}, large[][2] = {{2, 3}, {4, 2}, {2, 2}};
    static const int lonely[][2] = {{1, 2}, {2, 2}, {3, 2}};
    static const char *const keys[] = {"pashley_miratrix", "pashley_miratrix_m"};
    static trial t;
    uint64_t seed = 62;
    for (int k = 0; k < 2; k++) {
        temoin_context *ctx = check_context();
        sums ours = {0}, theirs = {0};
        build(&t, pairs, 4, 1, &seed);
        enumerate(ctx, &t, 0, keys[k], &ours);
        enumerate(ctx, &t, 0, "matched_pair", &theirs);
        check_close(ours.variance, theirs.variance, 1e-12);
        assert_true(close_to(estimate(ctx, &t, keys[k]).df, 3, 1e-12, 0));
        ours = theirs = (sums){0};
        build(&t, large, 3, 1, &seed);
        enumerate(ctx, &t, 0, keys[k], &ours);
        enumerate(ctx, &t, 0, "neyman", &theirs);
        check_close(ours.variance, theirs.variance, 1e-12);
        build(&t, lonely, 3, 1, &seed);
        for (int i = 0; i < t.n; i++) t.arm[i] = i == 0 || i == 3 || i == 4 || (i > 6 && i < 10), t.y[i] = t.y0[i];
        const tm_effect e = estimate(ctx, &t, keys[k]);
        assert_true(isnan(e.se));
        assert_non_null(strstr(e.notes.text, "single_unit_in_block"));
        temoin_context_free(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_over_all_assignments),
        cmocka_unit_test(known_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
