/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sample of one reference result. */
#ifndef TM_GOLDEN_SAMPLE_H
#define TM_GOLDEN_SAMPLE_H

#include "golden_data.h"
#include "golden_formula.h"
#include "variances/variance.h"

typedef struct golden_options {
    bool dummies;       /* strata as columns among the covariates instead of strata of the sample */
    bool two_arms;      /* only the two arms of the contrast */
    const char *strata; /* a column of strata that the formula does not name; NULL: none */
    bool shares;        /* weights of one over the observed share of the own arm in the result's strata */
} golden_options;

typedef struct golden_sample {
    tm_sample sample;
    const double *arm_weight; /* [n_arms] the contrast */
    int32_t term;             /* the covariate whose coefficient is asked for, -1: the contrast of arms */
    double sd;                /* of y */
    const int64_t *client;    /* [n] row of the clients' file */
} golden_sample;

/* False when the result needs something that is not read here; `why` says what. */
bool golden_sample_build(temoin_context *ctx, const golden_data *data, const golden_result *result,
                         const golden_formula *formula, const golden_options *options, golden_sample *out,
                         const char **why);

/* Ours for the result's vcov; NULL when there is none. */
const tm_variance *golden_variance(const golden_result *result);

#endif
