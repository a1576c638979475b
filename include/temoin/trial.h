/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEMOIN_TRIAL_H
#define TEMOIN_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "temoin/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A plan joined with its data: units in canonical order (bytes of their ids), strata, measures by wave, covariates. */
typedef struct temoin_trial temoin_trial;

/** Reads the client file, and the outcome files unless `with_outcomes` is false, and joins them.
 *
 * Missing  see frame.h; a client without a row at a wave has missing measures there.
 * Errors   those of the frame; TEMOIN_ERR_DATA with up to twenty problems, each with file and line: an id twice, an id
 * in two arms, an id in an outcome file that no client has, two rows for one client and wave, a unit in no stratum, an
 * arm that the plan does not declare; TEMOIN_ERR_PLAN when the plan names a column or wave that is not there. Cost
 * O(cells) time and memory, O(n log n) for the order of ids.
 */
TEMOIN_MUST_CHECK temoin_status temoin_trial_build(temoin_context *context, const temoin_plan *plan, bool with_outcomes,
                                                   const temoin_trial **out);

/** Number of randomized units. */
int64_t temoin_trial_n_units(const temoin_trial *trial);

/** A few lines that say what is there: units, strata, arms, providers, waves, measures. */
TEMOIN_MUST_CHECK temoin_status temoin_trial_render(temoin_context *context, const temoin_trial *trial,
                                                    const char **text, size_t *length);

#ifdef __cplusplus
}
#endif
#endif
