/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "statistics/statistic.h"

static double of_effect(const tm_effect *effect)
{
    return effect->value;
}

const tm_statistic tm_statistic_difference = {
    .key = "difference",
    .title_en = "the effect itself, found again at every draw by the estimate's own estimator",
    .title_fr = "l’effet lui-même, recalculé à chaque tirage par l’estimateur choisi",
    .cites = "Fisher 1935; Rosenbaum 2002, ch. 2",
    .affine = true,
    .in_units = true,
    .of_effect = of_effect,
};
