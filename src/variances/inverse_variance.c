/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_inverse_variance = {
    .key = "inverse_variance",
    .title_en = "one over the sum of the strata's weights",
    .title_fr = "inverse de la somme des poids des strates",
    .cites = "Hedges & Olkin 1985, ch. 6; DerSimonian & Laird 1986",
};
