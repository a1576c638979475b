/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/sample_quantile.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

typedef struct weighed {
    double x, weight;
} weighed;

static int by_value(const void *a, const void *b)
{
    const weighed *v = a, *w = b;
    if (v->x != w->x) return v->x < w->x ? -1 : 1;
    return (v->weight > w->weight) - (v->weight < w->weight);
}

static double of_steps(const weighed *sorted, int64_t n, double tau, bool average)
{
    double total = 0, sum = 0;
    for (int64_t i = 0; i < n; i++) total += sorted[i].weight;
    double wanted = tau * total, rounding = 4 * DBL_EPSILON * total;
    for (int64_t i = 0; i < n - 1; i++) {
        sum += sorted[i].weight;
        if (sum < wanted - rounding) continue;
        bool exact = sum <= wanted + rounding;
        return average && exact ? sorted[i].x / 2 + sorted[i + 1].x / 2 : sorted[i].x;
    }
    return sorted[n - 1].x;
}

/* `place` counts from one. */
static double of_line(const weighed *sorted, int64_t n, double place)
{
    double whole = floor(place + 4 * DBL_EPSILON * (double)n), part = fmax(place - whole, 0);
    if (part < 4 * DBL_EPSILON * (double)n) part = 0;
    if (whole < 1) return sorted[0].x;
    if (whole >= (double)n) return sorted[n - 1].x;
    int64_t k = (int64_t)whole - 1;
    return part == 0 ? sorted[k].x : (1 - part) * sorted[k].x + part * sorted[k + 1].x;
}

temoin_status tm_sample_quantile(temoin_context *ctx, const double *x, const double *weight, int64_t n, double tau,
                                 int32_t type, double *out)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    weighed *sorted;
    TM_SCRATCH(ctx, sorted, n);
    for (int64_t i = 0; i < n; i++) sorted[i] = (weighed){x[i], weight ? weight[i] : 1};
    qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    if (type <= 2)
        *out = of_steps(sorted, n, tau, type == 2);
    else if (weight)
        *out = NAN;
    else
        *out = of_line(sorted, n, type == 6 ? tau * ((double)n + 1) : 1 + tau * ((double)n - 1));
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
