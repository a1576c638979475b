/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_greenland_robins = {
    .key = "greenland_robins",
    .title_en = "logarithm of the Mantel-Haenszel risk ratio",
    .title_fr = "logarithme du rapport de risques de Mantel-Haenszel",
    .cites = "Greenland & Robins 1985",
};
