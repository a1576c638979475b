/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Assignments of a reference data set, listed or drawn, by the test's own hand. */
#ifndef TM_GOLDEN_REDRAWN_H
#define TM_GOLDEN_REDRAWN_H

#include "golden_data.h"

enum { GOLDEN_MOST_UNITS = 256, GOLDEN_MOST_STRATA = 16 };

/* Those who are assigned: units, or clusters as wholes, of two arms within strata. */
typedef struct golden_units {
    int n, n_strata;
    bool treated[GOLDEN_MOST_UNITS];
    int stratum[GOLDEN_MOST_UNITS];
} golden_units;

typedef void golden_visit(void *context, const bool *treated);

/* Visits every assignment with as many treated in each stratum as there are; returns their number. At most 20 units in
 * a stratum. */
int64_t golden_list_assignments(const golden_units *units, golden_visit *visit, void *context);

/* Visits so many random ones. */
void golden_draw_assignments(const golden_units *units, uint64_t seed, int64_t n_draws, golden_visit *visit,
                             void *context);

#endif
