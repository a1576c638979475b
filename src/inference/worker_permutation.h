/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_WORKER_PERMUTATION_H
#define TM_WORKER_PERMUTATION_H

#include "moments/worker_groups.h"
#include "numeric/pcg64.h"

/* Do the outcomes of different workers differ by more than chance? Clients change places among the workers of their
 * arm, every arrangement being as likely as any other, and caseloads stay; the statistic is the sum of squares between
 * the workers of an arm, Σ m_g (ȳ_g - ȳ_arm)², over the arms. The total stays too, so that F would order arrangements
 * in the same way. */
typedef struct tm_worker_permutation {
    double statistic; /* in the groups' unit²; NaN: no arm has two workers, or nothing varies, and p is NaN */
    bool exact;       /* over all arrangements */
    int64_t n_draws;  /* taken; arrangements, with exact */
    int64_t n_extreme;
    double p;             /* exact, or (c + 1) / (R + 1) with c of R redraws as extreme */
    double p_low, p_high; /* Clopper & Pearson's band for the p of all arrangements; p, with exact */
} tm_worker_permutation;

/* Sums within 1e-9 of the total count as tied.
 *
 * Shapes   groups of tm_worker_groups_build, of that sample. most: redraws; exact where there are no more arrangements.
 * Draws    redraw r = 1, 2, ... has the stream jumped r times, and shuffles the clients of one arm after the other by
 *          Fisher-Yates from the top down, the rows of each arm in the sample's order; the shuffled clients are dealt
 *          to the workers in order.
 * Cost     clients × redraws; threads share the redraws, the result does not depend on them.
 * Cites    Fisher 1935; Phipson & Smyth 2010 (never zero); Anderson 2001 (permutation within strata).
 */
TEMOIN_MUST_CHECK temoin_status tm_worker_permutation_run(temoin_context *ctx, const tm_sample *sample,
                                                          const tm_worker_groups *groups, const tm_pcg64 *stream,
                                                          int64_t most, double level, tm_worker_permutation *out);

#endif
