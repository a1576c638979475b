/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CR2 of ordinary least squares with Φ_g = I + λ J as working covariance of cluster g. With Z_g the rows of the
 * orthonormal basis and Ω = Z'ΦZ,
 *
 *     M_g = [(I - H) Φ (I - H)']_gg = Φ_g - Z_gZ_g'Φ_g - Φ_gZ_gZ_g' + Z_gΩZ_g',
 *     A_g = Φ_g^(1/2) (Φ_g^(1/2) M_g Φ_g^(1/2))^(-1/2) Φ_g^(1/2)
 *
 * (any root of Φ_g gives the same). Every row is in one absorbed group, so that 1 = Z_g o with o = √W_f: all happens in
 * the span of Z_g = Q R, R = Λ^(1/2) E' from S_g = Z_g'Z_g = EΛE'. With f = Q'A_gZ_gℓ, v_g = R'f and φ_g = R'Q'Φ_gQ f,
 *
 *     p_g'Φp_h = -v_g'φ_h - φ_g'v_h + v_g'Ωv_h, and f'Q'M_gQ f where g = h,
 *
 * give the degrees of freedom (Pustejovsky & Tipton 2018, eq. 9-11). */
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "moments/leverage.h"
#include "numeric/symmetric.h"
#include "variances/clustered.h"

static const double direction_tolerance = 1e-8;
static const double rank_tolerance = 1e-14; /* of S_g's eigenvalues, against their sum */
static const double zero_tolerance = 1e-10; /* of those of Φ_g^(1/2) M_g Φ_g^(1/2), against Φ_g's largest */
static const double few_degrees = 4;
/* As in clustered_weighted.c: a cluster whose own product is so much larger than p_g'Φp_g meets each other by itself.
 */
static const double loud_share = 30;

typedef struct spread {
    double n, clusters, square, squares, mean, between, within;
} spread;

/* λ of the clusters of one arm (the last: of those with clients in several), by analysis of variance of the residuals,
 * 0 where it is negative, and where no cluster has several clients: λ = max(0, MSB / MSW - 1) / n_0. */
static double ratio_of(const spread *s)
{
    const double size = (s->n - s->squares / s->n) / (s->clusters - 1);
    const double between = s->between / (s->clusters - 1), within = s->within / (s->n - s->clusters);
    if (s->clusters < 2 || s->n <= s->clusters || !(within > 0)) return 0;
    return fmax(0, between / within - 1) / size;
}

static int32_t class_of(const tm_fit *fit, const tm_cluster *cluster)
{
    int32_t arm = fit->arm[cluster->start];
    for (int64_t i = cluster->start; i < cluster->start + cluster->n; i++)
        if (fit->arm[i] != arm) return fit->model->sample->n_arms;
    return arm;
}

static temoin_status find_ratios(temoin_context *ctx, const tm_fit *fit, double *ratio)
{
    const int32_t n_classes = fit->model->sample->n_arms + 1;
    spread *spreads;
    TM_SCRATCH(ctx, spreads, n_classes);
    for (int pass = 0; pass < 2; pass++)
        for (int32_t g = 0; g < fit->n_clusters; g++) {
            const tm_cluster cluster = tm_cluster_view(fit, g);
            const double n = (double)cluster.n;
            if (!cluster.n) continue;
            spread *s = &spreads[class_of(fit, &cluster)];
            const double mean = ctx->kernels->sum(fit->residual + cluster.start, cluster.n) / n;
            if (pass == 0) {
                s->n += n, s->clusters++, s->squares += n * n, s->mean += n * mean;
                continue;
            }
            s->between += n * (mean - s->mean / s->n) * (mean - s->mean / s->n);
            for (int64_t i = cluster.start; i < cluster.start + cluster.n; i++)
                s->within += (fit->residual[i] - mean) * (fit->residual[i] - mean);
        }
    for (int32_t g = 0; g < fit->n_clusters; g++) {
        const tm_cluster cluster = tm_cluster_view(fit, g);
        if (cluster.n) ratio[g] = ratio_of(&spreads[class_of(fit, &cluster)]);
    }
    return TEMOIN_OK;
}

typedef struct workspace {
    double *gram, *score, *products, *ones;         /* S_g, Z_g'e, kernel room, o on the coordinates of g */
    double *vectors, *values, *room;                /* of an eigenproblem */
    double *r, *q, *phi, *m, *b, *t, *y, *f, *over; /* R by rows; Q'1; Q'ΦQ, Q'MQ, …; Q'e */
    const double **columns;
} workspace;

typedef struct working {
    const tm_fit *fit;
    const double *ratio; /* [n_clusters] λ */
    double *omega;       /* [k * k] */
    double *score, *lost, *own, *self;
    double *v; /* v_g [dim], φ_g [dim] of each cluster */
    int64_t *offset;
    workspace w;
} working;

static int32_t place_of(const tm_fit *fit, const tm_cluster *cluster, int32_t c)
{
    return c < cluster->n_touched ? cluster->cell[c].group : fit->n_groups + c - cluster->n_touched;
}

static temoin_status open_working(temoin_context *ctx, const tm_fit *fit, working *o)
{
    const int64_t d = tm_clusters_largest_dim(fit), k = fit->n_parameters, square = d * d;
    double **squares[] = {&o->w.gram, &o->w.vectors, &o->w.r, &o->w.phi, &o->w.m, &o->w.b, &o->w.t};
    double **lines[] = {&o->w.score, &o->w.ones, &o->w.values, &o->w.q, &o->w.y, &o->w.f, &o->w.over};
    double **clusters[] = {&o->score, &o->lost, &o->own, &o->self};
    double *ratio;
    for (int i = 0; i < 7; i++) {
        TM_SCRATCH(ctx, *squares[i], square);
        TM_SCRATCH(ctx, *lines[i], d);
    }
    for (int i = 0; i < 4; i++) TM_SCRATCH(ctx, *clusters[i], fit->n_clusters);
    TM_SCRATCH(ctx, o->w.products, (int64_t)(fit->rank + 1) * (fit->rank + 1));
    TM_SCRATCH(ctx, o->w.columns, fit->rank + 1);
    TM_SCRATCH(ctx, o->w.room, tm_symmetric_eigen_room((int)d));
    TM_SCRATCH(ctx, o->omega, k * k);
    TM_SCRATCH(ctx, ratio, fit->n_clusters);
    TM_SCRATCH(ctx, o->offset, (int64_t)fit->n_clusters + 1);
    for (int32_t g = 0; g < fit->n_clusters; g++) o->offset[g + 1] = o->offset[g] + 2 * tm_cluster_view(fit, g).dim;
    TM_SCRATCH(ctx, o->v, o->offset[fit->n_clusters]);
    o->fit = fit;
    o->ratio = ratio;
    return find_ratios(ctx, fit, ratio);
}

/* S_g, Z_g'e and o. */
static void read_cluster(const tm_kernels *kernels, const tm_fit *fit, const tm_cluster *cluster, workspace *w)
{
    tm_cluster_moments(kernels, fit, cluster, w->gram, w->score, w->columns, w->products);
    for (int32_t c = 0; c < cluster->dim; c++)
        w->ones[c] = c < cluster->n_touched ? sqrt(fit->group_total[cluster->cell[c].group]) : 0;
}

/* Ω = Σ_g S_g + λ_g s_g s_g', s_g = S_g o. */
static void add_omega(const tm_cluster *cluster, double ratio, working *o)
{
    const int32_t d = cluster->dim;
    workspace *w = &o->w;
    for (int32_t i = 0; i < d; i++) {
        w->q[i] = 0;
        for (int32_t j = 0; j < d; j++) w->q[i] += w->gram[i * d + j] * w->ones[j];
    }
    for (int32_t i = 0; i < d; i++)
        for (int32_t j = 0; j < d; j++)
            o->omega[(int64_t)place_of(o->fit, cluster, i) * o->fit->n_parameters + place_of(o->fit, cluster, j)] +=
                w->gram[i * d + j] + ratio * w->q[i] * w->q[j];
}

/* R, Q'1 and Q'e; the rank. */
static int32_t factor(int32_t d, workspace *w)
{
    double whole = 0;
    int32_t rank = 0;
    for (int32_t i = 0; i < d; i++) whole += w->gram[i * d + i];
    tm_symmetric_eigen(w->gram, d, w->values, w->vectors, w->room);
    for (int32_t c = 0; c < d; c++) {
        if (!(w->values[c] > rank_tolerance * whole)) continue;
        const double root = sqrt(w->values[c]);
        w->q[rank] = w->over[rank] = 0;
        for (int32_t i = 0; i < d; i++) {
            const double e = w->vectors[i * d + c];
            w->r[rank * d + i] = root * e;
            w->q[rank] += root * e * w->ones[i];
            w->over[rank] += e * w->score[i] / root;
        }
        rank++;
    }
    return rank;
}

static void multiply(const double *a, const double *b, int32_t n, double *out)
{
    for (int32_t i = 0; i < n; i++)
        for (int32_t j = 0; j < n; j++) {
            double sum = 0;
            for (int32_t m = 0; m < n; m++) sum += a[i * n + m] * b[m * n + j];
            out[i * n + j] = sum;
        }
}

/* a I + b q q'. */
static void fill_compound(int32_t rank, double a, double b, const double *q, double *out)
{
    for (int32_t i = 0; i < rank; i++)
        for (int32_t j = 0; j < rank; j++) out[i * rank + j] = (i == j ? a : 0) + b * q[i] * q[j];
}

/* Q'ΦQ in phi and Q'MQ in m; t and b are room. */
static void fill_middle(const tm_cluster *cluster, int32_t rank, double ratio, working *o)
{
    const int32_t d = cluster->dim;
    workspace *w = &o->w;
    fill_compound(rank, 1, ratio, w->q, w->phi);
    for (int32_t i = 0; i < rank; i++) /* H = R R' in t */
        for (int32_t j = 0; j < rank; j++) {
            double sum = 0;
            for (int32_t c = 0; c < d; c++) sum += w->r[i * d + c] * w->r[j * d + c];
            w->t[i * rank + j] = sum;
        }
    multiply(w->t, w->phi, rank, w->b);
    for (int32_t i = 0; i < rank; i++) {
        for (int32_t c = 0; c < d; c++) { /* row i of R Ω */
            const double *row = o->omega + (int64_t)place_of(o->fit, cluster, c) * o->fit->n_parameters;
            w->y[c] = 0;
            for (int32_t m = 0; m < d; m++) w->y[c] += row[place_of(o->fit, cluster, m)] * w->r[i * d + m];
        }
        for (int32_t j = 0; j < rank; j++) {
            double sum = w->phi[i * rank + j] - w->b[i * rank + j] - w->b[j * rank + i];
            for (int32_t c = 0; c < d; c++) sum += w->y[c] * w->r[j * d + c];
            w->m[i * rank + j] = sum;
        }
    }
}

static void turn(const double *matrix, const double *x, int32_t n, double *out)
{
    for (int32_t i = 0; i < n; i++) {
        out[i] = 0;
        for (int32_t j = 0; j < n; j++) out[i] += matrix[i * n + j] * x[j];
    }
}

/* f = Φ^(1/2) (Φ^(1/2) M Φ^(1/2))^(-1/2) Φ^(1/2) y; the length of Φ^(1/2) y along what M has lost, relative to Φ's
 * largest eigenvalue. y is turned too. */
static double adjust(int32_t rank, double n, double ratio, workspace *w)
{
    const double largest = 1 + ratio * n, root = ratio > 0 ? (sqrt(largest) - 1) / n : 0;
    double lost = 0;
    fill_compound(rank, 1, root, w->q, w->t); /* |Q'1|² = n */
    multiply(w->t, w->m, rank, w->b);
    multiply(w->b, w->t, rank, w->gram);
    tm_symmetric_eigen(w->gram, rank, w->values, w->vectors, w->room);
    turn(w->t, w->y, rank, w->f);
    memset(w->y, 0, (size_t)rank * sizeof *w->y);
    for (int32_t c = 0; c < rank; c++) {
        double along = 0;
        for (int32_t i = 0; i < rank; i++) along += w->vectors[i * rank + c] * w->f[i];
        if (!(w->values[c] > zero_tolerance * largest * largest)) {
            lost += along * along;
            continue;
        }
        for (int32_t i = 0; i < rank; i++) w->y[i] += along / sqrt(w->values[c]) * w->vectors[i * rank + c];
    }
    turn(w->t, w->y, rank, w->f);
    return sqrt(lost / largest);
}

static void sum_cluster(const tm_kernels *kernels, int32_t g, const double *l, working *o)
{
    const tm_cluster cluster = tm_cluster_view(o->fit, g);
    const int32_t d = cluster.dim;
    workspace *w = &o->w;
    double *v = o->v + o->offset[g], *phi = v + d;
    memset(v, 0, (size_t)(2 * d) * sizeof *v);
    o->score[g] = o->lost[g] = o->own[g] = o->self[g] = 0;
    if (!cluster.n) return;
    read_cluster(kernels, o->fit, &cluster, w);
    const int32_t rank = factor(d, w);
    fill_middle(&cluster, rank, o->ratio[g], o);
    tm_cluster_gather(o->fit, &cluster, l, w->values);
    for (int32_t i = 0; i < rank; i++) {
        w->y[i] = 0;
        for (int32_t c = 0; c < d; c++) w->y[i] += w->r[i * d + c] * w->values[c];
    }
    o->lost[g] = adjust(rank, (double)cluster.n, o->ratio[g], w);
    turn(w->phi, w->f, rank, w->y);
    turn(w->m, w->f, rank, w->values);
    double plain = 0;
    for (int32_t i = 0; i < rank; i++) {
        o->score[g] += w->f[i] * w->over[i];
        o->own[g] += w->f[i] * w->values[i];
        plain += w->f[i] * w->y[i];
        for (int32_t c = 0; c < d; c++) {
            v[c] += w->r[i * d + c] * w->f[i];
            phi[c] += w->r[i * d + c] * w->y[i];
        }
    }
    o->self[g] = o->own[g] - plain;
}

static bool is_loud(const working *o, int32_t g)
{
    return fabs(o->self[g]) > loud_share * o->own[g];
}

/* v and φ of a cluster among all 2 k coordinates. */
static void spread_out(const working *o, int32_t g, double *full)
{
    const tm_cluster cluster = tm_cluster_view(o->fit, g);
    const int32_t k = o->fit->n_parameters;
    memset(full, 0, 2 * (size_t)k * sizeof *full);
    for (int32_t c = 0; c < cluster.dim; c++) {
        const int32_t at = place_of(o->fit, &cluster, c);
        full[at] = o->v[o->offset[g] + c];
        full[k + at] = o->v[o->offset[g] + cluster.dim + c];
    }
}

/* y = K x, K = [[Ω, -I], [-I, 0]], so that p_g'Φp_h = x_g'K x_h. */
static void turn_pair(const working *o, const double *x, double *y, int32_t *some)
{
    const int32_t k = o->fit->n_parameters;
    int32_t n_some = 0;
    for (int32_t m = 0; m < k; m++) { /* few, where there are many groups */
        some[n_some] = m;
        n_some += x[m] != 0;
    }
    for (int32_t i = 0; i < k; i++) {
        const double *row = o->omega + (int64_t)i * k;
        double sum = 0;
        for (int32_t m = 0; m < n_some; m++) sum += row[some[m]] * x[some[m]];
        y[i] = sum - x[k + i];
        y[k + i] = -x[i];
    }
}

/* ΣΣ (p_g'Φp_h)² over g ≠ h: tr(KTKT), T = Σ x_g x_g' of the quiet clusters, less their own, and the loud ones' pairs.
 */
static temoin_status pairs_norm(temoin_context *ctx, const working *o, double *norm)
{
    const int32_t n = 2 * o->fit->n_parameters;
    double *t, *kt, *x, *y;
    int32_t *some;
    TM_SCRATCH(ctx, some, n);
    TM_SCRATCH(ctx, t, (int64_t)n * n);
    TM_SCRATCH(ctx, kt, (int64_t)n * n);
    TM_SCRATCH(ctx, x, n);
    TM_SCRATCH(ctx, y, n);
    *norm = 0;
    for (int32_t g = 0; g < o->fit->n_clusters; g++) {
        spread_out(o, g, x);
        if (!is_loud(o, g)) {
            *norm -= o->self[g] * o->self[g];
            for (int32_t i = 0; i < n; i++)
                if (x[i] != 0) ctx->kernels->axpy(x[i], x, t + (int64_t)i * n, n);
            continue;
        }
        turn_pair(o, x, y, some);
        for (int32_t h = 0; h < o->fit->n_clusters; h++) {
            spread_out(o, h, x);
            const double product = ctx->kernels->dot(x, y, n);
            if (h != g) *norm += (is_loud(o, h) ? 1 : 2) * product * product;
        }
    }
    for (int32_t i = 0; i < n; i++)
        turn_pair(o, t + (int64_t)i * n, kt + (int64_t)i * n, some); /* T is symmetric: (K T)' */
    for (int32_t i = 0; i < n; i++)
        for (int32_t j = 0; j < n; j++) *norm += kt[(int64_t)i * n + j] * kt[(int64_t)j * n + i];
    return TEMOIN_OK;
}

static temoin_status finish(temoin_context *ctx, const working *o, tm_uncertainty *out)
{
    double variance = 0, trace = 0, lost = 0, norm = 0, own = 0;
    for (int32_t g = 0; g < o->fit->n_clusters; g++) {
        variance += o->score[g] * o->score[g];
        lost = fmax(lost, o->lost[g]);
        trace += o->own[g];
        own += o->own[g] * o->own[g];
    }
    if (lost > direction_tolerance * sqrt(trace)) {
        tm_uncertainty_refuse(out, "cluster_leverage_one");
        return TEMOIN_OK;
    }
    TM_TRY(pairs_norm(ctx, o, &norm));
    out->variance = variance;
    out->df = trace * trace / (own + norm);
    out->warned = out->df < few_degrees ? "few_clusters" : NULL;
    return TEMOIN_OK;
}

temoin_status tm_clustered_working(temoin_context *ctx, const tm_fit *fit, tm_uncertainty *out)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    working o = {0};
    TM_TRY(tm_clustered_refuse(ctx, fit, out));
    if (!fit->root_weight) TM_TRY(open_working(ctx, fit, &o));
    for (int32_t g = 0; !fit->root_weight && g < fit->n_clusters; g++) {
        const tm_cluster cluster = tm_cluster_view(fit, g);
        read_cluster(ctx->kernels, fit, &cluster, &o.w);
        add_omega(&cluster, o.ratio[g], &o);
    }
    for (int32_t c = 0; c < fit->model->n_contrasts; c++) {
        if (isnan(fit->value[c]) || out[c].refused) continue;
        if (fit->root_weight) {
            tm_uncertainty_refuse(&out[c], "weights_not_taken");
            continue;
        }
        tm_mark inner = tm_arena_mark(&ctx->scratch);
        for (int32_t g = 0; g < fit->n_clusters; g++)
            sum_cluster(ctx->kernels, g, fit->basis + (int64_t)c * fit->n_parameters, &o);
        TM_TRY(finish(ctx, &o, &out[c]));
        tm_arena_rewind(&ctx->scratch, inner);
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
