/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Families: estimates whose p values answer for one another. */
#ifndef TM_ADJUST_FAMILIES_H
#define TM_ADJUST_FAMILIES_H

#include "adjustments/adjustment.h"
#include "plan/plan_struct.h"

/* Errors   TEMOIN_ERR_PLAN: an adjustment that does not exist, an estimate in two families. */
TEMOIN_MUST_CHECK temoin_status tm_families_validate(temoin_context *ctx, const temoin_plan *plan);

/* Fills `family` and the columns of the adjustments that the plan asks for, once every row has its own result.
 * Needs    a plan that tm_families_validate accepts. */
TEMOIN_MUST_CHECK temoin_status tm_families_adjust(temoin_context *ctx, const temoin_plan *plan, temoin_row *rows,
                                                   int64_t n_rows);

#endif
