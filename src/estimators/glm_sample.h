/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The model of a maximum-likelihood estimator: identified columns only, rows that have a say only. */
#ifndef TM_GLM_SAMPLE_H
#define TM_GLM_SAMPLE_H

#include "estimators/estimator.h"

typedef struct tm_glm_model {
    tm_sample sample;          /* the rows that are fitted */
    const int64_t *row;        /* [sample.n] which rows of the request's sample */
    const tm_model *model;     /* strata as groups, arms and covariates as columns, none of them collinear */
    const int32_t *arm_column; /* [n_arms] the arm's column, -1: the reference, or not in the model */
    const bool *identified;    /* [n_contrasts] */
    const int64_t *left_out;   /* [n_contrasts] rows in strata without the contrast */
    const struct tm_fit *fit;  /* of the model by least squares; NULL: it was not made */
} tm_glm_model;

/* Of the request's rows those marked in `keep` (NULL: all). Adds collinear and constant_in_arm to the effects' notes;
 * scratch arena. */
TEMOIN_MUST_CHECK temoin_status tm_glm_model_build(temoin_context *ctx, const tm_request *request, const bool *keep,
                                                   tm_glm_model *out, tm_effect *effects);

#endif
