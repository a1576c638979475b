/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/arm_strata.h"
#include "estimators/estimator.h"

/* The inverse of the variance that the contrast would have in the stratum were all outcomes equally variable:
 * 1 / Σ_a c_a² / n_a, which is n1 n0 / (n1 + n0) for two arms. */
static double precision(const tm_arm_strata *cells, const double *arm_weight, int32_t n_arms, int32_t n_strata,
                        int32_t stratum)
{
    double variance = 0;
    for (int32_t a = 0; a < n_arms; a++)
        if (arm_weight[a] != 0)
            variance += arm_weight[a] * arm_weight[a] / cells->cell_total[cells->find[a * n_strata + stratum]];
    return 1 / variance;
}

static temoin_status build(temoin_context *ctx, tm_model *model, int64_t *left_out)
{
    tm_arm_strata cells = {0};
    model->blockwise = true;
    return tm_arm_strata_build(ctx, model, precision, &cells, left_out);
}

const tm_estimator tm_estimator_dim_precision = {
    .key = "dim_precision",
    .title_en = "difference in means, strata weighted by their precision",
    .title_fr = "différence de moyennes, strates pondérées par leur précision",
    .cites = "Imbens & Rubin 2015, sec. 9.4; Gerber & Green 2012, sec. 4.5",
    .blockwise = true,
    .compares_within_strata = true,
    .build = build,
};
