/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Analysis of covariance by Frisch & Waugh (1933). What does not change from draw to draw is taken out once: with r the
 * residuals of the outcome on strata and covariates, and Q an orthonormal basis of the covariates within strata, a
 * redraw with arms Z (all but the first) has
 *
 *     S = Z'Z - Σ_s n_s n_s' / N_s - (Z'Q)(Z'Q)',     β = S⁻¹ Z'r,     residuals' squares r'r - β'S β,
 *
 * n_s the arms' numbers in stratum s, N_s its rows. So it takes the sums of r and of Q by arm. Without covariates a
 * row's arm less its stratum's shares, z_i, its leverage 1 / N_s + z_i'S⁻¹z_i and its weight u_i = z_i'S⁻¹w in a
 * contrast w are the same for a whole cell, whose Σ e² is Σ r² - 2 f Σ r + n f² with f = z_i'β: all variances of single
 * rows follow. */
#include <math.h>
#include <string.h>

#include "inference/randomize_sums.h"
#include "moments/fit.h"

static const double perfect_tolerance = 1e-20, leverage_one = 1 - 1e-10;
/* Arms that strata and covariates explain but for this share: a fit decides what is identified. */
static const double confounded = 1e-6;
static const double cancels = 1e-3;

enum { FREE_ARMS_MOST = 7 };

typedef struct standing {
    int32_t rank;       /* columns of Q, behind r (and r², where cells are looked at) */
    double residual_ss; /* r'r */
    double n_strata;    /* with rows */
} standing;

static bool serves(const tm_sum_model *model)
{
    if (model->sample->n_arms - 1 > FREE_ARMS_MOST || model->variance == TM_SUM_NEYMAN) return false;
    return !model->studentized || model->variance == TM_SUM_CLASSICAL || model->sample->n_covariates == 0;
}

/* The fit on strata and covariates alone; order [n]: the sample's row of each of the fit's. */
static temoin_status fit_rest(temoin_context *ctx, const tm_sum_model *sum_model, tm_sample *sample, const tm_fit **fit,
                              int64_t *order)
{
    tm_model *model;
    int32_t *number, *group, *covariate;
    int64_t *next;
    *sample = *sum_model->sample;
    sample->cluster = NULL;
    sample->n_clusters = 0;
    TM_SCRATCH(ctx, model, 1);
    TM_SCRATCH(ctx, number, sample->n_strata);
    TM_SCRATCH(ctx, next, (int64_t)sample->n_strata + 1);
    TM_SCRATCH(ctx, group, sample->n);
    TM_SCRATCH(ctx, covariate, sample->n_covariates);
    for (int32_t j = 0; j < sample->n_covariates; j++) covariate[j] = j;
    for (int32_t s = 0; s < sample->n_strata; s++)
        if (sum_model->size[s] > 0) {
            number[s] = model->n_groups++;
            next[model->n_groups] = next[number[s]] + (int64_t)sum_model->size[s];
        }
    for (int64_t i = 0; i < sample->n; i++) {
        group[i] = number[sample->stratum[i]];
        order[next[group[i]]++] = i;
    }
    model->sample = sample;
    model->group = group;
    model->n_columns = sample->n_covariates;
    model->column = sample->covariate;
    model->column_name = sample->covariate_name;
    model->column_covariate = covariate;
    return tm_fit_build(ctx, model, fit);
}

/* Columns r, r² if cells are looked at, and Q. */
static temoin_status prepare(temoin_context *ctx, tm_sum_model *model)
{
    const tm_fit *fit;
    tm_sample *sample;
    standing *own;
    int64_t *order;
    double *r, *offset;
    TM_SCRATCH(ctx, sample, 1);
    TM_SCRATCH(ctx, own, 1);
    TM_SCRATCH(ctx, order, model->sample->n);
    TM_SCRATCH(ctx, offset, model->sample->n_strata);
    TM_TRY(fit_rest(ctx, model, sample, &fit, order));
    const bool cells = model->studentized && model->variance != TM_SUM_CLASSICAL;
    TM_SCRATCH(ctx, model->column, 2 + fit->rank);
    for (int32_t j = 0; j < 1 + cells + fit->rank; j++) {
        TM_SCRATCH(ctx, r, fit->n);
        const double *from = j < 1 + cells ? fit->residual : fit->q[j - 1 - cells];
        for (int64_t i = 0; i < fit->n; i++) r[order[i]] = cells && j == 1 ? from[i] * from[i] : from[i];
        model->column[model->n_columns++] = r;
    }
    *own = (standing){fit->rank, fit->residual_ss, fit->n_groups};
    const int64_t k = model->sample->n_arms - 1;
    model->room = 2 * k * k + 3 * k + k * fit->rank;
    model->unit = 1;
    model->offset = offset;
    model->own = own;
    return TEMOIN_OK;
}

/* One redraw's small matrices, k arms but the first. */
typedef struct solving {
    int32_t k;
    double *s, *inverse;    /* [k * k] */
    double *beta, *sum, *n; /* [k] */
    double *q;              /* [k * rank] Z'Q */
} solving;

static solving cut_room(const tm_sum_model *model, double *room)
{
    const int32_t k = model->sample->n_arms - 1;
    return (solving){k,
                     room,
                     room + k * k,
                     room + 2 * k * k,
                     room + 2 * k * k + k,
                     room + 2 * k * k + 2 * k,
                     room + 2 * k * k + 3 * k};
}

static void fill(const tm_sum_model *model, const double *cell, solving *v)
{
    const standing *own = model->own;
    const int32_t first_q = 1 + model->n_columns - own->rank;
    memset(v->s, 0, (size_t)(model->room) * sizeof *v->s);
    for (int32_t s = 0; s < model->sample->n_strata; s++)
        for (int32_t a = 0; a < v->k; a++) {
            const double *at = tm_sum_cell(model, cell, s, a + 1);
            v->n[a] += at[0];
            v->sum[a] += at[1];
            for (int32_t j = 0; j < own->rank; j++) v->q[a * own->rank + j] += at[first_q + j];
            for (int32_t b = 0; b <= a && model->size[s] > 0; b++)
                v->s[a * v->k + b] -= at[0] * tm_sum_cell(model, cell, s, b + 1)[0] / model->size[s];
        }
    for (int32_t a = 0; a < v->k; a++) {
        v->s[a * v->k + a] += v->n[a];
        for (int32_t b = 0; b <= a; b++)
            for (int32_t j = 0; j < own->rank; j++)
                v->s[a * v->k + b] -= v->q[a * own->rank + j] * v->q[b * own->rank + j];
    }
}

/* S = L L' in the lower triangle; then the columns of S⁻¹, and β. False: nearly singular. */
static bool solve(solving *v)
{
    const int32_t k = v->k;
    for (int32_t a = 0; a < k; a++) {
        for (int32_t b = 0; b <= a; b++) {
            double rest = v->s[a * k + b];
            for (int32_t j = 0; j < b; j++) rest -= v->s[a * k + j] * v->s[b * k + j];
            if (a == b && !(rest > confounded * v->n[a])) return false;
            v->s[a * k + b] = a == b ? sqrt(rest) : rest / v->s[b * k + b];
        }
    }
    for (int32_t c = 0; c < k; c++) {
        double *x = v->inverse + c * k; /* row c of the inverse, which is symmetric */
        for (int32_t a = 0; a < k; a++) {
            x[a] = a == c;
            for (int32_t j = 0; j < a; j++) x[a] -= v->s[a * k + j] * x[j];
            x[a] /= v->s[a * k + a];
        }
        for (int32_t a = k - 1; a >= 0; a--) {
            for (int32_t j = a + 1; j < k; j++) x[a] -= v->s[j * k + a] * x[j];
            x[a] /= v->s[a * k + a];
        }
    }
    for (int32_t a = 0; a < k; a++)
        for (int32_t b = 0; b < k; b++) v->beta[a] += v->inverse[a * k + b] * v->sum[b];
    return true;
}

/* A row of the cell: its fitted part f, leverage h and weight u in the contrast. */
static void measure_cell(const tm_sum_model *model, const double *cell, const solving *v, const double *weight,
                         int32_t s, int32_t arm, double *f, double *h, double *u)
{
    double z[FREE_ARMS_MOST];
    *f = *u = 0;
    *h = 1 / model->size[s];
    for (int32_t a = 0; a < v->k; a++) z[a] = (a + 1 == arm) - tm_sum_cell(model, cell, s, a + 1)[0] / model->size[s];
    for (int32_t a = 0; a < v->k; a++) {
        *f += z[a] * v->beta[a];
        for (int32_t b = 0; b < v->k; b++) {
            *h += z[a] * v->inverse[a * v->k + b] * z[b];
            *u += z[a] * v->inverse[a * v->k + b] * weight[b + 1];
        }
    }
}

/* Σ u² e² / (1 - h)^power over rows. False: digits were lost. NaN: refused. */
static bool add_cells(const tm_sum_model *model, const double *cell, const solving *v, const double *weight,
                      double *variance)
{
    const int power = model->variance == TM_SUM_HC3 ? 2 : model->variance == TM_SUM_HC2;
    double before = 0, largest = 0, f, h, u;
    bool refused = false;
    *variance = 0;
    for (int pass = 0; pass < 2; pass++) /* the largest |u| first */
        for (int32_t s = 0; s < model->sample->n_strata; s++)
            for (int32_t a = 0; a < model->sample->n_arms; a++) {
                const double *own = tm_sum_cell(model, cell, s, a);
                if (own[0] == 0) continue;
                measure_cell(model, cell, v, weight, s, a, &f, &h, &u);
                largest = fmax(largest, fabs(u));
                if (pass == 0) continue;
                refused |= h >= leverage_one && (power > 0 || fabs(u) > 1e-10 * largest);
                const double keep = power == 2 ? (1 - h) * (1 - h) : power == 1 ? 1 - h : 1;
                *variance += u * u * fmax(0, own[2] - 2 * f * own[1] + own[0] * f * f) / keep;
                before += u * u * (own[2] + own[0] * f * f) / keep;
                if (power > 0 && h > 0.999 && h < leverage_one) return false;
            }
    if (refused) {
        *variance = NAN;
        return true;
    }
    return *variance > cancels * before;
}

static bool find_se(const tm_sum_model *model, const double *cell, const solving *v, const double *weight, double *se)
{
    const standing *own = model->own;
    const double n = (double)model->sample->n, df = n - own->n_strata - own->rank - v->k;
    double explained = 0, length = 0, variance;
    *se = NAN;
    for (int32_t a = 0; a < v->k; a++) {
        explained += v->beta[a] * v->sum[a];
        for (int32_t b = 0; b < v->k; b++) length += weight[a + 1] * v->inverse[a * v->k + b] * weight[b + 1];
    }
    const double rest = own->residual_ss - explained;
    if (df <= 0) return true;
    if (!(rest > cancels * own->residual_ss) || !(own->residual_ss > perfect_tolerance / cancels * model->total_ss))
        return false;
    if (model->variance == TM_SUM_CLASSICAL)
        variance = rest / df * length;
    else if (!add_cells(model, cell, v, weight, &variance))
        return false;
    if (model->variance == TM_SUM_HC1) variance *= n / df;
    if (variance > perfect_tolerance * model->total_ss / n * length) *se = sqrt(variance);
    return true;
}

static bool find(const tm_sum_model *model, const double *cell, double *room, double *statistic)
{
    solving v = cut_room(model, room);
    fill(model, cell, &v);
    double reference = (double)model->sample->n;
    for (int32_t a = 0; a < v.k; a++) reference -= v.n[a];
    if (!(reference > 0) || !solve(&v)) return false;
    for (int32_t c = 0; c < model->n_contrasts; c++) {
        const double *weight = model->arm_weight + (int64_t)c * model->sample->n_arms;
        double value = 0, se = 1;
        for (int32_t a = 0; a < v.k; a++) value += weight[a + 1] * v.beta[a];
        if (model->studentized && !find_se(model, cell, &v, weight, &se)) return false;
        statistic[c] = model->standard_error ? se : value / se;
    }
    return true;
}

const tm_sum_route tm_sum_route_ols = {.estimator = "ols", .serves = serves, .prepare = prepare, .find = find};
