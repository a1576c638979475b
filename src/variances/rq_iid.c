/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_rq_iid = {
    .key = "rq_iid",
    .title_en = "quantile regression, the same density for all (iid)",
    .title_fr = "régression quantile, une même densité pour tous (iid)",
    .cites = "Koenker & Bassett 1978; Hall & Sheather 1988",
};
