/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moments/partial_moments.h"

#include <math.h>

#include "moments/leverage.h"

temoin_status tm_served_arm_find(temoin_context *ctx, const tm_sample *sample, int32_t *arm, const char **refused)
{
    int64_t *size, *several, *clusters;
    int32_t *of;
    int n_served = 0;
    bool alone = false;
    TM_SCRATCH(ctx, size, sample->n_clusters);
    TM_SCRATCH(ctx, of, sample->n_clusters);
    TM_SCRATCH(ctx, several, sample->n_arms);
    TM_SCRATCH(ctx, clusters, sample->n_arms);
    *refused = NULL;
    *arm = -1;
    for (int64_t i = 0; i < sample->n; i++) {
        const int32_t g = sample->cluster[i];
        if (size[g]++ && of[g] != sample->arm[i]) *refused = "cluster_in_several_arms";
        of[g] = sample->arm[i];
    }
    for (int32_t g = 0; g < sample->n_clusters; g++) {
        if (!size[g]) continue;
        clusters[of[g]]++;
        several[of[g]] += size[g] > 1;
    }
    for (int32_t a = 0; a < sample->n_arms; a++) {
        alone |= several[a] && clusters[a] == 1;
        n_served += several[a] > 0;
        if (several[a]) *arm = a;
    }
    if (!*refused && n_served != 1)
        *refused = n_served == 0 ? "no_arm_served" : alone ? "arm_is_one_cluster" : "both_arms_served";
    if (!*refused && alone) *refused = "one_cluster_in_arm";
    return TEMOIN_OK;
}

typedef struct cluster_room {
    double *gram, *score, *products, *sum;
    const double **columns;
} cluster_room;

static temoin_status open_room(temoin_context *ctx, const tm_fit *fit, cluster_room *room)
{
    const int64_t dim = tm_clusters_largest_dim(fit), r = fit->rank + 1;
    TM_SCRATCH(ctx, room->gram, dim * dim);
    TM_SCRATCH(ctx, room->score, dim);
    TM_SCRATCH(ctx, room->products, r * r);
    TM_SCRATCH(ctx, room->sum, fit->n_parameters);
    TM_SCRATCH(ctx, room->columns, r);
    return TEMOIN_OK;
}

/* Coordinate c of a cluster among all. */
static int32_t place_of(const tm_fit *fit, const tm_cluster *cluster, int32_t c)
{
    return c < cluster->n_touched ? cluster->cell[c].group : fit->n_groups + c - cluster->n_touched;
}

static void add_block(const tm_fit *fit, const tm_cluster *cluster, const cluster_room *room, double unit,
                      tm_component_block *block)
{
    const int64_t k = fit->n_parameters;
    for (int32_t i = 0; i < cluster->dim; i++) {
        const int64_t at = place_of(fit, cluster, i);
        block->cross[at] += room->score[i] / unit;
        for (int32_t j = 0; j < cluster->dim; j++)
            block->gram[at * k + place_of(fit, cluster, j)] += room->gram[i * cluster->dim + j];
    }
    for (int64_t i = cluster->start; i < cluster->start + cluster->n; i++)
        block->square += fit->residual[i] / unit * (fit->residual[i] / unit);
    block->n += (double)cluster->n;
}

/* The cluster's mean times √n, and off the block what it has of the moments. */
static void split_mean(const tm_fit *fit, const tm_cluster *cluster, double unit, tm_component_block *block,
                       tm_component_row *row)
{
    const int64_t k = fit->n_parameters;
    const double root = sqrt((double)cluster->n);
    for (int32_t c = 0; c < cluster->n_touched; c++) {
        const tm_cell *cell = &cluster->cell[c];
        row->x[cell->group] += (double)cell->n / sqrt(fit->group_total[cell->group]) / root;
    }
    for (int64_t i = cluster->start; i < cluster->start + cluster->n; i++) {
        for (int32_t j = 0; j < fit->rank; j++) row->x[fit->n_groups + j] += fit->q[j][i] / root;
        row->y += fit->residual[i] / unit / root;
    }
    for (int64_t i = 0; i < k; i++) {
        block->cross[i] -= row->x[i] * row->y;
        for (int64_t j = 0; j < k; j++) block->gram[i * k + j] -= row->x[i] * row->x[j];
    }
    block->square = fmax(0, block->square - row->y * row->y);
    block->n--;
}

static double unit_near(double x)
{
    int exponent;
    if (!(x > 0)) return 1;
    frexp(x, &exponent);
    return ldexp(1, exponent);
}

temoin_status tm_partially_nested_build(temoin_context *ctx, const tm_fit *fit, int32_t served, bool common,
                                        tm_partially_nested *out)
{
    const int64_t k = fit->n_parameters;
    tm_component_block *block;
    tm_component_row *row;
    cluster_room room = {0};
    *out = (tm_partially_nested){.unit = unit_near(sqrt(fit->residual_ss / (double)fit->n)), .component = {0, 1, 2}};
    if (common) out->component[TM_PARTIAL_OTHER] = 0, out->component[TM_PARTIAL_WORKER] = 1;
    TM_SCRATCH(ctx, block, 2);
    TM_SCRATCH(ctx, row, fit->n_clusters);
    TM_TRY(open_room(ctx, fit, &room));
    for (int b = 0; b < 2; b++) {
        TM_SCRATCH(ctx, block[b].gram, k * k);
        TM_SCRATCH(ctx, block[b].cross, k);
        block[b].share[out->component[b]] = 1;
    }
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        const tm_cluster cluster = tm_cluster_view(fit, g);
        if (!cluster.n) continue;
        const tm_partial_component b = fit->arm[cluster.start] == served ? TM_PARTIAL_SERVED : TM_PARTIAL_OTHER;
        tm_cluster_moments(ctx->kernels, fit, &cluster, room.gram, room.score, room.columns, room.products);
        add_block(fit, &cluster, &room, out->unit, &block[b]);
        if (b == TM_PARTIAL_OTHER) continue;
        tm_component_row *mean = &row[out->data.n_rows++];
        TM_SCRATCH(ctx, mean->x, k);
        mean->share[out->component[TM_PARTIAL_SERVED]] = 1;
        mean->share[out->component[TM_PARTIAL_WORKER]] = (double)cluster.n;
        split_mean(fit, &cluster, out->unit, &block[b], mean);
    }
    out->data.k = (int32_t)k, out->data.n_components = common ? 2 : 3;
    out->data.may_be_zero[out->component[TM_PARTIAL_WORKER]] = true;
    out->data.n_blocks = 2, out->data.block = block, out->data.row = row;
    return TEMOIN_OK;
}
