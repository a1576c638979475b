/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Effects of strata pooled by inverse variance. */
#include "golden_sample.h"
#include "golden_tally.h"
#include "inference/effects.h"

static int compared;

bool compare_pooled(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r)
{
    const golden_formula formula = {0};
    const bool random = strcmp(r->estimator, "random_effects_dersimonian_laird") == 0;
    golden_sample s;
    const char *why;
    tm_effect e;
    if (strcmp(r->family, "heterogeneity") != 0) return false;
    if (!golden_sample_build(ctx, data, r, &formula, &(golden_options){.two_arms = true, .strata = r->strata}, &s,
                             &why)) {
        golden_leave(t, r, why);
        return true;
    }
    tm_notes_init(&e.notes, ctx);
    check_ok(ctx, tm_effects_run(ctx, &s.sample, tm_estimator_find(random ? "strata_random" : "strata_fixed"),
                                 tm_variance_find("inverse_variance"), s.arm_weight, 1, r->level, &e));
    golden_compare(t, data, r, "estimate", e.value, r->estimate, 0);
    golden_compare(t, data, r, "n", (double)e.n, r->n, 0);
    golden_compare(t, data, r, "se", e.se, r->se, 0);
    golden_compare(t, data, r, "t", e.statistic, r->t, 0);
    golden_compare(t, data, r, "p", e.p, r->p, 0);
    golden_compare(t, data, r, "ci_low", e.ci_low, r->ci_low, 0);
    golden_compare(t, data, r, "ci_high", e.ci_high, r->ci_high, 0);
    t->results++;
    compared++;
    return true;
}

bool compare_pooled_is_whole(void)
{
    return compared >= 6;
}
