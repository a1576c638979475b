/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "variances/variance.h"

/* For pairs, and blocks so small that an arm has one client: the spread of the J block effects τ_b around their mean,
 *     J / (J - 1) Σ (w_b τ_b - τ / J)²,   w_b = N_b / N,   J - 1 degrees of freedom.
 * Conservative when effects differ between blocks. */
static void of_contrast(const tm_fit *fit, const double *mean, double *block, int32_t contrast, tm_uncertainty *out)
{
    const tm_model *model = fit->model;
    const double *a = model->group_weight + (int64_t)contrast * fit->n_groups;
    int32_t n_strata = model->sample->n_strata;
    double n_blocks = 0, square = 0;
    for (int32_t s = 0; s < n_strata; s++) block[s] = NAN;
    for (int32_t f = 0; f < fit->n_groups; f++) {
        if (a[f] == 0) continue;
        double *b = &block[model->group_stratum[f]];
        if (isnan(*b)) {
            *b = 0;
            n_blocks++;
        }
        *b += a[f] * mean[f];
    }
    if (n_blocks < 2) {
        tm_uncertainty_refuse(out, "too_few_units");
        return;
    }
    for (int32_t s = 0; s < n_strata; s++) {
        if (isnan(block[s])) continue;
        double d = block[s] - fit->value[contrast] / n_blocks;
        square += d * d;
    }
    out->variance = n_blocks / (n_blocks - 1) * square;
    out->df = n_blocks - 1;
}

static temoin_status run(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    double *mean, *block;
    TM_SCRATCH(ctx, mean, fit->n_groups);
    TM_SCRATCH(ctx, block, fit->model->sample->n_strata);
    for (int64_t c = 0; c < fit->n_cells; c++) {
        const tm_cell *cell = &fit->cell[c];
        for (int64_t i = cell->start; i < cell->start + cell->n; i++)
            mean[cell->group] +=
                fit->response[i] * (fit->root_weight ? fit->root_weight[i] : 1) / fit->group_total[cell->group];
    }
    for (int32_t c = 0; c < fit->model->n_contrasts; c++)
        if (!isnan(fit->value[c])) of_contrast(fit, mean, block, c, &out[c]);
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

const tm_variance tm_variance_matched_pair = {
    .key = "matched_pair",
    .title_en = "spread of the block effects (matched pairs)",
    .title_fr = "dispersion des effets de bloc (paires appariées)",
    .cites = "Imai, King & Nall 2009, eq. 6; Gerber & Green 2012, eq. 3.16",
    .blockwise = true,
    .run = run,
};
