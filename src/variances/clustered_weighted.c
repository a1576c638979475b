/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CR2 for weighted least squares with the identity as working covariance. With b = z / sqrt(w) the basis of the unscaled
 * rows (B'WB = I), c_g = W_g B_g ℓ, Ω = B'W²B and U_g = [B_g, W_g B_g]:
 *
 *     ((I - H)(I - H)')_gg = I - U_g K U_g',   K = [[-Ω, I], [I, 0]],   A_g = (I - U_g K U_g')^(-1/2)
 *
 * A_g c_g stays in the span of U_g, so that 2·dim × 2·dim algebra replaces n_g × n_g. With v_g = U_g'A_g c_g,
 * p_g'p_h = 1[g = h] d_g - v_g'K v_h gives the degrees of freedom (Pustejovsky & Tipton 2018, eq. 11). */
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "moments/leverage.h"
#include "numeric/symmetric.h"
#include "variances/clustered.h"

static const double rank_tolerance = 1e-13;
static const double eigenvalue_one = 1 - 1e-10;
static const double direction_tolerance = 1e-8;
static const double few_degrees = 4;
enum { DENSE_PARAMETERS = 400 }; /* beyond: products of pairs of clusters instead of a dense table */

/* Powers of the weights, [n] in fit order. */
typedef struct weights {
    double *w, *inverse, *root, *inverse_root, *root_cubed;
} weights;

/* Ω = B'W²B: its block of groups is diagonal, a row being in one group. */
typedef struct omega {
    double *groups, *cross, *columns;
} omega;

typedef struct workspace {
    double *gram, *score, *k, *a, *x, *c, *vectors, *values, *turned, *copy, *room;
} workspace;

typedef struct weighted_sums {
    double *score, *lost, *trace, *d; /* [n_clusters] */
    double *v;                        /* v1 [dim], v2 [dim] of each cluster */
    int64_t *offset;
} weighted_sums;

static temoin_status build_weights(temoin_context *ctx, const tm_fit *fit, weights *out)
{
    TM_SCRATCH(ctx, out->w, fit->n);
    TM_SCRATCH(ctx, out->inverse, fit->n);
    TM_SCRATCH(ctx, out->root, fit->n);
    TM_SCRATCH(ctx, out->inverse_root, fit->n);
    TM_SCRATCH(ctx, out->root_cubed, fit->n);
    for (int64_t i = 0; i < fit->n; i++) {
        double root = fit->root_weight[i], w = root * root;
        out->w[i] = w;
        out->inverse[i] = 1 / w;
        out->root[i] = root;
        out->inverse_root[i] = 1 / root;
        out->root_cubed[i] = root * w;
    }
    return TEMOIN_OK;
}

/* One of B'B, B'WB, B'W²B on the coordinates of a cluster, written at `out` with row length `ld`. `square` weighs products of two
 * columns (and may be NULL: one), `linear` a column with a group. */
static void basis_products(const tm_kernels *kernels, const tm_fit *fit, const tm_cluster *cluster, const double *square,
                           const double *linear, const double *own, double *out, int32_t ld)
{
    int32_t t = cluster->n_touched;
    for (int32_t k = 0; k < t; k++) {
        const tm_cell *cell = &cluster->cell[k];
        double total = fit->group_total[cell->group];
        for (int32_t m = 0; m < t; m++) out[k * ld + m] = 0;
        out[k * ld + k] = (own ? kernels->sum(own + cell->start, cell->n) : (double)cell->n) / total;
        for (int32_t j = 0; j < fit->rank; j++)
            out[k * ld + t + j] = out[(t + j) * ld + k] =
                kernels->dot(linear + cell->start, fit->q[j] + cell->start, cell->n) / sqrt(total);
    }
    for (int32_t i = 0; i < fit->rank; i++)
        for (int32_t j = 0; j <= i; j++) {
            const double *qi = fit->q[i] + cluster->start, *qj = fit->q[j] + cluster->start;
            out[(t + i) * ld + t + j] = out[(t + j) * ld + t + i] =
                square ? kernels->dot3(square + cluster->start, qi, qj, cluster->n) : kernels->dot(qi, qj, cluster->n);
        }
}

static temoin_status build_omega(temoin_context *ctx, const tm_fit *fit, const weights *w, omega *out)
{
    int32_t r = fit->rank, dim = tm_clusters_largest_dim(fit);
    double *part, *square;
    TM_SCRATCH(ctx, out->groups, fit->n_groups);
    TM_SCRATCH(ctx, out->cross, (int64_t)fit->n_groups * r);
    TM_SCRATCH(ctx, out->columns, (int64_t)r * r);
    TM_SCRATCH(ctx, part, (int64_t)dim * dim);
    TM_SCRATCH(ctx, square, fit->n);
    for (int64_t i = 0; i < fit->n; i++) square[i] = w->w[i] * w->w[i];
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        tm_cluster cluster = tm_cluster_view(fit, g);
        int32_t t = cluster.n_touched, ld = cluster.dim;
        basis_products(ctx->kernels, fit, &cluster, w->w, w->root_cubed, square, part, ld);
        for (int32_t k = 0; k < t; k++) {
            out->groups[cluster.cell[k].group] += part[k * ld + k];
            for (int32_t j = 0; j < r; j++) out->cross[(int64_t)cluster.cell[k].group * r + j] += part[k * ld + t + j];
        }
        for (int32_t i = 0; i < r; i++)
            for (int32_t j = 0; j < r; j++) out->columns[i * r + j] += part[(t + i) * ld + t + j];
    }
    return TEMOIN_OK;
}

/* K on the coordinates of a cluster, [2 dim * 2 dim]. */
static void fill_k(const tm_fit *fit, const tm_cluster *cluster, const omega *o, double *k)
{
    int32_t d = cluster->dim, t = cluster->n_touched, r = fit->rank, ld = 2 * d;
    memset(k, 0, (size_t)ld * (size_t)ld * sizeof *k);
    for (int32_t i = 0; i < d; i++) k[i * ld + d + i] = k[(d + i) * ld + i] = 1;
    for (int32_t i = 0; i < t; i++) {
        int64_t f = cluster->cell[i].group;
        k[i * ld + i] = -o->groups[f];
        for (int32_t j = 0; j < r; j++) k[i * ld + t + j] = k[(t + j) * ld + i] = -o->cross[f * r + j];
    }
    for (int32_t i = 0; i < r; i++)
        for (int32_t j = 0; j < r; j++) k[(t + i) * ld + t + j] = -o->columns[i * r + j];
}

/* G = U'U and U'e of a cluster. */
static void fill_gram(const tm_kernels *kernels, const tm_fit *fit, const tm_cluster *cluster, const weights *w,
                      const double *square, double *gram, double *score)
{
    int32_t d = cluster->dim, t = cluster->n_touched, ld = 2 * d;
    basis_products(kernels, fit, cluster, w->inverse, w->inverse_root, NULL, gram, ld);
    basis_products(kernels, fit, cluster, NULL, w->root, w->w, gram + d, ld);
    basis_products(kernels, fit, cluster, w->w, w->root_cubed, square, gram + (int64_t)d * ld + d, ld);
    for (int32_t i = 0; i < d; i++)
        for (int32_t j = 0; j < d; j++) gram[(d + i) * ld + j] = gram[j * ld + d + i];
    for (int32_t k = 0; k < t; k++) {
        const tm_cell *cell = &cluster->cell[k];
        const double *e = fit->residual + cell->start;
        double scale = 1 / sqrt(fit->group_total[cell->group]);
        score[k] = scale * kernels->dot(w->inverse_root + cell->start, e, cell->n);
        score[d + k] = scale * kernels->dot(w->root + cell->start, e, cell->n);
    }
    for (int32_t j = 0; j < fit->rank; j++) {
        const double *q = fit->q[j] + cluster->start, *e = fit->residual + cluster->start;
        score[t + j] = kernels->dot3(w->inverse + cluster->start, q, e, cluster->n);
        score[d + t + j] = kernels->dot(q, e, cluster->n);
    }
}

static void multiply(const double *m, int32_t n, const double *x, double *out)
{
    for (int32_t i = 0; i < n; i++) {
        double sum = 0;
        for (int32_t j = 0; j < n; j++) sum += m[i * n + j] * x[j];
        out[i] = sum;
    }
}

/* x with A_g c_g = U x, through the eigenvectors of G and then of Λ^½V'KVΛ^½; returns the length that is lost. */
static double solve_cluster(workspace *s, int32_t n)
{
    memcpy(s->copy, s->gram, (size_t)n * (size_t)n * sizeof *s->copy);
    tm_symmetric_eigen(s->copy, n, s->values, s->vectors, s->room);
    double largest = 0;
    for (int32_t c = 0; c < n; c++) largest = fmax(largest, s->values[c]);
    int32_t rank = 0; /* columns of V Λ^½ that are not zero move to the front of `vectors`, scaled */
    for (int32_t c = 0; c < n; c++) {
        if (s->values[c] <= rank_tolerance * largest) continue;
        double root = sqrt(s->values[c]);
        for (int32_t i = 0; i < n; i++) s->vectors[i * n + rank] = s->vectors[i * n + c] * root;
        s->values[rank++] = s->values[c];
    }
    for (int32_t c = 0; c < rank; c++) { /* C = (VΛ^½)'K(VΛ^½), lower triangle; z = (VΛ^½)'a */
        for (int32_t i = 0; i < n; i++) s->x[i] = s->vectors[i * n + c];
        multiply(s->k, n, s->x, s->c);
        for (int32_t m = c; m < rank; m++) {
            double sum = 0;
            for (int32_t i = 0; i < n; i++) sum += s->vectors[i * n + m] * s->c[i];
            s->copy[m * rank + c] = sum;
        }
    }
    double *theta = s->room + 4 * n, *z = theta + n, *fz = z + n;
    for (int32_t c = 0; c < rank; c++) {
        z[c] = 0;
        for (int32_t i = 0; i < n; i++) z[c] += s->vectors[i * n + c] * s->a[i];
        fz[c] = 0;
    }
    tm_symmetric_eigen(s->copy, rank, theta, s->turned, s->room);
    double lost = 0;
    for (int32_t c = 0; c < rank; c++) {
        double along = 0;
        for (int32_t i = 0; i < rank; i++) along += s->turned[i * rank + c] * z[i];
        if (theta[c] > eigenvalue_one) {
            lost += along * along;
            continue;
        }
        for (int32_t i = 0; i < rank; i++) fz[i] += along / sqrt(1 - theta[c]) * s->turned[i * rank + c];
    }
    for (int32_t i = 0; i < n; i++) { /* x = V Λ^-½ fz, with V = (VΛ^½) Λ^-½ */
        s->x[i] = 0;
        for (int32_t c = 0; c < rank; c++) s->x[i] += s->vectors[i * n + c] / s->values[c] * fz[c];
    }
    return sqrt(lost);
}

static void sum_cluster(const tm_kernels *kernels, const tm_fit *fit, int32_t g, int32_t contrast, const weights *w,
                        const double *square, const omega *o, workspace *s, weighted_sums *sums)
{
    tm_cluster cluster = tm_cluster_view(fit, g);
    int32_t d = cluster.dim, n = 2 * d;
    fill_gram(kernels, fit, &cluster, w, square, s->gram, s->score);
    fill_k(fit, &cluster, o, s->k);
    memset(s->a, 0, (size_t)d * sizeof *s->a);
    tm_cluster_gather(fit, &cluster, fit->basis + (int64_t)contrast * fit->n_parameters, s->a + d);
    sums->lost[g] = solve_cluster(s, n);
    double *v = sums->v + 2 * sums->offset[g];
    multiply(s->gram, n, s->x, v);
    multiply(s->gram, n, s->a, s->c);
    sums->score[g] = sums->d[g] = sums->trace[g] = 0;
    for (int32_t i = 0; i < n; i++) {
        sums->score[g] += s->x[i] * s->score[i];
        sums->d[g] += s->x[i] * v[i];
        sums->trace[g] += s->a[i] * s->c[i];
    }
}

static temoin_status open_workspace(temoin_context *ctx, int32_t n, workspace *s)
{
    int64_t square = (int64_t)n * n;
    TM_SCRATCH(ctx, s->gram, square);
    TM_SCRATCH(ctx, s->k, square);
    TM_SCRATCH(ctx, s->vectors, square);
    TM_SCRATCH(ctx, s->turned, square);
    TM_SCRATCH(ctx, s->copy, square);
    TM_SCRATCH(ctx, s->score, n);
    TM_SCRATCH(ctx, s->a, n);
    TM_SCRATCH(ctx, s->x, n);
    TM_SCRATCH(ctx, s->c, n);
    TM_SCRATCH(ctx, s->values, n);
    TM_SCRATCH(ctx, s->room, tm_symmetric_eigen_room(n) + 3 * (int64_t)n);
    return TEMOIN_OK;
}

/* ΣΣ (v_g'K v_h)² = tr(KTKT), T = Σ v_g v_g' over all parameters, twice. */
static temoin_status dense_norm(temoin_context *ctx, const tm_fit *fit, const weighted_sums *sums, const omega *o, double *norm)
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
            table[(int64_t)f * k + fit->n_groups + j] = table[(int64_t)(fit->n_groups + j) * k + f] = o->cross[(int64_t)f * r + j];
    }
    for (int32_t i = 0; i < r; i++)
        for (int32_t j = 0; j < r; j++) table[(int64_t)(fit->n_groups + i) * k + fit->n_groups + j] = o->columns[i * r + j];
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        tm_cluster cluster = tm_cluster_view(fit, g);
        const double *v = sums->v + 2 * sums->offset[g];
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
            if (table[(int64_t)i * k + m] != 0) ctx->kernels->axpy(-table[(int64_t)i * k + m], t + (int64_t)m * n, row, n);
        memcpy(kt + (int64_t)(k + i) * n, t + (int64_t)i * n, (size_t)n * sizeof *row);
    }
    *norm = 0;
    for (int32_t i = 0; i < n; i++)
        for (int32_t j = 0; j < n; j++) *norm += kt[(int64_t)i * n + j] * kt[(int64_t)j * n + i];
    return TEMOIN_OK;
}

/* v_g'K v_h from the groups that both touch and their columns; u = Ω_q. restricted to a cluster's groups, times v1. */
static double pair_product(const tm_fit *fit, const weighted_sums *sums, const omega *o, const double *u, const double *y,
                           int32_t g, int32_t h)
{
    tm_cluster a = tm_cluster_view(fit, g), b = tm_cluster_view(fit, h);
    const double *va = sums->v + 2 * sums->offset[g], *vb = sums->v + 2 * sums->offset[h];
    int32_t r = fit->rank;
    double product = 0;
    for (int32_t i = 0, j = 0; i < a.n_touched && j < b.n_touched;) {
        int32_t fa = a.cell[i].group, fb = b.cell[j].group;
        if (fa == fb)
            product += va[i] * vb[b.dim + j] + va[a.dim + i] * vb[j] - o->groups[fa] * va[i] * vb[j];
        int32_t step_a = fa <= fb, step_b = fb <= fa;
        i += step_a, j += step_b;
    }
    const double *aq = va + a.n_touched, *bq = vb + b.n_touched;
    for (int32_t c = 0; c < r; c++)
        product += aq[c] * bq[b.dim + c] + aq[a.dim + c] * bq[c] - y[(int64_t)g * r + c] * bq[c] - u[(int64_t)h * r + c] * aq[c];
    return product;
}

static temoin_status pairs_norm(temoin_context *ctx, const tm_fit *fit, const weighted_sums *sums, const omega *o, double *norm)
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
            for (int32_t k = 0; k < cluster.n_touched; k++) *at += v[k] * o->cross[(int64_t)cluster.cell[k].group * r + c];
            y[(int64_t)g * r + c] = *at;
            for (int32_t m = 0; m < r; m++) y[(int64_t)g * r + c] += o->columns[c * r + m] * vq[m];
        }
    }
    *norm = 0;
    for (int32_t g = 0; g < fit->n_clusters; g++)
        for (int32_t h = 0; h <= g; h++) {
            double product = pair_product(fit, sums, o, u, y, g, h);
            *norm += (g == h ? 1 : 2) * product * product;
        }
    return TEMOIN_OK;
}

/* v_g'K v_g. */
static double own_product(const tm_fit *fit, const weighted_sums *sums, const omega *o, workspace *s, int32_t g)
{
    tm_cluster cluster = tm_cluster_view(fit, g);
    const double *v = sums->v + 2 * sums->offset[g];
    double product = 0;
    fill_k(fit, &cluster, o, s->k);
    multiply(s->k, 2 * cluster.dim, v, s->c);
    for (int32_t i = 0; i < 2 * cluster.dim; i++) product += v[i] * s->c[i];
    return product;
}

static temoin_status finish(temoin_context *ctx, const tm_fit *fit, const weighted_sums *sums, const omega *o, workspace *s,
                            double length, tm_uncertainty *out)
{
    double variance = 0, trace = 0, own = 0, lost = 0, norm = 0;
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        variance += sums->score[g] * sums->score[g];
        lost = fmax(lost, sums->lost[g]);
        double product = own_product(fit, sums, o, s, g);
        trace += sums->d[g] - product;
        own += sums->d[g] * (sums->d[g] - 2 * product);
    }
    if (lost > direction_tolerance * length) {
        tm_uncertainty_refuse(out, "cluster_leverage_one");
        return TEMOIN_OK;
    }
    if (fit->n_parameters <= DENSE_PARAMETERS) TM_TRY(dense_norm(ctx, fit, sums, o, &norm));
    else TM_TRY(pairs_norm(ctx, fit, sums, o, &norm));
    out->variance = variance;
    out->df = trace * trace / (own + norm);
    out->warned = out->df < few_degrees ? "few_clusters" : NULL;
    return TEMOIN_OK;
}

static temoin_status open_sums(temoin_context *ctx, const tm_fit *fit, weighted_sums *sums)
{
    TM_SCRATCH(ctx, sums->score, fit->n_clusters);
    TM_SCRATCH(ctx, sums->lost, fit->n_clusters);
    TM_SCRATCH(ctx, sums->trace, fit->n_clusters);
    TM_SCRATCH(ctx, sums->d, fit->n_clusters);
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
    double *square;
    TM_TRY(build_weights(ctx, fit, &w));
    TM_TRY(build_omega(ctx, fit, &w, &o));
    TM_TRY(open_workspace(ctx, 2 * tm_clusters_largest_dim(fit), &s));
    TM_TRY(open_sums(ctx, fit, &sums));
    TM_SCRATCH(ctx, square, fit->n);
    for (int64_t i = 0; i < fit->n; i++) square[i] = w.w[i] * w.w[i];
    for (int32_t c = 0; c < fit->model->n_contrasts; c++) {
        if (isnan(fit->value[c]) || out[c].refused) continue;
        double length = 0;
        for (int32_t g = 0; g < fit->n_clusters; g++) {
            sum_cluster(ctx->kernels, fit, g, c, &w, square, &o, &s, &sums);
            length += sums.trace[g];
        }
        TM_TRY(finish(ctx, fit, &sums, &o, &s, sqrt(length), &out[c]));
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
