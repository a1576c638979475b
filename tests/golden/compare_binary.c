/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two-by-two tables, alone and over strata. */
#include "estimators/two_by_two.h"
#include "golden_sample.h"
#include "golden_tally.h"
#include "inference/effects.h"

/* How a reference estimator is named here. */
typedef struct binary_recipe {
    const char *family, *estimator, *key, *variance;
    bool chi2; /* the reference's statistic is the square of ours */
    bool exp;  /* its estimate and interval are ratios */
    bool strata;
} binary_recipe;

static const binary_recipe recipes[] = {
    {"binary", "risk_difference_wald", "risk_difference", "wald", false, false, false},
    {"binary", "risk_difference_newcombe", "risk_difference", "newcombe", false, false, false},
    {"binary", "two_proportion_z", "risk_difference", "pearson", false, false, false},
    {"binary", "pearson_chi2", "risk_difference", "pearson", true, false, false},
    {"attrition", "pearson_chi2", "risk_difference", "pearson", true, false, false},
    {"binary", "pearson_chi2_yates", "risk_difference", "yates", true, false, false},
    {"binary", "boschloo", "risk_difference", "boschloo", false, false, false},
    {"binary", "fisher_exact", "odds_ratio", "fisher", false, true, false},
    {"attrition", "fisher_exact", "odds_ratio", "fisher", false, true, false},
    {"binary", "log_risk_ratio", "risk_ratio", "delta", false, false, false},
    {"binary", "log_odds_ratio", "odds_ratio", "woolf", false, false, false},
    {"binary", "mantel_haenszel_risk_difference", "mantel_haenszel_rd", "sato", false, false, true},
    {"binary", "mantel_haenszel_odds_ratio", "mantel_haenszel_or", "robins_breslow_greenland", true, true, true},
};

/* "t / c" → "t - c", "arms" → the only contrast of two arms. */
static const char *plain_contrast(temoin_context *ctx, const char *contrast)
{
    char arm[64], reference[64];
    if (strcmp(contrast, "arms") == 0) return NULL;
    if (sscanf(contrast, "%63s / %63s", arm, reference) != 2) return contrast;
    return tm_text(ctx, "%s - %s", arm, reference);
}

static bool build_sample(temoin_context *ctx, const golden_data *data, const golden_result *r, bool strata,
                         golden_sample *out, const char **why)
{
    golden_result plain = *r;
    golden_formula formula = {0};
    plain.contrast = plain_contrast(ctx, r->contrast);
    plain.formula = NULL;
    const golden_options options = {.two_arms = true, .strata = strata ? r->strata : NULL};
    return golden_sample_build(ctx, data, &plain, &formula, &options, out, why);
}

static tm_effect run(temoin_context *ctx, const golden_sample *s, const char *key, const char *variance, double level)
{
    tm_effect effect;
    tm_notes_init(&effect.notes, ctx);
    check_ok(ctx, tm_effects_run(ctx, &s->sample, tm_estimator_find(key), tm_variance_find(variance), s->arm_weight, 1,
                                 level, &effect));
    return effect;
}

static double extra_number(const golden_result *r, const char *name)
{
    const json_t *value = json_object_get(r->extra, name);
    return value ? json_number_value(value) : NAN;
}

/* Fisher's one-sided p values are not in a row. */
static void compare_one_sided(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r,
                              const golden_sample *s)
{
    tm_two_by_two table = {0};
    tm_exact_table exact;
    int32_t arm, reference;
    assert_true(tm_contrast_arms(s->arm_weight, s->sample.n_arms, &arm, &reference));
    for (int64_t i = 0; i < s->sample.n; i++) {
        if (s->sample.arm[i] == arm)
            table.n1++, table.a += s->sample.y[i];
        else
            table.n0++, table.c += s->sample.y[i];
    }
    check_ok(ctx, tm_exact_table_run(ctx, &table, r->level, &exact));
    golden_compare(t, data, r, "p_greater", exact.greater, extra_number(r, "p_greater"), 0);
    golden_compare(t, data, r, "p_less", exact.less, extra_number(r, "p_less"), 0);
    assert_true(isnan(extra_number(r, "events_treated")) || extra_number(r, "events_treated") == table.a);
}

/* The reference tests a common odds ratio by the score, and its interval is that of the pooled logarithm. */
static void compare_scores(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r,
                           const golden_sample *s)
{
    const tm_effect plain = run(ctx, s, "mantel_haenszel_or", "cochran_mantel_haenszel", r->level);
    const tm_effect continuity = run(ctx, s, "mantel_haenszel_or", "cochran_mantel_haenszel_cc", r->level);
    golden_compare(t, data, r, "chi2", plain.statistic * plain.statistic, r->t, 0);
    golden_compare(t, data, r, "p", plain.p, r->p, 0);
    golden_compare(t, data, r, "chi2_continuity", continuity.statistic * continuity.statistic,
                   extra_number(r, "chi2_continuity"), 0);
    golden_compare(t, data, r, "p_continuity", continuity.p, extra_number(r, "p_continuity"), 0);
}

/* R's fisher.test finds odds ratios, or their inverses beyond 1, by uniroot with its standard tolerance, so that they
 * are right to eps^(1/4) = 1.2e-4 and not to the result's rtol. (Ours solve the equations: see the unit tests.) */
static void compare_root(golden_tally *t, const golden_data *data, const golden_result *r, const char *what, double got,
                         double want)
{
    if (isnan(want)) return;
    t->numbers++;
    const double near_got = fabs(got) > 1 ? 1 / got : got, near_want = fabs(want) > 1 ? 1 / want : want;
    if (!(fabs(near_got - near_want) <= 1.2207e-4)) golden_wrong(t, data, r, what, got, want);
}

static void compare_row(golden_tally *t, const golden_data *data, const golden_result *r, const binary_recipe *how,
                        const tm_effect *e)
{
    const bool scores = how->chi2 && how->exp, own_estimate = !how->chi2 || scores;
    golden_compare(t, data, r, "n", (double)e->n, r->n, 0);
    if (strcmp(how->variance, "fisher") == 0) {
        compare_root(t, data, r, "estimate", exp(e->value), r->estimate);
        compare_root(t, data, r, "ci_low", exp(e->ci_low), r->ci_low);
        compare_root(t, data, r, "ci_high", exp(e->ci_high), r->ci_high);
        golden_compare(t, data, r, "p", e->p, r->p, 0);
        return;
    }
    if (own_estimate) golden_compare(t, data, r, "estimate", how->exp ? exp(e->value) : e->value, r->estimate, 0);
    golden_compare(t, data, r, "se", e->se, r->se, 0);
    golden_compare(t, data, r, "ci_low", how->exp ? exp(e->ci_low) : e->ci_low, r->ci_low, 0);
    golden_compare(t, data, r, "ci_high", how->exp ? exp(e->ci_high) : e->ci_high, r->ci_high, 0);
    if (scores) return;
    golden_compare(t, data, r, "t", how->chi2 ? e->statistic * e->statistic : e->statistic, r->t, 0);
    golden_compare(t, data, r, "p", e->p, r->p, 0);
}

bool compare_binary(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r)
{
    for (size_t k = 0; k < sizeof recipes / sizeof *recipes; k++) {
        const binary_recipe *how = &recipes[k];
        if (strcmp(how->family, r->family) != 0 || strcmp(how->estimator, r->estimator) != 0) continue;
        golden_sample s;
        const char *why;
        if (!build_sample(ctx, data, r, how->strata, &s, &why)) {
            golden_leave(t, r, why);
            return true;
        }
        const tm_effect effect = run(ctx, &s, how->key, how->variance, r->level);
        compare_row(t, data, r, how, &effect);
        if (strcmp(r->estimator, "fisher_exact") == 0) compare_one_sided(ctx, t, data, r, &s);
        if (how->chi2 && how->exp) compare_scores(ctx, t, data, r, &s);
        t->results++;
        return true;
    }
    return false;
}
