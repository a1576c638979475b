/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Estimators that weigh by the chances of the design, with a variance from the chances of two clients together. */
#ifndef TM_DESIGN_WEIGHTED_H
#define TM_DESIGN_WEIGHTED_H

#include "estimators/estimator.h"

/* With p_i(a) the chance that client i gets arm a, and sums over those who got it,
 *
 *     Horvitz & Thompson   Σ_a w_a T_a / N,      T_a = Σ_i y_i / p_i(a)
 *     Hájek (`ratio`)      Σ_a w_a T_a / N_a,    N_a = Σ_i 1 / p_i(a)
 *
 * N counts the clients of the sample (those whom a misfit policy may leave without an arm by one over their chance of
 * any). The variance is that of Σ z_i / p_i(a), z_i = w_a y_i / N, and for Hájek the linearised w_a (y_i - T_a / N_a) /
 * N_a. With p_ij(a, b) the chance that i gets a and j ≠ i gets b, its estimate is
 *
 *     Σ_i (z_i / p_i)² + Σ_i Σ_{j ≠ i} (1 - p_i p_j / p_ij) z_i z_j / (p_i p_j) + Σ_i (m_i z_i²) / p_i
 *
 * over clients in their own arms. The first sum leaves out the square of a client's own effect, of which only one part
 * is ever seen. m_i is the number of clients and arms of the contrast that can never be seen together with i in its
 * arm: for each, -z_i z_j is at most (z_i² + z_j²) / 2 (Young). On average over all draws the estimate is at least the
 * variance of Horvitz & Thompson's estimator. Normal reference. Of a sample without `chances`, clients of a stratum are
 * taken as dealt to the arms in the numbers that are there.
 *
 * Without leftovers and for two arms the estimate of Horvitz & Thompson's variance is, stratum by stratum,
 * (n_s / N)² ((n_s - 1) / n_s (s_1² / n_1 + s_0² / n_0) + τ_s² / n_s).
 *
 * Notes    stratum_without_contrast: clients whom an arm of the contrast could not get; no_contrast, weights_not_taken,
 *          joint_probabilities_unknown, variance_not_positive, no_variation.
 * Cost     O(n), and O((classes × arms)²) where classes are not independent.
 * Cites    Aronow & Middleton 2013, J. Causal Inference 1(1); Aronow & Samii 2013, Survey Methodology 39(1), and 2017,
 *          Ann. Appl. Stat. 11(4). */
TEMOIN_MUST_CHECK temoin_status tm_design_weighted_run(temoin_context *ctx, const tm_request *request, bool ratio,
                                                       tm_effect *out);

#endif
