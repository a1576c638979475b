/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "inference/bootstrap_draws.h"
#include "kernels/kernels.h"
#include "moments/leverage.h"
#include "numeric/matrix_power.h"

/* Children by cluster: child[first[g]] … child[first[g + 1] - 1]. */
typedef struct families {
    int32_t *first, *child;
} families;

/* One cluster on the coordinates that it touches: the groups of its children in the order met, then the columns of Q.
 */
typedef struct family {
    int32_t n_touched, dim;
    int32_t *group;       /* [n_touched] */
    int32_t *place;       /* [n_groups] where a group stands, -1: not touched */
    double *gram, *score; /* S_g, Z_g'e */
    double *l, *r;        /* ℓ, and (I - S_g)^power ℓ */
    double *part[2];      /* the restricted score, then x of spread_residuals */
    double *turned, *shrunk, *room;
} family;

/* One child, on its own coordinates. */
typedef struct child {
    tm_cluster cluster;
    double *gram, *score, *part, *products;
    const double **columns;
} child;

static temoin_status find_families(temoin_context *ctx, const int32_t *owner, int32_t n_children, int32_t n_clusters,
                                   families *out)
{
    int32_t *next;
    TM_SCRATCH(ctx, out->first, (int64_t)n_clusters + 1);
    TM_SCRATCH(ctx, out->child, n_children);
    TM_SCRATCH(ctx, next, (int64_t)n_clusters + 1);
    for (int32_t h = 0; h < n_children; h++) next[owner[h] + 1]++;
    for (int32_t g = 0; g < n_clusters; g++) next[g + 1] += next[g];
    memcpy(out->first, next, ((size_t)n_clusters + 1) * sizeof *next);
    for (int32_t h = 0; h < n_children; h++) out->child[next[owner[h]]++] = h;
    return TEMOIN_OK;
}

/* The largest number of coordinates that a cluster can touch. */
static int32_t largest_dim(const tm_fit *fit, const families *of, int32_t n_clusters)
{
    int32_t largest = 0;
    for (int32_t g = 0; g < n_clusters; g++) {
        int32_t touched = 0;
        for (int32_t k = of->first[g]; k < of->first[g + 1]; k++)
            touched += tm_cluster_view(fit, of->child[k]).n_touched;
        if (touched > fit->n_groups) touched = fit->n_groups;
        if (touched > largest) largest = touched;
    }
    return largest + fit->rank;
}

static temoin_status open_room(temoin_context *ctx, const tm_fit *fit, int32_t dim, family *f, child *c)
{
    int64_t square = (int64_t)dim * dim;
    TM_SCRATCH(ctx, f->group, dim);
    TM_SCRATCH(ctx, f->place, fit->n_groups);
    TM_SCRATCH(ctx, f->gram, square);
    TM_SCRATCH(ctx, f->shrunk, square);
    TM_SCRATCH(ctx, f->score, dim);
    TM_SCRATCH(ctx, f->l, dim);
    TM_SCRATCH(ctx, f->r, dim);
    TM_SCRATCH(ctx, f->turned, 2 * (int64_t)dim);
    TM_SCRATCH(ctx, f->part[0], dim);
    TM_SCRATCH(ctx, f->part[1], dim);
    TM_SCRATCH(ctx, f->room, tm_complement_power_room(dim));
    TM_SCRATCH(ctx, c->gram, square);
    TM_SCRATCH(ctx, c->score, dim);
    TM_SCRATCH(ctx, c->part, dim);
    TM_SCRATCH(ctx, c->products, (int64_t)(fit->rank + 1) * (fit->rank + 1));
    TM_SCRATCH(ctx, c->columns, (int64_t)fit->rank + 1);
    for (int32_t k = 0; k < fit->n_groups; k++) f->place[k] = -1;
    return TEMOIN_OK;
}

static void open_child(const tm_kernels *kernels, const tm_fit *fit, int32_t h, child *c)
{
    c->cluster = tm_cluster_view(fit, h);
    tm_cluster_moments(kernels, fit, &c->cluster, c->gram, c->score, c->columns, c->products);
}

/* Where coordinate k of a child stands in its family. */
static int32_t place_in(const family *f, const child *c, int32_t k)
{
    int32_t t = c->cluster.n_touched;
    return k < t ? f->place[c->cluster.cell[k].group] : f->n_touched + k - t;
}

/* S_g and Z_g'e, from the children. */
static void add_up(temoin_context *ctx, const tm_fit *fit, const families *of, int32_t g, family *f, child *c)
{
    f->n_touched = 0;
    for (int32_t k = of->first[g]; k < of->first[g + 1]; k++) {
        tm_cluster view = tm_cluster_view(fit, of->child[k]);
        for (int32_t j = 0; j < view.n_touched; j++)
            if (f->place[view.cell[j].group] < 0) {
                f->group[f->n_touched] = view.cell[j].group;
                f->place[view.cell[j].group] = f->n_touched++;
            }
    }
    f->dim = f->n_touched + fit->rank;
    memset(f->gram, 0, (size_t)f->dim * (size_t)f->dim * sizeof *f->gram);
    memset(f->score, 0, (size_t)f->dim * sizeof *f->score);
    for (int32_t k = of->first[g]; k < of->first[g + 1]; k++) {
        open_child(ctx->kernels, fit, of->child[k], c);
        for (int32_t i = 0; i < c->cluster.dim; i++) {
            int32_t row = place_in(f, c, i);
            f->score[row] += c->score[i];
            for (int32_t j = 0; j < c->cluster.dim; j++)
                f->gram[row * f->dim + place_in(f, c, j)] += c->gram[i * c->cluster.dim + j];
        }
    }
}

static void multiply(const double *s, int32_t n, const double *v, double *out)
{
    for (int32_t i = 0; i < n; i++) {
        out[i] = 0;
        for (int32_t j = 0; j < n; j++) out[i] += s[i * n + j] * v[j];
    }
}

static double dot(const double *a, const double *b, int32_t n)
{
    double sum = 0;
    for (int32_t k = 0; k < n; k++) sum += a[k] * b[k];
    return sum;
}

/* v - c u (u'v) */
static void take_out(const double *u, double c, double *v, int32_t n)
{
    double along = c * dot(u, v, n);
    for (int32_t k = 0; k < n; k++) v[k] -= along * u[k];
}

/* Leaving cluster g out of the restricted fit turns its residuals e_g into (I - H)⁻¹ e_g with H = Z_g P Z_g' and
 * P = I - ℓℓ'/ℓ'ℓ. On the coordinates that g touches P is no projection, but with its root R = I - c ℓℓ' and
 * (I - W W')⁻¹ = I + W (I - W'W)⁻¹ W' for W = Z_g R, the scores of any of g's rows gain (their Z'Z) x, where
 *
 *     x = R (I - R S_g R)⁻¹ R Z_g'e_g
 *
 * Unrestricted, R = I. Directions that g alone determines have no residuals, and are left out. Overwrites each part
 * with its x. */
static void spread_residuals(const tm_bootstrap_options *options, double length2, int n_parts, family *f)
{
    int32_t n = f->dim;
    double inside = dot(f->l, f->l, n), c = 0;
    double *q = f->turned, *v = f->turned + n;
    memcpy(f->shrunk, f->gram, (size_t)n * (size_t)n * sizeof *f->gram);
    if (!options->unrestricted && inside > 0) {
        c = (1 - sqrt(fmax(1 - inside / length2, 0))) / inside;
        multiply(f->gram, n, f->l, q);
        double lq = dot(f->l, q, n);
        for (int32_t i = 0; i < n; i++)
            for (int32_t j = 0; j < n; j++)
                f->shrunk[i * n + j] += c * (c * lq * f->l[i] * f->l[j] - f->l[i] * q[j] - q[i] * f->l[j]);
    }
    for (int part = 0; part < n_parts; part++) {
        memcpy(v, f->part[part], (size_t)n * sizeof *v);
        take_out(f->l, c, v, n);
        tm_complement_power(f->shrunk, n, TM_POWER_INVERSE, v, f->part[part], f->room);
        take_out(f->l, c, f->part[part], n);
    }
}

/* s_h = Z_h'e + δ S_h ℓ / ℓ'ℓ, with jackknifed residuals + S_h x, for the part. */
static void score_child(const tm_bootstrap_options *options, double length2, const family *f, int part, child *c)
{
    int32_t n = c->cluster.dim;
    for (int32_t i = 0; i < n; i++) {
        double sum = part == 0 ? c->score[i] : 0;
        for (int32_t j = 0; j < n; j++) {
            int32_t at = place_in(f, c, j);
            double x = options->jackknife_scores ? f->part[part][at] : 0;
            if (part == 1) x += f->l[at] / length2;
            sum += c->gram[i * n + j] * x;
        }
        c->part[i] = sum;
    }
}

static void put_child(const tm_fit *fit, const family *f, const child *c, int32_t h, int part, tm_bootstrap_parts *out)
{
    int64_t first = out->children.first[h];
    double total = 0, own = 0;
    for (int32_t k = 0; k < c->cluster.dim; k++) {
        int32_t t = c->cluster.n_touched, at = place_in(f, c, k);
        out->children.at[first + k] = k < t ? c->cluster.cell[k].group : fit->n_groups + k - t;
        out->score[part][first + k] = c->part[k];
        total += f->l[at] * c->part[k];
        own += f->r[at] * c->part[k];
    }
    out->total[part][h] = total;
    out->own[part][h] = own;
    if (part == 1) out->size += own * own;
}

static void put_cluster(const tm_fit *fit, family *f, int32_t g, tm_bootstrap_parts *out)
{
    int64_t first = out->clusters.first[g];
    out->clusters.first[g + 1] = first + f->dim;
    multiply(f->gram, f->dim, f->r, out->weight + first);
    for (int32_t k = 0; k < f->dim; k++)
        out->clusters.at[first + k] = k < f->n_touched ? f->group[k] : fit->n_groups + k - f->n_touched;
    double score = dot(f->r, f->score, f->dim);
    out->variance += score * score;
}

/* Sets ℓ and r of the family, and the scores that residuals of the null hypothesis have. */
static void weigh(const tm_fit *fit, const double *l, double length2, const tm_bootstrap_options *options, family *f,
                  tm_bootstrap_parts *out)
{
    for (int32_t k = 0; k < f->dim; k++) f->l[k] = l[k < f->n_touched ? f->group[k] : fit->n_groups + k - f->n_touched];
    tm_power power = options->jackknife_statistic ? TM_POWER_INVERSE : TM_POWER_ZERO;
    double lost = tm_complement_power(f->gram, f->dim, power, f->l, f->r, f->room);
    out->lost = fmax(out->lost, lost);
    if (!options->jackknife_scores) return;
    memcpy(f->part[0], f->score, (size_t)f->dim * sizeof *f->score);
    multiply(f->gram, f->dim, f->l, f->part[1]);
    for (int32_t k = 0; k < f->dim; k++) f->part[1][k] /= length2;
    spread_residuals(options, length2, out->n_parts, f);
}

static temoin_status open_parts(temoin_context *ctx, const tm_fit *fit, const families *of, int32_t dim,
                                tm_bootstrap_parts *out)
{
    int64_t n_cluster_entries = 0;
    TM_SCRATCH(ctx, out->children.first, (int64_t)out->n_children + 1);
    TM_SCRATCH(ctx, out->clusters.first, (int64_t)out->n_clusters + 1);
    for (int32_t h = 0; h < out->n_children; h++)
        out->children.first[h + 1] = out->children.first[h] + tm_cluster_view(fit, h).dim;
    for (int32_t g = 0; g < out->n_clusters; g++) {
        int64_t most = fit->rank;
        for (int32_t k = of->first[g]; k < of->first[g + 1]; k++) most += tm_cluster_view(fit, of->child[k]).n_touched;
        n_cluster_entries += most < dim ? most : dim;
    }
    int64_t n_entries = out->children.first[out->n_children];
    TM_SCRATCH(ctx, out->children.at, n_entries);
    TM_SCRATCH(ctx, out->clusters.at, n_cluster_entries);
    TM_SCRATCH(ctx, out->weight, n_cluster_entries);
    for (int part = 0; part < out->n_parts; part++) {
        TM_SCRATCH(ctx, out->score[part], n_entries);
        TM_SCRATCH(ctx, out->total[part], out->n_children);
        TM_SCRATCH(ctx, out->own[part], out->n_children);
    }
    return TEMOIN_OK;
}

static temoin_status find_owners(temoin_context *ctx, const tm_fit *fit, const tm_bootstrap_options *options,
                                 tm_bootstrap_parts *out)
{
    out->n_children = fit->n_clusters;
    out->n_clusters = options->owner ? options->n_owners : fit->n_clusters;
    out->owner = options->owner;
    if (out->owner) return TEMOIN_OK;
    int32_t *same;
    TM_SCRATCH(ctx, same, fit->n_clusters);
    for (int32_t h = 0; h < fit->n_clusters; h++) same[h] = h;
    out->owner = same;
    return TEMOIN_OK;
}

temoin_status tm_bootstrap_parts_build(temoin_context *ctx, const tm_fit *fit, int32_t contrast,
                                       const tm_bootstrap_options *options, tm_bootstrap_parts *out)
{
    families of = {0};
    family f = {0};
    child c = {0};
    const double *l = fit->basis + (int64_t)contrast * fit->n_parameters;
    double length2 = dot(l, l, fit->n_parameters);
    *out = (tm_bootstrap_parts){.n_parts = options->unrestricted ? 1 : 2, .n_coordinates = fit->n_parameters};
    TM_TRY(find_owners(ctx, fit, options, out));
    TM_TRY(find_families(ctx, out->owner, out->n_children, out->n_clusters, &of));
    int32_t dim = largest_dim(fit, &of, out->n_clusters);
    TM_TRY(open_parts(ctx, fit, &of, dim, out));
    TM_TRY(open_room(ctx, fit, dim, &f, &c));
    for (int32_t g = 0; g < out->n_clusters; g++) {
        add_up(ctx, fit, &of, g, &f, &c);
        weigh(fit, l, length2, options, &f, out);
        put_cluster(fit, &f, g, out);
        bool alone = of.first[g + 1] - of.first[g] == 1; /* then its moments are there still */
        for (int32_t k = of.first[g]; k < of.first[g + 1]; k++) {
            if (!alone) open_child(ctx->kernels, fit, of.child[k], &c);
            for (int part = 0; part < out->n_parts; part++) {
                score_child(options, length2, &f, part, &c);
                put_child(fit, &f, &c, of.child[k], part, out);
            }
        }
        for (int32_t k = 0; k < f.n_touched; k++) f.place[f.group[k]] = -1;
    }
    return TEMOIN_OK;
}
