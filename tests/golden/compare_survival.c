/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times until a job: curves, tests and proportional hazards. */
#include "golden_sample.h"
#include "golden_tally.h"
#include "inference/effects.h"
#include "moments/survival.h"

/* The sample of "Surv(time, event) ~ …" with job_event as the event. */
static bool build_sample(temoin_context *ctx, const golden_data *data, const golden_result *r, golden_sample *out,
                         const char **why)
{
    char plain[200];
    golden_formula formula;
    golden_result asked = *r;
    if (sscanf(r->formula, "Surv(time, event) ~ %[^\n]", plain + 4) != 1) return false;
    memcpy(plain, "y ~ ", 4);
    asked.formula = plain;
    if (strncmp(r->contrast, "arm ", 4) == 0) asked.contrast = NULL;
    if (!golden_formula_read(plain, &formula)) return false;
    if (!golden_sample_build(ctx, data, &asked, &formula, &(golden_options){0}, out, why)) return false;
    const double *event = golden_values(ctx, data, "job_event", r->wave);
    double *kept = golden_take(ctx, out->sample.n, sizeof *kept);
    assert_int_equal(out->sample.n, data->clients->n_rows); /* nobody is missing: rows are clients */
    for (int64_t i = 0; i < out->sample.n; i++) kept[i] = event[i];
    out->sample.event = kept;
    return true;
}

static double number_of(const golden_result *r, const char *key)
{
    return json_number_value(json_object_get(r->extra, key));
}

/* Survival of one arm at a time. */
static void compare_curve(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r,
                          const tm_sample *s)
{
    const double tau = number_of(r, "tau");
    const int32_t arm = strcmp(r->contrast + 4, data->control) != 0;
    int64_t *row = golden_take(ctx, s->n, sizeof *row), n = 0, at_risk = 0;
    tm_survival_curve curve;
    double survival = 1, variance = 0;
    for (int64_t i = 0; i < s->n; i++)
        if (s->arm[i] == arm) row[n++] = i;
    check_ok(ctx, tm_survival_curve_build(ctx, s->y, s->event, row, n, &curve));
    for (int64_t k = 0; k < curve.n; k++) {
        if (curve.step[k].time <= tau) survival = curve.step[k].survival, variance = curve.step[k].variance;
        if (curve.step[k].time >= tau && at_risk == 0) at_risk = curve.step[k].at_risk;
    }
    golden_compare(t, data, r, "survival", survival, r->estimate, 0);
    golden_compare(t, data, r, "se", sqrt(variance), r->se, 0);
    golden_compare(t, data, r, "at risk", (double)at_risk, number_of(r, "at_risk"), 0);
}

static const char *const names[][3] = {
    /* reference, vcov, ours and its variance after a blank */
    {"log_rank", NULL, "log_rank hypergeometric"},
    {"peto_wilcoxon", NULL, "peto_wilcoxon hypergeometric"},
    {"rmst_difference", NULL, "rmst greenwood"},
    {"cox_efron", "model", "cox classical"},
    {"cox_efron", "robust", "cox hc0"},
    {"cox_efron", "cluster_robust", "cox cr0"},
    {"cox_breslow", "model", "cox_breslow classical"},
    {"cox_breslow", "robust", "cox_breslow hc0"},
    {"cox_breslow", "cluster_robust", "cox_breslow cr0"},
};

static bool find_ours(const golden_result *r, char *estimator, char *variance)
{
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strcmp(names[k][0], r->estimator) == 0 && (!names[k][1] || strcmp(names[k][1], r->vcov) == 0))
            return sscanf(names[k][2], "%63s %63s", estimator, variance) == 2;
    return false;
}

bool compare_survival(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r)
{
    golden_sample s;
    tm_effect e;
    char estimator[64], variance[64];
    const char *why = "not one of ours";
    const bool curve = strcmp(r->estimator, "kaplan_meier") == 0;
    if (strcmp(r->family, "survival") != 0) return false;
    if ((!curve && !find_ours(r, estimator, variance)) || !build_sample(ctx, data, r, &s, &why)) {
        golden_leave(t, r, why);
        return true;
    }
    t->results++;
    if (curve) {
        compare_curve(ctx, t, data, r, &s.sample);
        return true;
    }
    if (json_object_get(r->extra, "horizon")) s.sample.horizon = number_of(r, "horizon");
    tm_notes_init(&e.notes, ctx);
    check_ok(ctx, tm_effects_run(ctx, &s.sample, tm_estimator_find(estimator), tm_variance_find(variance), s.arm_weight,
                                 1, r->level, &e));
    if (tm_notes_refuse(e.notes.text) || !isinf(e.df)) golden_wrong(t, data, r, e.notes.text, e.df, INFINITY);
    golden_compare(t, data, r, "n", (double)e.n, r->n, 0);
    golden_compare(t, data, r, "p", e.p, r->p, 0);
    if (isnan(r->se)) {
        golden_compare(t, data, r, "statistic", e.statistic * e.statistic, r->estimate, 0);
        return true;
    }
    golden_compare(t, data, r, "estimate", e.value, r->estimate, 0);
    golden_compare(t, data, r, "se", e.se, r->se, 0);
    golden_compare(t, data, r, "t", e.statistic, r->t, 0);
    golden_compare(t, data, r, "ci_low", e.ci_low, r->ci_low, 0);
    golden_compare(t, data, r, "ci_high", e.ci_high, r->ci_high, 0);
    return true;
}
