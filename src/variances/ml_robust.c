/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_ml_robust = {
    .key = "ml_robust",
    .title_en = "maximum likelihood, robust (HC0 times n/(n-1))",
    .title_fr = "maximum de vraisemblance, robuste (HC0 fois n/(n-1))",
    .cites = "White 1982; as in Stata",
};
