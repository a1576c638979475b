/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "golden_sample.h"
#include "golden_tally.h"
#include "inference/effect_size.h"
#include "inference/effects.h"

bool compare_effect_size(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r)
{
    static const char *const names[] = {"cohen_d", "hedges_g", "glass_delta"};
    static const tm_spread spreads[] = {TM_SPREAD_POOLED, TM_SPREAD_CORRECTED, TM_SPREAD_REFERENCE};
    int k = 0;
    while (k < 3 && strcmp(names[k], r->estimator) != 0) k++;
    if (k == 3) return false;
    golden_result plain = *r;
    golden_formula formula = {0};
    golden_sample s;
    const char *why;
    tm_effect effect;
    plain.formula = NULL;
    if (!golden_sample_build(ctx, data, &plain, &formula, &(golden_options){.two_arms = true}, &s, &why)) {
        golden_leave(t, r, why);
        return true;
    }
    tm_notes_init(&effect.notes, ctx);
    check_ok(ctx, tm_effects_run(ctx, &s.sample, tm_estimator_find("dim"), tm_variance_find("neyman"), s.arm_weight, 1,
                                 0.95, &effect));
    const double got = tm_effect_size(&s.sample, s.arm_weight, effect.value, spreads[k]);
    t->results++;
    golden_compare(t, data, r, "n", (double)s.sample.n, r->n, 0);
    golden_compare(t, data, r, "estimate", got, r->estimate, 1e-12);
    const json_t *correction = json_object_get(r->extra, "J");
    if (k == 1 && correction)
        golden_compare(t, data, r, "J", got / tm_effect_size(&s.sample, s.arm_weight, effect.value, TM_SPREAD_POOLED),
                       json_number_value(correction), 0);
    return true;
}
