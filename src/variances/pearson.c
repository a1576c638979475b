/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_pearson = {
    .key = "pearson",
    .title_en = "two proportions: pooled z test, the root of Pearson’s chi-square",
    .title_fr = "deux proportions : test z regroupé, racine du khi-deux de Pearson",
    .cites = "Pearson 1900",
};
