/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_sato = {
    .key = "sato",
    .title_en = "Mantel-Haenszel risk difference, for many small or few large strata",
    .title_fr = "différence de risques de Mantel-Haenszel, strates petites et nombreuses ou grandes",
    .cites = "Sato, Greenland & Robins 1989",
};
