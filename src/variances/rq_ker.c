/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_rq_ker = {
    .key = "rq_ker",
    .title_en = "quantile regression, densities by a kernel (ker)",
    .title_fr = "régression quantile, densités par noyau (ker)",
    .cites = "Powell 1991; Hall & Sheather 1988",
};
