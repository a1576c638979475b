/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All that is known at baseline as columns of numbers, for tests of everything at once: numbers, levels of categories,
 * and for each that somebody misses an indicator of that; what is missing is replaced by the mean, which with the
 * indicator there changes nothing. */
#ifndef TM_BASELINE_COLUMNS_H
#define TM_BASELINE_COLUMNS_H

#include "checks/characteristics.h"

typedef struct tm_baseline_columns {
    const temoin_trial *trial;
    const int32_t *group; /* [n_units] whom a unit's numbers are added to; -1: left out */
    tm_characteristic *list;
    int64_t n_list;
    bool *misses; /* [n_list] opens a column that somebody misses */
    int64_t n_x;  /* columns: those of the list in its order, each that is missed followed by its indicator */
} tm_baseline_columns;

/* Without the characteristics of those names ([n], NULL: none). In the caller's scratch. */
TEMOIN_MUST_CHECK temoin_status tm_baseline_columns_build(temoin_context *ctx, const temoin_trial *trial,
                                                          const int32_t *group, const char *const *without, int32_t n,
                                                          tm_baseline_columns *out);

/* Adds up the columns by group: x [n_groups * width], a group's n_x numbers, each in multiples of the column's largest
 * value and about its mean, in front of the width - n_x that are left alone. */
void tm_baseline_columns_add(const tm_baseline_columns *columns, int64_t width, double *x);

#endif
