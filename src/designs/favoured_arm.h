/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A biased coin: at a turn some arms are the best, and the coin favours one of them.
 *
 * 1. One of the best arms becomes the favourite, in proportion to the shares w: tm_pick_arm among them. When every arm
 *    with a share is among the best, the unit gets that favourite, and the coin is not thrown.
 * 2. Otherwise k = bounded(C), where the coin is c / C in lowest terms: below c the unit gets the favourite.
 * 3. Otherwise it gets one of the other arms, in proportion to the shares: tm_pick_arm among them.
 */
#ifndef TM_FAVOURED_ARM_H
#define TM_FAVOURED_ARM_H

#include "designs/turns.h"

/* An exact fraction of whole numbers, in lowest terms. */
typedef struct tm_coin {
    int64_t heads, sides;
} tm_coin;

enum { TM_COIN_DIGITS = 1000000000 }; /* nine decimals */

/* A number with at most nine decimals as a fraction of TM_COIN_DIGITS; -1 when it has more, or is not in [0, largest].
 */
int64_t tm_nine_decimals(double value, int64_t largest);

typedef struct tm_favour {
    int32_t n_arms;
    tm_coin coin;
    const int64_t *share; /* [n_arms] at the turn */
    bool *best;           /* [n_arms] at the turn; arms without a share are none of it */
    int64_t *weight;      /* [n_arms] room for a pick */
} tm_favour;

/* options->coin, or `standard`. TEMOIN_ERR_PLAN unless it is below 1 and at least the largest share of an arm. */
TEMOIN_MUST_CHECK temoin_status tm_favour_build(temoin_context *ctx, const tm_design_units *units,
                                                const tm_lowest_shares *shares, tm_coin standard, tm_favour *out);

int32_t tm_favour_choose(const tm_favour *favour, tm_pcg64 *stream);
double tm_favour_chance(const tm_favour *favour, int32_t arm);

#endif
