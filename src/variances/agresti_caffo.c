/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_agresti_caffo = {
    .key = "agresti_caffo",
    .title_en = "difference of proportions: one client with and one without the event added to each arm",
    .title_fr = "différence de proportions : un client avec et un sans l’événement ajoutés à chaque groupe",
    .cites = "Agresti & Caffo 2000",
};
