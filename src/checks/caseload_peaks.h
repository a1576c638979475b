/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_CASELOAD_PEAKS_H
#define TM_CASELOAD_PEAKS_H

#include "designs/assignment_struct.h"
#include "temoin/checks.h"

/* Fills `places` and `peak` of caseloads, [n]: the places that the worker has at a time, by the file of the plan's
 * `capacity`, and the most clients that the worker had at once in that arm. A client is there from the arrival until
 * the day before the exit; one who leaves on the day of coming never was. Both are -1 without `capacity`, and of a
 * provider whom its file does not name. */
TEMOIN_MUST_CHECK temoin_status tm_caseload_peaks_find(temoin_context *ctx, const temoin_assignment *assignment,
                                                       temoin_caseload *loads, int64_t n);

#endif
