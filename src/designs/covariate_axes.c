/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "designs/covariate_axes.h"

#include <math.h>
#include <stdlib.h>

#include "kernels/kernels.h"

/* A column's part that varies, relative to its largest value, below which it is a constant and rounding. */
static const double variation_smallest = 1e-12;
/* A column's part that the columns before it do not explain, relative to its length, below which it adds nothing. */
static const double remainder_smallest = 1e-8;

const char *tm_covariate_name(const tm_design_units *units, int32_t j)
{
    return units->covariate_name && units->covariate_name[j] ? units->covariate_name[j] : "?";
}

static void scale_to_one(const double *covariate, int64_t n, double *x)
{
    double largest = 0;
    for (int64_t u = 0; u < n; u++) largest = fmax(largest, fabs(covariate[u]));
    for (int64_t u = 0; u < n; u++) x[u] = largest > 0 ? covariate[u] / largest : 0;
}

/* Twice, because a mean of n numbers is rounded. mean [n_strata] is workspace. */
static void subtract_means(const tm_design_units *units, const int32_t *stratum, const int64_t *size, double *mean,
                           double *x)
{
    for (int pass = 0; pass < 2; pass++) {
        for (int32_t s = 0; s < units->n_strata; s++) mean[s] = 0;
        for (int64_t u = 0; u < units->n_units; u++) mean[stratum ? stratum[u] : 0] += x[u];
        for (int32_t s = 0; s < units->n_strata; s++) mean[s] = size[s] ? mean[s] / (double)size[s] : 0;
        for (int64_t u = 0; u < units->n_units; u++) x[u] -= mean[stratum ? stratum[u] : 0];
    }
}

static double length_of(const temoin_context *ctx, const double *x, int64_t n)
{
    return sqrt(ctx->kernels->dot(x, x, n));
}

static temoin_status centre_one(temoin_context *ctx, const tm_design_units *units, bool within, const int64_t *size,
                                double *mean, int32_t j, double *x)
{
    const int32_t *stratum = within ? units->stratum : NULL;
    const int64_t n = units->n_units;
    scale_to_one(units->covariate[j], n, x);
    subtract_means(units, stratum, size, mean, x);
    if (!(length_of(ctx, x, n) > variation_smallest * sqrt((double)n)))
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "design: the covariate \"%s\" does not vary%s, so nothing can be balanced on it; take it out of "
                "design.covariates",
                tm_covariate_name(units, j), within && units->n_strata > 1 ? " within the strata" : "");
    for (int64_t u = 0; within && u < n; u++) {
        const double m = (double)size[stratum ? stratum[u] : 0];
        if (m > 1) x[u] *= sqrt(m / (m - 1));
    }
    return TEMOIN_OK;
}

static temoin_status check_any(temoin_context *ctx, const tm_design_units *units)
{
    if (units->n_covariates < 1)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "design: this kind needs covariates; name columns of the clients' file in design.covariates");
    return TEMOIN_OK;
}

temoin_status tm_covariates_centre(temoin_context *ctx, const tm_design_units *units, bool within, double ***out)
{
    double **x, *mean;
    int64_t *size;
    const int64_t n = units->n_units;
    TM_TRY(check_any(ctx, units));
    TM_SCRATCH(ctx, x, units->n_covariates);
    TM_SCRATCH(ctx, mean, units->n_strata);
    TM_SCRATCH(ctx, size, units->n_strata);
    if (!within) size[0] = n;
    for (int64_t u = 0; within && u < n; u++) size[units->stratum ? units->stratum[u] : 0]++;
    for (int32_t j = 0; j < units->n_covariates; j++) {
        TM_SCRATCH(ctx, x[j], n);
        TM_TRY(centre_one(ctx, units, within, size, mean, j, x[j]));
    }
    *out = x;
    return TEMOIN_OK;
}

typedef struct valued {
    double value;
    int64_t unit;
} valued;

static int by_value(const void *a, const void *b)
{
    const valued *x = a, *y = b;
    return x->value != y->value ? (x->value > y->value) - (x->value < y->value)
                                : (x->unit > y->unit) - (x->unit < y->unit);
}

static temoin_status rank_one(temoin_context *ctx, const tm_design_units *units, int32_t j, valued *sorted,
                              double *rank)
{
    const int64_t n = units->n_units;
    for (int64_t u = 0; u < n; u++) sorted[u] = (valued){units->covariate[j][u], u};
    qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    if (n == 0 || sorted[0].value == sorted[n - 1].value)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "design: the covariate \"%s\" does not vary, so nothing can be matched on it; take it out of "
                "design.covariates",
                tm_covariate_name(units, j));
    for (int64_t begin = 0, end; begin < n; begin = end) {
        for (end = begin; end < n && sorted[end].value == sorted[begin].value; end++) {
        }
        for (int64_t k = begin; k < end; k++) rank[sorted[k].unit] = (double)(begin + end - n) / 2;
    }
    return TEMOIN_OK;
}

temoin_status tm_covariates_rank(temoin_context *ctx, const tm_design_units *units, double ***out)
{
    double **x;
    valued *sorted;
    TM_TRY(check_any(ctx, units));
    TM_SCRATCH(ctx, x, units->n_covariates);
    TM_SCRATCH(ctx, sorted, units->n_units);
    for (int32_t j = 0; j < units->n_covariates; j++) {
        TM_SCRATCH(ctx, x[j], units->n_units);
        TM_TRY(rank_one(ctx, units, j, sorted, x[j]));
    }
    *out = x;
    return TEMOIN_OK;
}

temoin_status tm_covariates_orthogonalize(temoin_context *ctx, const tm_design_units *units, double *const *x,
                                          double *lower)
{
    const int64_t n = units->n_units;
    const int32_t p = units->n_covariates;
    for (int32_t j = 0; j < p; j++) {
        const double whole = length_of(ctx, x[j], n);
        ctx->kernels->scale(1 / whole, x[j], n);
        for (int pass = 0; pass < 2; pass++)
            for (int32_t k = 0; k < j; k++) {
                const double part = ctx->kernels->dot(x[j], x[k], n);
                ctx->kernels->axpy(-part, x[k], x[j], n);
                if (lower) lower[j * p + k] += part;
            }
        const double rest = length_of(ctx, x[j], n);
        if (!(rest > remainder_smallest))
            TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                    "design: the covariate \"%s\" is a combination of the covariates before it and adds nothing to "
                    "them; take "
                    "it out of design.covariates",
                    tm_covariate_name(units, j));
        ctx->kernels->scale(1 / rest, x[j], n);
        if (lower) lower[j * p + j] = rest;
    }
    if (p >= n - 1)
        TM_FAIL(
            ctx, TEMOIN_ERR_PLAN,
            "design: the covariates make %d column%s for %lld units, so that any two units are equally far from each "
            "other; take some out of design.covariates",
            (int)p, p > 1 ? "s" : "", (long long)n);
    return TEMOIN_OK;
}
