/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Randomization tests: all assignments, or redraws; and what the permutation's moments say without any. */
#include "checks/omnibus_statistic.h"
#include "golden_sample.h"
#include "golden_tally.h"
#include "inference/invert_estimate.h"
#include "numeric/distributions.h"
#include "statistics/midranks.h"

enum { LISTED_MOST = 1000000, REDRAWS = 20000 };

typedef struct recipe {
    const char *ending; /* of the reference's name, behind "blocked_" or "cluster_" */
    const char *statistic, *estimator, *variance;
    bool strata; /* the statistic knows them; the draw does always */
    bool covariates;
} recipe;

static const recipe recipes[] = {
    {"diff_means", "difference", "dim", "neyman", false, false},
    {"diff_means_monte_carlo", "difference", "dim", "neyman", false, false},
    {"ols_ri2", "difference", "dim", "neyman", false, false},
    {"sign_flip_exact", "difference", "dim", "neyman", true, false},
    {"blocked_diff_means", "difference", "dim", "neyman", true, false},
    {"studentized", "studentized", "dim", "neyman", false, false},
    {"rank_diff", "rank_sum", "dim", "neyman", false, false},
    {"ancova_coef", "difference", "ols", "classical", false, true},
    {"ancova_t", "studentized", "ols", "classical", false, true},
};

static const recipe *find_recipe(const golden_result *r)
{
    const char *name = r->estimator;
    if (strcmp(r->family, "randomization") != 0 && strcmp(r->family, "matched_pairs") != 0) return NULL;
    if (strncmp(name, "blocked_", 8) == 0 || strncmp(name, "cluster_", 8) == 0) name += 8;
    for (size_t h = 0; h < sizeof recipes / sizeof *recipes; h++)
        if (strcmp(recipes[h].ending, name) == 0) return &recipes[h];
    return NULL;
}

/* The rows of a result, and the groups of rows whose arms change places in their blocks. */
typedef struct scene {
    golden_sample rows, blocks; /* with and without the strata */
    tm_sample sample;
    tm_shuffle shuffle;
    tm_arm_source source;
} scene;

static void build_rows(temoin_context *ctx, const golden_data *data, const golden_result *r, const recipe *how,
                       scene *s)
{
    golden_formula formula;
    const char *why;
    golden_options options = {.two_arms = true, .strata = how->strata ? r->strata : NULL};
    assert_true(golden_formula_read(how->covariates ? r->formula : "y ~ arm", &formula));
    assert_true(golden_sample_build(ctx, data, r, &formula, &options, &s->rows, &why));
    options.strata = r->strata;
    assert_true(golden_sample_build(ctx, data, r, &formula, &options, &s->blocks, &why));
    s->sample = s->rows.sample;
    s->sample.cluster = NULL; /* they are drawn as wholes, and that is all */
    s->sample.n_clusters = 0;
}

static void build_source(temoin_context *ctx, scene *s)
{
    const tm_sample *rows = &s->blocks.sample;
    const int64_t n_groups = rows->cluster ? rows->n_clusters : rows->n;
    int32_t *group = golden_take(ctx, rows->n, sizeof *group), *block = golden_take(ctx, n_groups, sizeof *block);
    int32_t *arm = golden_take(ctx, n_groups, sizeof *arm);
    const char **text = golden_take(ctx, rows->n_strata, sizeof *text);
    for (int64_t i = 0; i < rows->n; i++) {
        group[i] = rows->cluster ? rows->cluster[i] : (int32_t)i;
        block[group[i]] = rows->stratum[i];
        arm[group[i]] = rows->arm[i];
    }
    for (int32_t b = 0; b < rows->n_strata; b++) text[b] = tm_text(ctx, "%d", (int)b);
    s->shuffle = (tm_shuffle){.n = rows->n,
                              .arm = rows->arm,
                              .group = group,
                              .n_groups = n_groups,
                              .block = block,
                              .group_arm = arm,
                              .n_blocks = rows->n_strata,
                              .n_arms = rows->n_arms,
                              .trial_id = "golden",
                              .block_text = text};
    check_ok(ctx, tm_shuffle_source_build(ctx, &s->shuffle, LISTED_MOST, &s->source));
    if (!s->source.exact) check_ok(ctx, tm_shuffle_source_build(ctx, &s->shuffle, REDRAWS, &s->source));
}

static tm_randomization_request ask(const scene *s, const recipe *how)
{
    return (tm_randomization_request){.sample = &s->sample,
                                      .estimator = tm_estimator_find(how->estimator),
                                      .variance = tm_variance_find(how->variance),
                                      .statistic = tm_statistic_find(how->statistic),
                                      .arm_weight = s->rows.arm_weight,
                                      .n_contrasts = 1,
                                      .source = &s->source,
                                      .tolerance = 1e-9,
                                      .level = 0.95};
}

static tm_randomization run(temoin_context *ctx, const scene *s, const recipe *how)
{
    const tm_randomization_request request = ask(s, how);
    tm_randomization out;
    check_ok(ctx, tm_randomization_run(ctx, &request, &out));
    return out;
}

/* Under a constant effect the statistic of y less the effect of the treated is A - effect B, A that of y and B that of
 * the arm itself. */
static tm_randomization shift(temoin_context *ctx, scene *s, const recipe *how, double effect)
{
    tm_randomization a = run(ctx, s, how), b;
    double *z = golden_take(ctx, s->sample.n, sizeof *z);
    const double *y = s->sample.y;
    for (int64_t i = 0; i < s->sample.n; i++) z[i] = s->rows.arm_weight[s->sample.arm[i]] > 0;
    s->sample.y = z;
    b = run(ctx, s, how);
    s->sample.y = y;
    assert_true(tm_statistic_find(how->statistic)->affine);
    a.observed -= effect * b.observed;
    for (int64_t d = 0; d < a.n_draws; d++) a.statistic[d] -= effect * b.statistic[d];
    tm_randomization_weigh(&(tm_randomization_request){.tolerance = 1e-9}, &a);
    return a;
}

static double share_beyond(const tm_randomization *out, double sign)
{
    double n = 0;
    for (int64_t d = 0; d < out->n_draws; d++)
        n += sign * (out->statistic[d] - out->observed) >= -1e-9 * fmax(fabs(out->observed), out->unit);
    return n / (double)out->n_draws;
}

static double standard_deviation(const tm_randomization *out)
{
    double mean = 0, square = 0;
    for (int64_t d = 0; d < out->n_draws; d++) mean += out->statistic[d] / (double)out->n_draws;
    for (int64_t d = 0; d < out->n_draws; d++) square += (out->statistic[d] - mean) * (out->statistic[d] - mean);
    return sqrt(square / (double)(out->n_draws - 1));
}

static double extra(const golden_result *r, const char *key)
{
    const json_t *value = json_object_get(r->extra, key);
    return value ? json_number_value(value) : NAN;
}

static void compare_exact(golden_tally *t, const golden_data *data, const golden_result *r, const tm_randomization *out)
{
    assert_true(out->exact);
    golden_compare(t, data, r, "n_assignments", (double)out->n_draws, extra(r, "n_assignments"), 0);
    golden_compare(t, data, r, "p", out->p, r->p, 0);
    golden_compare(t, data, r, "p_greater", share_beyond(out, 1), extra(r, "p_greater"), 0);
    golden_compare(t, data, r, "p_less", share_beyond(out, -1), extra(r, "p_less"), 0);
}

static void compare_redrawn(golden_tally *t, const golden_data *data, const golden_result *r,
                            const tm_randomization *out)
{
    const double sd = standard_deviation(out), ours = sd / sqrt(2 * (double)out->n_draws);
    const double error = extra(r, "mc_se_sd_null"), want = extra(r, "sd_null");
    assert_false(out->exact);
    golden_compare_shares(t, data, r, "p", out->p, (double)out->n_draws, r->p, extra(r, "draws"));
    assert_true(out->p_low <= out->p && out->p <= out->p_high);
    t->numbers++;
    if (!(fabs(sd - want) <= 4 * sqrt(ours * ours + error * error))) golden_wrong(t, data, r, "sd_null", sd, want);
}

static void compare_test(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r,
                         const recipe *how)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const double null = extra(r, "null");
    golden_result rest = *r;
    scene s = {0};
    build_rows(ctx, data, r, how, &s);
    build_source(ctx, &s);
    if (isnan(rest.rtol)) rest.rtol = 1e-9;
    golden_compare(t, data, &rest, "n", (double)s.sample.n, r->n, 0);
    const tm_randomization out = null != 0 && !isnan(null) ? shift(ctx, &s, how, null) : run(ctx, &s, how);
    golden_compare(t, data, &rest, "statistic", out.observed, r->t, 0);
    if (isnan(r->t))
        golden_compare(t, data, &rest, "estimate", out.observed + (isnan(null) ? 0 : null), r->estimate, 0);
    if (isnan(r->rtol))
        compare_redrawn(t, data, &rest, &out);
    else
        compare_exact(t, data, &rest, &out);
    t->results++;
    tm_arena_rewind(&ctx->scratch, mark);
}

/* The reference halves its way to an end until 1e-9 of the spread of the outcome; ours is the step itself. */
static void compare_interval(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    static const recipe plain = {"diff_means_ci", "difference", "dim", "neyman", false, false};
    temoin_row row = {.ci_randomization_low = NAN, .ci_randomization_high = NAN};
    scene s = {0};
    tm_notes notes;
    double estimate;
    tm_notes_init(&notes, ctx);
    build_rows(ctx, data, r, &plain, &s);
    build_source(ctx, &s);
    const tm_randomization_request request = ask(&s, &plain);
    check_ok(ctx, tm_estimate_invert(ctx, &request, r->level, &notes, &row));
    check_ok(ctx, tm_randomization_observe(ctx, &request, &estimate));
    assert_true(s.source.exact && !notes.text[0]);
    golden_compare(t, data, r, "n_assignments", (double)s.source.n_draws, extra(r, "n_assignments"), 0);
    golden_compare(t, data, r, "estimate", estimate, r->estimate, 0);
    golden_compare(t, data, r, "ci_low", row.ci_randomization_low, r->ci_low, 0);
    golden_compare(t, data, r, "ci_high", row.ci_randomization_high, r->ci_high, 0);
    t->results++;
    tm_arena_rewind(&ctx->scratch, mark);
}

/* The square of the sum over an arm about its mean under the shuffle, in units of its variance, is d² of the balance
 * test with the outcome, or its ranks, as the covariate. */
static void compare_moments(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r,
                            bool ranks)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    static const recipe plain = {.strata = true};
    scene s = {0};
    tm_omnibus_test test;
    double mean = 0;
    build_rows(ctx, data, r, &plain, &s);
    double *x = golden_take(ctx, s.sample.n, sizeof *x), *sum = golden_take(ctx, s.sample.n_strata, sizeof *sum);
    double *n = golden_take(ctx, s.sample.n_strata, sizeof *n);
    memcpy(x, s.sample.y, (size_t)s.sample.n * sizeof *x);
    if (ranks) check_ok(ctx, tm_midranks(ctx, s.sample.y, s.sample.n, x));
    const tm_omnibus_rows rows = {s.sample.n, s.sample.n_strata, s.sample.n_arms, 1, s.sample.stratum, x};
    check_ok(ctx, tm_omnibus_test_build(ctx, &rows, &test));
    const double d2 = tm_omnibus_test_run(&test, s.sample.arm);
    for (int64_t i = 0; i < s.sample.n; i++) sum[s.sample.stratum[i]] += x[i], n[s.sample.stratum[i]]++;
    for (int64_t i = 0; i < s.sample.n; i++)
        if (s.rows.arm_weight[s.sample.arm[i]] > 0) mean += x[i] - sum[s.sample.stratum[i]] / n[s.sample.stratum[i]];
    golden_compare(t, data, r, "n", (double)s.sample.n, r->n, 0);
    golden_compare(t, data, r, "statistic", ranks ? copysign(sqrt(d2), mean) : d2, r->t, 0);
    golden_compare(t, data, r, "p", tm_chi2_upper(d2, 1), r->p, 0);
    t->results++;
    tm_arena_rewind(&ctx->scratch, mark);
}

bool compare_randomization(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r)
{
    const recipe *how = find_recipe(r);
    const bool ranks = strcmp(r->estimator, "van_elteren_like") == 0;
    if (strcmp(r->family, "randomization") == 0 && strstr(r->estimator, "diff_means_ci")) {
        compare_interval(ctx, t, data, r);
        return true;
    }
    if (how)
        compare_test(ctx, t, data, r, how);
    else if (ranks || strcmp(r->estimator, "stratified_permutation_asymptotic") == 0)
        compare_moments(ctx, t, data, r, ranks);
    return how || ranks || strcmp(r->estimator, "stratified_permutation_asymptotic") == 0;
}
