/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/mixed_blocks.h"

#include <math.h>

/* Blocks whose weights differ by less than this share have the same. */
static const double same_weight = 1e-9;

typedef struct block {
    double weight;          /* 0: not in the contrast */
    double effect;          /* of the contrast, in the block */
    double variance, welch; /* Neyman's, times weight², and what it adds to the degrees of freedom */
    bool small;
} block;

typedef struct cells {
    double *mean, *square; /* [n_groups] */
    int64_t *size;
} cells;

static temoin_status sum_cells(temoin_context *ctx, const tm_fit *fit, cells *out)
{
    TM_SCRATCH(ctx, out->mean, fit->n_groups);
    TM_SCRATCH(ctx, out->square, fit->n_groups);
    TM_SCRATCH(ctx, out->size, fit->n_groups);
    for (int64_t c = 0; c < fit->n_cells; c++) {
        const tm_cell *cell = &fit->cell[c];
        for (int64_t i = cell->start; i < cell->start + cell->n; i++) {
            out->mean[cell->group] += fit->response[i] / fit->group_total[cell->group];
            out->square[cell->group] += fit->residual[i] * fit->residual[i];
        }
        out->size[cell->group] += cell->n;
    }
    return TEMOIN_OK;
}

/* A block's weight is what it counts in the arms on the positive side. */
static void fill_blocks(const tm_fit *fit, const cells *of, int32_t contrast, block *blocks)
{
    const tm_model *model = fit->model;
    const double *a = model->group_weight + (int64_t)contrast * fit->n_groups;
    const double *arm_weight = model->arm_weight + (int64_t)contrast * model->sample->n_arms;
    double above = 0;
    for (int32_t k = 0; k < model->sample->n_arms; k++) above += fmax(arm_weight[k], 0);
    for (int32_t s = 0; s < model->sample->n_strata; s++) blocks[s] = (block){0};
    for (int32_t f = 0; f < fit->n_groups; f++) {
        if (a[f] == 0) continue;
        block *b = &blocks[model->group_stratum[f]];
        double n = (double)of->size[f], part = a[f] * a[f] * of->square[f] / (n - 1) / n;
        b->weight += fmax(a[f], 0) / above;
        b->effect += a[f] * of->mean[f];
        b->small |= of->size[f] < 2;
        b->variance += part;
        b->welch += part * part / (n - 1);
    }
    for (int32_t s = 0; s < model->sample->n_strata; s++)
        if (blocks[s].weight > 0) blocks[s].effect /= blocks[s].weight;
}

static bool pool(const block *blocks, int32_t n, double *variance, double *welch)
{
    double total = 0, mean = 0, among = 0, sum = 0, count = 0;
    for (int32_t s = 0; s < n; s++)
        if (blocks[s].small) total += blocks[s].weight, mean += blocks[s].weight * blocks[s].effect, count++;
    for (int32_t s = 0; s < n; s++) {
        double w = blocks[s].weight;
        if (!blocks[s].small) continue;
        if (!(total - 2 * w > same_weight * total)) return false;
        among += w * w / (total - 2 * w);
    }
    for (int32_t s = 0; s < n; s++) {
        double w = blocks[s].weight, d = blocks[s].effect - mean / total;
        if (blocks[s].small) sum += w * w / (total - 2 * w) / (total + among) * d * d;
    }
    if (count == 0) return true;
    *variance += total * total * sum;
    *welch += total * total * sum * total * total * sum / (count - 1);
    return true;
}

static bool match(const block *blocks, int32_t n, double *variance, double *welch)
{
    for (int32_t s = 0; s < n; s++) {
        double w = blocks[s].weight, count = 0, mean = 0, square = 0;
        bool first = true;
        if (!blocks[s].small) continue;
        for (int32_t o = 0; o < n; o++) {
            if (!blocks[o].small || fabs(blocks[o].weight - w) > same_weight * w) continue;
            first = first && o >= s;
            mean += blocks[o].effect;
            count++;
        }
        if (count < 2) return false;
        if (!first) continue;
        for (int32_t o = 0; o < n; o++) {
            double d = blocks[o].effect - mean / count;
            if (blocks[o].small && fabs(blocks[o].weight - w) <= same_weight * w) square += d * d;
        }
        double part = count / (count - 1) * w * w * square;
        *variance += part;
        *welch += part * part / (count - 1);
    }
    return true;
}

temoin_status tm_mixed_blocks_run(temoin_context *ctx, const tm_fit *fit, bool pooled, tm_uncertainty *out)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    int32_t n_strata = fit->model->sample->n_strata;
    cells of = {0};
    block *blocks;
    TM_TRY(sum_cells(ctx, fit, &of));
    TM_SCRATCH(ctx, blocks, n_strata);
    for (int32_t c = 0; c < fit->model->n_contrasts; c++) {
        double variance = 0, welch = 0;
        if (isnan(fit->value[c])) continue;
        if (fit->root_weight) {
            tm_uncertainty_refuse(&out[c], "weights_undefined");
            continue;
        }
        fill_blocks(fit, &of, c, blocks);
        for (int32_t s = 0; s < n_strata; s++) {
            if (blocks[s].small || blocks[s].weight == 0) continue;
            variance += blocks[s].variance;
            welch += blocks[s].welch;
        }
        if ((pooled ? pool : match)(blocks, n_strata, &variance, &welch)) {
            out[c].variance = variance;
            out[c].df = variance * variance / welch;
        } else
            tm_uncertainty_refuse(&out[c], "single_unit_in_block");
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
