/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the same draws say about several statistics at once.
 *
 * A p value is the share of the draws whose statistic is at least as large in absolute value: of all assignments where
 * they are listed, else of the draws and the observed assignment together, (c + 1) / (n + 1), which is exactly valid
 * for any number of draws (Phipson & Smyth 2010). A tie is |T| >= |t| - tolerance max(|t|, unit), as in a randomization
 * test of one estimate. A statistic that a draw does not define counts as infinite: it can only make p larger. */
#ifndef TM_REDRAWN_H
#define TM_REDRAWN_H

#include "base/failure.h"

typedef struct tm_redrawn {
    int64_t n_draws;
    const double *observed;         /* [n] NaN: the member has no test and does not count */
    const double *const *statistic; /* [n] of [n_draws]; not read where observed is NaN */
    const double *probability;      /* [n_draws] of the listed assignments; NULL: all are equally likely */
    double tolerance;
    const double *unit; /* [n] what rounding is measured in; NULL: 1 */
    bool exact;         /* the draws are all assignments, the observed one among them */
    bool studentized;   /* the statistics are estimates over their standard errors */
} tm_redrawn;

/* Of one member, for itself. */
TEMOIN_MUST_CHECK temoin_status tm_redrawn_p(temoin_context *ctx, const tm_redrawn *redrawn, int64_t member, double *p);

/* Largest absolute statistics. Step-down: member i is compared with the largest of those that are not larger than i's
 * own; single step: with the largest of all.
 *
 * Shapes   adjusted [n], NaN where observed is.
 * Cost     O(n * n_draws) time, O(n_draws) scratch.
 * Cites    Westfall & Young 1993, algorithm 4.1 (step-down, free) and section 2.3.1; Romano & Wolf 2005, 2016.
 */
TEMOIN_MUST_CHECK temoin_status tm_redrawn_max_t(temoin_context *ctx, const tm_redrawn *redrawn, int64_t n,
                                                 bool step_down, double *adjusted);

/* Smallest p values, step-down: a draw's statistic becomes its own p value among all draws first, so that members of
 * different scale and shape weigh the same.
 *
 * Cost     O(n * n_draws * log(n_draws)) time, O(n_draws) scratch.
 * Cites    Westfall & Young 1993, algorithm 2.8.
 */
TEMOIN_MUST_CHECK temoin_status tm_redrawn_min_p(temoin_context *ctx, const tm_redrawn *redrawn, int64_t n,
                                                 double *adjusted);

/* Of the whole family: could all effects be zero? The largest absolute statistic against its own draws; NaN without a
 * member. */
TEMOIN_MUST_CHECK temoin_status tm_redrawn_omnibus(temoin_context *ctx, const tm_redrawn *redrawn, int64_t n,
                                                   double *p);

#endif
