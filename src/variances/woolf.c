/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_woolf = {
    .key = "woolf",
    .title_en = "logarithm of the odds ratio: sum of the cells’ inverses",
    .title_fr = "logarithme du rapport des cotes : somme des inverses des cases",
    .cites = "Woolf 1955",
};
