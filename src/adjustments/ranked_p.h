/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_RANKED_P_H
#define TM_RANKED_P_H

#include "adjustments/adjustment.h"

/* The p values that are there, smallest first, equal ones in the order of the family. */
typedef struct tm_ranked_p {
    int64_t n;
    double *p;   /* [n] */
    int64_t *at; /* [n] places in the family */
} tm_ranked_p;

/* In scratch. */
TEMOIN_MUST_CHECK temoin_status tm_ranked_p_build(temoin_context *ctx, const double *p, int64_t n, tm_ranked_p *out);

/* p value `rank` of n (from 0, ascending) as if it stood alone: what a stepwise procedure multiplies it to. */
typedef double tm_step(double p, int64_t rank, int64_t n);

/* Step-down: each is at least what the smaller ones became. Step-up: at most what the larger ones became. At most 1. */
TEMOIN_MUST_CHECK temoin_status tm_step_down(temoin_context *ctx, const tm_family *family, tm_step *step,
                                             double *adjusted);
TEMOIN_MUST_CHECK temoin_status tm_step_up(temoin_context *ctx, const tm_family *family, tm_step *step,
                                           double *adjusted);

#endif
