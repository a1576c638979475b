/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CR2 for weighted least squares with the identity as working covariance. With b = z / sqrt(w) the basis of the
 * unscaled rows (B'WB = I), c_g = W_g B_g ℓ, Ω = B'W²B and U_g = [B_g, W_g B_g]:
 *
 *     ((I - H)(I - H)')_gg = I - U_g K U_g',   K = [[-Ω, I], [I, 0]],   A_g = (I - U_g K U_g')^(-1/2)
 *
 * Everything stays in the span of U_g = Q R (orthonormal Q, from the rows, because the products U'U would lose half of
 * the digits): with C = R K R', z = R a and f = (I - C)^(-1/2) z, where c_g = U_g a,
 *
 *     A_g c_g = Q f,   p_g'p_g = z'z,   p_g'p_h = -v_g'K v_h,   v_g = R'f
 *
 * which gives the degrees of freedom (Pustejovsky & Tipton 2018, eq. 11). */
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "moments/leverage.h"
#include "numeric/symmetric.h"
#include "variances/clustered.h"

/* What is left of a column of U_g once others are taken out: below this share of it, rounding. */
static const double rank_tolerance = 1e-14;
/* A client who keeps the share 1 - h of the own residual makes 1 - θ = (1 - h)² here, so that less can be told from
 * one. */
static const double eigenvalue_one = 1 - 1e-8;
static const double direction_tolerance = 1e-8;
static const double few_degrees = 4;
/* A cluster whose own product is larger than so many times p_g'p_g is paired with each other cluster by itself: taken
 * off the sum over all pairs, its own square would take the digits of the sum along. There are at most about k of them.
 */
static const double loud_share = 30;
enum { DENSE_PARAMETERS = 400 }; /* beyond: products of pairs of clusters instead of a dense table */

/* Powers of the weights, and the residual of the unscaled rows; [n] in fit order. */
typedef struct weights {
    double *w, *root, *inverse_root, *root_cubed, *square, *e;
} weights;

/* Ω = B'W²B: its block of groups is diagonal, a row being in one group. */
typedef struct omega {
    double *groups, *cross, *columns;
} omega;

typedef struct workspace {
    double *r, *score;      /* R [rank * 2 dim] by rows; Q'e [rank] */
    double *omega, *turned; /* Ω [dim * dim]; -Ω R1' [dim * rank] */
    double *c, *vectors, *values, *z, *f, *room;
    int32_t *first, *second; /* [dim] of each cell: which of Q are its constant and the rest of its weights, -1: none */
    double *cells, *q;       /* the latter [rows]; dense columns of Q, one after the other [rows * 2 rank] */
    int64_t n_rows;          /* of the largest cluster */
} workspace;

typedef struct weighted_sums {
    double *score, *lost, *own, *self; /* [n_clusters] p_g'p_g, v_g'K v_g */
    double *v;                         /* v1 [dim], v2 [dim] of each cluster */
    int64_t *offset;
} weighted_sums;

static temoin_status build_weights(temoin_context *ctx, const tm_fit *fit, weights *out)
{
    TM_SCRATCH(ctx, out->w, fit->n);
    TM_SCRATCH(ctx, out->root, fit->n);
    TM_SCRATCH(ctx, out->inverse_root, fit->n);
    TM_SCRATCH(ctx, out->root_cubed, fit->n);
    TM_SCRATCH(ctx, out->square, fit->n);
    TM_SCRATCH(ctx, out->e, fit->n);
    for (int64_t i = 0; i < fit->n; i++) {
        double root = fit->root_weight[i], w = root * root;
        out->w[i] = w;
        out->root[i] = root;
        out->inverse_root[i] = 1 / root;
        out->root_cubed[i] = root * w;
        out->square[i] = w * w;
        out->e[i] = fit->residual[i] / root;
    }
    return TEMOIN_OK;
}

/* What a cluster adds to Ω. */
static void add_omega(const tm_kernels *kernels, const tm_fit *fit, const tm_cluster *cluster, const weights *w,
                      omega *o)
{
    int32_t r = fit->rank;
    for (int32_t k = 0; k < cluster->n_touched; k++) {
        const tm_cell *cell = &cluster->cell[k];
        double total = fit->group_total[cell->group];
        o->groups[cell->group] += kernels->sum(w->square + cell->start, cell->n) / total;
        for (int32_t j = 0; j < r; j++)
            o->cross[(int64_t)cell->group * r + j] +=
                kernels->dot(w->root_cubed + cell->start, fit->q[j] + cell->start, cell->n) / sqrt(total);
    }
    for (int32_t i = 0; i < r; i++)
        for (int32_t j = 0; j <= i; j++) {
            const double *qi = fit->q[i] + cluster->start, *qj = fit->q[j] + cluster->start;
            o->columns[i * r + j] += kernels->dot3(w->w + cluster->start, qi, qj, cluster->n);
            o->columns[j * r + i] = o->columns[i * r + j];
        }
}

static temoin_status build_omega(temoin_context *ctx, const tm_fit *fit, const weights *w, omega *out)
{
    TM_SCRATCH(ctx, out->groups, fit->n_groups);
    TM_SCRATCH(ctx, out->cross, (int64_t)fit->n_groups * fit->rank);
    TM_SCRATCH(ctx, out->columns, (int64_t)fit->rank * fit->rank);
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        tm_cluster cluster = tm_cluster_view(fit, g);
        add_omega(ctx->kernels, fit, &cluster, w, out);
    }
    return TEMOIN_OK;
}

/* Ω on the coordinates of a cluster, [dim * dim]. */
static void fill_omega(const tm_fit *fit, const tm_cluster *cluster, const omega *o, double *out)
{
    int32_t d = cluster->dim, t = cluster->n_touched, r = fit->rank;
    memset(out, 0, (size_t)d * (size_t)d * sizeof *out);
    for (int32_t i = 0; i < t; i++) {
        int64_t f = cluster->cell[i].group;
        out[i * d + i] = o->groups[f];
        for (int32_t j = 0; j < r; j++) out[i * d + t + j] = out[(t + j) * d + i] = o->cross[f * r + j];
    }
    for (int32_t i = 0; i < r; i++)
        for (int32_t j = 0; j < r; j++) out[(t + i) * d + t + j] = o->columns[i * r + j];
}

/* The two columns that a group has in U_g, one and w on the rows of its cell: a constant, and what w has beside it. */
static int32_t factor_cell(const tm_kernels *kernels, const tm_fit *fit, const tm_cluster *cluster, const weights *w,
                           int32_t k, int32_t rank, workspace *s)
{
    const tm_cell *cell = &cluster->cell[k];
    const double *weight = w->w + cell->start, *e = w->e + cell->start;
    int32_t d = cluster->dim;
    double *rest = s->cells + (cell->start - cluster->start), n = (double)cell->n;
    double scale = 1 / sqrt(fit->group_total[cell->group]), mean = kernels->sum(weight, cell->n) / n, off;
    memcpy(rest, weight, (size_t)cell->n * sizeof *rest);
    kernels->shift(-mean, rest, cell->n);
    mean += off = kernels->sum(rest, cell->n) / n;
    kernels->shift(-off, rest, cell->n);
    double length = sqrt(kernels->dot(rest, rest, cell->n));
    s->first[k] = rank;
    s->second[k] = -1;
    s->r[rank * 2 * d + k] = sqrt(n) * scale;
    s->r[rank * 2 * d + d + k] = sqrt(n) * scale * mean;
    s->score[rank++] = kernels->sum(e, cell->n) / sqrt(n);
    if (length <= rank_tolerance * sqrt(n) * mean) return rank;
    kernels->scale(1 / length, rest, cell->n);
    s->second[k] = rank;
    s->r[rank * 2 * d + d + k] = length * scale;
    s->score[rank++] = kernels->dot(rest, e, cell->n);
    return rank;
}

/* Takes out of x, a column of U_g, what Q has of it already, and adds that to the column `at` of R. */
static void take_out(const tm_kernels *kernels, const tm_cluster *cluster, int32_t sparse, int32_t rank, int32_t at,
                     double *x, workspace *s)
{
    int32_t ld = 2 * cluster->dim;
    for (int32_t k = 0; k < cluster->n_touched; k++) {
        int64_t start = cluster->cell[k].start - cluster->start, n = cluster->cell[k].n;
        double mean = kernels->sum(x + start, n) / (double)n;
        kernels->shift(-mean, x + start, n);
        s->r[s->first[k] * ld + at] += mean * sqrt((double)n);
        if (s->second[k] < 0) continue;
        double along = kernels->dot(s->cells + start, x + start, n);
        kernels->axpy(-along, s->cells + start, x + start, n);
        s->r[s->second[k] * ld + at] += along;
    }
    for (int32_t c = sparse; c < rank; c++) {
        const double *q = s->q + (c - sparse) * s->n_rows;
        double along = kernels->dot(q, x, cluster->n);
        kernels->axpy(-along, q, x, cluster->n);
        s->r[c * ld + at] += along;
    }
}

/* U_g = Q R by Gram-Schmidt twice over; R and Q'e stay in the workspace. Returns the rank. */
static int32_t factor(const tm_kernels *kernels, const tm_fit *fit, const tm_cluster *cluster, const weights *w,
                      workspace *s)
{
    int32_t d = cluster->dim, t = cluster->n_touched, rank = 0;
    memset(s->r, 0, (size_t)(4 * d) * (size_t)d * sizeof *s->r);
    for (int32_t k = 0; k < t; k++) rank = factor_cell(kernels, fit, cluster, w, k, rank, s);
    int32_t sparse = rank;
    for (int32_t c = 0; c < 2 * fit->rank; c++) {
        int32_t j = c % fit->rank, at = c < fit->rank ? t + j : d + t + j;
        const double *q = fit->q[j] + cluster->start,
                     *by = (c < fit->rank ? w->inverse_root : w->root) + cluster->start;
        double *x = s->q + (rank - sparse) * s->n_rows;
        for (int64_t i = 0; i < cluster->n; i++) x[i] = q[i] * by[i];
        double whole = sqrt(kernels->dot(x, x, cluster->n));
        for (int pass = 0; pass < 2; pass++) take_out(kernels, cluster, sparse, rank, at, x, s);
        double left = sqrt(kernels->dot(x, x, cluster->n));
        if (left <= rank_tolerance * whole) continue;
        kernels->scale(1 / left, x, cluster->n);
        s->r[rank * 2 * d + at] = left;
        s->score[rank++] = kernels->dot(x, w->e + cluster->start, cluster->n);
    }
    return rank;
}

/* C = R K R' = R1 R2' + R2 R1' - R1 Ω R1', its lower triangle. */
static void fill_c(int32_t d, int32_t rank, workspace *s)
{
    const double *r = s->r;
    for (int32_t i = 0; i < d; i++)
        for (int32_t c = 0; c < rank; c++) {
            double sum = 0;
            for (int32_t m = 0; m < d; m++) sum += s->omega[i * d + m] * r[c * 2 * d + m];
            s->turned[c * d + i] = sum;
        }
    for (int32_t i = 0; i < rank; i++)
        for (int32_t j = 0; j <= i; j++) {
            const double *a = r + i * 2 * d, *b = r + j * 2 * d, *turned = s->turned + j * d;
            double sum = 0;
            for (int32_t m = 0; m < d; m++) sum += a[m] * (b[d + m] - turned[m]) + a[d + m] * b[m];
            s->c[i * rank + j] = sum;
        }
}

/* f = (I - C)^(-1/2) z, and z'z, without the directions of eigenvalue one, whose length in z is returned. */
static double solve(int32_t rank, workspace *s, double *own)
{
    double lost = 0;
    tm_symmetric_eigen(s->c, rank, s->values, s->vectors, s->room);
    memset(s->f, 0, (size_t)rank * sizeof *s->f);
    *own = 0;
    for (int32_t c = 0; c < rank; c++) {
        double along = 0;
        for (int32_t i = 0; i < rank; i++) along += s->vectors[i * rank + c] * s->z[i];
        if (s->values[c] > eigenvalue_one) {
            lost += along * along;
            continue;
        }
        *own += along * along;
        for (int32_t i = 0; i < rank; i++) s->f[i] += along / sqrt(1 - s->values[c]) * s->vectors[i * rank + c];
    }
    return sqrt(lost);
}

static void sum_cluster(const tm_kernels *kernels, const tm_fit *fit, int32_t g, const double *l, const weights *w,
                        const omega *o, workspace *s, weighted_sums *sums)
{
    tm_cluster cluster = tm_cluster_view(fit, g);
    int32_t d = cluster.dim, rank = factor(kernels, fit, &cluster, w, s);
    double *v = sums->v + 2 * sums->offset[g], length = 0;
    fill_omega(fit, &cluster, o, s->omega);
    fill_c(d, rank, s);
    tm_cluster_gather(fit, &cluster, l, s->values);
    for (int32_t c = 0; c < rank; c++) { /* c_g = W_g B_g ℓ: a = (0, ℓ) */
        s->z[c] = 0;
        for (int32_t m = 0; m < d; m++) s->z[c] += s->r[c * 2 * d + d + m] * s->values[m];
    }
    sums->lost[g] = solve(rank, s, &sums->own[g]);
    memset(v, 0, (size_t)(2 * d) * sizeof *v);
    sums->score[g] = 0;
    for (int32_t c = 0; c < rank; c++) {
        sums->score[g] += s->f[c] * s->score[c];
        length += s->f[c] * s->f[c];
        for (int32_t m = 0; m < 2 * d; m++) v[m] += s->r[c * 2 * d + m] * s->f[c];
    }
    sums->self[g] = length - sums->own[g]; /* f'Cf = f'f - f'(I - C)f */
}

static temoin_status open_workspace(temoin_context *ctx, const tm_fit *fit, workspace *s)
{
    int32_t d = tm_clusters_largest_dim(fit), n = 2 * d;
    int64_t square = (int64_t)n * n;
    s->n_rows = (tm_clusters_largest_n(fit) + 7) / 8 * 8;
    TM_SCRATCH(ctx, s->r, square);
    TM_SCRATCH(ctx, s->omega, square);
    TM_SCRATCH(ctx, s->turned, square);
    TM_SCRATCH(ctx, s->c, square);
    TM_SCRATCH(ctx, s->vectors, square);
    TM_SCRATCH(ctx, s->score, n);
    TM_SCRATCH(ctx, s->values, n);
    TM_SCRATCH(ctx, s->z, n);
    TM_SCRATCH(ctx, s->f, n);
    TM_SCRATCH(ctx, s->room, tm_symmetric_eigen_room(n));
    TM_SCRATCH(ctx, s->first, d);
    TM_SCRATCH(ctx, s->second, d);
    TM_SCRATCH(ctx, s->cells, s->n_rows);
    TM_SCRATCH(ctx, s->q, s->n_rows * (2 * (int64_t)fit->rank + 1)); /* one more: a column that turns out to be none */
    return TEMOIN_OK;
}

static bool is_loud(const weighted_sums *sums, int32_t g)
{
    return fabs(sums->self[g]) > loud_share * sums->own[g];
}

/* ΣΣ (v_g'K v_h)² = tr(KTKT), T = Σ v_g v_g' over all parameters, twice; without loud clusters, and without g = h. */
static temoin_status dense_norm(temoin_context *ctx, const tm_fit *fit, const weighted_sums *sums, const omega *o,
                                double *norm)
{
    int32_t k = fit->n_parameters, r = fit->rank, n = 2 * k;
    double *t, *kt, *full, *table;
    TM_SCRATCH(ctx, t, (int64_t)n * n);
    TM_SCRATCH(ctx, kt, (int64_t)n * n);
    TM_SCRATCH(ctx, full, n);
    TM_SCRATCH(ctx, table, (int64_t)k * k);
    for (int32_t f = 0; f < fit->n_groups; f++) {
        table[(int64_t)f * k + f] = o->groups[f];
        for (int32_t j = 0; j < r; j++)
            table[(int64_t)f * k + fit->n_groups + j] = table[(int64_t)(fit->n_groups + j) * k + f] =
                o->cross[(int64_t)f * r + j];
    }
    for (int32_t i = 0; i < r; i++)
        for (int32_t j = 0; j < r; j++)
            table[(int64_t)(fit->n_groups + i) * k + fit->n_groups + j] = o->columns[i * r + j];
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        if (is_loud(sums, g)) continue;
        tm_cluster cluster = tm_cluster_view(fit, g);
        const double *v = sums->v + 2 * sums->offset[g];
        *norm -= sums->self[g] * sums->self[g];
        memset(full, 0, (size_t)n * sizeof *full);
        for (int32_t c = 0; c < cluster.dim; c++) {
            int32_t at = c < cluster.n_touched ? cluster.cell[c].group : fit->n_groups + c - cluster.n_touched;
            full[at] = v[c];
            full[k + at] = v[cluster.dim + c];
        }
        for (int32_t i = 0; i < n; i++)
            if (full[i] != 0) ctx->kernels->axpy(full[i], full, t + (int64_t)i * n, n);
    }
    for (int32_t i = 0; i < k; i++) { /* K T: first rows T2 - Ω T1, second rows T1 */
        double *row = kt + (int64_t)i * n;
        memcpy(row, t + (int64_t)(k + i) * n, (size_t)n * sizeof *row);
        for (int32_t m = 0; m < k; m++)
            if (table[(int64_t)i * k + m] != 0)
                ctx->kernels->axpy(-table[(int64_t)i * k + m], t + (int64_t)m * n, row, n);
        memcpy(kt + (int64_t)(k + i) * n, t + (int64_t)i * n, (size_t)n * sizeof *row);
    }
    for (int32_t i = 0; i < n; i++)
        for (int32_t j = 0; j < n; j++) *norm += kt[(int64_t)i * n + j] * kt[(int64_t)j * n + i];
    return TEMOIN_OK;
}

/* v_g'K v_h from the groups that both touch and their columns; u = Ω_q. restricted to a cluster's groups, times v1. */
static double pair_product(const tm_fit *fit, const weighted_sums *sums, const omega *o, const double *u,
                           const double *y, int32_t g, int32_t h)
{
    tm_cluster a = tm_cluster_view(fit, g), b = tm_cluster_view(fit, h);
    const double *va = sums->v + 2 * sums->offset[g], *vb = sums->v + 2 * sums->offset[h];
    int32_t r = fit->rank;
    double product = 0;
    for (int32_t i = 0, j = 0; i < a.n_touched && j < b.n_touched;) {
        int32_t fa = a.cell[i].group, fb = b.cell[j].group;
        if (fa == fb) product += va[i] * vb[b.dim + j] + va[a.dim + i] * vb[j] - o->groups[fa] * va[i] * vb[j];
        int32_t step_a = fa <= fb, step_b = fb <= fa;
        i += step_a, j += step_b;
    }
    const double *aq = va + a.n_touched, *bq = vb + b.n_touched;
    for (int32_t c = 0; c < r; c++)
        product += aq[c] * bq[b.dim + c] + aq[a.dim + c] * bq[c] - y[(int64_t)g * r + c] * bq[c] -
                   u[(int64_t)h * r + c] * aq[c];
    return product;
}

/* The pairs that dense_norm leaves out; all but g = h when there is no dense table. */
static temoin_status pairs_norm(temoin_context *ctx, const tm_fit *fit, const weighted_sums *sums, const omega *o,
                                bool dense, double *norm)
{
    int32_t r = fit->rank;
    double *u, *y;
    TM_SCRATCH(ctx, u, (int64_t)fit->n_clusters * r);
    TM_SCRATCH(ctx, y, (int64_t)fit->n_clusters * r);
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        tm_cluster cluster = tm_cluster_view(fit, g);
        const double *v = sums->v + 2 * sums->offset[g], *vq = v + cluster.n_touched;
        for (int32_t c = 0; c < r; c++) {
            double *at = &u[(int64_t)g * r + c];
            for (int32_t k = 0; k < cluster.n_touched; k++)
                *at += v[k] * o->cross[(int64_t)cluster.cell[k].group * r + c];
            y[(int64_t)g * r + c] = *at;
            for (int32_t m = 0; m < r; m++) y[(int64_t)g * r + c] += o->columns[c * r + m] * vq[m];
        }
    }
    for (int32_t g = 0; g < fit->n_clusters; g++)
        for (int32_t h = 0; h < fit->n_clusters; h++) {
            bool both = is_loud(sums, h) || !dense; /* then (h, g) comes too */
            if (g == h || (dense && !is_loud(sums, g))) continue;
            double product = pair_product(fit, sums, o, u, y, g, h);
            *norm += (both ? 1 : 2) * product * product;
        }
    return TEMOIN_OK;
}

static temoin_status finish(temoin_context *ctx, const tm_fit *fit, const weighted_sums *sums, const omega *o,
                            tm_uncertainty *out)
{
    double variance = 0, trace = 0, lost = 0, norm = 0;
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        variance += sums->score[g] * sums->score[g];
        lost = fmax(lost, sums->lost[g]);
        trace += sums->own[g];
        norm += sums->own[g] * sums->own[g];
    }
    if (lost > direction_tolerance * sqrt(trace)) {
        tm_uncertainty_refuse(out, "cluster_leverage_one");
        return TEMOIN_OK;
    }
    bool dense = fit->n_parameters <= DENSE_PARAMETERS;
    if (dense) TM_TRY(dense_norm(ctx, fit, sums, o, &norm));
    TM_TRY(pairs_norm(ctx, fit, sums, o, dense, &norm));
    out->variance = variance;
    out->df = trace * trace / norm;
    out->warned = out->df < few_degrees ? "few_clusters" : NULL;
    return TEMOIN_OK;
}

static temoin_status open_sums(temoin_context *ctx, const tm_fit *fit, weighted_sums *sums)
{
    TM_SCRATCH(ctx, sums->score, fit->n_clusters);
    TM_SCRATCH(ctx, sums->lost, fit->n_clusters);
    TM_SCRATCH(ctx, sums->own, fit->n_clusters);
    TM_SCRATCH(ctx, sums->self, fit->n_clusters);
    TM_SCRATCH(ctx, sums->offset, (int64_t)fit->n_clusters + 1);
    for (int32_t g = 0; g < fit->n_clusters; g++) sums->offset[g + 1] = sums->offset[g] + tm_cluster_view(fit, g).dim;
    TM_SCRATCH(ctx, sums->v, 2 * sums->offset[fit->n_clusters]);
    return TEMOIN_OK;
}

temoin_status tm_clustered_reduced_bias_weighted(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out)
{
    TM_TRY(tm_clustered_refuse(ctx, fit, out));
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    weights w = {0};
    omega o = {0};
    workspace s = {0};
    weighted_sums sums = {0};
    TM_TRY(build_weights(ctx, fit, &w));
    TM_TRY(build_omega(ctx, fit, &w, &o));
    TM_TRY(open_workspace(ctx, fit, &s));
    TM_TRY(open_sums(ctx, fit, &sums));
    for (int32_t c = 0; c < fit->model->n_contrasts; c++) {
        if (isnan(fit->value[c]) || out[c].refused) continue;
        tm_mark inner = tm_arena_mark(&ctx->scratch);
        for (int32_t g = 0; g < fit->n_clusters; g++)
            sum_cluster(ctx->kernels, fit, g, fit->basis + (int64_t)c * fit->n_parameters, &w, &o, &s, &sums);
        TM_TRY(finish(ctx, fit, &sums, &o, &out[c]));
        tm_arena_rewind(&ctx->scratch, inner);
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
