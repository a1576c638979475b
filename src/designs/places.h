/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Places for units, arm by arm and stratum by stratum: the sure ones, and those that the misfit policy gives out. Which
 * unit gets which place is a shuffle within the stratum, so all that can be said of a draw follows from the numbers of
 * places. */
#ifndef TM_PLACES_H
#define TM_PLACES_H

#include "designs/design_kind.h"
#include "designs/misfits.h"

typedef struct tm_places {
    const tm_design_units *units;
    const tm_misfit *misfit;
    int64_t *start;      /* [n_strata + 1] of each stratum among the units sorted by stratum */
    int64_t *divisor;    /* [n_strata] greatest common divisor of the shares */
    int64_t *sum;        /* [n_strata] W: sum of the shares divided by it */
    int64_t *base;       /* [n_strata * n_arms] sure places */
    int32_t n_rows;      /* strata with units left over */
    int32_t *row;        /* [n_rows] which, ascending */
    int64_t *left;       /* [n_rows] units left over */
    int64_t *rest;       /* [n_rows * n_arms] (n w[a]) mod W */
    int64_t denominator; /* D: least common multiple of the W of strata with units; 0: beyond 2^53 */
    int64_t *extra;      /* [n_rows * n_arms] places that the policy gave them; in all at most `left` */
} tm_places;

/* Units in a stratum. */
static inline int64_t tm_places_size(const tm_places *places, int32_t s)
{
    return places->start[s + 1] - places->start[s];
}

/* w[a]: a share of the stratum, divided by the common divisor. */
static inline int64_t tm_places_share(const tm_places *places, int32_t s, int32_t a)
{
    return places->units->shares[(int64_t)s * places->units->n_arms + a] / places->divisor[s];
}

/* All but `extra`, which is 0, in the caller's scratch.
 * Errors   TEMOIN_ERR_PLAN: shares that cannot be honoured, an unknown misfit policy. */
temoin_status tm_places_build(temoin_context *ctx, const tm_design_units *units, tm_places *places);

/* D; 0 where it is beyond 2^53, and `*at` is the stratum that made it so. */
int64_t tm_places_denominator(const tm_places *places, int32_t *at);

/* order [n_units] in scratch: units by stratum, canonical order inside. */
temoin_status tm_places_sort(temoin_context *ctx, const tm_places *places, int64_t **order);

/* Chance that a unit of the stratum gets arm a; -1: none. NaN in a stratum without units. */
double tm_places_chance(const tm_places *places, int32_t s, int32_t a);

/* `extra` of the stratum in a table [n_rows * n_arms]; NULL when it has no leftovers. */
const int64_t *tm_places_row(const tm_places *places, const int64_t *extra, int32_t s);

/* Places of arm a with those extra ones (NULL: none); -1: units that get no arm. */
int64_t tm_places_number(const tm_places *places, int32_t s, const int64_t *extra, int32_t a);

/* Logarithm of the number of ways in which a stratum's places can be dealt. */
double tm_places_log_orders(const tm_places *places, int32_t s, const int64_t *extra);

/* A stratum for itself: its places as if there were no others. `units` is what they stand on. */
temoin_status tm_places_build_alone(temoin_context *ctx, const tm_places *places, int32_t s, tm_design_units *units,
                                    tm_places *alone);

/* arm [n_units]: rounds the leftovers, shuffles, deals. */
temoin_status tm_places_draw(temoin_context *ctx, const tm_design_units *units, int32_t *arm);

/* As in tm_design. */
temoin_status tm_places_received(temoin_context *ctx, const tm_design_units *units, const int32_t *arm,
                                 double *probability, double *error);
temoin_status tm_places_enumerate(temoin_context *ctx, const tm_design_units *units, tm_design_visit *visit,
                                  void *data);
temoin_status tm_places_count(temoin_context *ctx, const tm_design_units *units, double *log_count);
temoin_status tm_places_pairwise(temoin_context *ctx, const tm_design_units *units, int64_t u, int32_t a, int64_t v,
                                 int32_t b, double *probability);
temoin_status tm_places_likeliest(temoin_context *ctx, const tm_design_units *units, double *log_probability);

#endif
