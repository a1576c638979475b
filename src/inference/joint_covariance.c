/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/joint_covariance.h"

#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "moments/leverage.h"
#include "numeric/matrix_power.h"

typedef enum scores { SCORES_NONE, SCORES_ROWS, SCORES_CLUSTERS } scores;

typedef struct recipe {
    const char *key;
    scores scores;
    double power; /* of 1 / (1 - h) in a row's score */
    tm_power cluster_power;
    bool degrees; /* η */
} recipe;

static const recipe recipes[] = {
    {"neyman", SCORES_ROWS, 0.5, TM_POWER_ZERO, false}, /* the same for block means */
    {"classical", SCORES_NONE, 0, TM_POWER_ZERO, false},   {"hc0", SCORES_ROWS, 0, TM_POWER_ZERO, false},
    {"hc1", SCORES_ROWS, 0, TM_POWER_ZERO, false},         {"hc2", SCORES_ROWS, 0.5, TM_POWER_ZERO, false},
    {"hc2_bm", SCORES_ROWS, 0.5, TM_POWER_ZERO, false},    {"hc3", SCORES_ROWS, 1, TM_POWER_ZERO, false},
    {"cr0", SCORES_CLUSTERS, 0, TM_POWER_ZERO, false},     {"cr1", SCORES_CLUSTERS, 0, TM_POWER_ZERO, false},
    {"cr1s", SCORES_CLUSTERS, 0, TM_POWER_ZERO, false},    {"cr2", SCORES_CLUSTERS, 0, TM_POWER_INVERSE_ROOT, true},
    {"cr3", SCORES_CLUSTERS, 0, TM_POWER_INVERSE, false},  {"cv3", SCORES_CLUSTERS, 0, TM_POWER_INVERSE, false},
    {"cv3j", SCORES_CLUSTERS, 0, TM_POWER_INVERSE, false},
};

static const double leverage_one = 1 - 1e-10;
static const double direction_tolerance = 1e-8;
/* Beyond, products of all pairs of clusters are summed at once, which loses digits where one cluster is nearly alone.
 */
enum { PAIRED_CLUSTERS = 300 };

static double factor_of(const char *key, const tm_fit *fit)
{
    double g = fit->n_clusters, n = (double)fit->n, k = fit->n_parameters;
    if (strcmp(key, "hc1") == 0) return n / (n - k);
    if (strcmp(key, "cr1") == 0) return g / (g - 1);
    if (strcmp(key, "cr1s") == 0) return g / (g - 1) * (n - 1) / (n - k);
    if (strcmp(key, "cv3") == 0 || strcmp(key, "cv3j") == 0) return (g - 1) / g;
    return 1;
}

/* v += s s' */
static void add_square(const double *s, int32_t q, double *v)
{
    for (int32_t i = 0; i < q; i++)
        for (int32_t j = 0; j < q; j++) v[i * q + j] += s[i] * s[j];
}

static temoin_status add_rows(temoin_context *ctx, const tm_fit *fit, double power, tm_joint_covariance *out)
{
    double *h, *weight, *score;
    int32_t q = out->q;
    TM_SCRATCH(ctx, h, fit->n);
    TM_SCRATCH(ctx, weight, fit->n * q);
    TM_SCRATCH(ctx, score, q);
    tm_row_leverage(ctx, fit, h);
    for (int32_t j = 0; j < q; j++) tm_row_effect_weight(ctx, fit, j, weight + j * fit->n);
    for (int64_t i = 0; i < fit->n; i++) {
        double size = 0;
        for (int32_t j = 0; j < q; j++) size = fmax(size, fabs(weight[j * fit->n + i]));
        if (h[i] >= leverage_one && (power > 0 || size > direction_tolerance)) out->refused = "leverage_one";
        double left = power == 0 ? 1 : power == 1 ? 1 - h[i] : sqrt(fmax(1 - h[i], 0));
        for (int32_t j = 0; j < q; j++) score[j] = weight[j * fit->n + i] * fit->residual[i] / left;
        add_square(score, q, out->v);
    }
    return TEMOIN_OK;
}

/* What clusters give: scores, and for η the products of their directions. */
typedef struct clusters {
    double *gram, *score, *products, *l, *r, *power;
    const double **columns;
    double *scores; /* [n_clusters * q] */
    double *own;    /* [n_clusters * q * q] p_sg'p_tg = u_s'S_g u_t; NULL: no η */
    double *v;      /* [n_clusters * q * n_parameters] S_g (I - S_g)^(-1/2) u_s */
} clusters;

static temoin_status open_clusters(temoin_context *ctx, const tm_fit *fit, int32_t q, bool degrees, clusters *c)
{
    int64_t dim = tm_clusters_largest_dim(fit), g = fit->n_clusters;
    TM_SCRATCH(ctx, c->gram, dim * dim);
    TM_SCRATCH(ctx, c->score, dim);
    TM_SCRATCH(ctx, c->l, dim * q);
    TM_SCRATCH(ctx, c->r, dim);
    TM_SCRATCH(ctx, c->products, (int64_t)(fit->rank + 1) * (fit->rank + 1));
    TM_SCRATCH(ctx, c->power, tm_complement_power_room((int)dim));
    TM_SCRATCH(ctx, c->columns, (int64_t)fit->rank + 1);
    TM_SCRATCH(ctx, c->scores, g * q);
    if (!degrees) return TEMOIN_OK;
    TM_SCRATCH(ctx, c->own, g * q * q);
    TM_SCRATCH(ctx, c->v, g * q * fit->n_parameters);
    return TEMOIN_OK;
}

static int32_t place_of(const tm_fit *fit, const tm_cluster *cluster, int32_t k)
{
    return k < cluster->n_touched ? cluster->cell[k].group : fit->n_groups + k - cluster->n_touched;
}

static double measure_cluster(temoin_context *ctx, const tm_fit *fit, int32_t g, int32_t q, tm_power power, clusters *c)
{
    tm_cluster cluster = tm_cluster_view(fit, g);
    int32_t dim = cluster.dim;
    double lost = 0;
    tm_cluster_moments(ctx->kernels, fit, &cluster, c->gram, c->score, c->columns, c->products);
    for (int32_t s = 0; s < q; s++) {
        double *l = c->l + s * dim, *score = &c->scores[(int64_t)g * q + s];
        tm_cluster_gather(fit, &cluster, fit->basis + (int64_t)s * fit->n_parameters, l);
        lost = fmax(lost, tm_complement_power(c->gram, dim, power, l, c->r, c->power));
        for (int32_t k = 0; k < dim; k++) *score += c->r[k] * c->score[k];
        if (!c->own) continue;
        for (int32_t k = 0; k < dim; k++) {
            double *v = &c->v[((int64_t)g * q + s) * fit->n_parameters + place_of(fit, &cluster, k)], turned = 0;
            for (int32_t m = 0; m < dim; m++) {
                *v += c->gram[k * dim + m] * c->r[m];
                turned += c->gram[k * dim + m] * l[m];
            }
            for (int32_t t = 0; t <= s; t++) c->own[((int64_t)g * q + s) * q + t] += turned * c->l[t * dim + k];
        }
    }
    for (int32_t s = 0; c->own && s < q; s++)
        for (int32_t t = s + 1; t < q; t++) c->own[((int64_t)g * q + s) * q + t] = c->own[((int64_t)g * q + t) * q + s];
    return lost;
}

static double dot(const double *a, const double *b, int32_t n)
{
    double sum = 0;
    for (int32_t k = 0; k < n; k++) sum += a[k] * b[k];
    return sum;
}

/* v_sg'v_th */
static double product(const tm_fit *fit, const clusters *c, int32_t q, int32_t g, int32_t s, int32_t h, int32_t t)
{
    int64_t k = fit->n_parameters;
    return dot(c->v + ((int64_t)g * q + s) * k, c->v + ((int64_t)h * q + t) * k, (int32_t)k);
}

/* Σ over clusters g ≠ h of (p_sg'p_sh)(p_tg'p_th) + (p_sg'p_th)(p_tg'p_sh), where p_sg'p_th = -v_sg'v_th. */
static double sum_pairs(const tm_fit *fit, const clusters *c, int32_t q, int32_t s, int32_t t)
{
    double sum = 0;
    for (int32_t g = 0; g < fit->n_clusters; g++)
        for (int32_t h = 0; h < g; h++)
            sum += product(fit, c, q, g, s, h, s) * product(fit, c, q, g, t, h, t) +
                   product(fit, c, q, g, s, h, t) * product(fit, c, q, g, t, h, s);
    return 2 * sum;
}

/* The same from M = Σ_g v_sg v_tg': |M|² + tr(M M), less the clusters with themselves. */
static double sum_pairs_at_once(const tm_fit *fit, const clusters *c, int32_t q, int32_t s, int32_t t, double *m)
{
    int32_t k = fit->n_parameters;
    double sum = 0;
    memset(m, 0, (size_t)k * (size_t)k * sizeof *m);
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        const double *vs = c->v + ((int64_t)g * q + s) * k, *vt = c->v + ((int64_t)g * q + t) * k;
        double across = dot(vs, vt, k);
        for (int32_t i = 0; i < k; i++)
            for (int32_t j = 0; vs[i] != 0 && j < k; j++) m[i * k + j] += vs[i] * vt[j];
        sum -= dot(vs, vs, k) * dot(vt, vt, k) + across * across;
    }
    for (int32_t i = 0; i < k; i++)
        for (int32_t j = 0; j < k; j++) sum += m[i * k + j] * (m[i * k + j] + m[j * k + i]);
    return sum;
}

/* η = q (q + 1) / Σ_st Var(V_st), where Var(V_st) = Σ_gh (p_sg'p_sh)(p_tg'p_th) + (p_sg'p_th)(p_tg'p_sh). */
static temoin_status find_degrees(temoin_context *ctx, const tm_fit *fit, const clusters *c, tm_joint_covariance *out)
{
    int32_t q = out->q, k = fit->n_parameters;
    double total = 0, *m;
    TM_SCRATCH(ctx, m, (int64_t)k * k);
    for (int32_t s = 0; s < q; s++)
        for (int32_t t = 0; t <= s; t++) {
            double sum =
                fit->n_clusters <= PAIRED_CLUSTERS ? sum_pairs(fit, c, q, s, t) : sum_pairs_at_once(fit, c, q, s, t, m);
            for (int32_t g = 0; g < fit->n_clusters; g++) {
                const double *own = c->own + (int64_t)g * q * q;
                sum += own[s * q + s] * own[t * q + t] + own[s * q + t] * own[s * q + t];
            }
            total += s == t ? sum : 2 * sum;
        }
    out->eta = (double)q * (q + 1) / total;
    return TEMOIN_OK;
}

static temoin_status add_clusters(temoin_context *ctx, const tm_fit *fit, const recipe *how, tm_joint_covariance *out)
{
    clusters c = {0};
    int32_t q = out->q;
    double lost = 0, *mean;
    TM_TRY(open_clusters(ctx, fit, q, how->degrees, &c));
    TM_SCRATCH(ctx, mean, q);
    for (int32_t g = 0; g < fit->n_clusters; g++)
        lost = fmax(lost, measure_cluster(ctx, fit, g, q, how->cluster_power, &c));
    if (lost > direction_tolerance) out->refused = "cluster_leverage_one";
    for (int32_t g = 0; strcmp(how->key, "cv3j") == 0 && g < fit->n_clusters; g++)
        for (int32_t s = 0; s < q; s++) mean[s] += c.scores[(int64_t)g * q + s] / fit->n_clusters;
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        for (int32_t s = 0; s < q; s++) c.scores[(int64_t)g * q + s] -= mean[s];
        add_square(c.scores + (int64_t)g * q, q, out->v);
    }
    out->df = fit->n_clusters - 1;
    return how->degrees && !out->refused ? find_degrees(ctx, fit, &c, out) : TEMOIN_OK;
}

temoin_status tm_joint_covariance_run(temoin_context *ctx, const tm_fit *fit, const char *variance,
                                      tm_joint_covariance *out)
{
    const recipe *how = NULL;
    int32_t q = out->q;
    for (size_t r = 0; r < sizeof recipes / sizeof *recipes; r++)
        if (strcmp(recipes[r].key, variance) == 0) how = &recipes[r];
    out->eta = NAN;
    out->df = (double)fit->n - fit->n_parameters;
    if (!how || (how->degrees && fit->root_weight)) {
        out->refused = "joint_undefined";
        return TEMOIN_OK;
    }
    if (how->scores == SCORES_ROWS) TM_TRY(add_rows(ctx, fit, how->power, out));
    if (how->scores == SCORES_CLUSTERS) TM_TRY(add_clusters(ctx, fit, how, out));
    for (int32_t s = 0; how->scores == SCORES_NONE && s < q; s++) out->v[s * q + s] = fit->residual_ss / out->df;
    double factor = factor_of(variance, fit);
    for (int32_t i = 0; i < q * q; i++) out->v[i] *= factor;
    return TEMOIN_OK;
}
