/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_newcombe = {
    .key = "newcombe",
    .title_en = "difference of proportions: interval from two Wilson intervals",
    .title_fr = "différence de proportions : intervalle tiré de deux intervalles de Wilson",
    .cites = "Newcombe 1998, method 10; Wilson 1927",
};
