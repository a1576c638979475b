/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_mid_p = {
    .key = "mid_p",
    .title_en = "two proportions: exact test with mid-p; odds ratio: median unbiased, mid-p interval",
    .title_fr =
        "deux proportions : test exact avec mid-p ; rapport des cotes : sans biais en médiane, intervalle mid-p",
    .cites = "Lancaster 1961; Hirji, Tsiatis & Mehta 1989",
};
