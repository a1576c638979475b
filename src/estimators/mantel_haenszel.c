/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/two_by_two.h"
#include "numeric/distributions.h"
#include "numeric/elementary.h"

/* w = n1 n0 / N; the variance is (difference Σ P + Σ Q) / (Σ w)² with P = (n1² c - n0² a + n1 n0 (n0 - n1) / 2) / N²
 * and Q = (a (n0 - c) + c (n1 - a)) / (2 N): consistent for a few large strata and for many small ones. */
tm_pooled tm_mh_difference(const tm_two_by_two *t, int32_t n)
{
    double sum = 0, weight = 0, p = 0, q = 0;
    for (const tm_two_by_two *s = t; s < t + n; s++) {
        const double all = s->n1 + s->n0;
        sum += (s->a * s->n0 - s->c * s->n1) / all;
        weight += s->n1 * s->n0 / all;
        p += (s->n1 * s->n1 * s->c - s->n0 * s->n0 * s->a + s->n1 * s->n0 * (s->n0 - s->n1) / 2) / (all * all);
        q += (s->a * (s->n0 - s->c) + s->c * (s->n1 - s->a)) / (2 * all);
    }
    return (tm_pooled){sum / weight, (sum / weight * p + q) / (weight * weight)};
}

/* Σ (n1 n0 (a + c) - a c N) / N² over (Σ a n0 / N) (Σ c n1 / N). */
tm_pooled tm_mh_log_ratio(const tm_two_by_two *t, int32_t n)
{
    double above = 0, below = 0, spread = 0;
    for (const tm_two_by_two *s = t; s < t + n; s++) {
        const double all = s->n1 + s->n0;
        above += s->a * s->n0 / all;
        below += s->c * s->n1 / all;
        spread += (s->n1 * s->n0 * (s->a + s->c) - s->a * s->c * all) / (all * all);
    }
    if (!(above > 0) || !(below > 0)) return (tm_pooled){NAN, NAN};
    return (tm_pooled){tm_log(above / below), spread / (above * below)};
}

/* With R = a d / N, S = b c / N, P = (a + d) / N, Q = (b + c) / N of a table (a b; c d):
 * Σ P R / (2 (Σ R)²) + Σ (P S + Q R) / (2 Σ R Σ S) + Σ Q S / (2 (Σ S)²). */
tm_pooled tm_mh_log_odds(const tm_two_by_two *t, int32_t n)
{
    double above = 0, below = 0, pr = 0, mixed = 0, qs = 0;
    for (const tm_two_by_two *s = t; s < t + n; s++) {
        const double all = s->n1 + s->n0, b = s->n1 - s->a, d = s->n0 - s->c;
        const double r = s->a * d / all, v = b * s->c / all, p = (s->a + d) / all, q = (b + s->c) / all;
        above += r, below += v, pr += p * r, mixed += p * v + q * r, qs += q * v;
    }
    if (!(above > 0) || !(below > 0)) return (tm_pooled){NAN, NAN};
    return (tm_pooled){tm_log(above / below),
                       pr / (2 * above * above) + mixed / (2 * above * below) + qs / (2 * below * below)};
}

double tm_mh_score(const tm_two_by_two *t, int32_t n, double less)
{
    double sum = 0, variance = 0;
    for (const tm_two_by_two *s = t; s < t + n; s++) {
        const double all = s->n1 + s->n0, events = s->a + s->c;
        if (all < 2) continue;
        sum += s->a - s->n1 * events / all;
        variance += s->n1 * s->n0 * events * (all - events) / (all * all * (all - 1));
    }
    const double size = fmax(fabs(sum) - less, 0);
    return variance > 0 ? copysign(size, sum) / sqrt(variance) : NAN;
}

void tm_mh_finish(tm_pooled pooled, const tm_two_by_two *t, int32_t n, const tm_request *request, tm_effect *out)
{
    const bool continuity = tm_request_is(request, "cochran_mantel_haenszel_cc");
    out->value = pooled.value;
    if (isnan(pooled.value)) {
        tm_effect_refuse(out, "empty_cell");
    } else if (continuity || tm_request_is(request, "cochran_mantel_haenszel")) {
        out->statistic = tm_mh_score(t, n, continuity ? 0.5 : 0);
        out->df = INFINITY;
        out->p = tm_student_p_two_sided(out->statistic, INFINITY);
        if (isnan(out->p)) tm_effect_refuse(out, "no_variation");
    } else if (pooled.variance > 0)
        tm_effect_test(out, sqrt(pooled.variance), INFINITY, request->level);
    else
        tm_effect_refuse(out, "perfect_fit");
}
