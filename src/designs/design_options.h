/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_DESIGN_OPTIONS_H
#define TM_DESIGN_OPTIONS_H

#include "designs/design_kind.h"

/* The plan's options against those that its kind takes and needs. TEMOIN_ERR_PLAN with the line of each that does not
 * fit. */
TEMOIN_MUST_CHECK temoin_status tm_design_validate_options(temoin_context *ctx, const temoin_plan *plan,
                                                           const tm_design *design);

#endif
