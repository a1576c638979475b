/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a family's adjustments read beyond its rows: correlations of contrasts, statistics of redraws. */
#ifndef TM_FAMILY_MEMBERS_H
#define TM_FAMILY_MEMBERS_H

#include "adjustments/adjustment.h"
#include "designs/redraws.h"

/* The rows of a family and what is known of them; `family` views the rest. Scratch. */
typedef struct tm_family_members {
    const temoin_assignment *assignment;
    const temoin_row *rows;
    const int64_t *at; /* [n] places among the rows */
    tm_family family;
    tm_redrawn redrawn;
} tm_family_members;

/* family.fit and family.correlation. Estimators that are no linear model leave NaN. */
TEMOIN_MUST_CHECK temoin_status tm_family_correlate(temoin_context *ctx, tm_family_members *members);

/* redrawn and family.redrawn; a member that cannot be redrawn has no observed statistic. */
TEMOIN_MUST_CHECK temoin_status tm_family_redraw(temoin_context *ctx, const tm_redraws *redraws,
                                                 tm_family_members *members);

#endif
