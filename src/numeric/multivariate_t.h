/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_MULTIVARIATE_T_H
#define TM_MULTIVARIATE_T_H

#include "base/failure.h"

/* P(max over i of |T_i| >= t) for k statistics that are jointly normal with this correlation, over a common root mean
 * square with df degrees of freedom.
 *
 * Where the correlation is b_i b_j (i != j), as that of means against one common control, the integral over the common
 * part and over the scale is a product, summed by the trapezoidal rule to some twelve digits. Any other correlation R
 * is split: the nearest product is integrated like that, and the difference that R makes is added by Genz's
 * transformation over a fixed lattice: six digits where R is near to a product, as that of arms against a control is
 * with any robust variance; four or five where it is far from one. The same arguments give the same bits.
 *
 * Shapes   correlation [k * k], symmetric, positive semidefinite, ones on its diagonal.
 * Needs    k >= 1, df > 0, INFINITY too.
 * Cost     some 1e5 k normal tails; 1e6 k where R is far from a product.
 * Cites    Dunnett & Sobel 1955 (product structure); Genz 1992; Genz & Bretz 2009, chapters 3 and 4.
 */
TEMOIN_MUST_CHECK temoin_status tm_multivariate_t_tail(temoin_context *ctx, const double *correlation, int32_t k,
                                                       double t, double df, double *p);

#endif
