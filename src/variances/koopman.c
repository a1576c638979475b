/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_koopman = {
    .key = "koopman",
    .title_en = "ratio of proportions: score interval and test",
    .title_fr = "rapport de proportions : intervalle et test du score",
    .cites = "Koopman 1984",
};
