/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "estimators/quantile_design.h"
#include "estimators/sample_quantile.h"
#include "numeric/distributions.h"
#include "numeric/elementary.h"

static const double zero_residual = 1e-10; /* of the largest */

static double normal_density(double x)
{
    return tm_exp(-x * x / 2) / sqrt(2 * M_PI);
}

static double cube_root(double x)
{
    return tm_exp(tm_log(x) / 3);
}

/* Hall & Sheather 1988: n^(-1/3) z^(2/3) (1.5 φ(q)² / (2 q² + 1))^(1/3), q the normal quantile at tau, z at 0.975. */
static double hall_sheather(double tau, double n)
{
    double q = tm_normal_quantile(tau), density = normal_density(q), z = tm_normal_quantile(0.975);
    return cube_root(z * z * 1.5 * density * density / (2 * q * q + 1) / n);
}

static double bandwidth_within(double tau, double n)
{
    double h = hall_sheather(tau, n);
    while (tau - h < 0 || tau + h > 1) h /= 2;
    return h;
}

typedef struct ranked {
    double size, value;
    int64_t at;
} ranked;

static int by_size(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->size != y->size) return x->size < y->size ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static temoin_status residuals_of(temoin_context *ctx, const tm_quantile_design *d, double **out, double *largest)
{
    TM_SCRATCH(ctx, *out, d->sample->n);
    *largest = 0;
    for (int64_t i = 0; i < d->sample->n; i++) {
        double r = d->sample->y[i];
        for (int32_t j = 0; j < d->p; j++) r -= d->x[j][i] * d->fit->beta[j];
        (*out)[i] = r;
        *largest = fmax(*largest, fabs(r));
    }
    return TEMOIN_OK;
}

/* Slope of the median regression of y on x; the start is the line through the outermost points. */
static temoin_status median_slope(temoin_context *ctx, const double *x, const double *y, int64_t n, double *slope)
{
    double *one, *start, rise = (y[n - 1] - y[0]) / (x[n - 1] - x[0]);
    TM_SCRATCH(ctx, one, n);
    TM_SCRATCH(ctx, start, n);
    for (int64_t i = 0; i < n; i++) {
        one[i] = 1;
        start[i] = y[i] - y[0] - rise * (x[i] - x[0]);
    }
    const double *const columns[] = {one, x};
    const tm_check_loss loss = {n, 2, columns, y, NULL, start};
    tm_check_loss_fit fit;
    TM_TRY(tm_check_loss_run(ctx, &loss, 0.5, &fit));
    *slope = fit.solved ? fit.beta[1] : NAN;
    return TEMOIN_OK;
}

/* Beyond the residuals that are zero, the h + 1 that are nearest to it, in order of their values. */
temoin_status tm_quantile_near_build(temoin_context *ctx, const tm_quantile_design *d, double tau,
                                     tm_quantile_near *out)
{
    int64_t n = d->sample->n, n_zero = 0, h = (int64_t)ceil((double)n * hall_sheather(tau, (double)n));
    double *residual, largest;
    ranked *order;
    *out = (tm_quantile_near){0};
    TM_TRY(residuals_of(ctx, d, &residual, &largest));
    TM_SCRATCH(ctx, order, n);
    for (int64_t i = 0; i < n; i++) {
        n_zero += fabs(residual[i]) <= zero_residual * largest;
        order[i] = (ranked){fabs(residual[i]), residual[i], i};
    }
    qsort(order, (size_t)n, sizeof *order, by_size);
    if (h < d->p + 1) h = d->p + 1;
    if (n_zero + h + 1 > n) return TEMOIN_OK;
    ranked *near = order + n_zero;
    for (int64_t k = 0; k <= h; k++) near[k].size = near[k].value;
    qsort(near, (size_t)h + 1, sizeof *near, by_size);
    out->n = h + 1;
    TM_SCRATCH(ctx, out->x, h + 1);
    TM_SCRATCH(ctx, out->y, h + 1);
    for (int64_t k = 0; k <= h; k++) {
        out->x[k] = (double)(n_zero + 1 + k) / (double)(n - d->p);
        out->y[k] = near[k].value;
    }
    return TEMOIN_OK;
}

/* The slope of the median regression through them; NaN where there are too few. */
static temoin_status sparsity(temoin_context *ctx, const tm_quantile_design *design, double tau, double *slope)
{
    tm_quantile_near near;
    *slope = NAN;
    TM_TRY(tm_quantile_near_build(ctx, design, tau, &near));
    if (near.n) TM_TRY(median_slope(ctx, near.x, near.y, near.n, slope));
    return TEMOIN_OK;
}

static temoin_status densities_between(temoin_context *ctx, const tm_quantile_design *d, double tau, double *density,
                                       int64_t *n_crossed)
{
    double h = bandwidth_within(tau, (double)d->sample->n);
    tm_check_loss_fit high, low;
    TM_TRY(tm_check_loss_run(ctx, &d->loss, tau + h, &high));
    TM_TRY(tm_check_loss_run(ctx, &d->loss, tau - h, &low));
    double largest = 0;
    for (int64_t i = 0; i < d->sample->n; i++) {
        double rise = 0;
        for (int32_t j = 0; j < d->p; j++) rise += d->x[j][i] * (high.beta[j] - low.beta[j]);
        density[i] = rise;
        largest = fmax(largest, fabs(rise));
    }
    for (int64_t i = 0; i < d->sample->n; i++) {
        bool crossed = !(density[i] > 1e-9 * largest) || !high.solved || !low.solved;
        *n_crossed += crossed;
        density[i] = crossed ? 0 : 2 * h / density[i];
    }
    return TEMOIN_OK;
}

static temoin_status densities_by_kernel(temoin_context *ctx, const tm_quantile_design *d, double tau, double *density)
{
    int64_t n = d->sample->n;
    double h = bandwidth_within(tau, (double)n), *residual, largest, mean = 0, square = 0, quartile[2];
    TM_TRY(residuals_of(ctx, d, &residual, &largest));
    for (int64_t i = 0; i < n; i++) mean += residual[i] / (double)n;
    for (int64_t i = 0; i < n; i++) square += (residual[i] - mean) * (residual[i] - mean);
    for (int k = 0; k < 2; k++) TM_TRY(tm_sample_quantile(ctx, residual, NULL, n, k ? 0.75 : 0.25, 7, &quartile[k]));
    double width = tm_normal_quantile(tau + h) - tm_normal_quantile(tau - h);
    width *= fmin(sqrt(square / (double)(n - 1)), (quartile[1] - quartile[0]) / 1.34);
    for (int64_t i = 0; i < n; i++)
        density[i] = width > zero_residual * largest ? normal_density(residual[i] / width) / width : 0;
    return TEMOIN_OK;
}

/* ‖X v‖², rows times their weights: the scores of a weighted regression are w (tau - 1[below]) x. */
static double length_along(const tm_quantile_design *d, const double *v)
{
    double square = 0;
    for (int64_t i = 0; i < d->sample->n; i++) {
        double sum = 0;
        for (int32_t j = 0; j < d->p; j++) sum += d->x[j][i] * v[j];
        if (d->sample->weight) sum *= d->sample->weight[i];
        square += sum * sum;
    }
    return square;
}

temoin_status tm_quantile_spread(temoin_context *ctx, const tm_quantile_design *design, double tau, const char *kind,
                                 const double *a, double *spread, int64_t *n_crossed)
{
    double *v, *density, sparse = 1;
    bool singular = false, alike = strcmp(kind, "rq_iid") == 0;
    *n_crossed = 0;
    *spread = NAN;
    TM_SCRATCH(ctx, v, design->p);
    TM_SCRATCH(ctx, density, design->sample->n);
    if (alike)
        TM_TRY(sparsity(ctx, design, tau, &sparse));
    else if (strcmp(kind, "rq_nid") == 0)
        TM_TRY(densities_between(ctx, design, tau, density, n_crossed));
    else
        TM_TRY(densities_by_kernel(ctx, design, tau, density));
    for (int64_t i = 0; design->sample->weight && i < design->sample->n; i++) density[i] *= design->sample->weight[i];
    TM_TRY(tm_quantile_design_solve(ctx, design, alike ? NULL : density, a, v, &singular));
    if (!singular && sparse > 0) *spread = sparse * sparse * length_along(design, v);
    return TEMOIN_OK;
}
