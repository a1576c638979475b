/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_permutation_continuity = {
    .key = "permutation_continuity",
    .title_en = "the same with continuity correction",
    .title_fr = "le même avec correction de continuité",
    .cites = "Lehmann 1975, sect. 1.4",
};
