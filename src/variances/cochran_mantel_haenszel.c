/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_cochran_mantel_haenszel = {
    .key = "cochran_mantel_haenszel",
    .title_en = "score test over strata, given all margins",
    .title_fr = "test du score sur les strates, marges données",
    .cites = "Cochran 1954; Mantel & Haenszel 1959",
};
