/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Effects in linear mixed models: arms, covariates and strata (of a panel, strata by waves) are fixed, clusters are
 * random. */
#ifndef TM_MIXED_EFFECTS_H
#define TM_MIXED_EFFECTS_H

#include "estimators/estimator.h"

typedef struct tm_mixed_options {
    bool reml; /* else maximum likelihood */
    bool
        clients; /* the rows are client × wave: clients are random too, crossed with clusters, nested in them or they */
    bool sites;  /* the sample's sites are random too; clusters are nested in them, or cross them */
} tm_mixed_options;

/* As the `run` of an estimator; variances "kenward_roger model_satterthwaite model_wald_z".
 *
 * Missing  of a sample without weights: weights_not_taken.
 * Notes    no_variation, perfect_fit, too_few_units, collinear, constant_in_arm, stratum_without_contrast, no_contrast,
 *          one_cluster, one_cluster_in_arm (the effect would be told apart from its cluster by the model alone),
 *          variance_not_identified, model_too_large, not_converged; beside the number variance_at_zero, few_clusters
 *          (model_wald_z with fewer than ten in an arm, the others with fewer than four degrees of freedom).
 * Cost     see moments/random_intercept.h.
 */
TEMOIN_MUST_CHECK temoin_status tm_mixed_run(temoin_context *ctx, const tm_request *request,
                                             const tm_mixed_options *options, tm_effect *out);

#endif
