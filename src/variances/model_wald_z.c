/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_model_wald_z = {
    .key = "model_wald_z",
    .title_en = "of a mixed model, normal reference",
    .title_fr = "d’un modèle mixte, référence normale",
    .cites = "Laird & Ware 1982",
    .clustered = true,
};
