/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which draws `rerandomized` keeps. Its header states the rule. */
#ifndef TM_BALANCE_RULE_H
#define TM_BALANCE_RULE_H

#include "designs/candidates.h"

typedef struct tm_balance_rule {
    int32_t n_arms, n_strata;
    int32_t width;     /* columns of a row, a multiple of four: the axes tier by tier, then covariates with a limit */
    int64_t *score;    /* [n_units * width] multiples of 2^-24 */
    int64_t *total;    /* [n_strata * width] */
    int32_t n_tiers;   /* 0: limits alone */
    int32_t *tier_end; /* [n_tiers] first column behind the tier */
    double *threshold; /* [n_tiers] */
    int32_t first_limit, n_limits;
    double *limit; /* [n_limits] of column first_limit + i */
    double accept; /* share of draws that the tiers let pass; 1 without tiers */
    int64_t *sum;  /* [(n_arms + 1) * width] of the assignment looked at */
    int64_t *n_in; /* [n_arms + 1] */
} tm_balance_rule;

/* In the caller's scratch.
 * Errors   TEMOIN_ERR_PLAN: options that do not fit each other or the covariates. */
TEMOIN_MUST_CHECK temoin_status tm_balance_rule_build(temoin_context *ctx, const tm_design_units *units,
                                                      tm_balance_rule *rule);

/* Whether the rule lets the candidate, or the assignment arm [n_units], pass. */
bool tm_balance_rule_passes(tm_balance_rule *rule, const tm_candidates *c);
bool tm_balance_rule_passes_arms(tm_balance_rule *rule, const tm_design_units *units, const int32_t *arm);

#endif
