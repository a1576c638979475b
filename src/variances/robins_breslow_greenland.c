/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_robins_breslow_greenland = {
    .key = "robins_breslow_greenland",
    .title_en = "logarithm of the Mantel-Haenszel odds ratio",
    .title_fr = "logarithme du rapport des cotes de Mantel-Haenszel",
    .cites = "Robins, Breslow & Greenland 1986",
};
