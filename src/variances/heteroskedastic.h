/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_HETEROSKEDASTIC_H
#define TM_HETEROSKEDASTIC_H

#include "variances/variance.h"

/* Σ (z_i'ℓ)² e_i² / (1 - h_i)^power × factor, with n - k degrees of freedom, rows scaled by the root of their weight.
 * For power > 0 a row with leverage one is refused: its term is zero over zero. For power = 0 it is refused where the
 * effect depends on that row, whose residual is zero whatever happened to the client.
 * df [n_contrasts], when given, replaces n - k by Bell and McCaffrey's. */
TEMOIN_MUST_CHECK temoin_status tm_heteroskedastic_run(temoin_context *ctx, const tm_fit *fit, int power, double factor,
                                                       bool bell_mccaffrey, tm_uncertainty *out);

#endif
