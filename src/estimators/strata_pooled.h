/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Effects of strata (sites, blocks) pooled as a meta-analysis pools trials. */
#ifndef TM_STRATA_POOLED_H
#define TM_STRATA_POOLED_H

#include "estimators/estimator.h"

/* Each stratum has its difference in means τ_s and Neyman's variance v_s. Their mean with weights 1 / (v_s + t),
 * variance one over the sum of weights, normal reference; t = 0, or with `random` DerSimonian & Laird's variance
 * between strata,
 *
 *     t = max(0, (Q - (S - 1)) / (Σ w - Σ w² / Σ w)),   Q = Σ w (τ_s - mean)²,   w = 1 / v_s.
 *
 * Notes    stratum_without_contrast, no_contrast, single_unit_in_block, no_variation (a stratum without any),
 * weights_not_taken.
 */
TEMOIN_MUST_CHECK temoin_status tm_strata_pooled_run(temoin_context *ctx, const tm_request *request, bool random,
                                                     tm_effect *out);

#endif
