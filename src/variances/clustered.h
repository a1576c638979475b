/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cluster variances: Σ_g (adjusted score of g)² × factor. */
#ifndef TM_CLUSTERED_H
#define TM_CLUSTERED_H

#include "numeric/matrix_power.h"
#include "variances/variance.h"

/* Marks the contrasts whose clustered variance is not identified whatever the formula: one cluster in all, or in an
 * arm. */
TEMOIN_MUST_CHECK temoin_status tm_clustered_refuse(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out);

/* Scores c_g'(I - H_gg)^power e_g, squared and added, times factor; G - 1 degrees of freedom. `centred` takes their
 * mean out before.
 *
 * Notes    cluster_leverage_one where the effect depends on a direction that one cluster alone determines: its residual
 *          there is zero whatever happened, and the sum would leave that cluster's error out.
 * Cost     one pass over the rows, O(p²) each, and at most O(dim³) per cluster: not a function of cluster size.
 * Cites    Niccodemi, Alessie, Angelini, Mierau & Wansbeek 2020; MacKinnon, Nielsen & Webb 2023.
 */
TEMOIN_MUST_CHECK temoin_status tm_clustered_run(temoin_context *ctx, const tm_fit *fit, tm_power power, double factor,
                                                 bool centred, tm_uncertainty *out);

/* The same with power -1/2 and Satterthwaite degrees of freedom, rows unweighted. */
TEMOIN_MUST_CHECK temoin_status tm_clustered_reduced_bias(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out);

/* And weighted: the working covariance stays the identity, as in clubSandwich for weighted least squares. */
TEMOIN_MUST_CHECK temoin_status tm_clustered_reduced_bias_weighted(temoin_context *ctx, const tm_fit *fit,
                                                                   tm_uncertainty *out);

/* Ordinary least squares with the working covariance I + λ J of a cluster's rows: λ, the ratio of the variance between
 * clusters to that within, is estimated for each arm by analysis of variance of the residuals, one for the clusters
 * with rows in several; 0 in an arm whose clusters have one row each. With all λ = 0 it is
 * tm_clustered_reduced_bias. The adjustment is right on average, and the degrees of freedom are right, when errors are
 * as the working covariance says; as it depends on the data, only approximately.
 *
 * Notes    cluster_leverage_one, weights_not_taken.
 * Cost     O(n p²) + O(dim³) per cluster + O(k³).
 */
TEMOIN_MUST_CHECK temoin_status tm_clustered_working(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out);

#endif
