/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_SHRUNKEN_MEANS_H
#define TM_SHRUNKEN_MEANS_H

#include "inference/intraclass.h"

/* The mean of a worker's clients, and what it is when chance is taken out: best linear unbiased prediction of
 * arm + worker, with components of variance σ_b² between and σ² within,
 *
 *     μ_arm + k (ȳ - μ_arm),   k = m σ_b² / τ,   τ = σ² + m σ_b²,   μ_arm = Σ (m/τ) ȳ / W,   W = Σ m/τ.
 *
 * The interval is normal, with the variance of the prediction error and of what estimating the components adds to it:
 * k σ²/m + (1 - k)² / W + 2 (m/τ³) Var(σ² σ̂_b² - σ_b² σ̂²), the variance by expected restricted information. The last
 * term is what keeps the interval open where σ_b² is estimated at zero and all predictions are the same. */
typedef struct tm_shrunken_mean {
    double mean, shrunken;
    tm_interval interval;
} tm_shrunken_mean;

/* Shapes   out [n_groups].
 * Units    components in squared units of the outcome, means in its units.
 * Needs    between >= 0, within > 0, an arm with two workers.
 * Cites    Henderson 1975; Kackar & Harville 1984; Prasad & Rao 1990, eq. 5.5 (the terms); Datta & Lahiri 2000 (twice
 *          the last one is right for restricted likelihood).
 */
TEMOIN_MUST_CHECK temoin_status tm_shrunken_means_run(temoin_context *ctx, const tm_worker_groups *groups,
                                                      double between, double within, double level,
                                                      tm_shrunken_mean *out);

#endif
