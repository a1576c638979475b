/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every effect stands beside its caseworkers: what the rows say of them. */
#ifndef TM_PROVIDER_COLUMNS_H
#define TM_PROVIDER_COLUMNS_H

#include "base/failure.h"
#include "designs/assignment_struct.h"
#include "temoin/result.h"

/* Fills provider_verdict, n_providers_arm and n_providers_reference of the rows that compare two arms of the plan; the
 * verdict is that of those two arms, the numbers those of workers with a client in the arm. */
TEMOIN_MUST_CHECK temoin_status tm_provider_columns_fill(temoin_context *ctx, const temoin_assignment *assignment,
                                                         temoin_row *rows, int64_t n_rows);

#endif
