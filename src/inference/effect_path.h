/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_EFFECT_PATH_H
#define TM_EFFECT_PATH_H

#include "inference/effects.h"

/* What holds for all waves of a path at once. NaN where the effect has no standard error. */
typedef struct tm_band {
    double p;
    double low, high;
} tm_band;

/* Bands of the effects of contrasts arm_weight [n_contrasts * n_arms] in a panel with an effect at each wave: those of
 * one contrast are taken together, which are every n_paths-th. Their largest |t| is compared with the multivariate t
 * distribution with the correlations that the variance gives and the smallest of their degrees of freedom. A
 * correlation that is not identified is taken as none, with which the band is never too narrow (Šidák 1967). p lies
 * between the effect's own and Bonferroni's.
 *
 * Shapes   effect [n_contrasts], as tm_effects_run gave them; out likewise.
 * Cost     (n_contrasts / n_paths)² fits' worth of variances, and some ten values of the distribution for each path,
 *          plus one for each effect.
 * Cites    Hothorn, Bretz & Westfall 2008; Montiel Olea & Plagborg-Møller 2019.
 */
TEMOIN_MUST_CHECK temoin_status tm_effect_path_bands(temoin_context *ctx, const tm_sample *sample,
                                                     const tm_estimator *estimator, const tm_variance *variance,
                                                     const double *arm_weight, int32_t n_contrasts, int32_t n_paths,
                                                     double level, const tm_effect *effect, tm_band *out);

#endif
