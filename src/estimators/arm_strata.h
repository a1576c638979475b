/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `dim`, `dim_precision` and `lin` share: arm × stratum as absorbed groups, and a weight per stratum. */
#ifndef TM_ARM_STRATA_H
#define TM_ARM_STRATA_H

#include "base/failure.h"
#include "moments/model.h"

typedef struct tm_arm_strata {
    int32_t *find;         /* [n_arms * n_strata] group, -1: nobody */
    double *cell_total;    /* [n_groups] Σ w */
    double *stratum_total; /* [n_strata] Σ w over all arms */
} tm_arm_strata;

/* How much a stratum counts in a contrast that exists there; 0 never. */
typedef double tm_stratum_weight(const tm_arm_strata *cells, const double *arm_weight, int32_t n_arms, int32_t n_strata,
                                 int32_t stratum);

/* Sets groups, group_arm, group_stratum and group_weight of the model: a_cf = arm weight × stratum weight / Σ stratum
 * weights, over strata in which every arm of the contrast is present. left_out as in tm_estimator. */
TEMOIN_MUST_CHECK temoin_status tm_arm_strata_build(temoin_context *ctx, tm_model *model, tm_stratum_weight *weigh,
                                                    tm_arm_strata *cells, int64_t *left_out);

/* True when every arm with a weight in the contrast has somebody in the stratum. */
bool tm_arm_strata_has_contrast(const tm_arm_strata *cells, const double *arm_weight, int32_t n_arms, int32_t n_strata,
                                int32_t stratum);

/* N_b / N: strata count by their (weighted) size over all arms, so that the effect is that of the whole sample. */
double tm_stratum_weight_by_size(const tm_arm_strata *cells, const double *arm_weight, int32_t n_arms, int32_t n_strata,
                                 int32_t stratum);

#endif
