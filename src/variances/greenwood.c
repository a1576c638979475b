/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_greenwood = {
    .key = "greenwood",
    .title_en = "Greenwood’s variance of the survival curve",
    .title_fr = "variance de Greenwood de la courbe de survie",
    .cites = "Greenwood 1926",
};
