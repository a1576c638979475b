/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_hc0_observed = {
    .key = "hc0_observed",
    .title_en = "robust, on the observed information",
    .title_fr = "robuste, sur l’information observée",
    .cites = "White 1982",
};
