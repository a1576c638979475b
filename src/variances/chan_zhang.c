/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_chan_zhang = {
    .key = "chan_zhang",
    .title_en = "difference of proportions: exact unconditional interval and test",
    .title_fr = "différence de proportions : intervalle et test exacts inconditionnels",
    .cites = "Chan & Zhang 1999",
};
