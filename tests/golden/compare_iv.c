/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Instrumental variables: the row of two-stage least squares, and the first-stage figures beside it. */
#include "golden_sample.h"
#include "golden_tally.h"
#include "inference/effects.h"

static int compared;

/* "received ~ arm + y0" and "y ~ received + y0 | arm + y0" are both the regression on "arm + y0" in our terms. */
static bool read_formula(const char *text, golden_formula *out)
{
    char ours[512];
    const char *bar = strchr(text, '|'), *tilde = strchr(text, '~');
    snprintf(ours, sizeof ours, "y ~ %s", (bar ? bar : tilde) + 2);
    return golden_formula_read(ours, out);
}

static void compare_row(golden_tally *t, const golden_data *data, const golden_result *r, const tm_effect *e)
{
    golden_compare(t, data, r, "estimate", e->value, r->estimate, 0);
    golden_compare(t, data, r, "n", (double)e->n, r->n, 0);
    golden_compare(t, data, r, "se", e->se, r->se, 0);
    golden_compare(t, data, r, "df", e->df, r->df, 0);
    golden_compare(t, data, r, "t", e->statistic, r->t, 0);
    golden_compare(t, data, r, "p", e->p, r->p, 0);
    golden_compare(t, data, r, "ci_low", e->ci_low, r->ci_low, 0);
    golden_compare(t, data, r, "ci_high", e->ci_high, r->ci_high, 0);
}

static void compare_extra(golden_tally *t, const golden_data *data, const golden_result *r, const char *key, double got)
{
    const json_t *want = json_object_get(r->extra, key);
    if (want) golden_compare(t, data, r, key, got, json_number_value(want), 0);
}

static void compare_first_stage(golden_tally *t, const golden_data *data, const golden_result *r,
                                const temoin_first_stage *s)
{
    golden_compare(t, data, r, "F", s->f, r->t, 0);
    golden_compare(t, data, r, "df", s->df, r->df, 0);
    if (!(r->p < 1e-12)) golden_compare(t, data, r, "p", s->p, r->p, 0);
}

static void compare_anderson_rubin(golden_tally *t, const golden_data *data, const golden_result *r, const tm_effect *e)
{
    const temoin_first_stage *s = e->first_stage;
    const json_t *set = json_object_get(r->extra, "set");
    golden_compare(t, data, r, "estimate", e->value, r->estimate, 0);
    golden_compare(t, data, r, "F", s->ar_f, r->t, 0);
    golden_compare(t, data, r, "p", s->ar_p, r->p, 0);
    golden_compare(t, data, r, "low", s->ar_low, r->ci_low, 0);
    golden_compare(t, data, r, "high", s->ar_high, r->ci_high, 0);
    assert_string_equal(s->ar_set, set ? json_string_value(set) : "interval");
}

static void compare_hausman(golden_tally *t, const golden_data *data, const golden_result *r,
                            const temoin_first_stage *s)
{
    golden_compare(t, data, r, "estimate", s->exogeneity, r->estimate, 0);
    golden_compare(t, data, r, "F", s->exogeneity_f, r->t, 0);
    golden_compare(t, data, r, "df", s->exogeneity_df, r->df, 0);
    golden_compare(t, data, r, "p", s->exogeneity_p, r->p, 0);
}

static void compare_effect(golden_tally *t, const golden_data *data, const golden_result *r, const tm_effect *e)
{
    const temoin_first_stage *s = e->first_stage;
    if (strcmp(r->estimator, "first_stage_F") == 0)
        compare_first_stage(t, data, r, s);
    else if (strcmp(r->estimator, "anderson_rubin") == 0)
        compare_anderson_rubin(t, data, r, e);
    else if (strcmp(r->estimator, "durbin_wu_hausman") == 0)
        compare_hausman(t, data, r, s);
    else if (strcmp(r->estimator, "compliance") == 0)
        golden_compare(t, data, r, "compliers", s->compliers, r->estimate, 0);
    else
        compare_row(t, data, r, e);
    compare_extra(t, data, r, "never_takers", s->never_takers);
    compare_extra(t, data, r, "always_takers", s->always_takers);
    compare_extra(t, data, r, "compliers", s->compliers);
    compare_extra(t, data, r, "first_stage", s->value);
    compare_extra(t, data, r, "se_first_stage", s->se);
    compare_extra(t, data, r, "reduced_form", s->reduced_form);
    compare_extra(t, data, r, "se_reduced_form", s->reduced_form_se);
    compare_extra(t, data, r, "covariance", s->covariance);
}

/* The comparison that receipt itself would give: no arms, and the coefficient of the covariate `received`. */
static temoin_status build_as_treated(temoin_context *ctx, tm_model *model, int64_t *left_out)
{
    double *weight;
    TM_TRY(tm_estimator_find("ols")->build(ctx, model, left_out));
    TM_SCRATCH(ctx, weight, model->n_columns);
    for (int32_t k = 0; k < model->n_columns; k++)
        weight[k] = model->column_name[k] && strcmp(model->column_name[k], "received") == 0;
    model->column_weight = weight;
    return TEMOIN_OK;
}

static const tm_estimator as_treated = {.key = "as_treated", .build = build_as_treated};

static void fit(temoin_context *ctx, const golden_data *data, const golden_result *r, golden_sample *s, tm_effect *e)
{
    const tm_variance *variance = r->vcov ? golden_variance(r) : tm_variance_find("hc2");
    bool treated = strcmp(r->estimator, "as_treated_ols") == 0;
    const tm_estimator *estimator =
        treated ? &as_treated : tm_estimator_find(strcmp(r->estimator, "wald_ratio_delta") == 0 ? "wald_ratio" : "iv");
    double *received = golden_take(ctx, s->sample.n, sizeof *received);
    const temoin_column *column = temoin_frame_find(data->clients, "received");
    for (int64_t i = 0; i < s->sample.n; i++) received[i] = column->number[s->client[i]];
    s->sample.received = received;
    if (treated) {
        s->sample.arm = golden_take(ctx, s->sample.n, sizeof *s->sample.arm);
        s->sample.n_arms = 1;
        s->arm_weight = golden_take(ctx, 1, sizeof *s->arm_weight);
    }
    tm_notes_init(&e->notes, ctx);
    check_ok(ctx, tm_effects_run(ctx, &s->sample, estimator, variance, s->arm_weight, 1, r->level, e));
}

bool compare_iv(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r)
{
    golden_formula formula;
    golden_sample s;
    const char *why;
    tm_effect e;
    golden_result plain = *r;
    if (strcmp(r->family, "iv") != 0) return false;
    plain.contrast = NULL; /* there are two arms, and the text says what is compared instead */
    if (!read_formula(r->formula, &formula) ||
        !golden_sample_build(ctx, data, &plain, &formula, &(golden_options){0}, &s, &why)) {
        golden_leave(t, r, "a formula of another kind");
        return true;
    }
    fit(ctx, data, r, &s, &e);
    if (e.first_stage)
        compare_effect(t, data, r, &e);
    else
        compare_row(t, data, r, &e);
    t->results++;
    compared++;
    return true;
}

bool compare_iv_is_whole(void)
{
    return compared >= 35;
}
