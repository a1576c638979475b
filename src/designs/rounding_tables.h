/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All ways in which the leftovers can fall, with their exact chances. */
#ifndef TM_ROUNDING_TABLES_H
#define TM_ROUNDING_TABLES_H

#include "designs/places.h"

typedef struct tm_tables {
    int64_t n;                 /* 0: too many */
    int64_t width;             /* n_rows * n_arms */
    const int64_t **extra;     /* [n] each [width], as places->extra; all different, in ascending order */
    const double *probability; /* [n] */
} tm_tables;

/* Follows every path of the policy's chances, up to 2^16 of them. In the caller's scratch.
 * Cost     O(paths) roundings. */
temoin_status tm_tables_build(temoin_context *ctx, tm_places *places, tm_tables *out);

/* Which of them has these extra places; -1: none. */
int64_t tm_tables_find(const tm_tables *tables, const int64_t *extra);

#endif
