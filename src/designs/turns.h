/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Designs that decide a unit's arm at its turn, knowing which arms those before it got and nothing of those who come
 * later. A rule says what may happen at a turn; the draw, the probabilities and the list of all assignments follow.
 */
#ifndef TM_TURNS_H
#define TM_TURNS_H

#include "designs/design_kind.h"

/* Shares of every stratum in lowest terms. */
typedef struct tm_lowest_shares {
    const int64_t *share; /* [n_strata * n_arms] */
    const int64_t *sum;   /* [n_strata] above 0, at most 2^53 */
} tm_lowest_shares;

/* In scratch. TEMOIN_ERR_PLAN when a stratum's shares cannot be honoured. */
TEMOIN_MUST_CHECK temoin_status tm_lowest_shares_build(temoin_context *ctx, const tm_design_units *units,
                                                       tm_lowest_shares *out);

static inline int32_t tm_stratum_of(const tm_design_units *units, int64_t u)
{
    return units->stratum ? units->stratum[u] : 0;
}

/* The k-th unit to arrive. */
static inline int64_t tm_arrival_at(const tm_design_units *units, int64_t k)
{
    return units->arrival ? units->arrival[k] : k;
}

/* ` of stratum "TEXT"` for a message; nothing without strata. */
const char *tm_of_stratum(temoin_context *ctx, const tm_design_units *units, int32_t s);

/* Number of arms that anyone in the stratum can get. */
int32_t tm_open_arms(const tm_design_units *units, int32_t s);

/* Arm a with chance weight[a] / sum of the weights, which is above 0: k = bounded(sum), and the first arm whose weight
 * and those before it sum to more than k. */
int32_t tm_pick_arm(tm_pcg64 *stream, const int64_t *weight, int32_t n_arms, int64_t sum);

typedef struct tm_turn_rule {
    const char *purpose; /* of the streams; each unit has one of its own, labelled with its id */
    /* Checks the options; *state in scratch, as before the first unit. */
    temoin_status (*begin)(temoin_context *ctx, const tm_design_units *units, void **state);
    void (*look)(void *state, int64_t u); /* it is u's turn: what `choose` and `chance` go by */
    int32_t (*choose)(const void *state, tm_pcg64 *stream);
    double (*chance)(const void *state, int32_t arm);
    void (*note)(void *state, int64_t u, int32_t arm, int64_t change); /* u got the arm: 1; no longer: -1 */
} tm_turn_rule;

TEMOIN_MUST_CHECK temoin_status tm_turns_draw(temoin_context *ctx, const tm_design_units *units,
                                              const tm_turn_rule *rule, int32_t *arm);

/* Each unit's chance at its turn, given what those before it got. */
TEMOIN_MUST_CHECK temoin_status tm_turns_received(temoin_context *ctx, const tm_design_units *units,
                                                  const tm_turn_rule *rule, const int32_t *arm, double *probability,
                                                  double *error);

/* An assignment's probability is the product of the chances at the turns. */
TEMOIN_MUST_CHECK temoin_status tm_turns_enumerate(temoin_context *ctx, const tm_design_units *units,
                                                   const tm_turn_rule *rule, tm_design_visit *visit, void *data);

/* The likeliest arm at every turn, which need not make the likeliest assignment. Arms of equal shares mirror each
 * other. */
TEMOIN_MUST_CHECK temoin_status tm_turns_likely(temoin_context *ctx, const tm_design_units *units,
                                                const tm_turn_rule *rule, double *log_probability);

/* log 2 if two arms with equal shares in all strata can be swapped in that assignment and one of them has somebody, so
 * that it and its mirror are two, equally likely; else 0. */
double tm_log_mirrored(const tm_design_units *units, const int32_t *arm);

/* For rules by which every arm with a share is possible at every turn. */
TEMOIN_MUST_CHECK temoin_status tm_turns_count(temoin_context *ctx, const tm_design_units *units,
                                               const tm_turn_rule *rule, double *log_count);

/* By listing what may happen up to the later one's turn; NaN when that is more than `TM_TURNS_LISTED` sequences. */
TEMOIN_MUST_CHECK temoin_status tm_turns_pairwise(temoin_context *ctx, const tm_design_units *units,
                                                  const tm_turn_rule *rule, int64_t u, int32_t a, int64_t v, int32_t b,
                                                  double *probability);

enum { TM_TURNS_LISTED = 1 << 22 };

#endif
