/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/cluster_summary.h"

#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "moments/leverage.h"
#include "numeric/matrix_power.h"

/* A cluster's weights in the effect that add up to less than this share of their sizes add up to nothing. */
static const double absorbed = 1e-10;
static const double direction_tolerance = 1e-8;

typedef struct spread {
    double low, high, cv; /* cv NaN: the mean is zero */
} spread;

static spread spread_of(const double *x, int32_t n)
{
    spread s = {INFINITY, -INFINITY, NAN};
    double mean = 0, square = 0;
    for (int32_t g = 0; g < n; g++) {
        s.low = fmin(s.low, x[g]);
        s.high = fmax(s.high, x[g]);
        mean += x[g] / n;
    }
    for (int32_t g = 0; g < n; g++) square += (x[g] - mean) * (x[g] - mean) / n;
    if (mean > 0) s.cv = sqrt(square) / mean;
    return s;
}

static double effective(const double *x, int32_t n)
{
    double cv = spread_of(x, n).cv;
    return n / (1 + cv * cv);
}

/* Clusters with somebody in arms of positive and of negative weight. */
static void count_clusters(const tm_fit *fit, const double *arm_weight, temoin_clusters *out)
{
    out->n_clusters = fit->n_clusters;
    out->n_arm = out->n_reference = out->largest = 0;
    out->smallest = fit->n;
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        tm_cluster cluster = tm_cluster_view(fit, g);
        bool above = false, below = false;
        for (int64_t i = cluster.start; i < cluster.start + cluster.n; i++) {
            above |= arm_weight[fit->arm[i]] > 0;
            below |= arm_weight[fit->arm[i]] < 0;
        }
        out->n_arm += above;
        out->n_reference += below;
        if (cluster.n < out->smallest) out->smallest = cluster.n;
        if (cluster.n > out->largest) out->largest = cluster.n;
    }
}

/* Weights of rows in the effect, the effect being that of the unscaled outcome. */
static temoin_status find_effective(temoin_context *ctx, const tm_fit *fit, int32_t contrast, temoin_clusters *out)
{
    double *weight, *alone, *together;
    bool any = false;
    TM_SCRATCH(ctx, weight, fit->n);
    TM_SCRATCH(ctx, alone, fit->n_clusters);
    TM_SCRATCH(ctx, together, fit->n_clusters);
    tm_row_effect_weight(ctx, fit, contrast, weight);
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        tm_cluster cluster = tm_cluster_view(fit, g);
        double sum = 0, size = 0;
        for (int64_t i = cluster.start; i < cluster.start + cluster.n; i++) {
            double a = fit->root_weight ? weight[i] * fit->root_weight[i] : weight[i];
            alone[g] += a * a;
            sum += a;
            size += fabs(a);
        }
        any |= fabs(sum) > absorbed * size;
        together[g] = sum * sum;
    }
    out->effective = effective(alone, fit->n_clusters);
    out->effective_correlated = any ? effective(together, fit->n_clusters) : NAN;
    return TEMOIN_OK;
}

typedef struct cluster_room {
    double *gram, *score, *products, *l, *r, *power;
    const double **columns;
} cluster_room;

static temoin_status open_room(temoin_context *ctx, const tm_fit *fit, cluster_room *room)
{
    int32_t dim = tm_clusters_largest_dim(fit);
    TM_SCRATCH(ctx, room->gram, (int64_t)dim * dim);
    TM_SCRATCH(ctx, room->score, dim);
    TM_SCRATCH(ctx, room->l, dim);
    TM_SCRATCH(ctx, room->r, dim);
    TM_SCRATCH(ctx, room->products, (int64_t)(fit->rank + 1) * (fit->rank + 1));
    TM_SCRATCH(ctx, room->power, tm_complement_power_room(dim));
    TM_SCRATCH(ctx, room->columns, (int64_t)fit->rank + 1);
    return TEMOIN_OK;
}

/* Leverage, partial leverage times ℓ'ℓ, and by how much the effect falls without the cluster; NaN: it cannot do
 * without. */
static void measure_cluster(temoin_context *ctx, const tm_fit *fit, const double *l, int32_t g, cluster_room *room,
                            double *leverage, double *partial, double *fall)
{
    tm_cluster cluster = tm_cluster_view(fit, g);
    int32_t dim = cluster.dim;
    tm_cluster_moments(ctx->kernels, fit, &cluster, room->gram, room->score, room->columns, room->products);
    tm_cluster_gather(fit, &cluster, l, room->l);
    double lost = tm_complement_power(room->gram, dim, TM_POWER_INVERSE, room->l, room->r, room->power), length = 0;
    *leverage = *partial = *fall = 0;
    for (int32_t i = 0; i < dim; i++) {
        *leverage += room->gram[i * dim + i];
        *fall += room->r[i] * room->score[i];
        length += room->l[i] * room->l[i];
        for (int32_t j = 0; j < dim; j++) *partial += room->l[i] * room->gram[i * dim + j] * room->l[j];
    }
    if (lost > direction_tolerance * sqrt(length)) *fall = NAN;
}

temoin_status tm_cluster_influence_run(temoin_context *ctx, const tm_fit *fit, int32_t contrast,
                                       tm_cluster_influence *out)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const double *l = fit->basis + (int64_t)contrast * fit->n_parameters;
    double length = 0;
    cluster_room room = {0};
    TM_TRY(open_room(ctx, fit, &room));
    for (int32_t k = 0; k < fit->n_parameters; k++) length += l[k] * l[k];
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        double fall;
        measure_cluster(ctx, fit, l, g, &room, &out[g].leverage, &out[g].partial, &fall);
        out[g].partial /= length;
        out[g].without = fit->value[contrast] - fall;
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

temoin_status tm_cluster_summary_run(temoin_context *ctx, const tm_fit *fit, int32_t contrast, temoin_clusters *out)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    tm_cluster_influence *each;
    double *leverage, *partial, low = INFINITY, high = -INFINITY;
    bool needed = false;
    TM_SCRATCH(ctx, each, fit->n_clusters);
    TM_SCRATCH(ctx, leverage, fit->n_clusters);
    TM_SCRATCH(ctx, partial, fit->n_clusters);
    TM_TRY(tm_cluster_influence_run(ctx, fit, contrast, each));
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        leverage[g] = each[g].leverage;
        partial[g] = each[g].partial;
        needed |= isnan(each[g].without);
        low = fmin(low, each[g].without);
        high = fmax(high, each[g].without);
    }
    if (needed) low = high = NAN;
    count_clusters(fit, fit->model->arm_weight + (int64_t)contrast * fit->model->sample->n_arms, out);
    TM_TRY(find_effective(ctx, fit, contrast, out));
    spread all = spread_of(leverage, fit->n_clusters), own = spread_of(partial, fit->n_clusters);
    out->leverage_low = all.low, out->leverage_high = all.high, out->leverage_cv = all.cv;
    out->partial_low = own.low, out->partial_high = own.high, out->partial_cv = own.cv;
    out->without_one_low = low, out->without_one_high = high;
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
