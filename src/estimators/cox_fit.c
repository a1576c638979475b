/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/cox_fit.h"

#include <math.h>
#include <string.h>

#include "estimators/survival_sample.h"
#include "moments/survival.h"
#include "numeric/elementary.h"

enum { MOST_STEPS = 200, MOST_HALVINGS = 40 };
/* As in moments/glm.c: a squared step in standard errors that ends the search, and what proves that there is no end. */
static const double small_step = 1e-16;
static const double stalled_step = 1e-10;
static const double monotone_tolerance = 1e-7;
static const double monotone_change = 0.1;

/* Clients with the same last time in a stratum; those of one stratum stand latest first. */
typedef struct moment {
    int64_t start, end; /* in `row` */
    int64_t events;
    bool opens; /* the latest of its stratum */
} moment;

typedef struct cox {
    const tm_sample *sample;
    int32_t p;
    bool efron;
    int64_t *row;
    moment *moment;
    int64_t n_moments;
    double *x;                      /* [n * p] columns in units of their spread, rows of the sample */
    double *unit;                   /* [p] */
    double *beta;                   /* [p] in those units */
    double *hazard;                 /* [n] exp(x'β), up to a factor */
    double *sum, *square;           /* risk set: Σ h x [p], Σ h x x' [p * p] */
    double *tied_sum, *tied_square; /* of them, those with the event now */
    double risk, tied;
    double *mean; /* [p] */
    double loss;  /* -log-likelihood */
    double *gradient, *information;
} cox;

static temoin_status prepare(temoin_context *ctx, const tm_model *model, cox *c)
{
    int64_t *first, n = c->sample->n;
    TM_TRY(tm_survival_by_stratum(ctx, c->sample, &c->row, &first));
    TM_SCRATCH(ctx, c->moment, n);
    for (int32_t s = 0; s < c->sample->n_strata; s++) {
        TM_TRY(tm_survival_sort(ctx, c->sample->y, true, c->row + first[s], first[s + 1] - first[s]));
        for (int64_t i = first[s], j; i < first[s + 1]; i = j) {
            moment *m = &c->moment[c->n_moments++];
            *m = (moment){.start = i, .opens = i == first[s]};
            for (j = i; j < first[s + 1] && c->sample->y[c->row[j]] == c->sample->y[c->row[i]]; j++)
                m->events += c->sample->event[c->row[j]] > 0.5;
            m->end = j;
        }
    }
    TM_SCRATCH(ctx, c->x, n * c->p);
    TM_SCRATCH(ctx, c->unit, c->p);
    for (int32_t j = 0; j < c->p; j++) {
        double mean = 0, square = 0;
        for (int64_t i = 0; i < n; i++) mean += model->column[j][i] / (double)n;
        for (int64_t i = 0; i < n; i++) square += (model->column[j][i] - mean) * (model->column[j][i] - mean);
        c->unit[j] = sqrt(square / (double)n);
        for (int64_t i = 0; i < n; i++) c->x[i * c->p + j] = (model->column[j][i] - mean) / c->unit[j];
    }
    return TEMOIN_OK;
}

static temoin_status take_room(temoin_context *ctx, cox *c)
{
    const int64_t square = (int64_t)c->p * c->p;
    TM_SCRATCH(ctx, c->beta, c->p);
    TM_SCRATCH(ctx, c->hazard, c->sample->n);
    TM_SCRATCH(ctx, c->sum, c->p);
    TM_SCRATCH(ctx, c->tied_sum, c->p);
    TM_SCRATCH(ctx, c->mean, c->p);
    TM_SCRATCH(ctx, c->gradient, c->p);
    TM_SCRATCH(ctx, c->square, square);
    TM_SCRATCH(ctx, c->tied_square, square);
    TM_SCRATCH(ctx, c->information, square);
    return TEMOIN_OK;
}

static double product(const double *a, const double *b, int32_t p)
{
    double sum = 0;
    for (int32_t j = 0; j < p; j++) sum += a[j] * b[j];
    return sum;
}

static void add_row(const cox *c, int64_t i, double *risk, double *sum, double *square)
{
    const double *x = c->x + i * c->p, h = c->hazard[i];
    *risk += h;
    for (int32_t j = 0; j < c->p; j++) {
        sum[j] += h * x[j];
        for (int32_t k = 0; k <= j; k++) square[j * c->p + k] += h * x[j] * x[k];
    }
}

/* Lets the rows of a moment into the risk set. */
static void enter(cox *c, const moment *m)
{
    const size_t p = (size_t)c->p;
    if (m->opens) {
        c->risk = 0;
        memset(c->sum, 0, p * sizeof *c->sum);
        memset(c->square, 0, p * p * sizeof *c->square);
    }
    c->tied = 0;
    memset(c->tied_sum, 0, p * sizeof *c->sum);
    memset(c->tied_square, 0, p * p * sizeof *c->square);
    for (int64_t k = m->start; k < m->end; k++) {
        add_row(c, c->row[k], &c->risk, c->sum, c->square);
        if (c->sample->event[c->row[k]] > 0.5) add_row(c, c->row[k], &c->tied, c->tied_sum, c->tied_square);
    }
}

/* The risk set's mean when a share of those with the event has left it; returns its weight. */
static double mean_without(cox *c, double share)
{
    const double risk = c->risk - share * c->tied;
    for (int32_t j = 0; j < c->p; j++) c->mean[j] = (c->sum[j] - share * c->tied_sum[j]) / risk;
    return risk;
}

static double share_of(const cox *c, const moment *m, int64_t event)
{
    return c->efron ? (double)event / (double)m->events : 0;
}

static void set_hazards(cox *c, double *largest)
{
    *largest = -INFINITY;
    for (int64_t i = 0; i < c->sample->n; i++) {
        c->hazard[i] = product(c->x + i * c->p, c->beta, c->p);
        *largest = fmax(*largest, c->hazard[i]);
    }
    for (int64_t i = 0; i < c->sample->n; i++) c->hazard[i] = tm_exp(c->hazard[i] - *largest);
}

/* Likelihood, gradient and information at β. */
static void sweep(cox *c)
{
    const int32_t p = c->p;
    double largest;
    set_hazards(c, &largest);
    c->loss = 0;
    memset(c->gradient, 0, (size_t)p * sizeof *c->gradient);
    memset(c->information, 0, (size_t)p * (size_t)p * sizeof *c->information);
    for (int64_t g = 0; g < c->n_moments; g++) {
        const moment *m = &c->moment[g];
        enter(c, m);
        for (int64_t k = m->start; k < m->end; k++) {
            if (!(c->sample->event[c->row[k]] > 0.5)) continue;
            const double *x = c->x + c->row[k] * p;
            c->loss -= product(x, c->beta, p) - largest;
            for (int32_t j = 0; j < p; j++) c->gradient[j] += x[j];
        }
        for (int64_t l = 0; l < m->events; l++) {
            const double share = share_of(c, m, l), risk = mean_without(c, share);
            c->loss += tm_log(risk);
            for (int32_t j = 0; j < p; j++) {
                c->gradient[j] -= c->mean[j];
                for (int32_t k = 0; k <= j; k++)
                    c->information[j * p + k] +=
                        (c->square[j * p + k] - share * c->tied_square[j * p + k]) / risk - c->mean[j] * c->mean[k];
            }
        }
    }
}

/* Inverse of a symmetric positive definite matrix (lower triangle) by its Cholesky factor; false: it is not one. */
static bool invert(const double *a, int32_t n, double *factor, double *inverse)
{
    for (int32_t i = 0; i < n; i++)
        for (int32_t j = 0; j <= i; j++) {
            double sum = a[i * n + j];
            for (int32_t k = 0; k < j; k++) sum -= factor[i * n + k] * factor[j * n + k];
            if (i == j && !(sum > 0)) return false;
            factor[i * n + j] = i == j ? sqrt(sum) : sum / factor[j * n + j];
        }
    for (int32_t c = 0; c < n; c++) {
        double *x = inverse + (int64_t)c * n;
        for (int32_t i = 0; i < n; i++) {
            double sum = i == c;
            for (int32_t k = 0; k < i; k++) sum -= factor[i * n + k] * x[k];
            x[i] = sum / factor[i * n + i];
        }
        for (int32_t i = n - 1; i >= 0; i--) {
            for (int32_t k = i + 1; k < n; k++) x[i] -= factor[k * n + i] * x[k];
            x[i] /= factor[i * n + i];
        }
    }
    return true;
}

/* True when along the step nobody at risk is ever above those who have the event. */
static bool is_monotone(const cox *c, const double *step)
{
    double high = 0, low = 0, best = 0, worst = 0;
    for (int64_t g = 0; g < c->n_moments; g++) {
        const moment *m = &c->moment[g];
        if (m->opens) high = -INFINITY, low = INFINITY;
        for (int64_t k = m->start; k < m->end; k++) {
            const double v = product(c->x + c->row[k] * c->p, step, c->p);
            high = fmax(high, v);
            low = fmin(low, v);
        }
        for (int64_t k = m->start; k < m->end; k++) {
            if (!(c->sample->event[c->row[k]] > 0.5)) continue;
            const double v = product(c->x + c->row[k] * c->p, step, c->p);
            best = fmax(best, v - low);
            worst = fmax(worst, high - v);
        }
    }
    return best > monotone_change && worst <= monotone_tolerance * best;
}

static temoin_status climb(temoin_context *ctx, cox *c, double *inverse, tm_cox_end *end)
{
    double *factor, *step, before = INFINITY;
    TM_SCRATCH(ctx, factor, (int64_t)c->p * c->p);
    TM_SCRATCH(ctx, step, c->p);
    *end = TM_COX_STUCK;
    sweep(c);
    for (int s = 0; s < MOST_STEPS; s++) {
        if (!invert(c->information, c->p, factor, inverse)) return TEMOIN_OK;
        for (int32_t j = 0; j < c->p; j++) step[j] = product(inverse + (int64_t)j * c->p, c->gradient, c->p);
        const double length = product(step, c->gradient, c->p), loss = c->loss;
        if (is_monotone(c, step)) {
            *end = TM_COX_MONOTONE;
            return TEMOIN_OK;
        }
        if (!isfinite(length)) return TEMOIN_OK;
        double share = 1, taken = 0;
        for (int h = 0; h < MOST_HALVINGS; h++, share /= 2) {
            for (int32_t j = 0; j < c->p; j++) c->beta[j] += (share - taken) * step[j];
            taken = share;
            sweep(c);
            if (c->loss <= loss + 1e-12 * fabs(loss)) break;
        }
        if (length < small_step || (length < stalled_step && length > before / 4)) {
            *end = invert(c->information, c->p, factor, inverse) ? TM_COX_DONE : TM_COX_STUCK;
            return TEMOIN_OK;
        }
        before = length;
    }
    return TEMOIN_OK;
}

/* What one moment adds to the expected score of all who were still at risk: Σ_l 1/s, Σ_l mean/s; the same times the
 * share that has left, for those with the event; and the mean of the means. */
typedef struct compensator {
    double all, tied;
    double *all_mean, *tied_mean, *mean; /* [p] each */
} compensator;

static temoin_status compensate(temoin_context *ctx, cox *c, compensator *out)
{
    double *room;
    TM_SCRATCH(ctx, room, 3 * c->n_moments * c->p);
    for (int64_t g = 0; g < c->n_moments; g++) {
        const moment *m = &c->moment[g];
        compensator *k = &out[g];
        *k = (compensator){.all_mean = room, .tied_mean = room + c->p, .mean = room + 2 * (int64_t)c->p};
        room += 3 * (int64_t)c->p;
        enter(c, m);
        for (int64_t l = 0; l < m->events; l++) {
            const double share = share_of(c, m, l), weight = 1 / mean_without(c, share);
            k->all += weight;
            k->tied += share * weight;
            for (int32_t j = 0; j < c->p; j++) {
                k->all_mean[j] += weight * c->mean[j];
                k->tied_mean[j] += share * weight * c->mean[j];
                k->mean[j] += c->mean[j] / (double)m->events;
            }
        }
    }
    return TEMOIN_OK;
}

/* From the earliest moment of each stratum on, what has been added so far concerns whoever is still there. */
static temoin_status residuals(temoin_context *ctx, cox *c, double *score)
{
    compensator *k;
    double all = 0, *mean;
    TM_SCRATCH(ctx, k, c->n_moments);
    TM_SCRATCH(ctx, mean, c->p);
    TM_TRY(compensate(ctx, c, k));
    for (int64_t g = c->n_moments - 1; g >= 0; g--) {
        const moment *m = &c->moment[g];
        all += k[g].all;
        for (int32_t j = 0; j < c->p; j++) mean[j] += k[g].all_mean[j];
        for (int64_t r = m->start; r < m->end; r++) {
            const int64_t i = c->row[r];
            const bool event = c->sample->event[i] > 0.5;
            for (int32_t j = 0; j < c->p; j++) {
                const double x = c->x[i * c->p + j], h = c->hazard[i];
                score[i * c->p + j] = -h * (x * all - mean[j]);
                if (event) score[i * c->p + j] += x - k[g].mean[j] + h * (x * k[g].tied - k[g].tied_mean[j]);
            }
        }
        if (!m->opens) continue;
        all = 0;
        memset(mean, 0, (size_t)c->p * sizeof *mean);
    }
    return TEMOIN_OK;
}

temoin_status tm_cox_fit_run(temoin_context *ctx, const tm_model *model, bool efron, tm_cox_fit *out)
{
    cox c = {.sample = model->sample, .p = model->n_columns, .efron = efron};
    TM_TRY(prepare(ctx, model, &c));
    TM_TRY(take_room(ctx, &c));
    TM_SCRATCH(ctx, out->coefficient, c.p);
    TM_SCRATCH(ctx, out->inverse, (int64_t)c.p * c.p);
    TM_SCRATCH(ctx, out->score, c.sample->n * c.p);
    TM_TRY(climb(ctx, &c, out->inverse, &out->end));
    if (out->end != TM_COX_DONE) return TEMOIN_OK;
    TM_TRY(residuals(ctx, &c, out->score));
    for (int32_t j = 0; j < c.p; j++) { /* back from units of spread */
        out->coefficient[j] = c.beta[j] / c.unit[j];
        for (int32_t k = 0; k < c.p; k++) out->inverse[j * c.p + k] /= c.unit[j] * c.unit[k];
        for (int64_t i = 0; i < c.sample->n; i++) out->score[i * c.p + j] *= c.unit[j];
    }
    return TEMOIN_OK;
}
