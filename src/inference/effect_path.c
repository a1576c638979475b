/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/effect_path.h"

#include <math.h>

#include "inference/effects_correlation.h"
#include "numeric/distributions.h"
#include "numeric/multivariate_t.h"

enum { MOST_STEPS = 40 };
/* Of the tail's probability, which is known to some five digits. */
static const double tail_tolerance = 1e-7;

/* The effects of one contrast that have a standard error. */
typedef struct path {
    int32_t n;
    const int32_t *at;         /* [n] among all effects */
    const double *correlation; /* [n * n] */
    double df;
} path;

static temoin_status gather(temoin_context *ctx, const tm_effect *effect, const double *correlation, int32_t n_all,
                            int32_t first, int32_t step, path *out)
{
    int32_t *at;
    double *own;
    *out = (path){.df = INFINITY};
    TM_SCRATCH(ctx, at, n_all);
    for (int32_t k = first; k < n_all; k += step) {
        if (isnan(effect[k].se)) continue;
        at[out->n++] = k;
        out->df = fmin(out->df, effect[k].df);
    }
    TM_SCRATCH(ctx, own, (int64_t)out->n * out->n);
    for (int32_t i = 0; i < out->n; i++)
        for (int32_t j = 0; j < out->n; j++) {
            const double r = correlation[(int64_t)at[i] * n_all + at[j]];
            own[i * out->n + j] = i == j ? 1 : isnan(r) ? 0 : r;
        }
    out->at = at;
    out->correlation = own;
    return TEMOIN_OK;
}

/* The t whose tail is alpha, between that of one effect and Bonferroni's, by false position on the excess of the tail
 * (Illinois: an end that stays twice counts half). */
static temoin_status find_critical(temoin_context *ctx, const path *p, double alpha, double *out)
{
    double low = -tm_student_quantile(alpha / 2, p->df), high = -tm_student_quantile(alpha / 2 / p->n, p->df);
    double above, below, tail;
    int stays = 0;
    *out = high;
    if (p->n == 1) return TEMOIN_OK;
    TM_TRY(tm_multivariate_t_tail(ctx, p->correlation, p->n, low, p->df, &above));
    TM_TRY(tm_multivariate_t_tail(ctx, p->correlation, p->n, high, p->df, &below));
    above -= alpha;
    below -= alpha;
    if (above <= 0) *out = low;
    if (above <= 0 || below >= 0) return TEMOIN_OK;
    for (int step = 0; step < MOST_STEPS; step++) {
        *out = (low * below - high * above) / (below - above);
        TM_TRY(tm_multivariate_t_tail(ctx, p->correlation, p->n, *out, p->df, &tail));
        tail -= alpha;
        if (fabs(tail) <= tail_tolerance * alpha) return TEMOIN_OK;
        if (tail > 0) {
            low = *out, above = tail;
            if (stays == 1) below /= 2;
            stays = 1;
        } else {
            high = *out, below = tail;
            if (stays == -1) above /= 2;
            stays = -1;
        }
    }
    return TEMOIN_OK;
}

static temoin_status band_path(temoin_context *ctx, const path *p, const tm_effect *effect, double level, tm_band *out)
{
    double critical;
    TM_TRY(find_critical(ctx, p, 1 - level, &critical));
    for (int32_t i = 0; i < p->n; i++) {
        const tm_effect *e = &effect[p->at[i]];
        tm_band *band = &out[p->at[i]];
        const double own = -tm_student_quantile((1 - level) / 2, e->df);
        const double half = fmax(critical, own) * e->se;
        TM_TRY(tm_multivariate_t_tail(ctx, p->correlation, p->n, fabs(e->statistic), p->df, &band->p));
        band->p = fmin(fmin(fmax(band->p, e->p), e->p * p->n), 1);
        band->low = e->value - half;
        band->high = e->value + half;
    }
    return TEMOIN_OK;
}

temoin_status tm_effect_path_bands(temoin_context *ctx, const tm_sample *sample, const tm_estimator *estimator,
                                   const tm_variance *variance, const double *arm_weight, int32_t n_contrasts,
                                   int32_t n_paths, double level, const tm_effect *effect, tm_band *out)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    double *correlation;
    for (int32_t k = 0; k < n_contrasts; k++) out[k] = (tm_band){NAN, NAN, NAN};
    TM_SCRATCH(ctx, correlation, (int64_t)n_contrasts * n_contrasts);
    TM_TRY(tm_effects_correlation(ctx, sample, estimator, variance, arm_weight, n_contrasts, correlation));
    for (int32_t first = 0; first < n_paths; first++) {
        path p;
        TM_TRY(gather(ctx, effect, correlation, n_contrasts, first, n_paths, &p));
        if (p.n > 0) TM_TRY(band_path(ctx, &p, effect, level, out));
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
