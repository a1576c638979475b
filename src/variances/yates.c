/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_yates = {
    .key = "yates",
    .title_en = "two proportions: the same with Yates’s continuity correction",
    .title_fr = "deux proportions : le même avec la correction de continuité de Yates",
    .cites = "Yates 1934",
};
