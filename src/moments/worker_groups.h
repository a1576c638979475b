/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outcomes of clients by worker within arms, and the one-way analysis of variance between the workers of an arm. */
#ifndef TM_WORKER_GROUPS_H
#define TM_WORKER_GROUPS_H

#include "base/failure.h"
#include "moments/sample.h"

/* A group: the clients of a worker in an arm, so that a worker who serves several arms is one in each. Groups stand by
 * arm, then by worker. */
typedef struct tm_worker_groups {
    int32_t n_groups;
    int32_t n_arms;           /* that have a group; arms are numbered by these, in order */
    const int32_t *arm;       /* [n_groups] below n_arms */
    const int32_t *arm_of;    /* [n_arms] the sample's number */
    const int32_t *cluster;   /* [n_groups] the sample's number */
    const double *n;          /* [n_groups] clients, at least 1 */
    const double *mean;       /* [n_groups] of the outcome in `unit`s, less the arm's mean */
    const double *plain_mean; /* [n_groups] of the outcome in `unit`s, the arm's in it */
    const double *square;     /* [n_groups] Σ (y - mean)², in unit²; 0 exactly where all outcomes are the same */
    const double *arm_n;      /* [n_arms] clients */
    const double *arm_mean;   /* [n_arms] in `unit`s */
    const int32_t *group;     /* [sample n] of each row */
    double unit;              /* power of two about the size of the outcomes, so that no square over- or underflows */
    bool varies;              /* within some arm */
    bool varies_within;       /* within some group */
} tm_worker_groups;

/* Shapes   of a sample with clusters and without weights; covariates and strata are not looked at. Scratch arena.
 * Cost     O(n + clusters × arms).
 */
TEMOIN_MUST_CHECK temoin_status tm_worker_groups_build(temoin_context *ctx, const tm_sample *sample,
                                                       tm_worker_groups *out);

/* With A arms, G groups of m_g clients and N clients:
 *
 *     MSB = Σ m_g (ȳ_g - ȳ_arm)² / (G - A)    MSW = Σ (y - ȳ_g)² / (N - G)
 *     n0 = (N - Σ_arm Σ_g m_g² / N_arm) / (G - A)    E MSB = σ² + n0 σ_b²    σ_b² = (MSB - MSW) / n0
 *
 * Of one arm that is the textbook's table; of several, the deviations from each arm's own mean.
 * Cites    Searle, Casella & McCulloch 1992, "Variance Components", sections 3.6 and 5.2.
 */
typedef struct tm_one_way {
    double n, n_groups;
    double df_between, df_within;
    double ms_between, ms_within; /* in unit²; NaN without degrees of freedom */
    double n0;                    /* NaN without degrees of freedom between */
    double between;               /* σ_b² in unit², not cut off at zero */
    double icc;                   /* σ_b² / (σ_b² + MSW); NaN: not identified, or nothing varies */
    double fourth;   /* Σ_arm (Σm² - 2 Σm³/N_arm + (Σm²/N_arm)²): what σ_b⁴ has in Var(SSB) / 2 */
    double weighted; /* Σm²/Σm: the caseload of a client's worker, on average over clients */
} tm_one_way;

void tm_one_way_init(const tm_worker_groups *groups, tm_one_way *out);

/* The same from groups that are added one by one, arm by arm: begin, then for each arm all its groups and end_arm, then
 * finish. */
typedef struct tm_one_way_sums {
    double n, n_groups, n_arms, between, within, n0, fourth, weighted;              /* of the arms behind us */
    double arm_n, arm_groups, arm_two, arm_three, arm_mean, arm_square, arm_within; /* of this one */
} tm_one_way_sums;

static inline void tm_one_way_add(tm_one_way_sums *sums, double m, double mean, double square)
{
    sums->arm_n += m;
    sums->arm_groups++;
    sums->arm_two += m * m;
    sums->arm_three += m * m * m;
    sums->arm_mean += m * mean;
    sums->arm_square += m * mean * mean;
    sums->arm_within += square;
}

void tm_one_way_end_arm(tm_one_way_sums *sums);
void tm_one_way_finish(const tm_one_way_sums *sums, bool varies, tm_one_way *out);

#endif
