/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The estimator and variance of a caseworker's trial whose interval can be relied on. */
#ifndef TM_RECOMMENDED_METHOD_H
#define TM_RECOMMENDED_METHOD_H

#include "plan/plan_struct.h"

typedef struct tm_recommended {
    const char *estimator;
    const char *variance;
} tm_recommended;

/* Workers stand between the arms, and a handful of them says little of how much they differ. What is recommended takes
 * its variance from what workers' outcomes do differ by, whatever their intraclass correlation is, and its degrees of
 * freedom from their number, not from the clients'. Methods that trust an estimated correlation (mixed models with a
 * normal reference) promise too much where it is estimated as zero, or too little (Kenward-Roger, one arm, workers who
 * do not differ).
 *
 * Nested: `worker_means` with `student`. Both arms have workers of one kind, whose variance is pooled. Exact for equal
 * caseloads and normal means, t with k - 2 degrees of freedom; with unequal ones means are of unequal variance, under
 * which t tests of a few hardly exceed their level (Ibragimov & Müller 2010). Welch's form spends degrees of freedom
 * that two or three workers do not have.
 *
 * One arm: `ols` with `cr2_working`. Means of workers and single clients have no variance in common. CR2 takes that of
 * workers from the workers and that of clients from the clients; its adjustment and its degrees of freedom are right
 * where the working covariance is, which with the identity in its place (`cr2`) means: where workers do not differ
 * (Pustejovsky & Tipton 2018). The same where one of two arms has more than one and a half times as many workers as the
 * other, who therefore have fewer clients each.
 *
 * Crossed: `worker_means` with `paired`, the effect within each worker, who is the own control.
 *
 * fewest, most: workers of the arm with the fewest and of that with the most; only nested asks for them.
 * reports/campaign/caseworkers.md has the coverage of these intervals and of the others.
 */
tm_recommended tm_recommended_method(tm_structure structure, int64_t fewest, int64_t most);

#endif
