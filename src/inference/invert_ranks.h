/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The estimate and the interval that belong to a rank test.
 *
 * If a row of arm a has τ z_a more than it would have had, the outcomes without the effect are y - τ z, and so are
 * their ranks those of the trial had nothing been done. With τ the ranks change only where two rows with different z
 * change places, at (y_i - y_j) / (z_i - z_j): between two such differences the statistic and its p value stay the
 * same, whatever the draw. So p is asked for in pieces between differences, not at values of τ; the ends of the
 * interval are differences, and so is the estimate, or the middle of two (Hodges & Lehmann 1963; Lehmann 1975,
 * sections 2.5, 2.6). Rows are compared as the statistic ranks them: all with all, or after their stratum's means, of y
 * and of z, are taken out. */
#ifndef TM_INVERT_RANKS_H
#define TM_INVERT_RANKS_H

#include "inference/randomization.h"

typedef struct tm_rank_shifts {
    double value;     /* where the statistic goes through zero; NaN: it does not */
    double low, high; /* of the smallest interval that holds the shifts with p > 1 - level; infinite: no bound there */
    bool disjoint;    /* gaps were met between them */
    int64_t n_draws;  /* that p was counted in */
} tm_rank_shifts;

/* For the first contrast of the request, with a statistic that is `ranked`.
 *
 * Up to 64 pieces are all asked. Of more, each end is found by halving the way between the estimate and the outermost
 * difference, which takes 34 questions at most, and six pieces on its two sides are asked as well: p need not fall all
 * the way, and gaps further off can stay unseen. Differences closer than 1e-10 of the outcomes' range are one. A shift
 * that ties rows exactly, and is not rejected between two that are, is not looked at.
 *
 * Cost     a hundred times the sums of all draws at most; where these are more than 4e7 arms, of fewer redraws.
 */
TEMOIN_MUST_CHECK temoin_status tm_rank_shifts_find(temoin_context *ctx, const tm_randomization_request *request,
                                                    double level, tm_rank_shifts *out);

#endif
