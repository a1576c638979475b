/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many choices of so many numbers from each group have a sum that is far from zero, without going through them. */
#ifndef TM_COUNT_HALVES_H
#define TM_COUNT_HALVES_H

#include "base/failure.h"

typedef struct tm_choices {
    int32_t n_groups;
    const int32_t *from; /* [n_groups + 1] members of group g: value[from[g]] … value[from[g + 1] - 1] */
    const int32_t *k;    /* [n_groups] how many are chosen, 0 … its members */
    const double *value; /* [from[n_groups]] */
} tm_choices;

/* The members are cut in two where the lists of both halves' sums are shortest. A group that is cut brings j members of
 * the one half and k - j of the other, each j by itself. With both lists sorted, the pairs beyond either end are
 * counted in one pass.
 *
 * all: the choices, 0: the lists would have more than 2^19 sums, or the choices pass 2^53; far: those of them whose sum
 * is at least `least` in absolute value.
 * Cost     O(m log m), m the sums of the longer list; scratch is rewound.
 * Cites    Horowitz & Sahni 1974, "Computing partitions with applications to the knapsack problem".
 */
TEMOIN_MUST_CHECK temoin_status tm_choices_count(temoin_context *ctx, const tm_choices *choices, double least,
                                                 double *far, double *all);

#endif
