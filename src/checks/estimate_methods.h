/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which estimator and which variance the estimates of a plan ask for, and whether they go together. */
#ifndef TM_ESTIMATE_METHODS_H
#define TM_ESTIMATE_METHODS_H

#include "plan/plan_struct.h"
#include "variances/variance.h"

typedef struct tm_estimate_method {
    const tm_estimator *estimator;
    const tm_variance *variance; /* NULL: the plan leaves it to us */
} tm_estimate_method;

/* out [n_estimates], result arena. Errors   TEMOIN_ERR_PLAN with the line, for a key that is not there (the nearest is
 * named) and for methods that do not go with each other, with the measure, the clusters or the waves. */
TEMOIN_MUST_CHECK temoin_status tm_estimate_methods_build(temoin_context *ctx, const temoin_plan *plan,
                                                          tm_estimate_method **out);

/* Whether the statistics of the randomization tests are there. */
TEMOIN_MUST_CHECK temoin_status tm_statistics_validate(temoin_context *ctx, const temoin_plan *plan);

/* cr2 with clusters; without, neyman for differences in means and hc2 (hc2_bm with few rows) for regressions; else the
 * estimator's first. NULL: there is none. */
const tm_variance *tm_default_variance(const tm_estimator *estimator, bool clustered, int64_t n_rows);

#endif
