/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moments/random_moments.h"

#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "moments/leverage.h"
#include "numeric/elementary.h"

int64_t tm_random_dim(const tm_fit *fit, int32_t n_factors, const tm_random_factor *factor)
{
    int64_t dim = (int64_t)fit->n_parameters + 1;
    for (int32_t k = 1; k < n_factors; k++) dim += factor[k - 1].n_levels;
    return dim;
}

/* One level of factor 0 as it is being summed; dense [n_dense] is zero outside. */
typedef struct summing {
    const tm_fit *fit;
    tm_random_moments *out;
    const tm_random_factor *factor;
    double *dense;
    int32_t *touched; /* [n_dense] */
    int64_t n_entries;
    int32_t *column;
    double *sum;
} summing;

static void put(summing *s, int32_t column, double sum)
{
    s->column[s->n_entries] = column;
    s->sum[s->n_entries++] = sum;
}

static void sort_levels(int32_t *level, int32_t n)
{
    for (int32_t i = 1; i < n; i++)
        for (int32_t k = i; k > 0 && level[k] < level[k - 1]; k--) {
            const int32_t swap = level[k];
            level[k] = level[k - 1];
            level[k - 1] = swap;
        }
}

static void sum_dense(summing *s, const tm_cluster *cluster)
{
    const int32_t first = s->out->p + 1;
    for (int32_t f = 0; f < s->out->n_factors - 1; f++) {
        int32_t n = 0;
        for (int64_t i = cluster->start; i < cluster->start + cluster->n; i++) {
            const int32_t level = s->factor[f].level[s->fit->order[i]];
            if (s->dense[level]++ == 0) s->touched[n++] = level;
        }
        sort_levels(s->touched, n);
        for (int32_t k = 0; k < n; k++) {
            put(s, first + s->out->dense_start[f] + s->touched[k], s->dense[s->touched[k]]);
            s->dense[s->touched[k]] = 0;
        }
    }
}

static void sum_level(const tm_kernels *kernels, summing *s, int32_t g)
{
    const tm_fit *fit = s->fit;
    const tm_cluster cluster = tm_cluster_view(fit, g);
    for (int32_t k = 0; k < cluster.n_touched; k++) {
        const tm_cell *cell = &cluster.cell[k];
        put(s, cell->group, (double)cell->n / sqrt(fit->group_total[cell->group]));
    }
    for (int32_t j = 0; j < fit->rank; j++)
        put(s, fit->n_groups + j, kernels->sum(fit->q[j] + cluster.start, cluster.n));
    put(s, s->out->p, kernels->sum(fit->residual + cluster.start, cluster.n));
    if (s->out->n_dense) sum_dense(s, &cluster);
}

static int64_t count_entries(const tm_fit *fit, int32_t n_factors)
{
    int64_t n = 0;
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        const tm_cluster cluster = tm_cluster_view(fit, g);
        n += cluster.dim + 1 + (n_factors - 1) * cluster.n;
    }
    return n;
}

/* Z'Z, Z'Q and Z'D, Z'e of the dense factors, by rows in the order of the fit. */
static temoin_status fill_dense(temoin_context *ctx, const tm_fit *fit, const tm_random_factor *factor,
                                const tm_random_moments *out, double *gram)
{
    const int64_t dim = out->dim, p = out->p;
    int64_t *at;
    TM_SCRATCH(ctx, at, fit->n);
    for (int32_t f = 0; f < out->n_factors - 1; f++) {
        for (int64_t i = 0; i < fit->n; i++)
            at[i] = (p + 1 + out->dense_start[f] + factor[f].level[fit->order[i]]) * dim;
        for (int32_t j = 0; j < fit->rank; j++)
            for (int64_t i = 0; i < fit->n; i++) gram[at[i] + fit->n_groups + j] += fit->q[j][i];
        for (int64_t i = 0; i < fit->n; i++) gram[at[i] + p] += fit->residual[i];
        for (int64_t c = 0; c < fit->n_cells; c++) {
            const tm_cell *cell = &fit->cell[c];
            for (int64_t i = cell->start; i < cell->start + cell->n; i++)
                gram[at[i] + cell->group] += 1 / sqrt(fit->group_total[cell->group]);
        }
        for (int32_t b = 0; b <= f; b++)
            for (int64_t i = 0; i < fit->n; i++)
                gram[at[i] + p + 1 + out->dense_start[b] + factor[b].level[fit->order[i]]]++;
    }
    for (int64_t i = 0; i < dim; i++)
        for (int64_t j = 0; j < i; j++) gram[j * dim + i] = gram[i * dim + j];
    return TEMOIN_OK;
}

static temoin_status fill_gram(temoin_context *ctx, const tm_fit *fit, const tm_random_factor *factor,
                               tm_random_moments *out)
{
    double *gram;
    const int64_t dim = out->dim;
    TM_SCRATCH(ctx, gram, dim * dim);
    for (int64_t k = 0; k < out->p; k++) gram[k * dim + k] = 1;
    gram[out->p * dim + out->p] = ctx->kernels->dot(fit->residual, fit->residual, fit->n);
    out->gram = gram;
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    if (out->n_dense) TM_TRY(fill_dense(ctx, fit, factor, out, gram));
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

static double log_volume(const tm_fit *fit)
{
    double sum = 0;
    for (int32_t f = 0; f < fit->n_groups; f++) sum += tm_log(fit->group_total[f]);
    for (int32_t j = 0; j < fit->rank; j++) sum += 2 * tm_log(fit->pivot[j]);
    return sum;
}

temoin_status tm_random_moments_build(temoin_context *ctx, const tm_fit *fit, int32_t n_factors,
                                      const tm_random_factor *factor, tm_random_moments *out)
{
    double *size;
    int64_t *at;
    *out = (tm_random_moments){.n = fit->n, .p = fit->n_parameters, .n_factors = n_factors};
    for (int32_t k = 1; k < n_factors; k++) out->dense_start[k] = out->n_dense += factor[k - 1].n_levels;
    out->dim = out->p + 1 + out->n_dense;
    out->n_levels = fit->n_clusters;
    out->log_volume = log_volume(fit);
    summing s = {.fit = fit, .out = out, .factor = factor};
    const int64_t n_entries = count_entries(fit, n_factors);
    TM_SCRATCH(ctx, s.column, n_entries);
    TM_SCRATCH(ctx, s.sum, n_entries);
    TM_SCRATCH(ctx, s.dense, out->n_dense);
    TM_SCRATCH(ctx, s.touched, out->n_dense);
    TM_SCRATCH(ctx, size, out->n_levels);
    TM_SCRATCH(ctx, at, (int64_t)out->n_levels + 1);
    for (int32_t g = 0; g < out->n_levels; g++) {
        size[g] = (double)tm_cluster_view(fit, g).n;
        sum_level(ctx->kernels, &s, g);
        at[g + 1] = s.n_entries;
    }
    out->size = size;
    out->at = at;
    out->column = s.column;
    out->sum = s.sum;
    return fill_gram(ctx, fit, factor, out);
}
