/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/ols_model.h"

/* The same number as `iv`, as a ratio of two effects with the delta method's standard error and normal reference. */
const tm_estimator tm_estimator_wald_ratio = {
    .key = "wald_ratio",
    .title_en = "effect of assignment on the outcome over that on receipt (Wald), delta method",
    .title_fr = "effet de l’assignation sur le résultat rapporté à celui sur la participation (Wald), méthode delta",
    .cites = "Wald 1940; Bloom 1984; Angrist, Imbens & Rubin 1996",
    .takes_covariates = true,
    .build = tm_ols_build,
    .variances = "classical hc0 hc1 hc2 hc3 cr0 cr1 cr1s cr2",
    .instrumented = true,
    .normal = true,
};
