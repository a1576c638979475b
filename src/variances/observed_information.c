/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_observed_information = {
    .key = "observed_information",
    .title_en = "observed information",
    .title_fr = "information observée",
    .cites = "Efron & Hinkley 1978",
};
