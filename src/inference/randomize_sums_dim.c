/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Differences in means from numbers, sums and sums of squares by stratum and arm. With a_f the weight of cell f in the
 * contrast, n_f its rows and SS_f = Σ y² - (Σ y)² / n_f, a row's leverage is 1 / n_f, and so every variance of single
 * rows is a sum over cells: neyman and hc2 Σ a² SS / (n (n - 1)), hc3 Σ a² SS / (n - 1)², hc0 Σ a² SS / n², hc1 N / (N
 * - K) of that, classical ΣSS / (N - K) Σ a² / n, of N rows in K cells. Of 0 and 1, Σ y² is Σ y, and SS_f is exact but
 * for one rounding. */
#include <math.h>

#include "inference/randomize_sums.h"

/* As infer_effects.c: no variance below this share of the outcome's is one. */
static const double perfect_tolerance = 1e-20;
/* What is left of Σ y² when less than this loses more digits than are promised. */
static const double cancels = 1e-3;

static bool serves(const tm_sum_model *model)
{
    (void)model;
    return true;
}

static temoin_status prepare(temoin_context *ctx, tm_sum_model *model)
{
    const int64_t n = model->sample->n;
    double *y, *square;
    TM_SCRATCH(ctx, model->column, 2);
    TM_SCRATCH(ctx, y, n);
    TM_TRY(tm_sum_outcome_build(ctx, model, y));
    model->column[model->n_columns++] = y;
    if (!model->studentized || model->binary) return TEMOIN_OK;
    TM_SCRATCH(ctx, square, n);
    for (int64_t i = 0; i < n; i++) square[i] = y[i] * y[i];
    model->column[model->n_columns++] = square;
    return TEMOIN_OK;
}

static bool has_contrast(const tm_sum_model *model, const double *cell, const double *weight, int32_t stratum)
{
    for (int32_t a = 0; a < model->sample->n_arms; a++)
        if (weight[a] != 0 && tm_sum_cell(model, cell, stratum, a)[0] == 0) return false;
    return true;
}

/* Rows of the strata that have the contrast. */
static double compared(const tm_sum_model *model, const double *cell, const double *weight)
{
    double total = 0;
    for (int32_t s = 0; s < model->sample->n_strata; s++)
        if (has_contrast(model, cell, weight, s)) total += model->size[s];
    return total;
}

static double find_value(const tm_sum_model *model, const double *cell, const double *weight, double total)
{
    double value = 0;
    for (int32_t s = 0; s < model->sample->n_strata; s++) {
        double mean = 0, arms = 0;
        if (!has_contrast(model, cell, weight, s)) continue;
        for (int32_t a = 0; a < model->sample->n_arms; a++) {
            const double *own = tm_sum_cell(model, cell, s, a);
            if (weight[a] == 0) continue;
            mean += weight[a] * (own[1] / own[0]);
            arms += weight[a];
        }
        value += model->size[s] / total * (mean * model->unit + arms * model->offset[s]);
    }
    return value;
}

/* What a contrast's variance is made of. */
typedef struct parts {
    double n, n_cells, smallest_cell;          /* of all cells with rows */
    double residual, square;                   /* ΣSS and Σ y² of all cells */
    double weight, smallest, variance, before; /* Σ a² / n; the smallest cell with a weight; and with Σ y² for SS */
} parts;

static double divisor(const tm_sum_model *model, double n)
{
    switch (model->variance) {
    case TM_SUM_HC0:
    case TM_SUM_HC1:
        return n * n;
    case TM_SUM_HC3:
        return (n - 1) * (n - 1);
    default:
        return n * (n - 1);
    }
}

static void add_cell(const tm_sum_model *model, const double *own, double a, parts *p)
{
    const double n = own[0];
    if (n == 0) return;
    const double square = model->binary ? own[1] : own[2];
    const double rest = model->binary ? own[1] * (n - own[1]) / n : fmax(0, square - own[1] * own[1] / n);
    p->n += n;
    p->n_cells++;
    p->smallest_cell = fmin(p->smallest_cell, n);
    p->residual += rest;
    p->square += square;
    if (a == 0) return;
    p->smallest = fmin(p->smallest, n);
    p->weight += a * a / n;
    p->variance += a * a * rest / divisor(model, n);
    p->before += a * a * square / divisor(model, n);
}

/* Where a variance has no number because cells are too small. */
static bool is_refused(const tm_sum_model *model, const parts *p)
{
    switch (model->variance) {
    case TM_SUM_NEYMAN:
        return p->smallest < 2;
    case TM_SUM_CLASSICAL:
        return p->n <= p->n_cells;
    case TM_SUM_HC2:
    case TM_SUM_HC3:
        return p->smallest_cell < 2;
    default:
        return p->smallest < 2 || p->n <= p->n_cells;
    }
}

/* False where digits were lost. A variance that is no more than rounding is refused, as by a fit. */
static bool find_variance(const tm_sum_model *model, const parts *p, double *variance)
{
    const double df = p->n - p->n_cells;
    *variance = NAN;
    if (is_refused(model, p)) return true;
    const bool by_cells = model->variance != TM_SUM_CLASSICAL;
    if (!model->binary && by_cells && !(p->variance > cancels * p->before)) return false;
    if (!model->binary && !(p->residual > cancels * p->square)) return false;
    if (model->variance != TM_SUM_NEYMAN && p->residual <= perfect_tolerance * model->total_ss) return true;
    double found = p->variance;
    if (model->variance == TM_SUM_CLASSICAL) found = p->residual / df * p->weight;
    if (model->variance == TM_SUM_HC1) found *= p->n / df;
    if (found > perfect_tolerance * model->total_ss / p->n * p->weight) *variance = found;
    return true;
}

static bool find_contrast(const tm_sum_model *model, const double *cell, const double *weight, double *statistic)
{
    const double total = compared(model, cell, weight);
    parts p = {.smallest = INFINITY, .smallest_cell = INFINITY};
    double variance;
    *statistic = NAN;
    if (!(total > 0)) return true;
    *statistic = find_value(model, cell, weight, total);
    if (!model->studentized) return true;
    for (int32_t s = 0; s < model->sample->n_strata; s++) {
        const double share = has_contrast(model, cell, weight, s) ? model->size[s] / total : 0;
        for (int32_t a = 0; a < model->sample->n_arms; a++)
            add_cell(model, tm_sum_cell(model, cell, s, a), weight[a] * share, &p);
    }
    const bool found = find_variance(model, &p, &variance);
    const double se = model->unit * sqrt(variance);
    *statistic = model->standard_error ? se : *statistic / se;
    return found;
}

static bool find(const tm_sum_model *model, const double *cell, double *room, double *statistic)
{
    bool found = true;
    (void)room;
    for (int32_t c = 0; c < model->n_contrasts; c++)
        found &= find_contrast(model, cell, model->arm_weight + (int64_t)c * model->sample->n_arms, &statistic[c]);
    return found;
}

const tm_sum_route tm_sum_route_dim = {.estimator = "dim", .serves = serves, .prepare = prepare, .find = find};
