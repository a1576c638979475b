/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Workers in samples too small for large-sample formulas: means of clusters, and mixed models of one arm only. */
#include "golden_sample.h"
#include "golden_tally.h"
#include "inference/effects.h"
#include "moments/partial_moments.h"

static struct {
    int means, mixed;
} compared;

/* The reference counts clusters, not clients. */
static bool compare_means(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r)
{
    const golden_formula formula = {0};
    golden_sample s;
    const char *why;
    tm_effect e;
    if (strncmp(r->estimator, "cluster_means_", 14) != 0) return false;
    if (!golden_sample_build(ctx, data, r, &formula, &(golden_options){.two_arms = true}, &s, &why)) {
        golden_leave(t, r, why);
        return true;
    }
    tm_notes_init(&e.notes, ctx);
    check_ok(ctx, tm_effects_run(ctx, &s.sample, tm_estimator_find("worker_means"), tm_variance_find(r->estimator + 14),
                                 s.arm_weight, 1, r->level, &e));
    golden_compare(t, data, r, "estimate", e.value, r->estimate, 0);
    golden_compare(t, data, r, "n", (double)e.n_clusters, r->n, 0);
    golden_compare(t, data, r, "se", e.se, r->se, 0);
    golden_compare(t, data, r, "df", e.df, r->df, 0);
    golden_compare(t, data, r, "t", e.statistic, r->t, 0);
    golden_compare(t, data, r, "p", e.p, r->p, 0);
    golden_compare(t, data, r, "ci_low", e.ci_low, r->ci_low, 0);
    golden_compare(t, data, r, "ci_high", e.ci_high, r->ci_high, 0);
    t->results++;
    compared.means++;
    return true;
}

/* "y ~ arm + y0 + (0 + …": what stands before the random part. */
static bool read_fixed(const char *text, golden_formula *out)
{
    char fixed[200];
    const char *end = text ? strstr(text, " + (0 +") : NULL;
    if (!end) return false;
    snprintf(fixed, sizeof fixed, "%.*s", (int)(end - text), text);
    return golden_formula_read(fixed, out);
}

/* A number, or an object with one number in it. */
static double extra_number(const golden_result *r, const char *key)
{
    json_t *value = json_object_get(r->extra, key);
    void *first = json_is_object(value) ? json_object_iter(value) : NULL;
    return json_number_value(first ? json_object_iter_value(first) : value);
}

static void compare_variances(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r,
                              const golden_sample *s, bool common)
{
    static const char *const keys[2][3] = {{"var_residual_treated", "var_residual_control", "var_cluster"},
                                           {"var_Residual", "var_Residual", "var_gp_t"}};
    tm_model model = {.sample = &s->sample, .n_contrasts = 1, .arm_weight = s->arm_weight};
    tm_partially_nested partial;
    tm_component_fit components;
    const tm_fit *fit;
    const char *refused;
    int64_t left_out[1];
    int32_t served;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    check_ok(ctx, tm_estimator_find("ols")->build(ctx, &model, left_out));
    check_ok(ctx, tm_fit_build(ctx, &model, &fit));
    check_ok(ctx, tm_served_arm_find(ctx, &s->sample, &served, &refused));
    assert_null(refused);
    check_ok(ctx, tm_partially_nested_build(ctx, fit, served, common, &partial));
    partial.data.restricted = strstr(r->estimator, "_reml") != NULL;
    check_ok(ctx, tm_components_fit(ctx, &partial.data, &components));
    for (int c = 0; c < 3; c++)
        golden_compare(t, data, r, keys[common][c],
                       components.theta[partial.component[c]] * partial.unit * partial.unit,
                       extra_number(r, keys[common][c]), 1e-6 * partial.unit * partial.unit);
    tm_arena_rewind(&ctx->scratch, mark);
}

/* The reference writes the cluster alone; blanks are clusters of one. At a boundary its degrees of freedom are those
 * that a program prints, not to be compared digit by digit; standard errors are. */
static bool compare_partial_mixed(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r)
{
    golden_formula formula = {0};
    golden_sample s;
    golden_result own = *r;
    const char *why;
    char key[40];
    tm_effect e;
    if (strncmp(r->estimator, "mixed_partial_", 14) != 0 || !read_fixed(r->formula, &formula)) return false;
    own.cluster = "cluster (own cluster)";
    assert_true(golden_sample_build(ctx, data, &own, &formula, &(golden_options){.two_arms = true}, &s, &why));
    snprintf(key, sizeof key, "partially_nested%s%s", strstr(r->estimator, "homo") ? "_common" : "",
             strstr(r->estimator, "_reml") ? "" : "_ml");
    tm_notes_init(&e.notes, ctx);
    check_ok(ctx, tm_effects_run(ctx, &s.sample, tm_estimator_find(key), tm_variance_find(r->vcov), s.arm_weight, 1,
                                 r->level, &e));
    const bool singular = isnan(r->rtol);
    if (singular) own.rtol = 1e-5;
    golden_compare(t, data, &own, "estimate", e.value, r->estimate, 0);
    golden_compare(t, data, &own, "n", (double)e.n, r->n, 0);
    golden_compare(t, data, &own, "se", e.se, r->se, 0);
    golden_compare(t, data, &own, "t", e.statistic, r->t, 0);
    golden_compare(t, data, &own, "df", e.df, r->df, 0);
    golden_compare(t, data, &own, "p", e.p, r->p, 0);
    const double margin = own.rtol * (r->ci_high - r->ci_low) / 2; /* an end near zero is a difference */
    golden_compare(t, data, &own, "ci_low", e.ci_low, r->ci_low, margin);
    golden_compare(t, data, &own, "ci_high", e.ci_high, r->ci_high, margin);
    compare_variances(ctx, t, data, &own, &s, strstr(r->estimator, "homo") != NULL);
    if (singular && !strstr(e.notes.text, "variance_at_zero")) golden_wrong(t, data, r, e.notes.text, e.se, r->se);
    t->results++;
    compared.mixed++;
    return true;
}

bool compare_partial(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r)
{
    return compare_means(ctx, t, data, r) || compare_partial_mixed(ctx, t, data, r);
}

bool compare_partial_is_whole(void)
{
    return compared.means >= 3 && compared.mixed >= 29;
}
