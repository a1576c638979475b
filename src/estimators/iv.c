/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/ols_model.h"

const tm_estimator tm_estimator_iv = {
    .key = "iv",
    .title_en = "effect of receipt on those whom assignment moves (CACE), two-stage least squares",
    .title_fr = "effet de la participation chez ceux que l’assignation fait participer (CACE), doubles moindres carrés",
    .cites = "Imbens & Angrist 1994; Angrist, Imbens & Rubin 1996; Anderson & Rubin 1949 (interval)",
    .takes_covariates = true,
    .build = tm_ols_build,
    .variances = "classical hc0 hc1 hc2 hc3 cr0 cr1 cr1s cr2",
    .instrumented = true,
};
