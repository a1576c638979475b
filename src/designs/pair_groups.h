/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pairs, and larger groups, of like units; pairs.c states the rule. */
#ifndef TM_PAIR_GROUPS_H
#define TM_PAIR_GROUPS_H

#include "designs/design_kind.h"

/* group [n_units]: number of the unit's group; groups are numbered by their first units. In the caller's scratch.
 * Errors   TEMOIN_ERR_PLAN: covariates that cannot be matched on; too many units for optimal pairs.
 * Cost     optimal: O(n³) time and 12 n² bytes for the largest stratum; greedy: O(n²) time. */
TEMOIN_MUST_CHECK temoin_status tm_pair_groups_build(temoin_context *ctx, const tm_design_units *units, int32_t **group,
                                                     int32_t *n_groups);

/* Rank-based Mahalanobis distances in whole multiples of 2^-30. */
typedef struct tm_pair_distances {
    int32_t p;
    const double *place; /* [n_units * p] */
} tm_pair_distances;

TEMOIN_MUST_CHECK temoin_status tm_pair_distances_build(temoin_context *ctx, const tm_design_units *units,
                                                        tm_pair_distances *distances);
int64_t tm_pair_distance(const tm_pair_distances *distances, int64_t u, int64_t v);

#endif
