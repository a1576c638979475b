/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/intraclass_likelihood.h"

#include <math.h>

#include "moments/random_intercept.h"
#include "numeric/distributions.h"
#include "numeric/elementary.h"

static double excess_of(double value, double limit)
{
    return isnan(value) ? INFINITY : value - limit;
}

/* The end between `inside`, whose criterion is below the limit, and `outside`: by secants that keep both sides (the
 * Illinois rule), and by halving where they stall. */
static temoin_status find_end(temoin_context *ctx, const tm_profile *profile, double limit, double inside,
                              double outside, double *end)
{
    double below = profile->least - limit, above, value;
    int side = 0;
    TM_TRY(profile->criterion(ctx, profile, outside, &value));
    above = excess_of(value, limit);
    for (int step = 0; step < 100 && fabs(outside - inside) > 1e-12 * fmax(fabs(inside), 1e-3); step++) {
        const double secant = inside + (outside - inside) * below / (below - above);
        const double x = step % 4 == 3 || isinf(above) ? inside + (outside - inside) / 2 : secant;
        TM_TRY(profile->criterion(ctx, profile, x, &value));
        const double excess = excess_of(value, limit);
        if (fabs(excess) < 1e-12) {
            *end = x;
            return TEMOIN_OK;
        }
        if (excess < 0) {
            inside = x, below = excess, above /= side < 0 ? 2 : 1, side = -1;
        } else {
            outside = x, above = excess, below /= side > 0 ? 2 : 1, side = 1;
        }
    }
    *end = inside;
    return TEMOIN_OK;
}

temoin_status tm_profile_finish(temoin_context *ctx, const tm_profile *profile, double level,
                                tm_intraclass_likelihood *out)
{
    const double z = tm_normal_quantile((1 + level) / 2), limit = profile->least + z * z;
    double none, outside = profile->icc, value = -INFINITY;
    TM_TRY(profile->criterion(ctx, profile, 0, &none));
    out->p = out->at_zero ? 1 : tm_chi2_upper(fmax(0, none - profile->least), 1) / 2;
    out->interval = (tm_interval){0, 1};
    if (none > limit) TM_TRY(find_end(ctx, profile, limit, profile->icc, 0, &out->interval.low));
    while (value <= limit && outside < profile->most) {
        outside = fmin(profile->most, outside + (1 - outside) / 2);
        TM_TRY(profile->criterion(ctx, profile, outside, &value));
    }
    return value <= limit ? TEMOIN_OK : find_end(ctx, profile, limit, profile->icc, outside, &out->interval.high);
}

/* The columns of X are the arms, each of length one; outcomes have lost the mean of their arm already. */
static temoin_status build_moments(temoin_context *ctx, const tm_worker_groups *groups, tm_random_moments *out)
{
    const int32_t arms = groups->n_arms, dim = arms + 1;
    double *gram, *sum;
    int64_t *at;
    int32_t *column;
    TM_SCRATCH(ctx, gram, (int64_t)dim * dim);
    TM_SCRATCH(ctx, sum, 2 * (int64_t)groups->n_groups);
    TM_SCRATCH(ctx, column, 2 * (int64_t)groups->n_groups);
    TM_SCRATCH(ctx, at, (int64_t)groups->n_groups + 1);
    *out = (tm_random_moments){.p = arms, .n_factors = 1, .dim = dim, .n_levels = groups->n_groups};
    for (int32_t a = 0; a < arms; a++) {
        gram[a * dim + a] = 1;
        out->n += (int64_t)groups->arm_n[a];
        out->log_volume += tm_log(groups->arm_n[a]);
    }
    for (int32_t g = 0; g < groups->n_groups; g++) {
        const double m = groups->n[g], mean = groups->mean[g];
        gram[dim * dim - 1] += groups->square[g] + m * mean * mean;
        column[2 * g] = groups->arm[g];
        sum[2 * g] = m / sqrt(groups->arm_n[groups->arm[g]]);
        column[2 * g + 1] = arms;
        sum[2 * g + 1] = m * mean;
        at[g + 1] = 2 * (int64_t)g + 2;
    }
    out->gram = gram, out->size = groups->n, out->at = at, out->column = column, out->sum = sum;
    return TEMOIN_OK;
}

static temoin_status criterion_at(temoin_context *ctx, const tm_profile *profile, double icc, double *value)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const double ratio = icc / (1 - icc);
    TM_TRY(tm_random_criterion(ctx, profile->data, true, &ratio, value));
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

static temoin_status run(temoin_context *ctx, const tm_worker_groups *groups, double level,
                         tm_intraclass_likelihood *out)
{
    const double unit = groups->unit;
    tm_random_moments moments;
    tm_random_fit fit;
    TM_TRY(build_moments(ctx, groups, &moments));
    TM_TRY(tm_random_fit_run(ctx, &moments, true, &fit));
    out->refused = fit.refused;
    if (fit.refused) return TEMOIN_OK;
    out->icc = fit.ratio[0] / (1 + fit.ratio[0]);
    out->between = fit.variance[0] * unit * unit;
    out->within = fit.residual * unit * unit;
    out->at_zero = fit.at_zero[0];
    out->criterion = fit.criterion + 2 * tm_log(unit) * (double)(moments.n - moments.p);
    const tm_profile profile = {criterion_at, &moments, out->icc, fit.criterion, 1 - 1e-9};
    return tm_profile_finish(ctx, &profile, level, out);
}

temoin_status tm_intraclass_reml_run(temoin_context *ctx, const tm_worker_groups *groups, double level,
                                     tm_intraclass_likelihood *out)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    tm_one_way table;
    tm_one_way_init(groups, &table);
    *out = (tm_intraclass_likelihood){.refused = tm_intraclass_refuses(groups, &table),
                                      .icc = NAN,
                                      .between = NAN,
                                      .within = NAN,
                                      .criterion = NAN,
                                      .interval = {NAN, NAN},
                                      .p = NAN};
    if (!out->refused) TM_TRY(run(ctx, groups, level, out));
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
