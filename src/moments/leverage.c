/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moments/leverage.h"

#include <math.h>
#include <string.h>

#include "kernels/kernels.h"

enum { BLOCK = 4096 };

static void add_block(const tm_fit *fit, int64_t b, double *h)
{
    const int64_t end = b * BLOCK + BLOCK < fit->n ? b * BLOCK + BLOCK : fit->n;
    for (int32_t j = 0; j < fit->rank; j++)
        for (int64_t i = b * BLOCK; i < end; i++) h[i] += fit->q[j][i] * fit->q[j][i];
}

void tm_row_leverage(temoin_context *ctx, const tm_fit *fit, double *h)
{
    for (int64_t c = 0; c < fit->n_cells; c++) {
        const tm_cell *cell = &fit->cell[c];
        double inverse = 1 / fit->group_total[cell->group];
        for (int64_t i = cell->start; i < cell->start + cell->n; i++)
            h[i] = fit->root_weight ? fit->root_weight[i] * fit->root_weight[i] * inverse : inverse;
    }
    const int64_t n_blocks = (fit->n + BLOCK - 1) / BLOCK;
    const int threads = tm_threads_for(ctx, (double)fit->n * fit->rank);
    if (threads == 1) { /* a parallel region, even of one thread, is a system call */
        for (int64_t b = 0; b < n_blocks; b++) add_block(fit, b, h);
    } else {
#pragma omp parallel for num_threads(threads) schedule(static)
        for (int64_t b = 0; b < n_blocks; b++) add_block(fit, b, h);
    }
}

void tm_row_effect_weight(temoin_context *ctx, const tm_fit *fit, int32_t contrast, double *weight)
{
    const double *l = fit->basis + (int64_t)contrast * fit->n_parameters;
    for (int64_t c = 0; c < fit->n_cells; c++) {
        const tm_cell *cell = &fit->cell[c];
        double of_group = l[cell->group] / sqrt(fit->group_total[cell->group]);
        for (int64_t i = cell->start; i < cell->start + cell->n; i++)
            weight[i] = fit->root_weight ? fit->root_weight[i] * of_group : of_group;
    }
    for (int32_t j = 0; j < fit->rank; j++) ctx->kernels->axpy(l[fit->n_groups + j], fit->q[j], weight, fit->n);
}

tm_cluster tm_cluster_view(const tm_fit *fit, int32_t g)
{
    int64_t first = fit->cluster_cell[g], end = fit->cluster_cell[g + 1];
    tm_cluster cluster = {.n_touched = (int32_t)(end - first), .cell = fit->cell + first};
    cluster.dim = cluster.n_touched + fit->rank;
    cluster.start = end > first ? fit->cell[first].start : 0;
    cluster.n = end > first ? fit->cell[end - 1].start + fit->cell[end - 1].n - cluster.start : 0;
    return cluster;
}

int32_t tm_clusters_largest_dim(const tm_fit *fit)
{
    int32_t largest = 0;
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        tm_cluster cluster = tm_cluster_view(fit, g);
        if (cluster.dim > largest) largest = cluster.dim;
    }
    return largest;
}

int64_t tm_clusters_largest_n(const tm_fit *fit)
{
    int64_t largest = 0;
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        tm_cluster cluster = tm_cluster_view(fit, g);
        if (cluster.n > largest) largest = cluster.n;
    }
    return largest;
}

temoin_status tm_clusters_in_arms(temoin_context *ctx, const tm_fit *fit, int64_t *n_clusters)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    int32_t n_arms = fit->model->sample->n_arms, *last;
    TM_SCRATCH(ctx, last, n_arms);
    for (int32_t a = 0; a < n_arms; a++) {
        last[a] = -1;
        n_clusters[a] = 0;
    }
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        tm_cluster cluster = tm_cluster_view(fit, g);
        for (int64_t i = cluster.start; i < cluster.start + cluster.n; i++) {
            n_clusters[fit->arm[i]] += last[fit->arm[i]] != g;
            last[fit->arm[i]] = g;
        }
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* Rows of a cluster are one run and rows of a cell another, so that all entries are sums over runs. */
static void cell_moments(const tm_kernels *kernels, const tm_fit *fit, const tm_cluster *cluster, int32_t k,
                         double *gram, double *score)
{
    int32_t dim = cluster->dim, t = cluster->n_touched;
    const tm_cell *cell = &cluster->cell[k];
    const double *root = fit->root_weight ? fit->root_weight + cell->start : NULL, *e = fit->residual + cell->start;
    double scale = 1 / sqrt(fit->group_total[cell->group]);
    gram[k * dim + k] = cell->weight / fit->group_total[cell->group];
    score[k] = scale * (root ? kernels->dot(root, e, cell->n) : kernels->sum(e, cell->n));
    for (int32_t j = 0; j < fit->rank; j++) {
        const double *q = fit->q[j] + cell->start;
        double sum = root ? kernels->dot(root, q, cell->n) : kernels->sum(q, cell->n);
        gram[k * dim + t + j] = gram[(t + j) * dim + k] = sum * scale;
    }
}

void tm_cluster_moments(const tm_kernels *kernels, const tm_fit *fit, const tm_cluster *cluster, double *gram,
                        double *score, const double **columns, double *products)
{
    int32_t dim = cluster->dim, t = cluster->n_touched, r = fit->rank;
    memset(gram, 0, (size_t)dim * (size_t)dim * sizeof *gram);
    for (int32_t k = 0; k < t; k++) cell_moments(kernels, fit, cluster, k, gram, score);
    for (int32_t j = 0; j < r; j++) columns[j] = fit->q[j] + cluster->start;
    columns[r] = fit->residual + cluster->start; /* its products with the columns are the scores */
    kernels->gram(columns, r + 1, cluster->n, products);
    for (int32_t i = 0; i < r; i++) {
        for (int32_t j = 0; j <= i; j++)
            gram[(t + i) * dim + t + j] = gram[(t + j) * dim + t + i] = products[i * (r + 1) + j];
        score[t + i] = products[r * (r + 1) + i];
    }
}

void tm_cluster_gather(const tm_fit *fit, const tm_cluster *cluster, const double *full, double *touched)
{
    for (int32_t k = 0; k < cluster->n_touched; k++) touched[k] = full[cluster->cell[k].group];
    for (int32_t j = 0; j < fit->rank; j++) touched[cluster->n_touched + j] = full[fit->n_groups + j];
}
