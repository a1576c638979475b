/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_aronow_middleton = {
    .key = "aronow_middleton",
    .title_en = "bound from the design's joint probabilities",
    .title_fr = "borne tirée des probabilités conjointes du plan",
    .cites = "Aronow & Middleton 2013; Aronow & Samii 2013, 2017",
};
