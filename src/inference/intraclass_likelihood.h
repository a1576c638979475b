/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The intraclass correlation by likelihood: restricted, of normal outcomes, and of binary outcomes on the logistic
 * scale. */
#ifndef TM_INTRACLASS_LIKELIHOOD_H
#define TM_INTRACLASS_LIKELIHOOD_H

#include "inference/intraclass.h"

typedef struct tm_intraclass_likelihood {
    const char *refused;         /* key of the note that says why there is nothing else; NULL: there is */
    double icc, between, within; /* components in squared units of the outcome, or of the logistic scale */
    bool at_zero;                /* the likelihood is largest at no variation between workers */
    double criterion;            /* -2 log-likelihood */
    tm_interval interval;        /* of the profile likelihood: what a ratio test would not reject; ends at 0 there */
    double p; /* likelihood ratio test of no variation, which is a boundary: half of chi-square's tail; 1 at zero */
} tm_intraclass_likelihood;

/* y = arm + worker + e, the workers of an arm normal, by restricted maximum likelihood: random_intercept.h with the
 * groups as its levels. The profile is of the restricted likelihood, over ρ = θ / (1 + θ).
 *
 * Notes    those of tm_intraclass_refuses, and of tm_random_fit_run.
 * Cost     some hundred passes over the groups.
 * Cites    Patterson & Thompson 1971; Self & Liang 1987, case 5 (the half).
 */
TEMOIN_MUST_CHECK temoin_status tm_intraclass_reml_run(temoin_context *ctx, const tm_worker_groups *groups,
                                                       double level, tm_intraclass_likelihood *out);

/* logit P(y = 1) = β_arm + σ u, u standard normal by worker, by maximum likelihood; ρ = σ² / (σ² + π²/3), as if y = 1
 * said that a logistic variable about β + σ u is positive. An arm in which all outcomes are the same says nothing of σ
 * and is left out by itself.
 *
 * The integral over a worker's u is taken by the trapezoidal rule, on a grid that is centred at the integrand's mode
 * and scaled by its curvature: the integrand is analytic in a strip and decays as a normal density does, so that the
 * rule is right to some fifteen digits (Trefethen & Weideman 2014), where Gauss and Hermite's needs dozens of nodes for
 * workers all of whose clients have the same outcome. Given σ each arm's β is a concave problem (Prékopa 1973),
 * solved by Newton's method; the profile over σ is searched on a grid and finished on its derivative.
 *
 * Shapes   the sample of the groups.
 * Notes    those of tm_intraclass_refuses; outcome_not_binary; not_converged: σ beyond 60.
 * Cost     some hundred evaluations of 30 exponentials per worker.
 * Cites    Snijders & Bosker 2012, "Multilevel Analysis", section 17.3.2 (π²/3); Liu & Pierce 1994 (the centred and
 *          scaled grid).
 */
TEMOIN_MUST_CHECK temoin_status tm_intraclass_latent_run(temoin_context *ctx, const tm_sample *sample,
                                                         const tm_worker_groups *groups, double level,
                                                         tm_intraclass_likelihood *out);

/* With `least` the smallest criterion: fills p, and the interval by a search in both directions from the estimate, of
 * which `criterion` is asked at correlations in [0, 1). For those who implement the above. */
typedef struct tm_profile {
    temoin_status (*criterion)(temoin_context *ctx, const struct tm_profile *profile, double icc, double *value);
    const void *data;
    double icc, least, most; /* beyond `most` it is not asked, and 1 is the end */
} tm_profile;

TEMOIN_MUST_CHECK temoin_status tm_profile_finish(temoin_context *ctx, const tm_profile *profile, double level,
                                                  tm_intraclass_likelihood *out);

#endif
