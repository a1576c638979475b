/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/placebo_workers.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "numeric/distributions.h"
#include "numeric/stream.h"

static const double convolved_most = 2e8, drawn_most = 1e9;
/* A standard deviation below this share of the outcomes is rounding. */
static const double negligible = 1e-13;

static void sum_arms(const tm_sample *s, int32_t arm, int32_t reference, double unit, tm_placebo_trial *out)
{
    double mean[2] = {0, 0}, square = 0;
    for (int64_t i = 0; i < s->n; i++)
        if (s->arm[i] == arm || s->arm[i] == reference)
            mean[s->arm[i] == arm] += s->y[i] / unit / (double)(s->arm[i] == arm ? out->n_treated : out->n_control);
    for (int64_t i = 0; i < s->n; i++) {
        const double d = s->y[i] / unit - mean[s->arm[i] == arm];
        if (s->arm[i] == arm || s->arm[i] == reference) square += d * d;
    }
    out->difference = (mean[1] - mean[0]) * unit;
    out->sd = sqrt(square / (double)(out->n_treated + out->n_control - 2)) * unit;
    if (!(out->sd > negligible * unit)) out->sd = 0;
}

temoin_status tm_placebo_trial_build(temoin_context *ctx, const tm_sample *sample, int32_t arm, int32_t reference,
                                     bool binary, tm_placebo_trial *out)
{
    int64_t *treated, *control;
    double unit = DBL_MIN;
    *out = (tm_placebo_trial){.n_workers = sample->cluster ? sample->n_clusters : (int32_t)sample->n, .binary = binary};
    TM_SCRATCH(ctx, treated, out->n_workers);
    TM_SCRATCH(ctx, control, out->n_workers);
    for (int64_t i = 0; i < sample->n; i++) {
        const int32_t w = sample->cluster ? sample->cluster[i] : (int32_t)i;
        if (sample->arm[i] != arm && sample->arm[i] != reference) continue;
        const bool in_arm = sample->arm[i] == arm;
        (in_arm ? treated : control)[w]++;
        *(in_arm ? &out->n_treated : &out->n_control) += 1;
        *(in_arm ? &out->ones_treated : &out->ones_control) += binary && sample->y[i] != 0;
        unit = fmax(unit, fabs(sample->y[i]));
    }
    out->treated = treated;
    out->control = control;
    sum_arms(sample, arm, reference, unit, out);
    return TEMOIN_OK;
}

/* NaN: it cannot differ. */
static double normal_p(const tm_placebo_trial *t, double rho)
{
    const double n1 = (double)t->n_treated, n0 = (double)t->n_control;
    double between = 0;
    for (int32_t w = 0; w < t->n_workers; w++) {
        const double d = (double)t->treated[w] / n1 - (double)t->control[w] / n0;
        between += d * d;
    }
    const double se = t->sd * sqrt((1 - rho) * (1 / n1 + 1 / n0) + rho * between);
    return se > 0 ? tm_student_p_two_sided(fabs(t->difference) / se, INFINITY) : NAN;
}

static double log2_of(int64_t m)
{
    double steps = 0;
    for (; m > 1; m /= 2) steps++;
    return steps;
}

/* p [m + 1]: of k ones among m clients of a worker, from the likeliest k outwards, each from its neighbour. */
static void list_counts(int64_t m, double share, double rho, double *p)
{
    const double a = share * (1 - rho), b = (1 - share) * (1 - rho);
    double sum = 0;
    memset(p, 0, ((size_t)m + 1) * sizeof *p);
    if (rho == 1) {
        p[0] = 1 - share;
        p[m] += share;
        return;
    }
    /* of the two ends and what lies between: where the neighbours' ratio passes 1, it starts lower than it ends */
    const int64_t start = (int64_t)floor(share * (double)m);
    p[start] = 1;
    for (int64_t k = start; k < m; k++) {
        const double left = (double)(m - k);
        p[k + 1] = p[k] * (left / (double)(k + 1)) * ((a + (double)k * rho) / (b + (left - 1) * rho));
    }
    for (int64_t k = start; k > 0; k--) {
        const double left = (double)(m - k);
        p[k - 1] = p[k] * ((double)k / (left + 1)) * ((b + left * rho) / (a + (double)(k - 1) * rho));
    }
    for (int64_t k = 0; k <= m; k++) sum += p[k];
    for (int64_t k = 0; k <= m; k++) p[k] /= sum;
}

/* p [n + 1]: of k ones in an arm. one, next [n + 1]: scratch. */
static void convolve(const int64_t *caseload, int32_t n_workers, double share, double rho, double *p, double *one,
                     double *next)
{
    int64_t n = 0;
    p[0] = 1;
    for (int32_t w = 0; w < n_workers; w++) {
        const int64_t m = caseload[w];
        if (m == 0) continue;
        list_counts(m, share, rho, one);
        memset(next, 0, (size_t)(n + m + 1) * sizeof *next);
        for (int64_t i = 0; i <= n; i++)
            for (int64_t k = 0; k <= m; k++) next[i + k] += p[i] * one[k];
        n += m;
        memcpy(p, next, (size_t)(n + 1) * sizeof *p);
    }
}

/* x / n1 - y / n0 in multiples of 1 / (n1 n0). */
static int64_t distance(const tm_placebo_trial *t, int64_t x, int64_t y)
{
    return llabs(x * t->n_control - y * t->n_treated);
}

static temoin_status binary_p(temoin_context *ctx, const tm_placebo_trial *t, double rho, double share, double *out)
{
    const int64_t n1 = t->n_treated, n0 = t->n_control, longest = n1 > n0 ? n1 : n0;
    const int64_t seen = distance(t, t->ones_treated, t->ones_control);
    double *p1, *p0, *one, *next, near = 0, far = 0;
    TM_SCRATCH(ctx, p1, n1 + 1);
    TM_SCRATCH(ctx, p0, n0 + 1);
    TM_SCRATCH(ctx, one, longest + 1);
    TM_SCRATCH(ctx, next, longest + 1);
    convolve(t->treated, t->n_workers, share, rho, p1, one, next);
    convolve(t->control, t->n_workers, share, rho, p0, one, next);
    for (int64_t x = 0; x <= n1; x++)
        for (int64_t y = 0; y <= n0; y++) *(distance(t, x, y) < seen ? &near : &far) += p1[x] * p0[y];
    *out = far / (near + far);
    return TEMOIN_OK;
}

/* Where outcomes are drawn: the distribution of a caseload's ones, made once for each size of those workers who serve
 * one arm. */
typedef struct drawing {
    const tm_placebo_request *request;
    double share;
    const double **below; /* [n_workers] → [m + 1] P(ones <= k) of their m clients; NULL: an urn client by client */
    double steps;         /* of a draw */
} drawing;

static int by_size(const void *a, const void *b)
{
    const int64_t x = **(const int64_t *const *)a, y = **(const int64_t *const *)b;
    return x < y ? -1 : x > y;
}

/* Tables of as many numbers as there are clients at most. */
static temoin_status make_tables(temoin_context *ctx, drawing *d)
{
    const tm_placebo_trial *t = d->request->trial;
    int64_t *size;
    const int64_t **order;
    double *p = NULL;
    TM_SCRATCH(ctx, size, t->n_workers);
    TM_SCRATCH(ctx, order, t->n_workers);
    TM_SCRATCH(ctx, d->below, t->n_workers);
    for (int32_t w = 0; w < t->n_workers; w++) {
        size[w] = t->treated[w] && t->control[w] ? 0 : t->treated[w] + t->control[w];
        order[w] = &size[w];
        d->steps += size[w] ? 2 + log2_of(size[w]) : (double)(t->treated[w] + t->control[w]);
    }
    qsort(order, (size_t)t->n_workers, sizeof *order, by_size);
    for (int32_t k = 0; k < t->n_workers; k++) {
        const int64_t m = *order[k];
        if (m == 0) continue;
        if (k == 0 || *order[k - 1] != m) {
            TM_SCRATCH(ctx, p, m + 1);
            list_counts(m, d->share, d->request->rho, p);
            for (int64_t i = 1; i < m; i++) p[i] += p[i - 1];
            p[m] = 1;
        }
        d->below[order[k] - size] = p;
    }
    return TEMOIN_OK;
}

static double uniform(tm_pcg64 *stream)
{
    return (double)(tm_pcg64_next(stream) >> 11) * 0x1p-53;
}

/* The smallest k with u < below[k]. */
static int64_t draw_count(tm_pcg64 *stream, const double *below, int64_t m)
{
    const double u = uniform(stream);
    int64_t low = 0, high = m;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (u < below[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Ones among m clients more of a worker who has had `before`, `*ones` of them with a 1. */
static int64_t draw_ones(tm_pcg64 *stream, double share, double rho, int64_t before, int64_t m, int64_t *ones)
{
    const int64_t had = *ones;
    for (int64_t i = before; i < before + m; i++)
        *ones += uniform(stream) * (1 - rho + (double)i * rho) < share * (1 - rho) + (double)*ones * rho;
    return *ones - had;
}

static bool is_far(const drawing *d, int64_t r)
{
    const tm_placebo_trial *t = d->request->trial;
    int64_t x = 0, y = 0;
    tm_pcg64 stream;
    char purpose[40];
    snprintf(purpose, sizeof purpose, "placebo/%" PRId64, r);
    tm_stream_init(&stream, d->request->trial_id, "", purpose, d->request->label);
    for (int32_t w = 0; w < t->n_workers; w++) {
        const int64_t n1 = t->treated[w], n0 = t->control[w];
        int64_t ones = 0;
        if (d->below[w]) {
            *(n1 ? &x : &y) += draw_count(&stream, d->below[w], n1 + n0);
            continue;
        }
        x += draw_ones(&stream, d->share, d->request->rho, 0, n1, &ones);
        y += draw_ones(&stream, d->share, d->request->rho, n1, n0, &ones);
    }
    return distance(t, x, y) >= distance(t, t->ones_treated, t->ones_control);
}

static temoin_status draw_all(temoin_context *ctx, const tm_placebo_request *request, double share, tm_placebo *out)
{
    drawing d = {.request = request, .share = share};
    TM_TRY(make_tables(ctx, &d));
    const int64_t n = (int64_t)fmax(1, fmin((double)request->draws, drawn_most / d.steps));
    const int threads = tm_threads_for(ctx, d.steps * (double)n);
    int64_t c = 0;
#pragma omp parallel for num_threads(threads) reduction(+ : c) schedule(static)
    for (int64_t r = 1; r <= n; r++) c += is_far(&d, r);
    out->n_redraws = n;
    out->p = (double)(c + 1) / (double)(n + 1);
    tm_binomial_interval((double)c, (double)n, request->level, &out->p_low, &out->p_high);
    return TEMOIN_OK;
}

/* Steps of binary_p; INFINITY: some worker serves both arms. */
static double count_steps(const tm_placebo_trial *t)
{
    const double n1 = (double)t->n_treated, n0 = (double)t->n_control;
    for (int32_t w = 0; w < t->n_workers; w++)
        if (t->treated[w] && t->control[w]) return INFINITY;
    return n1 * n1 + n0 * n0 + n1 * n0;
}

static void take_exact(double p, tm_placebo *out)
{
    if (isnan(p)) {
        out->refused = "no_variation";
        return;
    }
    out->p = out->p_low = out->p_high = fmin(1, fmax(DBL_MIN, p));
    out->n_redraws = 0;
    out->exact = true;
}

temoin_status tm_placebo_run(temoin_context *ctx, const tm_placebo_request *request, tm_placebo *out)
{
    const tm_placebo_trial *t = request->trial;
    const double share = (double)(t->ones_treated + t->ones_control) / (double)(t->n_treated + t->n_control);
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    double p = NAN;
    *out = (tm_placebo){NAN, NAN, NAN, -1, false, NULL};
    if (t->n_treated == 0 || t->n_control == 0)
        out->refused = "no_contrast";
    else if (t->binary ? share == 0 || share == 1 : !(t->sd > 0))
        out->refused = "no_variation";
    else if (!t->binary)
        take_exact(normal_p(t, request->rho), out);
    else if (count_steps(t) <= convolved_most) {
        TM_TRY(binary_p(ctx, t, request->rho, share, &p));
        take_exact(p, out);
    } else if (request->draws > 0)
        TM_TRY(draw_all(ctx, request, share, out));
    else
        out->refused = "too_many_assignments";
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
