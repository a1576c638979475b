/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/invert_estimate.h"

#include <math.h>

#include "inference/inversion.h"
#include "inference/invert_ranks.h"
#include "inference/randomize_sums.h"

/* Where each draw is a fit, and a draw takes five of them, so many redraws are enough: the error of an end is then some
 * hundredth of the interval. */
enum { FITTED_DRAWS = 1000 };

static double value_of(const tm_effect *effect)
{
    return effect->value;
}

static double standard_error_of(const tm_effect *effect)
{
    return effect->se;
}

/* Not tests by themselves, and so in no registry: the two parts of the studentized effect. */
static const tm_statistic difference = {.key = "difference", .affine = true, .in_units = true, .of_effect = value_of};
static const tm_statistic standard_error = {
    .key = "standard_error", .in_units = true, .needs_se = true, .of_effect = standard_error_of};

/* The rows' outcomes as the hypotheses move them. */
typedef struct moved {
    temoin_context *ctx;
    tm_randomization_request request; /* of `sample`, with a statistic of ours */
    tm_sample sample;                 /* with `y` */
    const tm_randomization_request *asked;
    int64_t n_draws;
    double *z; /* [n] what a unit of the effect adds */
    double *y; /* [n] */
} moved;

static temoin_status build_moved(temoin_context *ctx, const tm_randomization_request *asked, moved *m)
{
    const tm_sample *sample = asked->sample;
    double square = 0;
    *m = (moved){.ctx = ctx, .request = *asked, .sample = *sample, .asked = asked};
    TM_SCRATCH(ctx, m->z, sample->n);
    TM_SCRATCH(ctx, m->y, sample->n);
    for (int32_t a = 0; a < sample->n_arms; a++) square += asked->arm_weight[a] * asked->arm_weight[a];
    for (int64_t i = 0; i < sample->n; i++)
        if (tm_panel_is_about(sample->panel, 0, i)) m->z[i] = asked->arm_weight[sample->arm[i]] / square;
    m->sample.y = m->y;
    m->request.sample = &m->sample;
    m->n_draws = asked->source->n_draws;
    if (!asked->source->exact && m->n_draws > FITTED_DRAWS && !tm_randomize_sums_serve(asked))
        m->n_draws = FITTED_DRAWS;
    return TEMOIN_OK;
}

/* y becomes of_y y + of_z z. */
static void set_outcome(moved *m, double of_y, double of_z)
{
    for (int64_t i = 0; i < m->sample.n; i++) m->y[i] = of_y * m->asked->sample->y[i] + of_z * m->z[i];
}

static temoin_status observe(moved *m, const tm_statistic *statistic, double *out)
{
    m->request.statistic = statistic;
    return tm_randomization_observe(m->ctx, &m->request, out);
}

static temoin_status draw_all(moved *m, const tm_statistic *statistic, double *out)
{
    m->request.statistic = statistic;
    return tm_randomization_draws(m->ctx, &m->request, 0, m->n_draws, (double *const[]){out});
}

/* V(y - u z) = v0 + v1 u + v2 u² from the standard errors of y, z and y - z. Where z is all that the draw's own arms
 * say, as in the trial's assignment and its mirror, it has no standard error, and moves none. */
static void join_variances(const double *of_y, const double *of_z, const double *of_both, int64_t n, double *variance)
{
    for (int64_t r = 0; r < n; r++) {
        const double v0 = of_y[r] * of_y[r], v2 = of_z[r] * of_z[r], both = of_both[r] * of_both[r];
        variance[3 * r] = v0;
        variance[3 * r + 1] = isnan(v2) ? 0 : both - v0 - v2;
        variance[3 * r + 2] = isnan(v2) ? 0 : v2;
    }
}

static temoin_status find_variances(moved *m, double per_scale, double estimate, double unit_z, double **out)
{
    temoin_context *ctx = m->ctx;
    const int64_t n = m->n_draws;
    double *of_y, *of_z, *of_both;
    TM_SCRATCH(ctx, *out, 3 * n);
    TM_SCRATCH(ctx, of_y, n);
    TM_SCRATCH(ctx, of_z, n);
    TM_SCRATCH(ctx, of_both, n);
    set_outcome(m, per_scale, -estimate * per_scale);
    TM_TRY(draw_all(m, &standard_error, of_y));
    set_outcome(m, 0, unit_z);
    TM_TRY(draw_all(m, &standard_error, of_z));
    set_outcome(m, per_scale, -estimate * per_scale - unit_z);
    TM_TRY(draw_all(m, &standard_error, of_both));
    join_variances(of_y, of_z, of_both, n, *out);
    return TEMOIN_OK;
}

/* *known: the trial's own statistic is a number, and so there is a set. */
static temoin_status invert(moved *m, double level, double *estimate, double *scale, tm_effect_set *set, bool *known)
{
    temoin_context *ctx = m->ctx;
    const int64_t n = m->n_draws;
    const bool studentized = m->asked->statistic->needs_se;
    double a, b, se, *value, *slope, *variance = NULL;
    set_outcome(m, 1, 0);
    TM_TRY(observe(m, &difference, &a));
    se = tm_randomization_unit(&difference, &m->sample);
    if (studentized) TM_TRY(observe(m, &standard_error, &se));
    set_outcome(m, 0, 1);
    TM_TRY(observe(m, &difference, &b));
    *known = isfinite(a) && fabs(b) > 0 && se > 0;
    if (!*known) return TEMOIN_OK;
    *estimate = a / b;
    *scale = se / fabs(b);
    TM_SCRATCH(ctx, value, n);
    TM_SCRATCH(ctx, slope, n);
    set_outcome(m, 1 / se, -*estimate / se);
    TM_TRY(draw_all(m, &difference, value));
    set_outcome(m, 0, 1 / fabs(b));
    TM_TRY(draw_all(m, &difference, slope));
    if (studentized) TM_TRY(find_variances(m, 1 / se, *estimate, 1 / fabs(b), &variance));
    const tm_inversion in = {n, value, slope, variance, m->asked->source->probability, m->asked->source->exact, level};
    return tm_inversion_run(ctx, &in, set);
}

static void fill_row(double low, double high, bool disjoint, tm_notes *notes, temoin_row *row)
{
    if (!isinf(low)) row->ci_randomization_low = low;
    if (!isinf(high)) row->ci_randomization_high = high;
    if (isinf(low) || isinf(high)) tm_notes_add(notes, "interval_unbounded");
    if (disjoint) tm_notes_add(notes, "interval_disjoint");
}

/* Nobody's yes can be shifted by a part of a yes. */
static bool has_two_values(const tm_sample *sample)
{
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < sample->n; i++) {
        low = fmin(low, sample->y[i]);
        high = fmax(high, sample->y[i]);
    }
    for (int64_t i = 0; i < sample->n; i++)
        if (sample->y[i] != low && sample->y[i] != high) return false;
    return true;
}

/* Shifts of the outcome mean nothing to estimators of other units. */
static temoin_status invert_ranks(temoin_context *ctx, const tm_randomization_request *request, double level,
                                  tm_notes *notes, temoin_row *row)
{
    const tm_estimator *estimator = request->estimator;
    tm_rank_shifts shifts;
    if (has_two_values(request->sample)) return TEMOIN_OK;
    if (estimator->unit != TM_UNIT_OF_MEASURE || estimator->outcome != TM_OUTCOME_ANY || estimator->instrumented)
        return TEMOIN_OK;
    TM_TRY(tm_rank_shifts_find(ctx, request, level, &shifts));
    if (isnan(shifts.value)) return TEMOIN_OK;
    row->value_randomization = shifts.value;
    fill_row(shifts.low, shifts.high, shifts.disjoint, notes, row);
    if (shifts.n_draws < request->source->n_draws) tm_notes_add_count(notes, "interval_redraws", shifts.n_draws);
    return TEMOIN_OK;
}

temoin_status tm_estimate_invert(temoin_context *ctx, const tm_randomization_request *request, double level,
                                 tm_notes *notes, temoin_row *row)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const tm_statistic *statistic = request->statistic;
    const bool linear = request->estimator->build && !request->estimator->instrumented;
    tm_effect_set set;
    double estimate, scale;
    bool known;
    moved m;
    if (statistic->ranked) return invert_ranks(ctx, request, level, notes, row);
    if (!statistic->of_effect || !linear || !(statistic->affine || statistic->needs_se)) return TEMOIN_OK;
    TM_TRY(build_moved(ctx, request, &m));
    TM_TRY(invert(&m, level, &estimate, &scale, &set, &known));
    if (known) {
        fill_row(estimate + scale * set.low, estimate + scale * set.high, set.disjoint, notes, row);
        if (m.n_draws < request->source->n_draws) tm_notes_add_count(notes, "interval_redraws", m.n_draws);
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
