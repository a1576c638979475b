/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/bootstrap.h"

#include <math.h>

#include "inference/bootstrap_draws.h"

/* A part of the effect's direction that is smaller than this, relative to all of it, is rounding. */
static const double direction_tolerance = 1e-8;

const char *const tm_bootstrap_cites =
    "Cameron, Gelbach & Miller 2008; Roodman, MacKinnon, Nielsen & Webb 2019; MacKinnon, Nielsen & Webb 2023";

typedef struct counts {
    int64_t at_least, above;       /* |t*| >= |t|, |t*| > |t| */
    int64_t not_below, not_beyond; /* t* >= t, t* <= t */
} counts;

/* |t*| sqrt(D) against |t| sqrt(D): no division, as D may be zero. */
static counts count_draws(const tm_bootstrap_draws *draws, double t)
{
    counts c = {0};
    for (int64_t d = 0; d < draws->n; d++) {
        double numerator = draws->n0[d] + draws->n1[d] * t;
        double squared = draws->d00[d] + t * (2 * draws->d01[d] + t * draws->d11[d]);
        double reach = t * sqrt(fmax(squared, 0)), slack = TM_BOOTSTRAP_TIE * fabs(reach);
        bool high = numerator >= reach - slack, low = numerator <= reach + slack;
        bool mirror_high = -numerator >= reach - slack, mirror_low = -numerator <= reach + slack;
        c.at_least += fabs(numerator) >= fabs(reach) - slack;
        c.above += fabs(numerator) > fabs(reach) + slack;
        c.not_below += high + (draws->copies == 2 && mirror_high);
        c.not_beyond += low + (draws->copies == 2 && mirror_low);
    }
    c.at_least *= draws->copies;
    c.above *= draws->copies;
    return c;
}

static double share(const tm_bootstrap_draws *draws, int64_t count, bool never_zero)
{
    double n = (double)(draws->n * draws->copies);
    if (!draws->enumerated) return ((double)count + 1) / (n + 1);
    return count == 0 && never_zero ? 1 / n : (double)count / n;
}

/* The smallest count whose p is above alpha. */
static int64_t smallest_count(const tm_bootstrap_draws *draws, double alpha)
{
    double n = (double)(draws->n * draws->copies), edge = alpha * (draws->enumerated ? n : n + 1);
    int64_t count = (int64_t)floor(edge * (1 + 1e-12)) + 1;
    return draws->enumerated ? count : count - 1;
}

static temoin_status finish(temoin_context *ctx, const tm_bootstrap_draws *draws, double value, double root,
                            const tm_bootstrap_options *options, tm_bootstrap *out)
{
    double below, above, t = (value - options->null_value) / root;
    counts c = count_draws(draws, t);
    int64_t needed = smallest_count(draws, 1 - options->level);
    out->statistic = t;
    out->p = share(draws, c.at_least, true);
    out->p_strict = share(draws, c.above, false);
    out->p_equal_tail = fmin(1, 2 * share(draws, c.not_below < c.not_beyond ? c.not_below : c.not_beyond, true));
    TM_TRY(tm_bootstrap_bound(ctx, draws, 1, needed, &below, &out->disjoint));
    TM_TRY(tm_bootstrap_bound(ctx, draws, -1, needed, &above, &out->disjoint));
    out->ci_low = value - root * below; /* an effect below the estimate leaves a δ above zero */
    out->ci_high = value + root * above;
    out->enumerated = draws->enumerated;
    out->n_draws = draws->n * draws->copies;
    return TEMOIN_OK;
}

static void refuse(tm_bootstrap *out, const char *note)
{
    *out = (tm_bootstrap){NAN, NAN, NAN, NAN, NAN, NAN, false, false, 0, note};
}

temoin_status tm_bootstrap_run(temoin_context *ctx, const tm_fit *fit, int32_t contrast,
                               const tm_bootstrap_options *options, tm_bootstrap *out)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    tm_bootstrap_parts parts;
    tm_bootstrap_draws draws;
    const double *l = fit->basis + (int64_t)contrast * fit->n_parameters;
    double square = 0;
    *out = (tm_bootstrap){0};
    for (int32_t k = 0; k < fit->n_parameters; k++) square += l[k] * l[k];
    TM_TRY(tm_bootstrap_parts_build(ctx, fit, contrast, options, &parts));
    if (parts.lost > direction_tolerance * sqrt(square))
        refuse(out, "cluster_leverage_one");
    else {
        TM_TRY(tm_bootstrap_draws_build(ctx, &parts, options, &draws));
        TM_TRY(finish(ctx, &draws, fit->value[contrast], sqrt(parts.variance), options, out));
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
