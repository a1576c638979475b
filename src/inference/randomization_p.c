/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the statistics of all draws to a p value. */
#include <math.h>

#include "inference/randomization.h"
#include "numeric/distributions.h"

bool tm_randomization_is_extreme(double statistic, double observed, double unit, double tolerance)
{
    return isnan(statistic) || fabs(statistic) >= fabs(observed) - tolerance * fmax(fabs(observed), unit);
}

double tm_randomization_unit(const tm_statistic *statistic, const tm_sample *sample)
{
    double sum = 0, square = 0;
    if (!statistic->in_units || sample->n < 2) return 1;
    for (int64_t i = 0; i < sample->n; i++) sum += sample->y[i] / (double)sample->n;
    for (int64_t i = 0; i < sample->n; i++)
        square += (sample->y[i] - sum) * (sample->y[i] - sum) / (double)(sample->n - 1);
    return sqrt(square);
}

static void weigh_all(tm_randomization *out, double tolerance)
{
    out->p = 0;
    out->n_extreme = out->n_undefined = 0;
    for (int64_t d = 0; d < out->n_draws; d++) {
        out->n_undefined += isnan(out->statistic[d]);
        if (!tm_randomization_is_extreme(out->statistic[d], out->observed, out->unit, tolerance)) continue;
        out->n_extreme++;
        if (out->probability) out->p += out->probability[d];
    }
    if (!out->probability) out->p = (double)out->n_extreme / (double)out->n_draws;
    out->p = out->p_low = out->p_high = fmin(1, out->p);
}

/* Clopper & Pearson's ends for a share of which c of n were seen. */
static double share_low(int64_t c, int64_t n, double tail)
{
    return c == 0 ? 0 : tm_beta_quantile(tail, (double)c, (double)(n - c + 1));
}

static double share_high(int64_t c, int64_t n, double tail)
{
    return c == n ? 1 : tm_beta_quantile(1 - tail, (double)(c + 1), (double)(n - c));
}

/* Stopped at the h-th of L redraws: the L-th was as extreme whatever came, so that the upper end looks at the h - 1
 * among L - 1. */
static void weigh_redraws(tm_randomization *out, const tm_randomization_request *request)
{
    const double tail = (1 - request->level) / 2;
    const int64_t n = out->n_draws;
    int64_t d = 0;
    out->n_extreme = out->n_undefined = 0;
    for (; d < n && !(request->stop_at && out->n_extreme >= request->stop_at); d++) {
        out->n_undefined += isnan(out->statistic[d]);
        out->n_extreme += tm_randomization_is_extreme(out->statistic[d], out->observed, out->unit, request->tolerance);
    }
    const bool stopped = request->stop_at && out->n_extreme >= request->stop_at;
    const int64_t c = out->n_extreme;
    out->n_draws = d;
    out->p = stopped ? (double)c / (double)d : (double)(c + 1) / (double)(d + 1);
    out->p_low = share_low(c, d, tail);
    out->p_high = stopped ? share_high(c - 1, d - 1, tail) : share_high(c, d, tail);
}

void tm_randomization_weigh(const tm_randomization_request *request, tm_randomization *out)
{
    if (isnan(out->observed))
        out->p = out->p_low = out->p_high = NAN;
    else if (out->exact)
        weigh_all(out, request->tolerance);
    else
        weigh_redraws(out, request);
}
