/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/two_by_two.h"
#include "numeric/distributions.h"

static void set_z(tm_effect *out, double z)
{
    out->statistic = z;
    out->df = INFINITY;
    out->p = tm_student_p_two_sided(z, INFINITY);
}

/* Signed root of Pearson's chi-square; Yates takes half a client (at most the whole distance) from |a - expected|. */
static void test_pooled(const tm_two_by_two *t, bool yates, tm_effect *out)
{
    const double n = t->n1 + t->n0, p = (t->a + t->c) / n, se = sqrt(p * (1 - p) * (1 / t->n1 + 1 / t->n0));
    const double away = t->a - t->n1 * p, rest = fmax(fabs(away) - 0.5, 0) / (t->n1 * t->n0 / n);
    if (!yates) out->se = se;
    set_z(out, yates ? copysign(rest, away) / se : out->value / se);
}

static void set_agresti_caffo(const tm_two_by_two *t, double z, tm_effect *out)
{
    double difference;
    tm_agresti_caffo(t, &difference, &out->se);
    out->ci_low = fmax(difference - z * out->se, -1);
    out->ci_high = fmin(difference + z * out->se, 1);
    set_z(out, difference / out->se);
}

static temoin_status test_exact(temoin_context *ctx, const tm_two_by_two *t, const tm_request *request, tm_effect *out)
{
    bool fits = true;
    if (tm_request_is(request, "barnard"))
        TM_TRY(tm_barnard_run(ctx, t, &out->p, &fits));
    else if (tm_request_is(request, "boschloo"))
        TM_TRY(tm_boschloo_run(ctx, t, &out->p, &fits));
    else if (tm_request_is(request, "chan_zhang"))
        TM_TRY(tm_chan_zhang_run(ctx, t, request->level, &out->ci_low, &out->ci_high, &out->p, &fits));
    else {
        tm_exact_table exact;
        TM_TRY(tm_exact_table_run(ctx, t, request->level, &exact));
        out->p = tm_request_is(request, "fisher") ? exact.two_sided : exact.mid_p;
    }
    if (!fits) tm_effect_refuse(out, "exact_too_large");
    return TEMOIN_OK;
}

static temoin_status of_table(temoin_context *ctx, const tm_two_by_two *t, int32_t n, const tm_request *request,
                              tm_effect *out)
{
    const double p1 = t->a / t->n1, p0 = t->c / t->n0, z = tm_normal_quantile(0.5 + request->level / 2);
    const double se = sqrt(p1 * (1 - p1) / t->n1 + p0 * (1 - p0) / t->n0);
    (void)n;
    out->value = p1 - p0;
    if (tm_request_is(request, "wald")) {
        if (se > 0)
            tm_effect_test(out, se, INFINITY, request->level);
        else
            tm_effect_refuse(out, "perfect_fit");
    } else if (tm_request_is(request, "newcombe"))
        tm_newcombe_interval(t, z, &out->ci_low, &out->ci_high);
    else if (tm_request_is(request, "miettinen_nurminen")) {
        tm_score_difference_interval(t, z, true, &out->ci_low, &out->ci_high);
        set_z(out, tm_score_difference(t, 0, true));
    } else if (tm_request_is(request, "agresti_caffo"))
        set_agresti_caffo(t, z, out);
    else if (tm_request_is(request, "pearson") || tm_request_is(request, "yates"))
        test_pooled(t, tm_request_is(request, "yates"), out);
    else
        return test_exact(ctx, t, request, out);
    return TEMOIN_OK;
}

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    return tm_tables_run(ctx, request, false, of_table, out);
}

const tm_estimator tm_estimator_risk_difference = {
    .key = "risk_difference",
    .title_en = "difference of two proportions",
    .title_fr = "différence de deux proportions",
    .cites = "Newcombe 1998; Agresti 2013, ch. 3",
    .outcome = TM_OUTCOME_BINARY,
    .run = run,
    .variances =
        "newcombe wald miettinen_nurminen agresti_caffo chan_zhang pearson yates fisher mid_p barnard boschloo",
};
