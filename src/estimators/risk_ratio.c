/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/two_by_two.h"
#include "numeric/distributions.h"
#include "numeric/elementary.h"

/* The logarithm of p1 / p0. Where an arm has no event it is -inf or inf, and score intervals keep one end. */
static temoin_status of_table(temoin_context *ctx, const tm_two_by_two *t, int32_t n, const tm_request *request,
                              tm_effect *out)
{
    const double z = tm_normal_quantile(0.5 + request->level / 2);
    const bool empty = t->a == 0 || t->c == 0;
    (void)ctx, (void)n;
    out->value = tm_log(t->a / t->n1) - tm_log(t->c / t->n0);
    if (tm_request_is(request, "delta")) {
        if (empty) {
            out->value = NAN;
            tm_effect_refuse(out, "empty_cell");
        } else
            tm_effect_test(out, sqrt(1 / t->a - 1 / t->n1 + 1 / t->c - 1 / t->n0), INFINITY, request->level);
        return TEMOIN_OK;
    }
    const bool corrected = tm_request_is(request, "miettinen_nurminen");
    if (empty) tm_notes_add(&out->notes, "unbounded_ratio");
    tm_score_ratio_interval(t, z, corrected, &out->ci_low, &out->ci_high);
    out->statistic = tm_score_ratio(t, 0, corrected);
    out->df = INFINITY;
    out->p = tm_student_p_two_sided(out->statistic, INFINITY);
    return TEMOIN_OK;
}

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_tables_run(ctx, request, false, of_table, out);
}

const tm_estimator tm_estimator_risk_ratio = {
    .key = "risk_ratio",
    .title_en = "ratio of two proportions, as a logarithm",
    .title_fr = "rapport de deux proportions, en logarithme",
    .cites = "Katz et al. 1978; Koopman 1984; Miettinen & Nurminen 1985",
    .unit = TM_UNIT_LOG_RATIO,
    .outcome = TM_OUTCOME_BINARY,
    .run = run,
    .variances = "delta miettinen_nurminen koopman",
};
