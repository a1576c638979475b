/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_hypergeometric = {
    .key = "hypergeometric",
    .title_en = "hypergeometric variance of events",
    .title_fr = "variance hypergéométrique des événements",
    .cites = "Mantel 1966",
};
