/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_rq_nid = {
    .key = "rq_nid",
    .title_en = "quantile regression, a density for each client (nid)",
    .title_fr = "régression quantile, une densité par client (nid)",
    .cites = "Hendricks & Koenker 1992; Hall & Sheather 1988",
};
