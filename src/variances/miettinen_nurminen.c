/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_miettinen_nurminen = {
    .key = "miettinen_nurminen",
    .title_en = "proportions: score interval and test, variance times N / (N - 1)",
    .title_fr = "proportions : intervalle et test du score, variance multipliée par N / (N - 1)",
    .cites = "Miettinen & Nurminen 1985",
};
