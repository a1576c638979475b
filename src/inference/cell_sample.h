/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_CELL_SAMPLE_H
#define TM_CELL_SAMPLE_H

#include "estimators/estimator.h"
#include "moments/sample_build.h"

/* tm_sample_build for the estimator: weighted by probability unless it compares within strata and they suffice. */
TEMOIN_MUST_CHECK temoin_status tm_cell_sample_build(temoin_context *ctx, const temoin_assignment *assignment,
                                                     const tm_plan_estimate *estimate, const tm_estimator *estimator,
                                                     int32_t measure, int32_t wave, tm_sample *out, tm_notes *notes);

/* Contrasts of the estimate, one behind the other [n_contrasts * n_arms], in scratch. */
TEMOIN_MUST_CHECK temoin_status tm_cell_contrasts_build(temoin_context *ctx, const tm_plan_estimate *estimate,
                                                        int32_t n_arms, double **out);

#endif
