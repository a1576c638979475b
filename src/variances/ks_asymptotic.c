/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_ks_asymptotic = {
    .key = "ks_asymptotic",
    .title_en = "limit of the largest distance between two distribution functions",
    .title_fr = "loi limite du plus grand écart entre deux fonctions de répartition",
    .cites = "Kolmogorov 1933; Smirnov 1939",
};
