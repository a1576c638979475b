/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/tipping.h"

#include <math.h>

#include "moments/leverage.h"
#include "numeric/distributions.h"

/* Sums over clients, and over the clients of each worker, of one arm. */
typedef struct arm_sums {
    double n, weight, square, variance, freedom, df; /* Σ1, Σw, Σw², Σ w e², Σ w (1-h), Σ (1-h) */
    double shared;                                   /* Σ_worker (Σw)² */
    double two, three;                               /* Σm², Σm³ */
    int64_t n_clusters, n_workers;
} arm_sums;

static void add_cluster(const tm_fit *fit, const double *h, int32_t g, bool is_worker, int32_t arm, arm_sums *sums)
{
    const tm_cluster cluster = tm_cluster_view(fit, g);
    double m = 0, weight = 0;
    for (int64_t i = cluster.start; i < cluster.start + cluster.n; i++) {
        if (fit->arm[i] != arm) continue;
        const double w = fit->root_weight ? fit->root_weight[i] * fit->root_weight[i] : 1;
        m++;
        weight += w;
        sums->square += w * w;
        sums->variance += fit->residual[i] * fit->residual[i];
        sums->freedom += w * (1 - h[i]);
        sums->df += 1 - h[i];
    }
    sums->n += m;
    sums->weight += weight;
    sums->shared += weight * weight;
    sums->two += m * m;
    sums->three += m * m * m;
    sums->n_clusters += m > 0;
    sums->n_workers += is_worker && m > 0;
}

static tm_tipping_arm finish_arm(const arm_sums *s)
{
    tm_tipping_arm arm = {.n = s->weight * s->weight / s->square,
                          .variance = s->variance / s->freedom,
                          .weighted = s->shared / s->square,
                          .df = s->df,
                          .n_workers = s->n_workers};
    const double mean = s->two / s->n;
    if (s->n_clusters > 1) {
        arm.t1 = (s->n - mean) / (s->n - 1);
        arm.t2 = (s->two - 2 * s->three / s->n + mean * mean) / (s->n - 1);
    }
    return arm;
}

temoin_status tm_tipping_arms_build(temoin_context *ctx, const tm_fit *fit, const tm_provider_sample *by_worker,
                                    const int32_t *arms, tm_tipping *out)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    double *h;
    TM_SCRATCH(ctx, h, fit->n);
    tm_row_leverage(ctx, fit, h);
    for (int a = 0; a < 2; a++) {
        arm_sums sums = {0};
        for (int32_t g = 0; g < fit->n_clusters; g++) add_cluster(fit, h, g, g < by_worker->n_workers, arms[a], &sums);
        out->arm[a] = finish_arm(&sums);
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

static double arm_df(const tm_tipping_arm *arm, double rho)
{
    const double own = 1 - rho, trace = own + rho * arm->t1;
    if (arm->t1 == 0) return arm->df;
    return arm->df * trace * trace / (own * own + 2 * rho * own * arm->t1 + rho * rho * arm->t2);
}

void tm_tipping_at(const tm_tipping *tipping, double rho, tm_tipping_interval *out)
{
    double variance = 0, parts = 0;
    *out = (tm_tipping_interval){NAN, NAN, NAN, NAN, NAN};
    for (int a = 0; a < 2; a++) {
        const tm_tipping_arm *arm = &tipping->arm[a];
        const double v = arm->variance / arm->n * (1 + (arm->weighted - 1) * rho);
        variance += v;
        if (v > 0) parts += v * v / arm_df(arm, rho);
    }
    const double se = sqrt(variance), df = variance * variance / parts;
    if (!(variance > 0) || !(df > 0)) return;
    const double half = tm_student_quantile(0.5 + tipping->level / 2, df) * se;
    out->se = se * tipping->unit;
    out->df = df;
    out->low = (tipping->value - half) * tipping->unit;
    out->high = (tipping->value + half) * tipping->unit;
    out->p = tm_student_p_two_sided(tipping->value / se, df);
}

double tm_tipping_grid(int i)
{
    const double at = (double)i / (TM_TIPPING_GRID - 1);
    return at * at;
}

/* By how much the effect exceeds the half width of the interval; NaN where there is none. */
static double room_left(const tm_tipping *tipping, double rho)
{
    tm_tipping_interval at;
    tm_tipping_at(tipping, rho, &at);
    return tipping->value < 0 ? -at.high : at.low;
}

static double bisect(const tm_tipping *tipping, double low, double high)
{
    for (double middle = low + (high - low) / 2; low < middle && middle < high; middle = low + (high - low) / 2)
        if (room_left(tipping, middle) > 0)
            low = middle;
        else
            high = middle;
    return high;
}

const char *tm_tipping_find(const tm_tipping *tipping, double *rho)
{
    const double first = room_left(tipping, 0);
    *rho = NAN;
    if (isnan(first)) return "no_variation";
    if (!(first > 0)) return "touches_zero";
    if (tipping->arm[0].weighted <= 1 && tipping->arm[1].weighted <= 1) return "every_worker_one_client";
    for (int i = 1; i < TM_TIPPING_GRID; i++) {
        if (room_left(tipping, tm_tipping_grid(i)) > 0) continue;
        *rho = bisect(tipping, tm_tipping_grid(i - 1), tm_tipping_grid(i));
        return NULL;
    }
    return "holds_everywhere";
}
