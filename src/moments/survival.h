/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times until an event that may not have happened yet when a client was last seen. */
#ifndef TM_SURVIVAL_H
#define TM_SURVIVAL_H

#include "base/failure.h"

/* One time at which something happened to somebody. */
typedef struct tm_survival_step {
    double time;
    int64_t at_risk; /* of those without the event so far, and still seen */
    int64_t events;
    int64_t censored; /* seen last at this time, without the event: they are at risk at it */
    double survival;  /* just after it */
    double variance;  /* of the survival, by Greenwood's formula */
} tm_survival_step;

typedef struct tm_survival_curve {
    tm_survival_step *step; /* in order of time */
    int64_t n;
} tm_survival_curve;

/* Kaplan & Meier's estimate of the clients listed.
 *
 * Shapes   time, event as of a sample: time >= 0, event 1 or 0; row [n] which of them; scratch arena.
 * Cost     O(n log n).
 * Cites    Kaplan & Meier 1958; Greenwood 1926.
 */
TEMOIN_MUST_CHECK temoin_status tm_survival_curve_build(temoin_context *ctx, const double *time, const double *event,
                                                        const int64_t *row, int64_t n, tm_survival_curve *out);

/* Sorts rows by time, later ones first when `backwards`; ties by row. */
TEMOIN_MUST_CHECK temoin_status tm_survival_sort(temoin_context *ctx, const double *time, bool backwards, int64_t *row,
                                                 int64_t n);

#endif
