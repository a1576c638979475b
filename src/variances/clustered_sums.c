/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "variances/clustered.h"

#include <math.h>
#include <stdlib.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "kernels/kernels.h"
#include "moments/leverage.h"

/* With fewer clusters in an arm, G - 1 degrees of freedom are known to be optimistic. */
enum { FEW_CLUSTERS = 10 };
/* Below this the Satterthwaite approximation itself fails (Tipton 2015; Pustejovsky & Tipton 2018). */
static const double few_degrees = 4;
/* A part of the effect's direction that is smaller than this, relative to all of it, is rounding. */
static const double direction_tolerance = 1e-8;

static int thread_index(void)
{
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

temoin_status tm_clustered_refuse(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    int32_t n_arms = fit->model->sample->n_arms;
    int64_t *n_clusters;
    TM_SCRATCH(ctx, n_clusters, n_arms);
    TM_TRY(tm_clusters_in_arms(ctx, fit, n_clusters));
    for (int32_t c = 0; c < fit->model->n_contrasts; c++) {
        if (isnan(fit->value[c])) continue;
        const double *arm_weight = fit->model->arm_weight + (int64_t)c * n_arms;
        for (int32_t a = 0; a < n_arms; a++) {
            if (arm_weight[a] == 0) continue;
            if (fit->n_clusters < 2)
                tm_uncertainty_refuse(&out[c], "one_cluster");
            else if (n_clusters[a] < 2)
                tm_uncertainty_refuse(&out[c], "one_cluster_in_arm");
            else if (n_clusters[a] < FEW_CLUSTERS && !out[c].refused)
                out[c].warned = "few_clusters";
        }
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* What one contrast needs of each cluster. */
typedef struct cluster_sums {
    double *score;         /* [n_clusters] r'(Z_g'e), r = (I - S_g)^power ℓ */
    double *lost;          /* [n_clusters] length of ℓ along directions that the cluster alone determines */
    double *own;           /* [n_clusters] p_g'p_g = ℓ'S_g ℓ; NULL: not wanted */
    double *self;          /* [n_clusters] v_g'v_g */
    double *v;             /* v_g = S_g r, cluster after cluster */
    const int64_t *offset; /* [n_clusters + 1] into v */
} cluster_sums;

typedef struct workspace {
    double *gram, *products, *score, *l, *r, *power;
    const double **columns;
} workspace;

/* Doubles of one thread's workspace, and pointers: whole cache lines of both. */
static int64_t workspace_room(int32_t dim)
{
    return (2 * (int64_t)(dim + 1) * (dim + 1) + 3 * dim + tm_complement_power_room(dim) + 7) / 8 * 8;
}

static workspace workspace_view(double *room, const double **columns, int32_t dim)
{
    workspace w = {.products = room, .gram = room + (int64_t)(dim + 1) * (dim + 1), .columns = columns};
    w.score = w.gram + (int64_t)dim * dim;
    w.l = w.score + dim;
    w.r = w.l + dim;
    w.power = w.r + dim;
    return w;
}

static void sum_cluster(const tm_kernels *kernels, const tm_fit *fit, int32_t g, const double *l, tm_power power,
                        workspace *w, cluster_sums *sums)
{
    tm_cluster cluster = tm_cluster_view(fit, g);
    int32_t dim = cluster.dim;
    tm_cluster_moments(kernels, fit, &cluster, w->gram, w->score, w->columns, w->products);
    tm_cluster_gather(fit, &cluster, l, w->l);
    sums->lost[g] = tm_complement_power(w->gram, dim, power, w->l, w->r, w->power);
    double score = 0;
    for (int32_t k = 0; k < dim; k++) score += w->r[k] * w->score[k];
    sums->score[g] = score;
    if (!sums->own) return;
    double *v = sums->v + sums->offset[g], own = 0, self = 0;
    for (int32_t k = 0; k < dim; k++) {
        double turned = 0;
        v[k] = 0;
        for (int32_t m = 0; m < dim; m++) {
            v[k] += w->gram[k * dim + m] * w->r[m];
            turned += w->gram[k * dim + m] * w->l[m];
        }
        own += w->l[k] * turned;
        self += v[k] * v[k];
    }
    sums->own[g] = own;
    sums->self[g] = self;
}

/* The square of v_g'v_g is taken off the sum over all pairs of clusters. Where it is large beside p_g'p_g it would take
 * the digits of that sum along: such a cluster is paired with each other cluster by itself. One of its eigenvalues is
 * above 0.96 and all eigenvalues add up to the number of parameters, so that there are few. */
static bool is_loud(const cluster_sums *sums, int32_t g)
{
    return sums->self[g] > 30 * sums->own[g];
}

static temoin_status sum_clusters(temoin_context *ctx, const tm_fit *fit, int32_t contrast, tm_power power,
                                  cluster_sums *sums)
{
    int32_t dim = tm_clusters_largest_dim(fit);
    int64_t room = workspace_room(dim);
    int64_t n_columns = ((int64_t)fit->rank + 8) / 8 * 8;
    double *rooms;
    const double **columns;
    TM_SCRATCH(ctx, rooms, room * ctx->threads);
    TM_SCRATCH(ctx, columns, n_columns * ctx->threads);
    const double *l = fit->basis + (int64_t)contrast * fit->n_parameters;
    const int threads = tm_threads_for(ctx, (double)fit->n * dim * dim);
    if (threads == 1) { /* a parallel region, even of one thread, is a system call */
        workspace w = workspace_view(rooms, columns, dim);
        for (int32_t g = 0; g < fit->n_clusters; g++) sum_cluster(ctx->kernels, fit, g, l, power, &w, sums);
        return TEMOIN_OK;
    }
#pragma omp parallel for num_threads(threads) schedule(dynamic, 16)
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        workspace w = workspace_view(rooms + thread_index() * room, columns + thread_index() * n_columns, dim);
        sum_cluster(ctx->kernels, fit, g, l, power, &w, sums);
    }
    return TEMOIN_OK;
}

static double length_of(const double *l, int32_t n)
{
    double square = 0;
    for (int32_t k = 0; k < n; k++) square += l[k] * l[k];
    return sqrt(square);
}

/* The variance of one contrast from its clusters' scores; refused when a cluster alone determines a part of it. */
static void finish(const tm_fit *fit, int32_t contrast, const cluster_sums *sums, double factor, bool centred,
                   tm_uncertainty *out)
{
    double lost = 0, square = 0, mean = 0;
    double length = length_of(fit->basis + (int64_t)contrast * fit->n_parameters, fit->n_parameters);
    for (int32_t g = 0; centred && g < fit->n_clusters; g++) mean += sums->score[g] / fit->n_clusters;
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        double d = sums->score[g] - mean;
        lost = fmax(lost, sums->lost[g]);
        square += d * d;
    }
    if (lost > direction_tolerance * length) {
        tm_uncertainty_refuse(out, "cluster_leverage_one");
        return;
    }
    out->variance = factor * square;
    out->df = fit->n_clusters - 1;
}

static bool skip(const tm_fit *fit, const tm_uncertainty *out, int32_t contrast)
{
    return isnan(fit->value[contrast]) || out[contrast].refused;
}

temoin_status tm_clustered_run(temoin_context *ctx, const tm_fit *fit, tm_power power, double factor, bool centred,
                               tm_uncertainty *out)
{
    TM_TRY(tm_clustered_refuse(ctx, fit, out));
    for (int32_t c = 0; c < fit->model->n_contrasts; c++) {
        if (skip(fit, out, c)) continue;
        tm_mark mark = tm_arena_mark(&ctx->scratch);
        cluster_sums sums = {0};
        TM_SCRATCH(ctx, sums.score, fit->n_clusters);
        TM_SCRATCH(ctx, sums.lost, fit->n_clusters);
        TM_TRY(sum_clusters(ctx, fit, c, power, &sums));
        finish(fit, c, &sums, factor, centred, &out[c]);
        tm_arena_rewind(&ctx->scratch, mark);
    }
    return TEMOIN_OK;
}

/* ‖Σ_g v_g v_g'‖² without loud clusters, where v_g is zero outside of what g touches. Group × group products are few
 * and sparse, or dense. */
typedef struct product {
    int64_t at; /* group * n_groups + group */
    double value;
} product;

static int by_place(const void *a, const void *b)
{
    int64_t x = ((const product *)a)->at, y = ((const product *)b)->at;
    return (x > y) - (x < y);
}

static temoin_status groups_norm(temoin_context *ctx, const tm_fit *fit, const cluster_sums *sums, double *norm)
{
    int64_t n_products = 0, used = 0;
    product *products;
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        int64_t t = tm_cluster_view(fit, g).n_touched;
        n_products += t * (t + 1) / 2;
    }
    bool dense = (int64_t)fit->n_groups * fit->n_groups <= n_products;
    double *table = NULL;
    if (dense) TM_SCRATCH(ctx, table, (int64_t)fit->n_groups * fit->n_groups);
    TM_SCRATCH(ctx, products, dense ? 0 : n_products);
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        if (is_loud(sums, g)) continue;
        tm_cluster cluster = tm_cluster_view(fit, g);
        const double *v = sums->v + sums->offset[g];
        for (int32_t i = 0; i < cluster.n_touched; i++)
            for (int32_t j = 0; j <= i; j++) {
                int64_t at = (int64_t)cluster.cell[i].group * fit->n_groups + cluster.cell[j].group;
                if (dense)
                    table[at] += v[i] * v[j];
                else
                    products[used++] = (product){at, v[i] * v[j]};
            }
    }
    if (dense) {
        for (int64_t i = 0; i < fit->n_groups; i++)
            for (int64_t j = 0; j <= i; j++) {
                double entry = table[i * fit->n_groups + j];
                *norm += (i == j ? 1 : 2) * entry * entry;
            }
        return TEMOIN_OK;
    }
    qsort(products, (size_t)used, sizeof *products, by_place);
    for (int64_t i = 0, j = 0; i < used; i = j) {
        double sum = 0;
        for (j = i; j < used && products[j].at == products[i].at; j++) sum += products[j].value;
        bool own = products[i].at / fit->n_groups == products[i].at % fit->n_groups;
        *norm += (own ? 1 : 2) * sum * sum;
    }
    return TEMOIN_OK;
}

static temoin_status outer_norm(temoin_context *ctx, const tm_fit *fit, const cluster_sums *sums, double *norm)
{
    int32_t r = fit->rank;
    double *cross, *square;
    TM_SCRATCH(ctx, cross, (int64_t)fit->n_groups * r);
    TM_SCRATCH(ctx, square, (int64_t)r * r);
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        if (is_loud(sums, g)) continue;
        tm_cluster cluster = tm_cluster_view(fit, g);
        const double *v = sums->v + sums->offset[g], *vq = v + cluster.n_touched;
        for (int32_t k = 0; k < cluster.n_touched; k++)
            for (int32_t j = 0; j < r; j++) cross[(int64_t)cluster.cell[k].group * r + j] += v[k] * vq[j];
        for (int32_t i = 0; i < r; i++)
            for (int32_t j = 0; j <= i; j++) square[i * r + j] += vq[i] * vq[j];
    }
    *norm = 0;
    for (int64_t k = 0; k < (int64_t)fit->n_groups * r; k++) *norm += 2 * cross[k] * cross[k];
    for (int32_t i = 0; i < r; i++)
        for (int32_t j = 0; j <= i; j++) *norm += (i == j ? 1 : 2) * square[i * r + j] * square[i * r + j];
    return groups_norm(ctx, fit, sums, norm);
}

/* Where coordinate c of a cluster stands among all parameters. */
static int32_t place_of(const tm_fit *fit, const tm_cluster *cluster, int32_t c)
{
    return c < cluster->n_touched ? cluster->cell[c].group : fit->n_groups + c - cluster->n_touched;
}

/* Σ (v_g'v_h)² over pairs with a loud cluster among them. */
static temoin_status loud_norm(temoin_context *ctx, const tm_fit *fit, const cluster_sums *sums, double *norm)
{
    double *full;
    TM_SCRATCH(ctx, full, fit->n_parameters);
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        if (!is_loud(sums, g)) continue;
        tm_cluster loud = tm_cluster_view(fit, g);
        for (int32_t c = 0; c < loud.dim; c++) full[place_of(fit, &loud, c)] = sums->v[sums->offset[g] + c];
        for (int32_t h = 0; h < fit->n_clusters; h++) {
            tm_cluster other = tm_cluster_view(fit, h);
            double dot = 0;
            for (int32_t c = 0; c < other.dim; c++)
                dot += sums->v[sums->offset[h] + c] * full[place_of(fit, &other, c)];
            if (h != g) *norm += (is_loud(sums, h) ? 1 : 2) * dot * dot;
        }
        for (int32_t c = 0; c < loud.dim; c++) full[place_of(fit, &loud, c)] = 0;
    }
    return TEMOIN_OK;
}

/* Bell & McCaffrey 2002; Pustejovsky & Tipton 2018, eq. 11. With p_g = (I - H)_.g A_g c_g,
 *     p_g'p_h = 1[g = h] (ℓ'S_g ℓ + v_g'v_g) - v_g'v_h,   df = (Σ p_g'p_g)² / ΣΣ (p_g'p_h)². */
static temoin_status satterthwaite(temoin_context *ctx, const tm_fit *fit, const cluster_sums *sums, double *df)
{
    double trace = 0, own = 0, norm = 0;
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        trace += sums->own[g];
        own += sums->own[g] * sums->own[g];
        if (!is_loud(sums, g)) own -= sums->self[g] * sums->self[g];
    }
    TM_TRY(outer_norm(ctx, fit, sums, &norm));
    TM_TRY(loud_norm(ctx, fit, sums, &norm));
    *df = trace * trace / (own + norm);
    return TEMOIN_OK;
}

static temoin_status place_vectors(temoin_context *ctx, const tm_fit *fit, cluster_sums *sums)
{
    int64_t *offset;
    TM_SCRATCH(ctx, offset, (int64_t)fit->n_clusters + 1);
    for (int32_t g = 0; g < fit->n_clusters; g++) offset[g + 1] = offset[g] + tm_cluster_view(fit, g).dim;
    sums->offset = offset;
    TM_SCRATCH(ctx, sums->v, offset[fit->n_clusters]);
    return TEMOIN_OK;
}

temoin_status tm_clustered_reduced_bias(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out)
{
    TM_TRY(tm_clustered_refuse(ctx, fit, out));
    for (int32_t c = 0; c < fit->model->n_contrasts; c++) {
        if (skip(fit, out, c)) continue;
        tm_mark mark = tm_arena_mark(&ctx->scratch);
        cluster_sums sums = {0};
        TM_SCRATCH(ctx, sums.score, fit->n_clusters);
        TM_SCRATCH(ctx, sums.lost, fit->n_clusters);
        TM_SCRATCH(ctx, sums.own, fit->n_clusters);
        TM_SCRATCH(ctx, sums.self, fit->n_clusters);
        TM_TRY(place_vectors(ctx, fit, &sums));
        TM_TRY(sum_clusters(ctx, fit, c, TM_POWER_INVERSE_ROOT, &sums));
        finish(fit, c, &sums, 1, false, &out[c]);
        if (!out[c].refused) {
            TM_TRY(satterthwaite(ctx, fit, &sums, &out[c].df));
            out[c].warned = out[c].df < few_degrees ? "few_clusters" : NULL;
        }
        tm_arena_rewind(&ctx->scratch, mark);
    }
    return TEMOIN_OK;
}
