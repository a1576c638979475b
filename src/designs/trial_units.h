/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_TRIAL_UNITS_H
#define TM_TRIAL_UNITS_H

#include "designs/design_kind.h"
#include "trial/trial_struct.h"

/* A trial as its design sees it, for the trial's own draw. What is not the trial's lives as long as the context.
 *
 * Missing  a cluster, pair, covariate or arrival that a client lacks is an error; for a factor it is one more level,
 * behind the others. Errors   TEMOIN_ERR_DATA with the lines: the above; a cluster or pair that lies in two strata.
 */
TEMOIN_MUST_CHECK temoin_status tm_trial_units_build(temoin_context *ctx, const temoin_trial *trial,
                                                     tm_design_units *out);

#endif
