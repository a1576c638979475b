/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A linear model with absorbed groups, and the linear combinations of it that are asked for:
 *
 *     y = Σ_f α_f 1[group = f] + Σ_j β_j x_j + e,     effect_c = Σ_f a_cf α_f + Σ_j b_cj β_j
 *
 * Every estimator is such a model: strata absorbed and arms as columns (ols), or arm × stratum absorbed (dim, lin). */
#ifndef TM_MODEL_H
#define TM_MODEL_H

#include <stdbool.h>

#include "moments/sample.h"

typedef struct tm_model {
    const tm_sample *sample;
    int32_t n_groups;     /* every group holds a row */
    const int32_t *group; /* [n] */
    int32_t n_columns;
    const double *const *column;     /* [n_columns] → [n]; earlier columns win where they are collinear */
    const char *const *column_name;  /* covariate's name; NULL: an arm's column */
    const int32_t *column_covariate; /* [n_columns] index of the covariate it was made from, -1: an arm's column */
    int32_t n_contrasts;
    const double *group_weight; /* [n_contrasts * n_groups], the a_cf; NaN in the first: no such contrast in the data */
    const double *column_weight;  /* [n_contrasts * n_columns], the b_cj */
    bool blockwise;               /* groups are arm × stratum and there are no columns: block-wise formulas apply */
    const int32_t *group_arm;     /* [n_groups], with blockwise */
    const int32_t *group_stratum; /* [n_groups], with blockwise */
    const double *arm_weight;     /* [n_contrasts * n_arms] the contrast itself */
} tm_model;

#endif
