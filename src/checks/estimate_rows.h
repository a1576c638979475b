/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loop over the estimates of a plan: measure × wave × subgroup × contrast. */
#ifndef TM_ESTIMATE_ROWS_H
#define TM_ESTIMATE_ROWS_H

#include "base/failure.h"
#include "designs/assignment_struct.h"
#include "temoin/result.h"

/* Fills the rows of the results and what stands beside them (first stages, clusters, joint tests); result arena. The
 * rows may still be written to through `out`. Errors   those of the methods, before any work is done. */
TEMOIN_MUST_CHECK temoin_status tm_estimate_rows_build(temoin_context *ctx, const temoin_assignment *assignment,
                                                       temoin_results *results, temoin_row **out);

#endif
