/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "kernels/kernels.h"
#include "variances/variance.h"

/* Σ a_f² s_f² / n_f over arm × stratum cells, s_f² with n_f - 1: conservative whatever the effects (Neyman 1923).
 * Degrees of freedom: Welch's with one stratum, n - number of cells with several. A cell of one client has no variance.
 */
static void of_contrast(const tm_fit *fit, const double *square, const int64_t *size, int32_t contrast,
                        tm_uncertainty *out)
{
    const double *a = fit->model->group_weight + (int64_t)contrast * fit->n_groups;
    double variance = 0, welch = 0, left = 0;
    int32_t first_stratum = -1;
    bool several = false;
    for (int32_t f = 0; f < fit->n_groups; f++) {
        if (a[f] == 0) continue;
        if (size[f] < 2) {
            tm_uncertainty_refuse(out, "single_unit_in_block");
            return;
        }
        double n = (double)size[f], part = a[f] * a[f] * square[f] / (n - 1) / n;
        variance += part;
        welch += part * part / (n - 1);
        left += n - 1;
        several |= first_stratum >= 0 && fit->model->group_stratum[f] != first_stratum;
        first_stratum = fit->model->group_stratum[f];
    }
    out->variance = variance;
    out->df = several ? left : variance * variance / welch;
}

static temoin_status run(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    double *square;
    int64_t *size;
    TM_SCRATCH(ctx, square, fit->n_groups);
    TM_SCRATCH(ctx, size, fit->n_groups);
    for (int64_t c = 0; c < fit->n_cells; c++) {
        const tm_cell *cell = &fit->cell[c];
        square[cell->group] += ctx->kernels->dot(fit->residual + cell->start, fit->residual + cell->start, cell->n);
        size[cell->group] += cell->n;
    }
    for (int32_t c = 0; c < fit->model->n_contrasts; c++) {
        if (isnan(fit->value[c])) continue;
        if (fit->root_weight)
            tm_uncertainty_refuse(&out[c], "weights_undefined");
        else
            of_contrast(fit, square, size, c, &out[c]);
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

const tm_variance tm_variance_neyman = {
    .key = "neyman",
    .title_en = "Neyman's conservative variance, by stratum",
    .title_fr = "variance conservatrice de Neyman, par strate",
    .cites = "Neyman 1923; Imbens & Rubin 2015, eq. 6.15 and 9.12; Welch 1947",
    .blockwise = true,
    .run = run,
};
