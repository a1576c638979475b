/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Randomization test on caseworkers: had their arms been drawn otherwise, and the arms mattered to nobody, how far
 * apart would the arms have been? A worker's clients move with the worker, so that what is particular to a worker is on
 * the one side in some assignments and on the other side in the rest. */
#ifndef TM_PERMUTE_WORKERS_H
#define TM_PERMUTE_WORKERS_H

#include "base/failure.h"

/* The workers of two arms. */
typedef struct tm_permuted_workers {
    int32_t n;
    int32_t n_sites;
    const double *mean;  /* [n] of their clients' outcomes, whatever the arm */
    const bool *treated; /* [n] */
    const int32_t *site; /* [n] below n_sites: arms were drawn within it */
} tm_permuted_workers;

typedef struct tm_permute_request {
    const tm_permuted_workers *workers;
    bool studentized;
    int64_t draws;    /* where the assignments are too many to go through; 0: none is drawn then */
    double tolerance; /* of ties, as in randomization.h */
    double level;     /* of the Monte Carlo band */
    const char *trial_id;
} tm_permute_request;

/* With K_s workers in site s, k_s1 and k_s0 of them in the arms, and K those of all sites where both are there,
 *
 *     T = Σ_s K_s / K (mean of the workers of the arm - mean of those of the reference),
 *
 * each worker counting once, and its studentized form T / sqrt(Σ_s (K_s / K)² (v_s1 / k_s1 + v_s0 / k_s0)), v the
 * variance of workers' means with divisor k - 1. */
typedef struct tm_permuted {
    double statistic;
    double p; /* two-sided; of all assignments, or (c + 1) / (R + 1), c of R redraws being as extreme; never 0 */
    double p_low, p_high; /* Clopper & Pearson's, of what more redraws would give; p where it is exact */
    double smallest_p;    /* that the test can give, whatever the outcomes */
    int64_t n_redraws;    /* or assignments gone through; -1: refused */
    bool exact;
    const char *refused; /* a note; NULL: there is a p */
} tm_permuted;

/* Every assignment with as many workers of each arm in each site is as likely as any other.
 *
 * T is a sum of what the treated workers bring, so all assignments are counted without visiting them: both halves of
 * the workers list their sums, sorted, and pairs that reach T are counted from the ends (Horowitz & Sahni 1974), which
 * takes the square root of their number. The studentized form is gone through where they are at most 10^6. Beyond, the
 * redraws: number r has the stream with purpose "workers-permuted/r", of the empty seed, and shuffles the arms of each
 * site from the top down.
 *
 * Notes    no_contrast: no site has workers of both arms; no_variation: all workers have the same mean, or within the
 *          arms of sites, which the studentized form divides by; single_worker: it needs two workers in each of them;
 *          too_many_assignments: to go through, and no redraws were asked for.
 * Cost     exact: lists of at most 2^19 sums; by redraws O(draws × workers).
 * Cites    Fisher 1935; Gail et al. 1996 (cluster-level permutation tests); Phipson & Smyth 2010.
 */
TEMOIN_MUST_CHECK temoin_status tm_workers_permute(temoin_context *ctx, const tm_permute_request *request,
                                                   tm_permuted *out);

#endif
