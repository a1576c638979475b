/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_fisher = {
    .key = "fisher",
    .title_en = "two proportions: Fisher’s exact test; odds ratio: conditional maximum likelihood, exact interval",
    .title_fr = "deux proportions : test exact de Fisher ; rapport des cotes : maximum de vraisemblance "
                "conditionnelle, intervalle exact",
    .cites = "Fisher 1935; Cornfield 1956",
};
