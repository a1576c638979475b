/* SPDX-License-Identifier: GPL-3.0-or-later */
/* If the arms did nothing and workers differed with an intraclass correlation rho, how often would the arms be as far
 * apart as they are? The clients keep their arms and their workers; only outcomes are drawn. */
#ifndef TM_PLACEBO_WORKERS_H
#define TM_PLACEBO_WORKERS_H

#include "moments/sample.h"

/* Caseloads and outcomes of two arms of a sample clustered by worker, in the caller's scratch. */
typedef struct tm_placebo_trial {
    int32_t n_workers;
    const int64_t *treated, *control; /* [n_workers] clients in the arm and in the reference */
    int64_t n_treated, n_control;
    double difference; /* of the arms' plain means */
    bool binary;
    int64_t ones_treated, ones_control; /* binary */
    double sd;                          /* else: within the two arms, divisor n - 2 */
} tm_placebo_trial;

TEMOIN_MUST_CHECK temoin_status tm_placebo_trial_build(temoin_context *ctx, const tm_sample *sample, int32_t arm,
                                                       int32_t reference, bool binary, tm_placebo_trial *out);

typedef struct tm_placebo_request {
    const tm_placebo_trial *trial;
    double rho;                   /* in [0, 1] */
    int64_t draws;                /* where there is no exact answer; 0: none then */
    double level;                 /* of the Monte Carlo band */
    const char *trial_id, *label; /* name the streams */
} tm_placebo_request;

typedef struct tm_placebo {
    double p; /* P(|difference| >= the trial's); never 0 */
    double p_low, p_high;
    int64_t n_redraws; /* 0: exact without any; -1: refused */
    bool exact;
    const char *refused; /* a note; NULL: there is a p */
} tm_placebo;

/* Outcomes that are not binary are normal, with variance s² (1 - rho) of clients and s² rho of workers. The difference
 * of the means then is normal, with variance
 *
 *     s² ((1 - rho) (1 / n_1 + 1 / n_0) + rho Σ_w (n_w1 / n_1 - n_w0 / n_0)²),
 *
 * so p is its tail and nothing is drawn: a million draws would give the same with an error.
 *
 * A binary outcome is 1 with a probability that each worker takes from the beta distribution with the mean P of all
 * clients and the parameters P (1 - rho) / rho and (1 - P) (1 - rho) / rho, which gives two clients of a worker the
 * correlation rho. Where workers serve one arm, the arms' counts are independent sums of beta-binomial counts: they are
 * convolved, and |difference| is compared in whole numbers. Where workers serve several arms, or convolving takes more
 * than 2e8 steps, counts are drawn: of a worker in one arm from the table of the beta-binomial distribution; of one in
 * both as from an urn, a client after i others, j of them with a 1, having a 1 with probability (P (1 - rho) + j rho) /
 * (1 - rho + i rho), which is the same distribution and needs neither beta nor gamma variates. Draw r takes the stream
 * with purpose "placebo/r" and the label given, a number for each worker in one arm and for each client of the others;
 * p = (c + 1) / (R + 1). There are as many draws as asked for, or fewer where that would take more than 1e9 steps.
 *
 * Notes    no_variation: all outcomes are the same; too_many_assignments: draws are needed and none are asked for.
 * Cites    Pólya's urn: Eggenberger & Pólya 1923; Johnson, Kemp & Kotz 2005, section 6.2.2 (beta-binomial).
 */
TEMOIN_MUST_CHECK temoin_status tm_placebo_run(temoin_context *ctx, const tm_placebo_request *request, tm_placebo *out);

#endif
