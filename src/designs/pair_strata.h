/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_PAIR_STRATA_H
#define TM_PAIR_STRATA_H

#include "designs/design_kind.h"

/* The same units, with pairs as strata: given ones, or made by pair_groups.h. Each has the shares of its stratum. In
 * the caller's scratch. Errors   TEMOIN_ERR_PLAN: pairs that are too large or lie in two strata; those of
 * tm_pair_groups_build. */
TEMOIN_MUST_CHECK temoin_status tm_pair_strata_build(temoin_context *ctx, const tm_design_units *units,
                                                     tm_design_units *paired);

#endif
