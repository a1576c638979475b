/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_SUBGROUPS_H
#define TM_SUBGROUPS_H

#include <math.h>

#include "base/failure.h"
#include "trial/trial_struct.h"

/* The clients at one level of a column of theirs. */
typedef struct tm_subgroup {
    const char *column;
    const char *text;    /* "column=level" */
    const double *flag;  /* [n_units] of a flag, whose levels are 0 and 1; else NULL */
    const int32_t *code; /* [n_units] of any other column */
    int32_t level;
} tm_subgroup;

/* The level of a unit in the subgroup's column, -1: not known. */
static inline int32_t tm_subgroup_level(const tm_subgroup *subgroup, int64_t unit)
{
    if (!subgroup->flag) return subgroup->code[unit];
    return isnan(subgroup->flag[unit]) ? -1 : subgroup->flag[unit] > 0;
}

/* The subgroups of an estimate, column after column in the plan's order, levels in the order of their bytes; those that
 * a client is in. On the result arena. */
TEMOIN_MUST_CHECK temoin_status tm_subgroups_list(temoin_context *ctx, const temoin_trial *trial,
                                                  const tm_plan_estimate *estimate, const tm_subgroup **out,
                                                  int32_t *n);

#endif
