/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranks, sums over all assignments, and their exact distributions. */
#include "estimators/permutation_test.h"
#include "golden_sample.h"
#include "golden_tally.h"
#include "inference/effects.h"
#include "inference/exact_difference.h"
#include "numeric/distributions.h"
#include "numeric/ranks.h"

typedef enum rank_quantity { MANN_WHITNEY_U, SQUARE, Z, DISTANCE, DIFFERENCE, TREATED_SUM } rank_quantity;

typedef struct rank_recipe {
    const char *estimator, *key, *variance;
    rank_quantity quantity; /* what the reference's estimate is */
    bool strata;
} rank_recipe;

static const rank_recipe recipes[] = {
    {"mann_whitney", "mann_whitney", "permutation_normal", MANN_WHITNEY_U, false},
    {"mann_whitney_cc", "mann_whitney", "permutation_continuity", MANN_WHITNEY_U, false},
    {"mann_whitney_exact", "mann_whitney", "permutation_exact", MANN_WHITNEY_U, false},
    {"van_elteren_like", "mann_whitney", "permutation_normal", Z, true},
    {"stratified_permutation_asymptotic", "permutation_difference", "permutation_normal", SQUARE, true},
    {"kolmogorov_smirnov", "kolmogorov_smirnov_distance", "ks_asymptotic", DISTANCE, false},
    {"perm_diff_means", "permutation_difference", "permutation_exact", DIFFERENCE, false},
    {"blocked_sum_treated_exact", "permutation_difference", "permutation_exact", TREATED_SUM, true},
};

static double events_of(const golden_sample *s, double sign, double *n)
{
    double sum = 0;
    *n = 0;
    for (int64_t i = 0; i < s->sample.n; i++)
        if (s->arm_weight[s->sample.arm[i]] == sign) sum += s->sample.y[i], *n += 1;
    return sum;
}

static void compare_row(golden_tally *t, const golden_data *data, const golden_result *r, const rank_recipe *how,
                        const golden_sample *s, const tm_effect *e)
{
    double n1, n0;
    const double sum = events_of(s, 1, &n1), rest = events_of(s, -1, &n0);
    golden_compare(t, data, r, "n", (double)e->n, r->n, 0);
    golden_compare(t, data, r, "p", e->p, r->p, 0);
    switch (how->quantity) {
    case MANN_WHITNEY_U:
        golden_compare(t, data, r, "U", (e->value + 0.5) * n1 * n0, r->estimate, 0);
        golden_compare(t, data, r, "z", e->statistic, r->t, 0);
        golden_compare(
            t, data, r, "auc", e->value + 0.5,
            r->extra && json_object_get(r->extra, "auc") ? json_number_value(json_object_get(r->extra, "auc")) : NAN,
            0);
        break;
    case SQUARE:
        golden_compare(t, data, r, "chi2", e->statistic * e->statistic, r->t, 0);
        break;
    case Z:
        golden_compare(t, data, r, "z", e->statistic, r->t, 0);
        break;
    case DISTANCE:
        golden_compare(t, data, r, "D", fabs(e->value), r->estimate, 0);
        break;
    case DIFFERENCE:
        golden_compare(t, data, r, "difference", e->value, r->estimate, 0);
        break;
    case TREATED_SUM: /* coin sums one of the two arms, the first level's */
        golden_compare(t, data, r, "sum", fabs(r->estimate - sum) < fabs(r->estimate - rest) ? sum : rest, r->estimate,
                       0);
        break;
    }
}

/* Differences of pairs, in the order of the strata: those of rows come in any order. */
static int64_t pair_differences(const golden_sample *s, double *d)
{
    int64_t n = 0;
    for (int32_t b = 0; b < s->sample.n_strata; b++) {
        double sum = 0;
        int found = 0;
        for (int64_t i = 0; i < s->sample.n; i++)
            if (s->sample.stratum[i] == b) sum += s->arm_weight[s->sample.arm[i]] * s->sample.y[i], found++;
        if (found == 2) d[n++] = sum;
    }
    return n;
}

/* Signs change within pairs: blocks of two of whom one is treated; the scores are the ranks of |d|, zeros ranked and
 * then left out (Pratt 1959), or one each for the sign test. */
static void compare_pairs(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r,
                          const golden_sample *s)
{
    const bool ranks = strcmp(r->estimator, "wilcoxon_signed_rank_exact") == 0;
    double *d = golden_take(ctx, s->sample.n, sizeof *d), *size = golden_take(ctx, s->sample.n, sizeof *size);
    double *rank = golden_take(ctx, s->sample.n, sizeof *rank);
    const int64_t n = pair_differences(s, d);
    tm_exact_trial trial = {.n = 2 * n, .n_blocks = (int32_t)n};
    int32_t *block = golden_take(ctx, 2 * n, sizeof *block);
    bool *treated = golden_take(ctx, 2 * n, sizeof *treated);
    int64_t *score = golden_take(ctx, 2 * n, sizeof *score);
    double positive = 0, not_zero = 0;
    for (int64_t k = 0; k < n; k++) size[k] = fabs(d[k]);
    check_ok(ctx, tm_midranks(ctx, size, n, rank));
    for (int64_t k = 0; k < n; k++) {
        block[2 * k] = block[2 * k + 1] = (int32_t)k;
        treated[2 * k] = d[k] > 0, treated[2 * k + 1] = !treated[2 * k];
        score[2 * k] = d[k] == 0 ? 0 : ranks ? (int64_t)(2 * rank[k]) : 1;
        positive += d[k] > 0, not_zero += d[k] != 0;
    }
    trial.block = block, trial.treated = treated, trial.score = score;
    tm_exact_p p;
    check_ok(ctx, tm_exact_sum_run(ctx, &trial, &p));
    golden_compare(t, data, r, "p", p.two_sided, r->p, 0);
    if (ranks) { /* the sign of coin's z is that of the other arm */
        golden_compare(t, data, r, "z", fabs(p.x - p.mean) / p.sd, fabs(r->t), 0);
        return;
    }
    double low, high;
    tm_binomial_interval(positive, not_zero, r->level, &low, &high);
    golden_compare(t, data, r, "share", positive / not_zero, r->estimate, 0);
    golden_compare(t, data, r, "ci_low", low, r->ci_low, 0);
    golden_compare(t, data, r, "ci_high", high, r->ci_high, 0);
}

/* Once more by the function that the randomization test calls. */
static void compare_difference(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r,
                               const golden_sample *s)
{
    tm_exact_p p;
    check_ok(ctx, tm_exact_difference_run(ctx, &s->sample, s->arm_weight, &p));
    assert_true(p.known);
    golden_compare(t, data, r, "exact difference", p.x, r->estimate, 0);
    golden_compare(t, data, r, "exact p", p.two_sided, r->p, 0);
}

static const rank_recipe *find_recipe(const golden_result *r)
{
    for (size_t k = 0; k < sizeof recipes / sizeof *recipes; k++)
        if (strcmp(recipes[k].estimator, r->estimator) == 0) return &recipes[k];
    return NULL;
}

bool compare_rank(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r)
{
    const rank_recipe *how = find_recipe(r);
    const bool pairs =
        strcmp(r->estimator, "wilcoxon_signed_rank_exact") == 0 || strcmp(r->estimator, "sign_test") == 0;
    if (!how && !pairs) return false;
    golden_result plain = *r;
    golden_formula formula = {0};
    golden_sample s;
    const char *why;
    plain.formula = NULL;
    const golden_options options = {.two_arms = true, .strata = pairs || how->strata ? r->strata : NULL};
    if (!golden_sample_build(ctx, data, &plain, &formula, &options, &s, &why)) {
        golden_leave(t, r, why);
        return true;
    }
    t->results++;
    if (pairs) {
        compare_pairs(ctx, t, data, r, &s);
        return true;
    }
    tm_effect effect;
    tm_notes_init(&effect.notes, ctx);
    check_ok(ctx, tm_effects_run(ctx, &s.sample, tm_estimator_find(how->key), tm_variance_find(how->variance),
                                 s.arm_weight, 1, r->level, &effect));
    compare_row(t, data, r, how, &s, &effect);
    if (how->quantity == DIFFERENCE) compare_difference(ctx, t, data, r, &s);
    return true;
}
