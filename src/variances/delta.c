/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_delta = {
    .key = "delta",
    .title_en = "logarithm of a ratio of proportions: delta method",
    .title_fr = "logarithme d’un rapport de proportions : méthode delta",
    .cites = "Katz et al. 1978",
};
