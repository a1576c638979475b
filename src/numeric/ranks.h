/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_RANKS_H
#define TM_RANKS_H

#include "base/failure.h"

/* rank [n], 1 the smallest; equal numbers share the mean of their ranks. x finite. */
TEMOIN_MUST_CHECK temoin_status tm_midranks(temoin_context *ctx, const double *x, int64_t n, double *rank);

#endif
