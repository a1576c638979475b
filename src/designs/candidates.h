/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One draw after the other, quickly, for designs that look at many and keep one.
 *
 * Candidate k = 0, 1, 2, … of a design is a draw as `blocked` makes it, from a single stream: purpose "candidate",
 * label k in decimal. The stream first gives what the misfit policy asks for, whatever stream that policy names, and
 * then the order in which units get their places, stratum after stratum: with n units of the stratum in canonical
 * order and m_a places for arm a, the arm with the most places (the first among equals; units that get no arm count as
 * an arm behind the last) takes what the others leave. The others' places stand in the order of the arms; for i = n -
 * 1, n - 2, … the unit at i is swapped with the one at bounded(i + 1), and the unit that is now at i gets the next
 * place.
 */
#ifndef TM_CANDIDATES_H
#define TM_CANDIDATES_H

#include "designs/places.h"

typedef struct tm_candidates {
    tm_places places;
    int32_t n_groups;  /* n_arms + 1: the last for units that get no arm */
    int32_t *sorted;   /* [n_units] units by stratum, canonical order inside */
    int32_t *unit;     /* [n_units] as the candidate shuffled them: in each stratum first those of its rest, then the
                          others' places from the last to the first */
    int64_t *n_places; /* [n_strata * n_groups] */
    int32_t *rest;     /* [n_strata] group with the most places */
    int64_t *n_in;     /* [n_groups] */
} tm_candidates;

/* In the caller's scratch. Errors: as tm_places_build. */
TEMOIN_MUST_CHECK temoin_status tm_candidates_build(temoin_context *ctx, const tm_design_units *units,
                                                    tm_candidates *c);

/* Candidate k of that replicate: a function of the units, the replicate and k alone. */
TEMOIN_MUST_CHECK temoin_status tm_candidates_draw(temoin_context *ctx, tm_candidates *c, int64_t replicate, int64_t k);

/* arm [n_units] of the candidate drawn last. */
void tm_candidates_deal(const tm_candidates *c, int32_t *arm);

#endif
