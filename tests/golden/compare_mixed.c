/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linear mixed models with random intercepts of clusters, of clients over waves, or of both.
 *
 * Everything agrees to 1e-6 of itself, which is closer than the results' own tolerances (1e-5, and 1e-4 for degrees of
 * freedom, whose derivatives lmerTest takes numerically); ends of intervals to 1e-6 standard errors. What is left is
 * lme4's: it stops when its criterion no longer changes, 5e-7 away from the variance that is the root of the score.
 * That root, found with R's uniroot to 1e-14, is 6.0115356844 for sim_placement's wellbeing (here 6.01153568440, lme4
 * 6.01153696) and .02960591994 for achievement_awards by maximum likelihood (here .0296059199, lme4 .0296059352). A
 * variance of zero is at_zero here and `singular` there; the reference has no tolerance for what follows from it, and
 * the degrees of freedom agree to 1e-6 all the same. */
#include "estimators/ols_model.h"
#include "golden_sample.h"
#include "golden_tally.h"
#include "inference/effects.h"
#include "moments/random_intercept.h"

/* The formula without its random intercepts. */
static bool fixed_part(const char *text, golden_formula *out)
{
    char fixed[512];
    const char *random = strstr(text, " + (1 | ");
    if (!random) return false;
    snprintf(fixed, sizeof fixed, "%.*s", (int)(random - text), text);
    return golden_formula_read(fixed, out);
}

static const int32_t *number_clients(temoin_context *ctx, const golden_data *data, const golden_sample *s, int32_t *n)
{
    int32_t *number = golden_take(ctx, data->clients->n_rows, sizeof *number);
    int32_t *level = golden_take(ctx, s->sample.n, sizeof *level);
    *n = 0;
    for (int64_t i = 0; i < s->sample.n; i++) {
        if (!number[s->client[i]]) number[s->client[i]] = ++*n;
        level[i] = number[s->client[i]] - 1;
    }
    return level;
}

/* The model as the estimator makes it, but for the coefficient that is asked for. */
static void fit(temoin_context *ctx, const golden_data *data, const golden_result *r, golden_sample *s, bool two_levels,
                tm_random_fit *out, tm_random_combination *combined)
{
    int64_t left_out;
    tm_random_factor clusters = {s->sample.n_clusters, s->sample.cluster};
    tm_model *model = golden_take(ctx, 1, sizeof *model);
    tm_random_moments *moments = golden_take(ctx, 1, sizeof *moments);
    const tm_fit *least;
    *model = (tm_model){.sample = &s->sample, .n_contrasts = 1, .arm_weight = s->arm_weight};
    if (two_levels) s->sample.cluster = number_clients(ctx, data, s, &s->sample.n_clusters);
    check_ok(ctx, tm_ols_build(ctx, model, &left_out));
    double *weight = golden_take(ctx, model->n_columns, sizeof *weight);
    if (s->term >= 0) {
        weight[s->sample.n_arms - 1 + s->term] = 1;
        model->column_weight = weight;
    }
    check_ok(ctx, tm_fit_build(ctx, model, &least));
    check_ok(ctx, tm_random_moments_build(ctx, least, two_levels ? 2 : 1, &clusters, moments));
    check_ok(ctx, tm_random_fit_run(ctx, moments, strstr(r->estimator, "_reml") != NULL, out));
    assert_null(out->refused);
    check_ok(ctx, tm_random_combine(ctx, out, least->basis, combined));
    combined->value += least->value[0];
}

static void compare_variances(golden_tally *t, const golden_data *data, const golden_result *r, const tm_random_fit *f)
{
    const char *key;
    json_t *value;
    json_object_foreach(r->extra, key, value)
    {
        double got = NAN;
        if (strcmp(key, "loglik") == 0) got = f->log_likelihood;
        if (strcmp(key, "criterion") == 0) got = f->criterion;
        if (strcmp(key, "var_Residual") == 0) got = f->residual;
        if (strcmp(key, "var_id_Intercept") == 0) got = f->variance[0];
        if (strcmp(key, "var_cluster_Intercept") == 0) got = f->variance[f->moments->n_factors - 1];
        if (strcmp(key, "singular") == 0 && json_is_true(value) != f->at_zero[0])
            golden_wrong(t, data, r, key, f->at_zero[0], json_is_true(value));
        if (!isnan(got)) golden_compare(t, data, r, key, got, json_number_value(value), 0);
    }
}

static void compare_numbers(golden_tally *t, const golden_data *data, const golden_result *r,
                            const tm_random_combination *got)
{
    const bool kenward = strcmp(r->vcov, "kenward_roger") == 0, wald = strcmp(r->vcov, "model_wald_z") == 0;
    tm_effect effect = {.value = got->value};
    tm_effect_test(&effect, sqrt(kenward ? got->variance_kenward_roger : got->variance),
                   kenward ? got->df_kenward_roger
                   : wald  ? INFINITY
                           : got->df_satterthwaite,
                   r->level);
    golden_compare(t, data, r, "estimate", effect.value, r->estimate, 0);
    golden_compare(t, data, r, "se", effect.se, r->se, 0);
    golden_compare(t, data, r, "df", effect.df, r->df, 0);
    golden_compare(t, data, r, "t", effect.statistic, r->t, 0);
    golden_compare(t, data, r, "p", effect.p, r->p, 0);
    golden_compare(t, data, r, "ci_low", effect.ci_low, r->ci_low, r->rtol * effect.se);
    golden_compare(t, data, r, "ci_high", effect.ci_high, r->ci_high, r->rtol * effect.se);
}

/* The estimator and the engine must say the same. */
static void compare_estimator(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r,
                              const golden_sample *s, const tm_random_combination *want)
{
    tm_effect effect;
    const char *key = strcmp(r->estimator, "mixed_two_levels_reml") == 0 ? "mixed_crossed"
                      : strstr(r->estimator, "_reml")                    ? "mixed"
                                                                         : "mixed_ml";
    tm_notes_init(&effect.notes, ctx);
    check_ok(ctx, tm_effects_run(ctx, &s->sample, tm_estimator_find(key), tm_variance_find("model_wald_z"),
                                 s->arm_weight, 1, r->level, &effect));
    golden_result own = *r;
    own.rtol = 1e-11;
    golden_compare(t, data, &own, "estimate of the estimator", effect.value, want->value, 0);
    golden_compare(t, data, &own, "se of the estimator", effect.se, sqrt(want->variance), 0);
}

bool compare_mixed(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r)
{
    if (strncmp(r->estimator, "mixed_ri_", 9) != 0 && strncmp(r->estimator, "mixed_two_levels", 16) != 0) return false;
    const bool two_levels = strncmp(r->estimator, "mixed_two_levels", 16) == 0;
    golden_formula formula;
    golden_sample s;
    tm_random_fit random;
    tm_random_combination combined;
    const char *why = "";
    golden_result asked = *r;
    if (two_levels) asked.cluster = "cluster";
    if (!fixed_part(r->formula, &formula) ||
        !golden_sample_build(ctx, data, &asked, &formula, &(golden_options){.dummies = true}, &s, &why)) {
        golden_leave(t, r, why[0] ? why : "not one of ours");
        return true;
    }
    t->results++;
    asked.rtol = 1e-6;
    golden_sample copy = s;
    fit(ctx, data, r, &copy, two_levels, &random, &combined);
    golden_compare(t, data, &asked, "n", (double)s.sample.n, r->n, 0);
    compare_variances(t, data, &asked, &random);
    compare_numbers(t, data, &asked, &combined);
    if (s.term < 0 && !two_levels) compare_estimator(ctx, t, data, r, &s, &combined);
    return true;
}
