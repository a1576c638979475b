/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Effects of a trial in which workers serve one arm only, by a mixed model. */
#ifndef TM_PARTIALLY_NESTED_EFFECTS_H
#define TM_PARTIALLY_NESTED_EFFECTS_H

#include "estimators/estimator.h"

typedef struct tm_partial_model {
    bool common;             /* one residual variance for both arms */
    bool maximum_likelihood; /* instead of the restricted one */
} tm_partial_model;

/* The regression `ols` of the two arms' clients with the errors of moments/partial_moments.h, contrast by contrast.
 *
 * Notes    contrast_of_two, weights_not_taken, no_contrast, too_few_units, perfect_fit, no_variation (no spread within
 *          workers, or none in the other arm), not_converged, those of tm_served_arm_find; variance_at_zero beside the
 *          number where workers are estimated not to differ; few_clusters below 4 degrees of freedom.
 */
TEMOIN_MUST_CHECK temoin_status tm_partially_nested_run(temoin_context *ctx, const tm_request *request,
                                                        const tm_partial_model *model, tm_effect *out);

#endif
