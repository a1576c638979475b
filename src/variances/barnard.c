/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_barnard = {
    .key = "barnard",
    .title_en = "two proportions: Barnard’s unconditional exact test",
    .title_fr = "deux proportions : test exact inconditionnel de Barnard",
    .cites = "Barnard 1947; Suissa & Shuster 1985",
};
