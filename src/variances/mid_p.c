/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_mid_p = {
    .key = "mid_p",
    .title_en = "two proportions: exact test with mid-p; odds ratio: where both mid-p tails are 1/2, mid-p interval",
    .title_fr = "deux proportions : test exact avec mid-p ; rapport des cotes : où les deux queues mid-p valent 1/2, "
                "intervalle mid-p",
    .cites = "Lancaster 1961",
};
