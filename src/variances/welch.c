/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_welch = {
    .key = "welch",
    .title_en = "between clusters, a variance for each arm (Welch)",
    .title_fr = "entre grappes, une variance par groupe (Welch)",
    .cites = "Welch 1947; Satterthwaite 1946",
    .clustered = true,
};
