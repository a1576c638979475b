/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/glm_variance.h"

#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "moments/leverage.h"
#include "numeric/inverse_root.h"
#include "numeric/symmetric.h"

enum { FEW_CLUSTERS = 10 };
static const double eigenvalue_one = 1 - 1e-10;

/* What each row adds to the effect: z_i'ℓ e_i, in fit order. */
static temoin_status row_scores(temoin_context *ctx, const tm_fit *fit, int32_t contrast, double **out)
{
    TM_SCRATCH(ctx, *out, fit->n);
    tm_row_effect_weight(ctx, fit, contrast, *out);
    for (int64_t i = 0; i < fit->n; i++) (*out)[i] *= fit->residual[i];
    return TEMOIN_OK;
}

static temoin_status refuse_clusters(temoin_context *ctx, const tm_fit *fit, int32_t contrast, tm_glm_variance *out)
{
    int32_t n_arms = fit->model->sample->n_arms;
    const double *arm_weight = fit->model->arm_weight + (int64_t)contrast * n_arms;
    int64_t *n_clusters, n_all = 0;
    TM_SCRATCH(ctx, n_clusters, n_arms);
    TM_TRY(tm_clusters_in_arms(ctx, fit, n_clusters));
    for (int32_t g = 0; g < fit->n_clusters; g++) n_all += tm_cluster_view(fit, g).n > 0;
    for (int32_t a = 0; a < n_arms; a++) {
        if (arm_weight[a] == 0) continue;
        if (n_clusters[a] < 2) out->refused = n_all < 2 ? "one_cluster" : "one_cluster_in_arm";
        if (n_clusters[a] < FEW_CLUSTERS) out->warned = "few_clusters";
    }
    return TEMOIN_OK;
}

/* Rows of one cluster as (I - H_gg) needs them: y = D z with D the inverse of the working weight, scaled by its
 * largest; v = D e, u = Z_g ℓ. */
typedef struct cluster_rows {
    int64_t n;
    int32_t dim;
    double *d, *u, *v;
    double *y;           /* [n * dim] */
    double *gram, *work; /* [dim * dim], [3 * dim] */
} cluster_rows;

static temoin_status fill_rows(temoin_context *ctx, const tm_fit *fit, const tm_cluster *cluster, const double *l,
                               const double *spread, cluster_rows *out)
{
    double largest = 0;
    *out = (cluster_rows){.n = cluster->n, .dim = cluster->dim};
    TM_SCRATCH(ctx, out->d, out->n);
    TM_SCRATCH(ctx, out->u, out->n);
    TM_SCRATCH(ctx, out->v, out->n);
    TM_SCRATCH(ctx, out->y, out->n * out->dim);
    TM_SCRATCH(ctx, out->gram, (int64_t)out->dim * out->dim);
    TM_SCRATCH(ctx, out->work, 3 * (int64_t)out->dim);
    for (int32_t k = 0; k < cluster->n_touched; k++) {
        const tm_cell *cell = &cluster->cell[k];
        double scale = 1 / sqrt(fit->group_total[cell->group]);
        for (int64_t i = cell->start; i < cell->start + cell->n; i++)
            out->y[(i - cluster->start) * out->dim + k] = scale * fit->root_weight[i];
    }
    for (int64_t i = 0; i < out->n; i++) {
        double *y = out->y + i * out->dim;
        for (int32_t j = 0; j < fit->rank; j++) y[cluster->n_touched + j] = fit->q[j][cluster->start + i];
        for (int32_t k = 0; k < out->dim; k++) out->u[i] += y[k] * l[k];
        out->d[i] = spread[fit->order[cluster->start + i]];
        largest = fmax(largest, out->d[i]);
    }
    for (int64_t i = 0; i < out->n; i++) {
        out->d[i] /= largest;
        out->v[i] = out->d[i] * fit->residual[cluster->start + i];
        for (int32_t k = 0; k < out->dim; k++) out->y[i * out->dim + k] *= out->d[i];
    }
    return TEMOIN_OK;
}

/* Solves a positive definite system in place: a becomes its Cholesky factor, x the solution. */
static void solve_positive(double *a, int32_t n, double *x)
{
    for (int32_t i = 0; i < n; i++) {
        for (int32_t j = 0; j <= i; j++) {
            double sum = a[i * n + j];
            for (int32_t k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k];
            a[i * n + j] = i == j ? sqrt(sum) : sum / a[j * n + j];
        }
        for (int32_t k = 0; k < i; k++) x[i] -= a[i * n + k] * x[k];
        x[i] /= a[i * n + i];
    }
    for (int32_t i = n - 1; i >= 0; i--) {
        for (int32_t k = i + 1; k < n; k++) x[i] -= a[k * n + i] * x[k];
        x[i] /= a[i * n + i];
    }
}

/* u'(D² - YY' + shift)⁻¹ v, by Woodbury's identity. */
static double shifted(const cluster_rows *rows, double shift)
{
    int32_t dim = rows->dim;
    double *left = rows->work, *right = rows->work + dim, direct = 0, sum = 0;
    memset(rows->gram, 0, (size_t)dim * (size_t)dim * sizeof *rows->gram);
    memset(rows->work, 0, 2 * (size_t)dim * sizeof *rows->work);
    for (int64_t i = 0; i < rows->n; i++) {
        const double *y = rows->y + i * dim, b = 1 / (rows->d[i] * rows->d[i] + shift);
        direct += rows->u[i] * b * rows->v[i];
        for (int32_t k = 0; k < dim; k++) {
            const double by = b * y[k];
            left[k] += by * rows->u[i];
            right[k] += by * rows->v[i];
            for (int32_t m = 0; m <= k; m++) rows->gram[k * dim + m] -= by * y[m];
        }
    }
    for (int32_t k = 0; k < dim; k++) rows->gram[k * dim + k] += 1;
    solve_positive(rows->gram, dim, right);
    for (int32_t k = 0; k < dim; k++) sum += left[k] * right[k];
    return direct + sum;
}

/* u'(D² - YY')^(-1/2) v; every z'(I - H_gg) z is at least `least` z'z. */
static double inverse_root(const cluster_rows *rows, double least)
{
    double shift[TM_INVERSE_ROOT_NODES], weight[TM_INVERSE_ROOT_NODES], smallest = 1, sum = 0;
    for (int64_t i = 0; i < rows->n; i++) smallest = fmin(smallest, rows->d[i]);
    const int n = tm_inverse_root_nodes(smallest * smallest * least, 1, shift, weight);
    for (int j = 0; j < n; j++) sum += weight[j] * shifted(rows, shift[j]);
    return sum;
}

/* clubSandwich's adjustment for generalised linear models, which it makes on the scale of the outcomes: with Φ the
 * diagonal of their variances and H̃ the hat matrix of the weighted fit, A_g = Φ^½ (Φ (I - H̃_gg) Φ)^(-½) Φ^½, so that
 * the cluster's score is (Z_g ℓ)'(Φ² - ΦZ_g Z_g'Φ)^(-½) Φ e_g. A diagonal less a matrix of low rank: no n_g × n_g
 * algebra. */
static temoin_status reduced_bias_score(temoin_context *ctx, const tm_fit *fit, int32_t g, const double *full,
                                        const double *spread, double *score, bool *alone)
{
    tm_cluster cluster = tm_cluster_view(fit, g);
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    cluster_rows rows;
    double *l, *gram, *value, *vector, *work;
    int32_t dim = cluster.dim;
    TM_SCRATCH(ctx, l, dim);
    TM_SCRATCH(ctx, gram, (int64_t)dim * dim);
    TM_SCRATCH(ctx, vector, (int64_t)dim * dim);
    TM_SCRATCH(ctx, value, dim);
    TM_SCRATCH(ctx, work, tm_symmetric_eigen_room(dim));
    tm_cluster_gather(fit, &cluster, full, l);
    TM_TRY(fill_rows(ctx, fit, &cluster, l, spread, &rows));
    for (int64_t i = 0; i < rows.n; i++)
        for (int32_t k = 0; k < dim; k++)
            for (int32_t m = 0; m <= k; m++)
                gram[k * dim + m] += rows.y[i * dim + k] * rows.y[i * dim + m] / (rows.d[i] * rows.d[i]);
    tm_symmetric_eigen(gram, dim, value, vector, work);
    double largest = 0;
    for (int32_t k = 0; k < dim; k++) largest = fmax(largest, value[k]);
    *alone = largest > eigenvalue_one;
    *score = *alone ? NAN : inverse_root(&rows, 1 - largest);
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

static temoin_status clustered(temoin_context *ctx, const tm_fit *fit, const char *key, int32_t contrast,
                               const double *row_score, const double *spread, tm_glm_variance *out)
{
    const double *l = fit->basis + (int64_t)contrast * fit->n_parameters;
    double sum = 0;
    int64_t n_clusters = 0;
    bool alone = false;
    TM_TRY(refuse_clusters(ctx, fit, contrast, out));
    if (out->refused) return TEMOIN_OK;
    for (int32_t g = 0; g < fit->n_clusters && !alone; g++) {
        tm_cluster cluster = tm_cluster_view(fit, g);
        double score = 0;
        if (cluster.n == 0) continue;
        n_clusters++;
        if (strcmp(key, "cr2") == 0)
            TM_TRY(reduced_bias_score(ctx, fit, g, l, spread, &score, &alone));
        else
            score = ctx->kernels->sum(row_score + cluster.start, cluster.n);
        sum += score * score;
    }
    if (alone) out->refused = "cluster_leverage_one";
    double factor = strcmp(key, "cr1") == 0 ? (double)n_clusters / (double)(n_clusters - 1) : 1;
    out->variance = out->refused ? NAN : factor * sum;
    return TEMOIN_OK;
}

temoin_status tm_glm_variance_run(temoin_context *ctx, const tm_fit *fit, const char *key, int32_t contrast,
                                  const double *spread, tm_glm_variance *out)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    const double *l = fit->basis + (int64_t)contrast * fit->n_parameters;
    double *score;
    *out = (tm_glm_variance){.variance = NAN};
    TM_TRY(row_scores(ctx, fit, contrast, &score));
    if (strncmp(key, "cr", 2) == 0)
        TM_TRY(clustered(ctx, fit, key, contrast, score, spread, out));
    else if (strcmp(key, "classical") == 0 || strcmp(key, "observed_information") == 0) {
        out->variance = 0;
        for (int32_t k = 0; k < fit->n_parameters; k++) out->variance += l[k] * l[k];
    } else {
        out->variance = ctx->kernels->dot(score, score, fit->n);
        if (strcmp(key, "ml_robust") == 0) out->variance *= (double)fit->n / (double)(fit->n - 1);
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
