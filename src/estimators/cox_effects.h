/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_COX_EFFECTS_H
#define TM_COX_EFFECTS_H

#include "estimators/estimator.h"

/* Log hazard ratios of the request's contrasts, hazards proportional within strata. Variances: classical, the inverse
 * of the information; hc0 and cr0, Lin & Wei's sums of score residuals by client and by cluster.
 *
 * Notes    those of tm_survival_refuse; no_contrast, collinear, constant_in_arm, stratum_without_contrast,
 *          arm_without_events, monotone_likelihood, not_converged, one_cluster, one_cluster_in_arm, few_clusters,
 *          too_few_units, perfect_fit. Arms without events have no say, nor an effect.
 * Cites    Cox 1972; Lin & Wei 1989.
 */
TEMOIN_MUST_CHECK temoin_status tm_cox_effects_run(temoin_context *ctx, const tm_request *request, bool efron,
                                                   tm_effect *out);

#endif
