/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "statistics/statistic.h"

static double of_effect(const tm_effect *effect)
{
    return effect->value / effect->se;
}

const tm_statistic tm_statistic_studentized = {
    .key = "studentized",
    .title_en = "the effect divided by its standard error, both found again at every draw",
    .title_fr = "l’effet divisé par son erreur type, l’un et l’autre recalculés à chaque tirage",
    .cites = "Wu & Ding 2021; Zhao & Ding 2021",
    .needs_se = true,
    .of_effect = of_effect,
};
