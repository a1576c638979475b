/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How alike would the clients of a caseworker have to be for an effect to be explained by who the workers are?
 *
 * With clients of a worker correlated by rho, the mean of n clients of an arm has the variance
 *
 *     v(rho) = s²/n [1 + (m~ - 1) rho],   m~ = Σm²/Σm over workers of m clients,
 *
 * Kish's design effect; m~ is the caseload that a client meets on average, and 1 where nobody shares a worker. The
 * standard error of a difference of two arms at rho is the root of the sum of both. With weights w of the clients,
 * n = (Σw)²/Σw² and m~ = Σ_worker (Σw)² / Σw², which are the same where weights are equal.
 *
 * s² is the variance of clients within the arm, whose mean is a difference of; of an estimate with strata or
 * covariates, of its residuals, Σ w e² / Σ w (1 - h) with h the leverages. It is what clients show and does not move
 * with rho; where workers do differ, s² lacks the share (m~ - 1)/(n - 1) rho of the variance, which an arm with many
 * workers does not feel. With one worker that is all of rho, which then is about σ_b²/σ², the variance between workers
 * over that within.
 *
 * Degrees of freedom. s² is a quadratic form y'My / (n - 1) in clients of covariance (1 - rho) I + rho ZZ', Z the
 * workers' indicators and M = I - J/n. By Satterthwaite it has (tr MV)² / tr(MV)² degrees of freedom, with
 * t1 = tr MZZ' = n - Σm²/n and t2 = tr(MZZ')² = Σm² - 2 Σm³/n + (Σm²/n)²:
 *
 *     f(rho) = [(1-rho) (n-1) + rho t1]² / [(1-rho)² (n-1) + 2 rho (1-rho) t1 + rho² t2]
 *
 * That is n - 1 at rho = 0, and with g workers of equal caseloads g - 1 at rho = 1: what their means have. With one
 * worker t1 = t2 = 0 and it stays n - 1: the worker's part in the variance is declared, not estimated, and clients tell
 * s² about as they would without. Where strata or covariates take degrees of freedom, Σ(1 - h) stands for the n - 1 in
 * front, and f for rho > 0 shrinks in proportion. Of two arms Satterthwaite again: (Σv)² / Σ v²/f, which at rho = 0 is
 * Welch's.
 *
 * A worker who serves both arms is taken for two, whose clients in the one arm are not like those in the other: what
 * such a worker does to both arms alike cancels, so that this errs on the side of care.
 *
 * Cites    Kish 1965, "Survey Sampling" (design effects, of clusters and of weights); Satterthwaite 1946; Box 1954,
 *          theorem 3.1 (quadratic forms).
 */
#ifndef TM_TIPPING_H
#define TM_TIPPING_H

#include "inference/provider_sample.h"
#include "moments/fit.h"

typedef struct tm_tipping_arm {
    double n;        /* of the formula */
    double variance; /* s² in unit² */
    double weighted; /* m~ */
    double df;       /* of s² at rho = 0 */
    double t1, t2;   /* over n - 1; both 0 with one worker for all clients of the arm, 1 without workers */
    int64_t n_workers;
} tm_tipping_arm;

typedef struct tm_tipping {
    tm_tipping_arm arm[2];
    double value; /* in `unit`s */
    double level;
    double unit; /* what outcomes were divided by */
} tm_tipping;

typedef struct tm_tipping_interval {
    double se, df, low, high, p; /* NaN where nothing varies */
} tm_tipping_interval;

/* The arms of a difference, from the fit of a sample by caseworker, see tm_effects_fit. arms [2]: those compared. Value
 * and level are left to the caller. Scratch is rewound. */
TEMOIN_MUST_CHECK temoin_status tm_tipping_arms_build(temoin_context *ctx, const tm_fit *fit,
                                                      const tm_provider_sample *by_worker, const int32_t *arms,
                                                      tm_tipping *out);

/* The interval at an intraclass correlation in [0, 1]. */
void tm_tipping_at(const tm_tipping *tipping, double rho, tm_tipping_interval *out);

/* The smallest correlation at which the interval touches zero, to 1e-15; NaN with the note that says why:
 * every_worker_one_client, touches_zero (without any correlation), holds_everywhere, no_variation. The half width of
 * the interval grows with rho but for the degrees of freedom, which may grow as well when an arm of few clients loses
 * its weight: it is followed over the grid of the curve and bisected where it first passes the effect.
 */
const char *tm_tipping_find(const tm_tipping *tipping, double *rho);

/* Where the curve is drawn: 0 to 1, dense near zero. */
enum { TM_TIPPING_GRID = 61 };
double tm_tipping_grid(int i);

#endif
