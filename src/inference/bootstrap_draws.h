/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps of the wild cluster bootstrap: what clusters give, what draws make of it, and which effects are rejected.
 */
#ifndef TM_BOOTSTRAP_DRAWS_H
#define TM_BOOTSTRAP_DRAWS_H

#include "inference/bootstrap.h"

/* Sparse rows: entries first[i] … first[i + 1] - 1 of row i. */
typedef struct tm_sparse_rows {
    int64_t *first;
    int32_t *at; /* a coordinate of the basis */
} tm_sparse_rows;

/* What clusters give to any draw. Index 0 of pairs: the part without δ, 1: that which δ multiplies. "Child": a cluster
 * of the draws; "cluster": one whose errors correlate. */
typedef struct tm_bootstrap_parts {
    int n_parts; /* 1: unrestricted */
    int32_t n_children, n_clusters, n_coordinates;
    const int32_t *owner; /* [n_children] */
    tm_sparse_rows children;
    double *score[2]; /* s_h, on children's entries */
    double *total[2]; /* [n_children] ℓ's_h */
    double *own[2];   /* [n_children] r_g's_h */
    tm_sparse_rows clusters;
    double *weight;  /* S_g r_g, on clusters' entries */
    double variance; /* Σ_g (r_g'Z_g'e)² */
    double size;     /* Σ_h own[1]²: what rounding in the δ part is measured against */
    double lost;     /* length of ℓ along directions that one cluster alone determines */
} tm_bootstrap_parts;

TEMOIN_MUST_CHECK temoin_status tm_bootstrap_parts_build(temoin_context *ctx, const tm_fit *fit, int32_t contrast,
                                                         const tm_bootstrap_options *options, tm_bootstrap_parts *out);

/* Of each draw, in units of root = √variance and x = δ / root: numerator n0 + n1 x, squared denominator d00 + 2 d01 x +
 * d11 x². */
typedef struct tm_bootstrap_draws {
    int64_t n;
    int copies; /* 2: each stands for its negative too, which has -t* */
    bool enumerated;
    double *n0, *n1, *d00, *d01, *d11; /* [n] */
} tm_bootstrap_draws;

TEMOIN_MUST_CHECK temoin_status tm_bootstrap_draws_build(temoin_context *ctx, const tm_bootstrap_parts *parts,
                                                         const tm_bootstrap_options *options, tm_bootstrap_draws *out);

/* The x on one side (side 1: x > 0; -1: x < 0, given as positive) up to which at least `needed` draws have |t*| >= |x|;
 * INFINITY without a bound. *disjoint is set when fewer have it somewhere before. */
TEMOIN_MUST_CHECK temoin_status tm_bootstrap_bound(temoin_context *ctx, const tm_bootstrap_draws *draws, int side,
                                                   int64_t needed, double *bound, bool *disjoint);

/* Where a polynomial of degree 4 changes its sign at positive x, ascending; c [5], constant first. Returns how many. */
int tm_sign_changes(const double *c, double *root);

/* |t*| counts as |t| when it is smaller by less than this share of it. */
#define TM_BOOTSTRAP_TIE 1e-9

#endif
