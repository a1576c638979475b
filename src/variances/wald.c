/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_wald = {
    .key = "wald",
    .title_en = "proportions: unpooled standard error",
    .title_fr = "proportions : erreur type non regroupée",
    .cites = "Agresti 2013, sect. 3.1",
};
