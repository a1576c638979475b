/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_paired = {
    .key = "paired",
    .title_en = "between the effects within clusters that have clients in all arms (Student)",
    .title_fr = "entre les effets au sein des grappes qui ont des clients dans tous les groupes (Student)",
    .cites = "Hayes & Moulton 2017, ch. 10",
    .clustered = true,
};
