/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Families: estimates whose p values answer for one another. */
#ifndef TM_ADJUST_FAMILIES_H
#define TM_ADJUST_FAMILIES_H

#include "adjustments/adjustment.h"
#include "designs/assignment_struct.h"

/* Errors   TEMOIN_ERR_PLAN: an adjustment that does not exist, or that the plan or an estimate lacks something for; an
 *          estimate in two families. */
TEMOIN_MUST_CHECK temoin_status tm_families_validate(temoin_context *ctx, const temoin_plan *plan);

/* Fills `family` and the columns of the adjustments that the plan asks for, once every row has its own result, and
 * out [plan->n_families] in the result arena.
 *
 * Redraws are of everybody, whatever the contrast, and the same for all members; so p values of single rows, which may
 * be conditional on the arms that the row leaves out, need not be those that are adjusted. Where assignments can be
 * listed for some members only, all are redrawn.
 *
 * Needs    a plan that tm_families_validate accepts.
 * Cost     for adjustments by redraws, as many fits as the randomization tests of all members.
 */
TEMOIN_MUST_CHECK temoin_status tm_families_adjust(temoin_context *ctx, const temoin_assignment *assignment,
                                                   temoin_row *rows, int64_t n_rows, const temoin_family_summary **out);

#endif
