/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/variance.h"

const tm_variance tm_variance_permutation_normal = {
    .key = "permutation_normal",
    .title_en = "standard error over all assignments within strata if the arm mattered to nobody; normal",
    .title_fr =
        "erreur type sur toutes les assignations dans les strates si le groupe n’importait à personne ; loi normale",
    .cites = "Strasser & Weber 1999; van Elteren 1960",
};
