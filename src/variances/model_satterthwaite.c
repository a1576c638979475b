/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_model_satterthwaite = {
    .key = "model_satterthwaite",
    .title_en = "of a mixed model, Satterthwaite degrees of freedom",
    .title_fr = "d’un modèle mixte, degrés de liberté de Satterthwaite",
    .cites = "Giesbrecht & Burns 1985; Fai & Cornelius 1996",
    .clustered = true,
};
