/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The regression on arms and covariates with strata absorbed, which other estimators start from. */
#ifndef TM_OLS_MODEL_H
#define TM_OLS_MODEL_H

#include "estimators/estimator.h"

/* The `build` of `ols`: one group per stratum, one column per arm but the first, then the covariates. */
TEMOIN_MUST_CHECK temoin_status tm_ols_build(temoin_context *ctx, tm_model *model, int64_t *left_out);

#endif
