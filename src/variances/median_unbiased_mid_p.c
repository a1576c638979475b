/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_median_unbiased_mid_p = {
    .key = "median_unbiased_mid_p",
    .title_en = "odds ratio: median unbiased, mid-p interval and test",
    .title_fr = "rapport des cotes : sans biais en médiane, intervalle et test mid-p",
    .cites = "Hirji, Tsiatis & Mehta 1989; Lancaster 1961",
};
