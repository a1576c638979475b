/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/two_by_two.h"
#include "numeric/elementary.h"

static void set_woolf(const tm_two_by_two *t, const tm_request *request, tm_effect *out)
{
    const double b = t->n1 - t->a, d = t->n0 - t->c;
    if (t->a == 0 || b == 0 || t->c == 0 || d == 0) {
        tm_effect_refuse(out, "empty_cell");
        return;
    }
    out->value = tm_log(t->a * d) - tm_log(b * t->c);
    tm_effect_test(out, sqrt(1 / t->a + 1 / b + 1 / t->c + 1 / d), INFINITY, request->level);
}

/* As logarithms; ends, and all estimates but the middle of two, are -inf or inf where the table is at the end of what
 * its margins allow. The p that goes with an exact interval of two tails is twice the smaller one; beside the most
 * likely value stands Fisher's, as is usual. */
static temoin_status of_table(temoin_context *ctx, const tm_two_by_two *t, int32_t n, const tm_request *request,
                              tm_effect *out)
{
    tm_exact_table exact;
    (void)n;
    if (tm_request_is(request, "woolf")) {
        set_woolf(t, request, out);
        return TEMOIN_OK;
    }
    TM_TRY(tm_exact_table_run(ctx, t, request->level, &exact));
    const bool median = tm_request_is(request, "median_unbiased");
    const bool median_mid = tm_request_is(request, "median_unbiased_mid_p");
    const bool mid = median_mid || tm_request_is(request, "mid_p");
    out->value = median || median_mid ? exact.middle : mid ? exact.median : exact.likely;
    out->ci_low = mid ? exact.mid_low : exact.low;
    out->ci_high = mid ? exact.mid_high : exact.high;
    out->p = mid ? exact.mid_p : median ? fmin(1, 2 * fmin(exact.less, exact.greater)) : exact.two_sided;
    if (isinf(out->value))
        tm_notes_add(&out->notes, "unbounded_ratio");
    else if (isinf(out->ci_low) || isinf(out->ci_high))
        tm_notes_add(&out->notes, "one_ended_interval");
    return TEMOIN_OK;
}

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_tables_run(ctx, request, false, of_table, out);
}

const tm_estimator tm_estimator_odds_ratio = {
    .key = "odds_ratio",
    .title_en = "odds ratio, as a logarithm",
    .title_fr = "rapport des cotes, en logarithme",
    .cites = "Woolf 1955; Cornfield 1956; Hirji, Tsiatis & Mehta 1989",
    .unit = TM_UNIT_LOG_RATIO,
    .outcome = TM_OUTCOME_BINARY,
    .run = run,
    .variances = "woolf fisher mid_p median_unbiased median_unbiased_mid_p",
};
