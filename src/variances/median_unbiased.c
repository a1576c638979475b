/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_median_unbiased = {
    .key = "median_unbiased",
    .title_en = "odds ratio: median unbiased, exact interval, twice the smaller exact tail",
    .title_fr = "rapport des cotes : sans biais en médiane, intervalle exact, deux fois la plus petite queue exacte",
    .cites = "Hirji, Tsiatis & Mehta 1989; Cornfield 1956",
};
