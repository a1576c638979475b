/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_REMAINING_UNITS_H
#define TM_REMAINING_UNITS_H

#include "designs/design_kind.h"

/* The units of a rolling design without those who are left out [n_units], in canonical order and in their order of
 * arrival; member [their number] says who they are. In the caller's scratch. */
TEMOIN_MUST_CHECK temoin_status tm_remaining_units_build(temoin_context *ctx, const tm_design_units *all,
                                                         const bool *left_out, tm_design_units *out, int64_t **member);

#endif
