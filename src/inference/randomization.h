/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Randomization tests: what the statistic would have been had the draw fallen otherwise and the arm mattered to nobody
 * (Fisher 1935), by the mechanism that drew the trial. */
#ifndef TM_RANDOMIZATION_H
#define TM_RANDOMIZATION_H

#include "inference/arm_source.h"
#include "inference/effects.h"
#include "statistics/statistic.h"

typedef struct tm_randomization_request {
    const tm_sample *sample; /* with the arms that were drawn */
    const tm_estimator *estimator;
    const tm_variance *variance;
    const tm_statistic *statistic;
    const double *arm_weight; /* [n_contrasts * n_arms] */
    int32_t n_contrasts;
    const tm_arm_source *source;
    int64_t stop_at;  /* redraws that are as extreme after which to stop (Besag & Clifford 1991); 0: never. Ignored when
                         the source is exact; the first contrast decides */
    double tolerance; /* ties: |T| is as extreme as |t| when it is at least |t| - tolerance × max(|t|, unit) */
    double level;     /* of the Monte Carlo band */
} tm_randomization_request;

typedef struct tm_randomization {
    int64_t n_draws; /* taken */
    bool exact;
    const double *probability; /* of each draw; NULL: all the same */
    double observed;           /* NaN: not defined in the trial as it is; then p is NaN */
    double unit;               /* what is rounding is measured in: 1, or the outcome's standard deviation */
    double *statistic;         /* [n_draws] NaN: not defined in that draw, counted as extreme */
    int64_t n_undefined;
    int64_t n_extreme; /* at least as far from zero as the observed one */
    double p;          /* two-sided */
    double p_low, p_high;
} tm_randomization;

/* p of the two-sided test by |T|. Exact: the probability of all assignments that are as extreme, and the band is p. By
 * redraws: (c + 1) / (R + 1), c of R being as extreme, with Clopper & Pearson's band for the p of all redraws; stopped
 * at the h-th: h / L after L redraws, with the band of the negative binomial. Never 0.
 *
 * Shapes   out [n_contrasts]; `statistic` lives in the caller's scratch.
 * Missing  a draw in which the statistic does not exist counts as extreme, so that p is never too small for it.
 * Errors   those of the estimator.
 * Cost     n_draws fits, or the sums of randomize_sums.h, spread over threads by index; results do not depend on their
 *          number.
 * Cites    Phipson & Smyth 2010; Besag & Clifford 1991; Clopper & Pearson 1934.
 */
TEMOIN_MUST_CHECK temoin_status tm_randomization_run(temoin_context *ctx, const tm_randomization_request *request,
                                                     tm_randomization *out);

/* The statistic of one set of rows, [n_contrasts]; NaN: not defined there. score: of the statistic, NULL when it has
 * none. Texts of notes are left in the context's result arena. */
TEMOIN_MUST_CHECK temoin_status tm_randomization_value(temoin_context *ctx, const tm_randomization_request *request,
                                                       const tm_sample *sample, const double *score, double *value);

/* The statistics of the trial as it is, [n_contrasts]; NaN: not defined. Needs a row. */
TEMOIN_MUST_CHECK temoin_status tm_randomization_observe(temoin_context *ctx, const tm_randomization_request *request,
                                                         double *observed);

/* Statistics of the draws first … first + n - 1 only: statistic [n_contrasts] → [n]. For the same draws with another
 * outcome, ask again with a sample that differs in `y` alone. */
TEMOIN_MUST_CHECK temoin_status tm_randomization_draws(temoin_context *ctx, const tm_randomization_request *request,
                                                       int64_t first, int64_t n, double *const *statistic);

/* True when |T| is as extreme as the observed statistic, ties and the undefined included. */
bool tm_randomization_is_extreme(double statistic, double observed, double unit, double tolerance);

/* p and its band from the statistics that `out` holds. */
void tm_randomization_weigh(const tm_randomization_request *request, tm_randomization *out);

/* Standard deviation of the outcome for a statistic in its units, else 1. */
double tm_randomization_unit(const tm_statistic *statistic, const tm_sample *sample);

#endif
