/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_cochran_mantel_haenszel_cc = {
    .key = "cochran_mantel_haenszel_cc",
    .title_en = "the same with continuity correction",
    .title_fr = "le même avec correction de continuité",
    .cites = "Mantel & Haenszel 1959",
};
