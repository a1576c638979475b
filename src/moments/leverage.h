/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much rows and clusters weigh in a fit: hat values, and per cluster the small matrices from which every cluster
 * variance follows. With z the orthonormal basis of tm_fit and Z_g the rows of cluster g:
 *
 *     S_g = Z_g'Z_g,   t_g = Z_g'e,   H_gg = Z_g Z_g',   (I - H_gg)^a Z_g = Z_g (I - S_g)^a   for any power a
 *
 * so that n_g × n_g algebra becomes algebra in the dimension of the basis that the cluster touches. */
#ifndef TM_LEVERAGE_H
#define TM_LEVERAGE_H

#include "moments/fit.h"

struct tm_kernels;

/* Row leverages h_i = w_i / W_f + |q_i|² and effect weights z_i'ℓ of one contrast; [n] each. */
void tm_row_leverage(temoin_context *ctx, const tm_fit *fit, double *h);
void tm_row_effect_weight(temoin_context *ctx, const tm_fit *fit, int32_t contrast, double *weight);

/* One cluster: the coordinates it touches are its cells' groups, then the columns of Q. */
typedef struct tm_cluster {
    int32_t n_touched;
    int32_t dim; /* n_touched + rank */
    int64_t start;
    int64_t n;
    const tm_cell *cell; /* [n_touched] */
} tm_cluster;

tm_cluster tm_cluster_view(const tm_fit *fit, int32_t g);

/* Clusters with rows in each arm, [n_arms]. */
TEMOIN_MUST_CHECK temoin_status tm_clusters_in_arms(temoin_context *ctx, const tm_fit *fit, int64_t *n_clusters);

/* The largest dim, and the largest number of rows, of any cluster. */
int32_t tm_clusters_largest_dim(const tm_fit *fit);
int64_t tm_clusters_largest_n(const tm_fit *fit);

/* S_g, symmetric [dim * dim], and t_g [dim]. Room: columns [rank + 1], products [(rank + 1)²]. */
void tm_cluster_moments(const struct tm_kernels *kernels, const tm_fit *fit, const tm_cluster *cluster, double *gram,
                        double *score, const double **columns, double *products);

/* The coordinates of a full vector [n_parameters] that the cluster touches, [dim]. */
void tm_cluster_gather(const tm_fit *fit, const tm_cluster *cluster, const double *full, double *touched);

#endif
