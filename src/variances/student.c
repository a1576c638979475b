/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_student = {
    .key = "student",
    .title_en = "between clusters, one variance for all arms (Student)",
    .title_fr = "entre grappes, une même variance pour tous les groupes (Student)",
    .cites = "Donner & Klar 2000, ch. 7",
    .clustered = true,
};
