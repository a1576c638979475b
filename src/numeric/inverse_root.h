/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TM_INVERSE_ROOT_H
#define TM_INVERSE_ROOT_H

enum { TM_INVERSE_ROOT_NODES = 200 };

/* The inverse square root of a positive definite matrix as a short sum of shifted inverses:
 *
 *     A^(-1/2) = Σ_j weight_j (A + shift_j I)⁻¹
 *
 * to 1e-14 relative, for any A with eigenvalues from smallest > 0 to largest; of a diagonal less a matrix of low rank
 * each term is cheap.
 *
 * Shapes   shift, weight [TM_INVERSE_ROOT_NODES].
 * Returns  how many nodes: ten for a condition of 10, thirty for a million.
 * Cites    Hale, Higham & Trefethen 2008, "Computing A^α, log(A), and related matrix functions by contour integrals",
 *          method 3.
 */
int tm_inverse_root_nodes(double smallest, double largest, double *shift, double *weight);

#endif
