/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_boschloo = {
    .key = "boschloo",
    .title_en = "two proportions: Boschloo’s unconditional exact test",
    .title_fr = "deux proportions : test exact inconditionnel de Boschloo",
    .cites = "Boschloo 1970",
};
