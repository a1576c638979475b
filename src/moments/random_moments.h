/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a linear mixed model with random intercepts needs to know of the rows:
 *
 *     y = X β + Σ_k Z_k u_k + e,   u_k ~ N(0, σ_k² I),   e ~ N(0, σ² I),   V / σ² = I + Σ_k θ_k Z_k Z_k',  θ_k =
 * σ_k²/σ²
 *
 * Z_k says which level of factor k a row belongs to. Factor 0 is eliminated level by level, so it may have any number
 * of levels; the levels of the others (n_dense, all together) become columns of a dense matrix. One factor: the
 * ordinary random intercept, and nothing is dense. Crossed or nested: the factor with the most levels is factor 0.
 *
 * Why dense: degrees of freedom and Kenward & Roger's covariance need traces over all levels of inverses, which an
 * iterative solver does not give, and a sparse factorization of crossed factors fills up in the smaller one anyway.
 * Workers are hundreds where clients are thousands, and a thousand levels take seconds. */
#ifndef TM_RANDOM_MOMENTS_H
#define TM_RANDOM_MOMENTS_H

#include "base/failure.h"
#include "moments/fit.h"

enum { TM_RANDOM_MOST_FACTORS = 4, TM_RANDOM_LARGEST_DIM = 1500 };

/* W = (X, y, Z_1, …): p + 1 + n_dense = dim columns. A row without a level of factor 0 is in `gram` and `n` only, so
 * that clients of no worker are as independent as the model says. */
typedef struct tm_random_moments {
    int64_t n;         /* rows */
    int32_t p;         /* columns of X, at least 1, not collinear */
    int32_t n_factors; /* at least 1 */
    int32_t n_dense;
    int32_t dense_start[TM_RANDOM_MOST_FACTORS + 1]; /* factor k >= 1: levels from [k - 1] to below [k] */
    int32_t dim;
    const double *gram; /* [dim * dim] W'W */
    int32_t n_levels;   /* of factor 0 */
    const double *size; /* [n_levels] rows; a level without rows does no harm */
    const int64_t *at;  /* [n_levels + 1] where the entries of each level start */
    const int32_t *column;
    const double *sum; /* Σ over the level's rows of W's column; those not listed are zero. Columns ascend in a level */
    double log_volume; /* log |X'X| is 0 for an orthonormal X; this is added: log |X'X| of the columns it stands for */
} tm_random_moments;

/* A factor beside the first: level [n] in the order of the sample's rows, below n_levels. */
typedef struct tm_random_factor {
    int32_t n_levels;
    const int32_t *level;
} tm_random_factor;

/* From a fit without weights whose clusters are the levels of factor 0: X is its orthonormal basis (groups, then Q) and
 * y its residual, so that W'W starts from the identity and β is what the mixed model adds to least squares.
 *
 * Shapes   factor [n_factors - 1]; the result lives on the scratch arena.
 * Needs    p + 1 + n_dense at most TM_RANDOM_LARGEST_DIM: see tm_random_dim.
 * Cost     one pass over the rows, p sums each.
 */
TEMOIN_MUST_CHECK temoin_status tm_random_moments_build(temoin_context *ctx, const tm_fit *fit, int32_t n_factors,
                                                        const tm_random_factor *factor, tm_random_moments *out);

/* The dim that would have; more than INT32_MAX never. */
int64_t tm_random_dim(const tm_fit *fit, int32_t n_factors, const tm_random_factor *factor);

#endif
