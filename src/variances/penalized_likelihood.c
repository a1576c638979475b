/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_penalized_likelihood = {
    .key = "penalized_likelihood",
    .title_en = "penalized likelihood: profile interval and likelihood-ratio test",
    .title_fr = "vraisemblance pénalisée : intervalle du profil et test du rapport de vraisemblance",
    .cites = "Heinze & Schemper 2002",
};
