/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "variances/variance.h"

/* s² (X'WX)⁻¹ with s² = Σ w e² / (n - k): |ℓ|² s². */
static temoin_status run(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out)
{
    (void)ctx;
    double df = (double)(fit->n - fit->n_parameters);
    for (int32_t c = 0; c < fit->model->n_contrasts; c++) {
        if (isnan(fit->value[c])) continue;
        const double *l = fit->basis + (int64_t)c * fit->n_parameters;
        double square = 0;
        for (int32_t k = 0; k < fit->n_parameters; k++) square += l[k] * l[k];
        out[c].variance = fit->residual_ss / df * square;
        out[c].df = df;
    }
    return TEMOIN_OK;
}

const tm_variance tm_variance_classical = {
    .key = "classical",
    .title_en = "equal variances (ordinary least squares)",
    .title_fr = "variances égales (moindres carrés ordinaires)",
    .cites = "Gauss 1823; for two means: Student 1908",
    .run = run,
};
