/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/clustered.h"

const tm_variance tm_variance_cr2_working = {
    .key = "cr2_working",
    .title_en = "CR2, workers in each arm that has them supposed to differ (working covariance)",
    .title_fr = "CR2, les intervenants étant supposés différer dans chaque groupe qui en a (covariance de travail)",
    .cites = "Pustejovsky & Tipton 2018, eq. 5-11",
    .clustered = true,
    .run = tm_clustered_working,
};
