/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_kenward_roger = {
    .key = "kenward_roger",
    .title_en = "of a mixed model, adjusted for small samples, with degrees of freedom (Kenward-Roger)",
    .title_fr = "d’un modèle mixte, corrigée pour petits échantillons, avec degrés de liberté (Kenward-Roger)",
    .cites = "Kenward & Roger 1997",
    .clustered = true,
};
