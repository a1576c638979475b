/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much of the variance of an outcome lies between the workers of an arm: the intraclass correlation, by several
 * ways, each with an interval. All are of workers within arms; see moments/worker_groups.h. */
#ifndef TM_INTRACLASS_H
#define TM_INTRACLASS_H

#include "moments/worker_groups.h"
#include "numeric/pcg64.h"

typedef struct tm_interval {
    double low, high; /* NaN: none */
} tm_interval;

/* By the mean squares (tm_one_way), not cut off at zero.
 *
 * Searle's interval: F = MSB/MSW over the F distribution's quantiles at both ends, L and U, gives
 * (F/U - 1) / (F/U + n0 - 1) and (F/L - 1) / (F/L + n0 - 1). Exact for normal outcomes and equal caseloads; with
 * unequal ones n0 stands in for the caseload, which Searle leaves open and others have since checked by simulation.
 *
 * Smith's interval: a normal one, with the large-sample variance of normal outcomes
 *
 *     2 (1 - r)² / n0² { [1 + r (n0 - 1)]² / (N - G) + [d (1 - r) (1 + r (2 n0 - 1)) + r² c] / d² },  d = G - A,
 *
 * c = `fourth`. For one arm that is Smith's; the arms of several add up in d, in c and in the sums behind n0, because
 * they are independent.
 *
 * Notes    see tm_intraclass_refuses. Smith's is NaN where its variance is not positive.
 * Cites    Searle 1971, "Linear Models", p. 414; Smith 1957, Annals of Human Genetics 21:363; Donner 1986 and Donner &
 *          Koval 1980 (both, with unequal sizes).
 */
typedef struct tm_intraclass_anova {
    double icc, between, within; /* components in squared units of the outcome */
    double f, p;                 /* of no variation between workers, normal outcomes */
    tm_interval searle, smith;
} tm_intraclass_anova;

void tm_intraclass_anova_run(const tm_worker_groups *groups, const tm_one_way *table, double level,
                             tm_intraclass_anova *out);

/* Why there is no intraclass correlation, a note key; NULL: there is one. one_worker (no arm has two),
 * every_worker_one_client, no_variation, constant_within_workers (the correlation would be 1, with certainty). */
const char *tm_intraclass_refuses(const tm_worker_groups *groups, const tm_one_way *table);

/* 1 + (Σm²/Σm - 1) ρ: by how much unequal caseloads inflate the variance of an arm's mean. */
double tm_design_effect(const tm_one_way *table, double icc);

/* The percentile interval of the intraclass correlation by the mean squares over samples of workers, drawn with
 * replacement as many as there are from each arm; a worker drawn twice is two workers. Samples in which no
 * worker's clients differ have none; NaN when those are more than one in a hundred.
 *
 * Draw r is of the stream jumped r + 1 times, so that draws do not depend on each other or on threads.
 * Cost     draws × workers.
 * Cites    Davison & Hinkley 1997, "Bootstrap Methods", sections 3.8 and 5.3.1; Ukoumunne, Davison, Gulliford & Chinn
 *          2003 (workers, not clients, are drawn; with fewer than thirty of them the interval is too short).
 */
TEMOIN_MUST_CHECK temoin_status tm_intraclass_bootstrap(temoin_context *ctx, const tm_worker_groups *groups,
                                                        const tm_pcg64 *stream, int64_t draws, double level,
                                                        tm_interval *out);

#endif
