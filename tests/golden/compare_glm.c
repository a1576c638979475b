/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logit, probit and Poisson regression, each as a coefficient, a difference and a ratio of average predictions. */
#include "golden_sample.h"
#include "golden_tally.h"
#include "inference/effects.h"

static const char *variance_of(const golden_result *r)
{
    static const char *const names[][2] = {
        {"classical", "classical"},
        {"HC0", "hc0"},
        {"ML_robust", "ml_robust"},
        {"CR0", "cr0"},
        {"CR1", "cr1"},
        {"CR2", "cr2"},
        {"HC0_observed", "hc0_observed"},
        {"observed_information", "observed_information"},
        {"penalized_likelihood", "penalized_likelihood"},
    };
    for (size_t v = 0; v < sizeof names / sizeof *names; v++)
        if (strcmp(names[v][0], r->vcov) == 0) return names[v][1];
    return NULL;
}

/* The reference writes "a / b" where the effect is a ratio. */
static golden_result as_difference(const golden_result *r)
{
    static char contrast[200];
    golden_result out = *r;
    snprintf(contrast, sizeof contrast, "%s", r->contrast);
    char *slash = strstr(contrast, " / ");
    if (slash) slash[1] = '-';
    out.contrast = contrast;
    return out;
}

bool compare_glm(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r)
{
    if (strcmp(r->family, "glm") != 0) return false;
    const tm_estimator *estimator = tm_estimator_find(r->estimator);
    const golden_result asked = as_difference(r);
    golden_formula formula;
    golden_sample s;
    const char *why = "", *variance = variance_of(r);
    tm_effect effect;
    if (!estimator || !variance || !golden_formula_read(r->formula, &formula) ||
        !golden_sample_build(ctx, data, &asked, &formula, &(golden_options){0}, &s, &why)) {
        golden_leave(t, r, why[0] ? why : "not one of ours");
        return true;
    }
    tm_notes_init(&effect.notes, ctx);
    check_ok(ctx,
             tm_effects_run(ctx, &s.sample, estimator, tm_variance_find(variance), s.arm_weight, 1, r->level, &effect));
    t->results++;
    if (tm_notes_refuse(effect.notes.text) || !isinf(effect.df))
        golden_wrong(t, data, r, effect.notes.text, effect.df, INFINITY);
    golden_compare(t, data, r, "estimate", effect.value, r->estimate, fabs(r->estimate) < 1e-9 ? 1e-9 : 0);
    golden_compare(t, data, r, "n", (double)effect.n, r->n, 0);
    golden_compare(t, data, r, "se", effect.se, r->se, 0);
    golden_compare(t, data, r, "t", effect.statistic, r->t, 0);
    golden_compare(t, data, r, "p", effect.p, r->p, 0);
    golden_compare(t, data, r, "ci_low", effect.ci_low, r->ci_low, 0);
    golden_compare(t, data, r, "ci_high", effect.ci_high, r->ci_high, 0);
    return true;
}
