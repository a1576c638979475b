/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fitted model in an orthonormal basis, where every sandwich variance is a few small products.
 *
 * Scale all rows by the root of their weight. The basis of the model's columns is then z = (D, Q): one column per
 * group, D_if = sqrt(w_i / W_f) for i in f, and r columns Q that are orthonormal and orthogonal to D. In this basis the
 * effect is effect_c = ℓ_c' z'y, the hat matrix is H = z z', and what row i adds to the effect is (z_i'ℓ_c) y_i.
 *
 * Rows are sorted by cluster, then group, then sample order: a *cell* (cluster × group) is one run of rows. */
#ifndef TM_FIT_H
#define TM_FIT_H

#include "base/failure.h"
#include "moments/model.h"

typedef struct tm_cell {
    int64_t start;
    int64_t n;
    int32_t group;
    double weight; /* Σ w over its rows */
} tm_cell;

typedef struct tm_fit {
    const tm_model *model;
    int64_t n;
    int32_t n_groups;
    int32_t rank;              /* r: columns that are not collinear */
    int32_t n_parameters;      /* n_groups + rank */
    const int64_t *order;      /* [n] the sample's row that stands i-th in fit order */
    const int32_t *arm;        /* [n] in fit order */
    const double *root_weight; /* [n] in fit order; NULL: all one */
    double *const *q;          /* [rank] → [n] */
    const double *response;    /* [n] y, scaled by the root of the weight */
    const double *residual;    /* [n] scaled by the root of the weight */
    const double *group_total; /* [n_groups] W_f */
    const double *pivot; /* [rank] length of what was left of each kept column: the diagonal of R in X = (D, Q) R */
    int32_t n_clusters;  /* 1 when the sample is not clustered */
    int64_t n_cells;
    tm_cell *cell;
    const int64_t *cluster_cell;      /* [n_clusters + 1] first cell of each cluster */
    const double *basis;              /* [n_contrasts * n_parameters] ℓ_c: groups first */
    const double *value;              /* [n_contrasts] effect; NaN: not identified */
    const double *group_coefficient;  /* [n_groups] α */
    const double *column_coefficient; /* [n_columns] β, 0 where dropped */
    int32_t n_dropped;
    const int32_t *dropped;  /* [n_dropped] collinear columns */
    const int32_t *blocking; /* [n_contrasts] the dropped column that a contrast needed, -1: none */
    double residual_ss;      /* Σ w e² */
    double total_ss;         /* Σ w (y - mean)² */
} tm_fit;

/* Fits by Gram-Schmidt twice over, in the order of the columns ("twice is enough": Giraud, Langou & Rozložník 2005).
 *
 * Shapes   see above; the result lives on the scratch arena.
 * Notes    a column is dropped when what remains of it is below 1e-7 of its length within groups, or when its length
 *          within groups is below 1e-11 of its length: column scale does not matter. A contrast that needs a dropped
 *          column is not identified.
 * Cost     O(n p²) time; n (p + 4) doubles.
 */
TEMOIN_MUST_CHECK temoin_status tm_fit_build(temoin_context *ctx, const tm_model *model, const tm_fit **out);

#endif
