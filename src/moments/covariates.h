/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Covariates of an estimate as centred columns. */
#ifndef TM_COVARIATES_H
#define TM_COVARIATES_H

#include "moments/sample.h"
#include "result/notes.h"
#include "trial/trial_struct.h"

typedef struct tm_covariate_request {
    const temoin_trial *trial;
    const tm_plan_estimate *estimate;
    int index;       /* of the estimate in the plan */
    int32_t measure; /* whose baseline `baseline` is */
} tm_covariate_request;

/* Takes units out that miss any covariate, and counts them. in [n_units]. */
TEMOIN_MUST_CHECK temoin_status tm_covariates_leave_out(temoin_context *ctx, const tm_covariate_request *request,
                                                        bool *in, tm_notes *notes);

/* Numbers as they are, categories as one column per level but the first in byte order among those present, both for the
 * units listed; columns are centred at their mean. Missing numbers become the mean, with a column that marks them. */
TEMOIN_MUST_CHECK temoin_status tm_covariates_build(temoin_context *ctx, const tm_covariate_request *request,
                                                    const int64_t *unit, int64_t n, tm_sample *out, tm_notes *notes);

#endif
