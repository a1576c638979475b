/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_permutation_exact = {
    .key = "permutation_exact",
    .title_en = "exact test over all assignments within strata",
    .title_fr = "test exact sur toutes les assignations dans les strates",
    .cites = "Streitberg & Röhmel 1986",
};
