/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_PROVIDER_SAMPLE_H
#define TM_PROVIDER_SAMPLE_H

#include "designs/assignment_struct.h"
#include "moments/sample.h"

typedef struct tm_provider_sample {
    tm_sample sample;
    int32_t n_workers;       /* clusters that are workers; those behind them are clients without one */
    const int32_t *provider; /* [n_workers] of the trial */
} tm_provider_sample;

/* The same rows by caseworker, whatever the estimate clusters by. Workers stand in the order of their names; a client
 * without one is a cluster.
 *
 * Shapes   of a sample of the trial's units; result on the scratch arena.
 */
TEMOIN_MUST_CHECK temoin_status tm_provider_sample_build(temoin_context *ctx, const temoin_assignment *assignment,
                                                         const tm_sample *from, tm_provider_sample *out);

#endif
