/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/invert_ranks.h"

#include <math.h>
#include <stdlib.h>

#include "inference/randomize_sums.h"

enum { SWEPT_MOST = 64, PROBES = 3, FITTED_DRAWS = 1000, SUMMED_DRAWS = 200 };

static const double kept_most = 4e7; /* arms of all draws, a byte each */
static const double asked_most = 5e8;
static const double same_difference = 1e-10; /* of the range */
static const double same_slope = 1e-12;
static const double rounding = 1e-12; /* of p, and of the statistic where it is zero */

/* Rows that a shift moves alike, from the smallest up. */
typedef struct group {
    double slope;
    int64_t n;
    double *x;
} group;

typedef struct ranking {
    temoin_context *ctx;
    tm_randomization_request request; /* of `sample` */
    tm_sample sample;                 /* with `y` */
    const double *observed_y;
    double *y, *z, *score; /* [n] */
    group *groups;
    int32_t n_groups;
    double first, last; /* differences */
    double least;       /* a piece is wider */
    int64_t n_draws;
    int8_t *arm;       /* [n_draws * n] of every draw; NULL: asked for again */
    double *statistic; /* [n_draws] */
    double *number, *sum;
    double level;
} ranking;

/* What is true of a piece, asked somewhere inside of it. */
typedef temoin_status question(ranking *r, double shift, bool *yes);

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Takes the stratum's means out of y and z, as the statistic will. */
static temoin_status align(const ranking *r, double *x, double *slope)
{
    temoin_context *ctx = r->ctx;
    const tm_sample *s = &r->sample;
    const bool aligned = r->request.statistic->ranked == TM_RANKED_ALIGNED;
    double *mean, *mean_z, *n;
    TM_SCRATCH(ctx, mean, s->n_strata);
    TM_SCRATCH(ctx, mean_z, s->n_strata);
    TM_SCRATCH(ctx, n, s->n_strata);
    for (int64_t i = 0; i < s->n; i++) {
        mean[s->stratum[i]] += r->observed_y[i];
        mean_z[s->stratum[i]] += r->z[i];
        n[s->stratum[i]]++;
    }
    for (int64_t i = 0; i < s->n; i++) {
        const int32_t k = s->stratum[i];
        x[i] = r->observed_y[i] - (aligned ? mean[k] / n[k] : 0);
        slope[i] = r->z[i] - (aligned ? mean_z[k] / n[k] : 0);
    }
    return TEMOIN_OK;
}

static temoin_status build_groups(ranking *r)
{
    temoin_context *ctx = r->ctx;
    const tm_sample *s = &r->sample;
    const bool aligned = r->request.statistic->ranked == TM_RANKED_ALIGNED;
    double *x, *slope;
    r->n_groups = s->n_arms * (aligned ? s->n_strata : 1);
    TM_SCRATCH(ctx, x, s->n);
    TM_SCRATCH(ctx, slope, s->n);
    TM_SCRATCH(ctx, r->groups, r->n_groups);
    TM_TRY(align(r, x, slope));
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t i = 0; i < s->n; i++) {
            group *g = &r->groups[s->arm[i] + (aligned ? s->stratum[i] * s->n_arms : 0)];
            if (pass) g->x[g->n] = x[i], g->slope = slope[i];
            g->n++;
        }
        for (int32_t k = 0; !pass && k < r->n_groups; k++) {
            TM_SCRATCH(ctx, r->groups[k].x, r->groups[k].n);
            r->groups[k].n = 0;
        }
    }
    for (int32_t k = 0; k < r->n_groups; k++)
        qsort(r->groups[k].x, (size_t)r->groups[k].n, sizeof *r->groups[k].x, by_size);
    return TEMOIN_OK;
}

static void look_at_pair(const group *g, const group *h, double shift, double *below, double *above)
{
    const double apart = g->slope - h->slope;
    int64_t i = 0;
    for (int64_t j = 0; j < h->n; j++) {
        while (i < g->n && (g->x[i] - h->x[j]) / apart <= shift) i++;
        if (i > 0) *below = fmax(*below, (g->x[i - 1] - h->x[j]) / apart);
        if (i < g->n) *above = fmin(*above, (g->x[i] - h->x[j]) / apart);
    }
}

/* The differences around a shift; one that is met is below. */
static void look_around(const ranking *r, double shift, double *below, double *above)
{
    *below = -INFINITY, *above = INFINITY;
    for (int32_t g = 0; g < r->n_groups; g++)
        for (int32_t h = 0; h < r->n_groups; h++)
            if (r->groups[g].slope - r->groups[h].slope > same_slope)
                look_at_pair(&r->groups[g], &r->groups[h], shift, below, above);
}

static double inside(const ranking *r, double below, double above)
{
    if (isinf(below)) return above - (r->last - r->first) - 1;
    return isinf(above) ? below + (r->last - r->first) + 1 : below + (above - below) / 2;
}

/* From `out`, where the answer is no, to `in`, where it is yes, both differences: the difference at which it turns. */
static temoin_status turn_between(ranking *r, double out, double in, question *ask, double *turn)
{
    while (fabs(in - out) > r->least) {
        double middle = out + (in - out) / 2, below, above;
        bool yes;
        look_around(r, middle, &below, &above);
        if (above - below <= r->least)
            below = above = middle;
        else
            middle = below + (above - below) / 2;
        TM_TRY(ask(r, middle, &yes));
        if (in > out && yes)
            in = fmax(below, out);
        else if (in > out)
            out = fmin(above, in);
        else if (yes)
            in = fmin(above, out);
        else
            out = fmax(below, in);
    }
    *turn = in;
    return TEMOIN_OK;
}

static temoin_status observe(ranking *r, double shift, double *value)
{
    for (int64_t i = 0; i < r->sample.n; i++) r->y[i] = r->observed_y[i] - shift * r->z[i];
    TM_TRY(r->request.statistic->score(r->ctx, &r->sample, r->score));
    return tm_randomization_value(r->ctx, &r->request, &r->sample, r->score, value);
}

static temoin_status is_not_above(ranking *r, double shift, bool *yes)
{
    double value;
    TM_TRY(observe(r, shift, &value));
    *yes = value <= rounding * (double)r->sample.n;
    return TEMOIN_OK;
}

static temoin_status is_below(ranking *r, double shift, bool *yes)
{
    double value;
    TM_TRY(observe(r, shift, &value));
    *yes = value < -rounding * (double)r->sample.n;
    return TEMOIN_OK;
}

/* The statistics of all draws, from the arms that are kept. */
static void sum_draws(ranking *r)
{
    const int32_t n_arms = r->sample.n_arms;
    for (int64_t d = 0; d < r->n_draws; d++) {
        const int8_t *arm = r->arm + d * r->sample.n;
        for (int32_t a = 0; a < n_arms; a++) r->number[a] = r->sum[a] = 0;
        for (int64_t i = 0; i < r->sample.n; i++) {
            if (arm[i] < 0) continue;
            r->number[arm[i]]++;
            r->sum[arm[i]] += r->score[i];
        }
        r->statistic[d] = r->request.statistic->of_sums(n_arms, r->number, r->sum, r->request.arm_weight);
    }
}

static temoin_status is_kept(ranking *r, double shift, bool *yes)
{
    const tm_arm_source *source = r->request.source;
    const double *probability = source->exact ? source->probability : NULL;
    double observed, extreme = source->exact ? 0 : 1, total = extreme;
    TM_TRY(observe(r, shift, &observed));
    if (r->arm)
        sum_draws(r);
    else
        TM_TRY(tm_randomization_draws(r->ctx, &r->request, 0, r->n_draws, &r->statistic));
    for (int64_t d = 0; d < r->n_draws; d++) {
        const double weight = probability ? probability[d] : 1;
        total += weight;
        if (tm_randomization_is_extreme(r->statistic[d], observed, 1, r->request.tolerance)) extreme += weight;
    }
    *yes = isnan(observed) || extreme > (1 - r->level + rounding) * total;
    return TEMOIN_OK;
}

static temoin_status keep_arms(ranking *r)
{
    temoin_context *ctx = r->ctx;
    const tm_arm_source *source = r->request.source;
    const int64_t n = r->sample.n;
    tm_drawn_rows rows = {.arm = NULL};
    void *room;
    TM_SCRATCH(ctx, r->arm, r->n_draws * n);
    TM_SCRATCH(ctx, rows.arm, n);
    if (source->moves_clusters) TM_SCRATCH(ctx, rows.cluster, n);
    if (source->moves_weights) TM_SCRATCH(ctx, rows.weight, n);
    TM_TRY(source->open(ctx, source, &room));
    for (int64_t d = 0; d < r->n_draws; d++) {
        TM_TRY(source->draw(ctx, source, room, d, &rows));
        for (int64_t i = 0; i < n; i++) r->arm[d * n + i] = (int8_t)rows.arm[i];
    }
    return TEMOIN_OK;
}

/* How many draws are asked each time, and whether their arms are kept. */
static temoin_status prepare_draws(ranking *r)
{
    temoin_context *ctx = r->ctx;
    const tm_arm_source *source = r->request.source;
    const double n = (double)r->sample.n;
    r->n_draws = source->n_draws;
    const bool kept = r->sample.n_arms < 128 && n * (double)r->n_draws <= kept_most;
    if (!kept && !source->exact) {
        const int64_t most =
            tm_randomize_sums_serve(&r->request) ? (int64_t)fmax(SUMMED_DRAWS, asked_most / n) : FITTED_DRAWS;
        if (r->n_draws > most) r->n_draws = most;
    }
    TM_SCRATCH(ctx, r->statistic, r->n_draws);
    TM_SCRATCH(ctx, r->number, r->sample.n_arms);
    TM_SCRATCH(ctx, r->sum, r->sample.n_arms);
    return kept ? keep_arms(r) : TEMOIN_OK;
}

static temoin_status build_ranking(temoin_context *ctx, const tm_randomization_request *request, ranking *r)
{
    const tm_sample *sample = request->sample;
    double square = 0, largest = 0, none;
    TM_SCRATCH(ctx, r->y, sample->n);
    TM_SCRATCH(ctx, r->z, sample->n);
    TM_SCRATCH(ctx, r->score, sample->n);
    for (int32_t a = 0; a < sample->n_arms; a++) square += request->arm_weight[a] * request->arm_weight[a];
    for (int64_t i = 0; i < sample->n; i++) {
        r->z[i] = request->arm_weight[sample->arm[i]] / square;
        largest = fmax(largest, fabs(sample->y[i]));
    }
    r->sample.y = r->y;
    r->request.sample = &r->sample;
    TM_TRY(build_groups(r));
    look_around(r, -INFINITY, &none, &r->first);
    look_around(r, INFINITY, &r->last, &none);
    r->least = same_difference * fmax(largest, r->last - r->first);
    return TEMOIN_OK;
}

/* All pieces one after the other, if they are few; else *swept is false. */
static temoin_status sweep(ranking *r, tm_rank_shifts *out, bool *swept)
{
    double edge[SWEPT_MOST + 1] = {-INFINITY, r->first}, below;
    int n = 1;
    for (; n < SWEPT_MOST && !isinf(edge[n]); n++) look_around(r, edge[n] + r->least, &below, &edge[n + 1]);
    *swept = isinf(edge[n]);
    bool open = false, any = false;
    for (int k = 0; *swept && k < n; k++) {
        bool yes;
        TM_TRY(is_kept(r, inside(r, edge[k], edge[k + 1]), &yes));
        if (yes && !any) out->low = edge[k];
        if (yes && any && !open) out->disjoint = true;
        if (yes) out->high = edge[k + 1];
        any |= yes;
        open = yes;
    }
    return TEMOIN_OK;
}

/* Whether pieces beyond the end, and between it and the estimate, are as they should be; *further: one that is in the
 * set beyond the end, NaN: none. */
static temoin_status probe(ranking *r, double value, double end, double outermost, double *further, bool *disjoint)
{
    *further = NAN;
    for (int k = 1; k <= PROBES; k++)
        for (int side = -1; side <= 1; side += 2) {
            const double way = (double)(k * k) / (PROBES * PROBES + 1);
            double at = end + side * way * (end - value), below, above;
            bool yes;
            if (side > 0 && (at - outermost) * (end - value) >= 0) continue;
            look_around(r, at, &below, &above);
            if (above - below > r->least) at = below + (above - below) / 2;
            if ((at - end) * (end - value) * side <= 0) continue;
            TM_TRY(is_kept(r, at, &yes));
            *disjoint |= yes == (side > 0);
            if (yes && side > 0) *further = end > value ? fmin(above, outermost) : fmax(below, outermost);
        }
    return TEMOIN_OK;
}

static temoin_status find_end(ranking *r, double value, double outermost, double unbounded, double *end, bool *disjoint)
{
    double further;
    bool yes;
    *end = unbounded;
    TM_TRY(is_kept(r, unbounded < 0 ? inside(r, -INFINITY, r->first) : inside(r, r->last, INFINITY), &yes));
    if (yes) return TEMOIN_OK;
    TM_TRY(turn_between(r, outermost, value, is_kept, end));
    TM_TRY(probe(r, value, *end, outermost, &further, disjoint));
    return isnan(further) ? TEMOIN_OK : turn_between(r, outermost, further, is_kept, end);
}

static temoin_status find_all(ranking *r, tm_rank_shifts *out)
{
    bool above_first, below_last, swept;
    double from, to;
    TM_TRY(is_not_above(r, inside(r, -INFINITY, r->first), &above_first));
    TM_TRY(is_below(r, inside(r, r->last, INFINITY), &below_last));
    if (above_first || !below_last) return TEMOIN_OK;
    TM_TRY(turn_between(r, r->first, r->last, is_not_above, &from));
    TM_TRY(turn_between(r, r->first, r->last, is_below, &to));
    out->value = from + (to - from) / 2;
    TM_TRY(prepare_draws(r));
    out->n_draws = r->n_draws;
    TM_TRY(sweep(r, out, &swept));
    if (swept) return TEMOIN_OK;
    TM_TRY(find_end(r, out->value, r->first, -INFINITY, &out->low, &out->disjoint));
    return find_end(r, out->value, r->last, INFINITY, &out->high, &out->disjoint);
}

temoin_status tm_rank_shifts_find(temoin_context *ctx, const tm_randomization_request *request, double level,
                                  tm_rank_shifts *out)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    ranking r = {
        .ctx = ctx, .request = *request, .sample = *request->sample, .observed_y = request->sample->y, .level = level};
    *out = (tm_rank_shifts){.value = NAN, .low = NAN, .high = NAN};
    r.request.n_contrasts = 1;
    TM_TRY(build_ranking(ctx, request, &r));
    if (isfinite(r.first) && isfinite(r.last)) TM_TRY(find_all(&r, out));
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
