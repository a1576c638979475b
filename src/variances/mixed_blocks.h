/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks of mixed shape: small ones, in which some arm has a single client, beside large ones. */
#ifndef TM_MIXED_BLOCKS_H
#define TM_MIXED_BLOCKS_H

#include "variances/variance.h"

/* Large blocks have Neyman's variance. Small ones have none of their own; the spread of their effects τ_k stands for
 * it: `pooled`, of all of them around their mean τ_s = Σ w_k τ_k / W (W = Σ w_k over small blocks),
 *
 *     W² Σ_k a_k (τ_k - τ_s)²,   a_k = w_k² / ((W - 2 w_k) (W + Σ_i w_i² / (W - 2 w_i))),
 *
 * which has the right mean where effects do not differ between blocks and a larger one elsewhere; or of those of the
 * same weight, J of them, around their own mean, J / (J - 1) w² Σ (τ_k - mean)². w_k is the block's share in the
 * effect. Pashley & Miratrix write it with block sizes n_k, which are the weights up to a factor. Their paper has no
 * degrees of freedom: Welch & Satterthwaite's combine n - 1 of each cell and the number of blocks less one.
 *
 * Notes    weights_undefined; single_unit_in_block where a small block has no other to be compared with, or holds half
 * of the small blocks' weight or more.
 */
TEMOIN_MUST_CHECK temoin_status tm_mixed_blocks_run(temoin_context *ctx, const tm_fit *fit, bool pooled,
                                                    tm_uncertainty *out);

#endif
