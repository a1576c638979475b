/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_none = {
    .key = "none",
    .title_en = "no standard error",
    .title_fr = "sans erreur type",
    .cites = "",
};
