/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Baseline covariates as uncorrelated columns of unit variance, for designs that balance or match on them. */
#ifndef TM_COVARIATE_AXES_H
#define TM_COVARIATE_AXES_H

#include "designs/design_kind.h"

/* What a message calls column j: the plan's name of its covariate. */
const char *tm_covariate_name(const tm_design_units *units, int32_t j);

/* Every covariate less its mean, in the scratch arena. With `within`, less its mean in the unit's stratum, times
 * sqrt(m / (m - 1)) for a stratum of m units: the sum of squares over n is then the variance that counts when each
 * stratum is drawn by itself, and with one stratum it is the usual one, with n - 1 below.
 *
 * Shapes   *out [n_covariates] → [n_units], each divided by the largest absolute value of its covariate.
 * Errors   TEMOIN_ERR_PLAN: no covariates; one that does not vary.
 */
TEMOIN_MUST_CHECK temoin_status tm_covariates_centre(temoin_context *ctx, const tm_design_units *units, bool within,
                                                     double ***out);

/* Every covariate's ranks among all units, equal values sharing the mean of their ranks, less their mean; likewise. */
TEMOIN_MUST_CHECK temoin_status tm_covariates_rank(temoin_context *ctx, const tm_design_units *units, double ***out);

/* Gram-Schmidt in the order of the columns, each twice, for the last digits: column j loses what the columns before it
 * explain and gets length one.
 *
 * Shapes   x [n_covariates] → [n_units], overwritten; lower [n_covariates * n_covariates], or NULL: L with
 *          x_j = length(x_j) * Σ_k L[j][k] q_k, so that L L' is the matrix of correlations.
 * Errors   TEMOIN_ERR_PLAN: a column is a combination of those before it; it is named.
 */
TEMOIN_MUST_CHECK temoin_status tm_covariates_orthogonalize(temoin_context *ctx, const tm_design_units *units,
                                                            double *const *x, double *lower);

#endif
