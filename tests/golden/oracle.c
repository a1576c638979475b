/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "oracle.h"

#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_blas.h>
#include <gsl/gsl_eigen.h>

typedef struct problem {
    int n, k;
    const tm_sample *sample;
    gsl_matrix *x, *m, *residual_maker; /* X, (X'WX)^+, I - X (X'WX)^+ X'W */
    gsl_vector *y, *w, *a, *e, *c;      /* effect = a'b = c'y */
} problem;

static double weight_of(const tm_sample *sample, int i)
{
    return sample->weight ? sample->weight[i] : 1;
}

/* power of a symmetric matrix; eigenvalues below tolerance × the largest count as zero. Returns the rank. */
static int symmetric_power(const gsl_matrix *s, double power, double tolerance, gsl_matrix *out)
{
    size_t n = s->size1;
    int rank = 0;
    gsl_matrix *copy = gsl_matrix_alloc(n, n), *vectors = gsl_matrix_alloc(n, n), *scaled = gsl_matrix_alloc(n, n);
    gsl_vector *values = gsl_vector_alloc(n);
    gsl_eigen_symmv_workspace *room = gsl_eigen_symmv_alloc(n);
    gsl_matrix_memcpy(copy, s);
    gsl_eigen_symmv(copy, values, vectors, room);
    double largest = gsl_vector_max(values);
    for (size_t j = 0; j < n; j++) {
        double value = gsl_vector_get(values, j), f = value > tolerance * largest ? pow(value, power) : 0;
        rank += value > tolerance * largest;
        for (size_t i = 0; i < n; i++) gsl_matrix_set(scaled, i, j, gsl_matrix_get(vectors, i, j) * f);
    }
    gsl_blas_dgemm(CblasNoTrans, CblasTrans, 1, scaled, vectors, 0, out);
    gsl_eigen_symmv_free(room);
    gsl_vector_free(values);
    gsl_matrix_free(copy);
    gsl_matrix_free(vectors);
    gsl_matrix_free(scaled);
    return rank;
}

/* X and a, columns scaled to length one so that the rank is plain. */
static void fill(const tm_model *model, int contrast, problem *p)
{
    for (int i = 0; i < p->n; i++) {
        gsl_matrix_set(p->x, (size_t)i, (size_t)model->group[i], 1);
        gsl_vector_set(p->y, (size_t)i, p->sample->y[i]);
        gsl_vector_set(p->w, (size_t)i, weight_of(p->sample, i));
        for (int j = 0; j < model->n_columns; j++)
            gsl_matrix_set(p->x, (size_t)i, (size_t)(model->n_groups + j), model->column[j][i]);
    }
    for (int f = 0; f < model->n_groups; f++)
        gsl_vector_set(p->a, (size_t)f, model->group_weight[(int64_t)contrast * model->n_groups + f]);
    for (int j = 0; j < model->n_columns; j++)
        gsl_vector_set(p->a, (size_t)(model->n_groups + j),
                       model->column_weight[(int64_t)contrast * model->n_columns + j]);
    for (size_t j = 0; j < (size_t)p->k; j++) {
        gsl_vector_view column = gsl_matrix_column(p->x, j);
        double length = gsl_blas_dnrm2(&column.vector);
        if (!(length > 0)) continue;
        gsl_vector_scale(&column.vector, 1 / length);
        gsl_vector_set(p->a, j, gsl_vector_get(p->a, j) / length);
    }
}

/* (X'WX)^+ over the rows outside of one cluster (-1: all rows), and X'Wy. Returns the rank. */
static int normal_equations(const problem *p, int without, gsl_matrix *inverse, gsl_vector *right)
{
    gsl_matrix *s = gsl_matrix_calloc((size_t)p->k, (size_t)p->k);
    gsl_vector_set_zero(right);
    for (int i = 0; i < p->n; i++) {
        if (p->sample->cluster[i] == without) continue;
        gsl_vector_view row = gsl_matrix_row(p->x, (size_t)i);
        double w = gsl_vector_get(p->w, (size_t)i);
        gsl_blas_dsyr(CblasLower, w, &row.vector, s);
        gsl_blas_daxpy(w * gsl_vector_get(p->y, (size_t)i), &row.vector, right);
    }
    for (size_t i = 0; i < s->size1; i++)
        for (size_t j = 0; j < i; j++) gsl_matrix_set(s, j, i, gsl_matrix_get(s, i, j));
    int rank = symmetric_power(s, -1, 1e-11, inverse);
    gsl_matrix_free(s);
    return rank;
}

static double effect_without(const problem *p, int cluster)
{
    gsl_matrix *inverse = gsl_matrix_alloc((size_t)p->k, (size_t)p->k);
    gsl_vector *right = gsl_vector_alloc((size_t)p->k), *b = gsl_vector_alloc((size_t)p->k);
    double effect;
    normal_equations(p, cluster, inverse, right);
    gsl_blas_dgemv(CblasNoTrans, 1, inverse, right, 0, b);
    gsl_blas_ddot(p->a, b, &effect);
    gsl_matrix_free(inverse);
    gsl_vector_free(right);
    gsl_vector_free(b);
    return effect;
}

static void solve(problem *p, oracle *out)
{
    size_t n = (size_t)p->n, k = (size_t)p->k;
    gsl_vector *right = gsl_vector_alloc(k), *b = gsl_vector_alloc(k), *ma = gsl_vector_alloc(k);
    gsl_matrix *xm = gsl_matrix_alloc(n, k), *xw = gsl_matrix_alloc(n, k);
    out->rank = normal_equations(p, -1, p->m, right);
    gsl_blas_dgemv(CblasNoTrans, 1, p->m, right, 0, b);
    gsl_blas_ddot(p->a, b, &out->effect);
    gsl_vector_memcpy(p->e, p->y);
    gsl_blas_dgemv(CblasNoTrans, -1, p->x, b, 1, p->e);
    gsl_blas_dgemv(CblasNoTrans, 1, p->m, p->a, 0, ma);
    gsl_blas_dgemv(CblasNoTrans, 1, p->x, ma, 0, p->c);
    gsl_vector_mul(p->c, p->w);
    gsl_blas_dgemm(CblasNoTrans, CblasNoTrans, 1, p->x, p->m, 0, xm);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < k; j++) gsl_matrix_set(xw, i, j, gsl_matrix_get(p->x, i, j) * gsl_vector_get(p->w, i));
    gsl_matrix_set_identity(p->residual_maker);
    gsl_blas_dgemm(CblasNoTrans, CblasTrans, -1, xm, xw, 1, p->residual_maker);
    gsl_vector_free(right);
    gsl_vector_free(b);
    gsl_vector_free(ma);
    gsl_matrix_free(xm);
    gsl_matrix_free(xw);
}

/* (Σ p_g'p_g)² / ΣΣ (p_g'p_h)² of the columns of a matrix. */
static double satterthwaite(const gsl_matrix *p)
{
    gsl_matrix *gram = gsl_matrix_alloc(p->size2, p->size2);
    double trace = 0, square = 0;
    gsl_blas_dgemm(CblasTrans, CblasNoTrans, 1, p, p, 0, gram);
    for (size_t i = 0; i < p->size2; i++) {
        trace += gsl_matrix_get(gram, i, i);
        for (size_t j = 0; j < p->size2; j++) square += gsl_matrix_get(gram, i, j) * gsl_matrix_get(gram, i, j);
    }
    gsl_matrix_free(gram);
    return trace * trace / square;
}

/* Row by row; rows scaled by the root of their weight for Bell and McCaffrey's degrees of freedom. */
static void by_rows(const problem *p, bool slow, oracle *out)
{
    size_t n = (size_t)p->n;
    gsl_matrix *g = gsl_matrix_alloc(n, n);
    double rss = 0, length = 0;
    for (size_t i = 0; i < n; i++) {
        double c = gsl_vector_get(p->c, i), e = gsl_vector_get(p->e, i), w = gsl_vector_get(p->w, i);
        double keep = gsl_matrix_get(p->residual_maker, i, i), square = c * c * e * e;
        rss += w * e * e;
        length += c * c / w;
        out->hc0 += square;
        out->hc2 += square / keep;
        out->hc3 += square / (keep * keep);
        for (size_t j = 0; slow && j < n; j++) {
            double turn = sqrt(gsl_vector_get(p->w, j) / w);
            gsl_matrix_set(g, j, i, gsl_matrix_get(p->residual_maker, j, i) * turn * c / sqrt(w) / sqrt(keep));
        }
    }
    out->classical = rss / (p->n - out->rank) * length;
    out->bm_df = slow ? satterthwaite(g) : NAN;
    gsl_matrix_free(g);
}

/* The rows of cluster g: their indices, and the residual maker's rows. */
static int rows_of(const problem *p, int g, int *row)
{
    int n = 0;
    for (int i = 0; i < p->n; i++)
        if (p->sample->cluster[i] == g) row[n++] = i;
    return n;
}

/* Σ_i c_i (A e)_i over the rows of a cluster, and A c. */
static double adjusted_score(const problem *p, const gsl_matrix *adjust, const int *row, gsl_vector *turned)
{
    size_t n = adjust->size1;
    double score = 0;
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t j = 0; j < n; j++) sum += gsl_matrix_get(adjust, j, i) * gsl_vector_get(p->c, (size_t)row[j]);
        gsl_vector_set(turned, i, sum);
        score += sum * gsl_vector_get(p->e, (size_t)row[i]);
    }
    return score;
}

static void one_cluster(const problem *p, int g, gsl_matrix *directions, oracle *out)
{
    int *row = malloc((size_t)p->n * sizeof *row), size = rows_of(p, g, row);
    size_t n = (size_t)size;
    gsl_matrix *own = gsl_matrix_alloc(n, n), *both = gsl_matrix_alloc(n, n), *adjust = gsl_matrix_alloc(n, n);
    gsl_matrix *part = gsl_matrix_alloc(n, (size_t)p->n);
    gsl_vector *turned = gsl_vector_alloc(n), *all = gsl_vector_alloc((size_t)p->n);
    for (size_t i = 0; i < n; i++) {
        gsl_vector_view from = gsl_matrix_row(p->residual_maker, (size_t)row[i]);
        gsl_matrix_set_row(part, i, &from.vector);
    }
    gsl_blas_dgemm(CblasNoTrans, CblasTrans, 1, part, part, 0, both);
    gsl_matrix_set_identity(adjust);
    double score = adjusted_score(p, adjust, row, turned);
    out->cr0 += score * score;
    symmetric_power(both, -0.5, 1e-10, adjust);
    score = adjusted_score(p, adjust, row, turned);
    out->cr2 += score * score;
    gsl_blas_dgemv(CblasTrans, 1, part, turned, 0, all);
    gsl_matrix_set_col(directions, (size_t)g, all);
    /* (I - H_gg)^-1 through the symmetric form: W^½ (I - H_gg) W^-½. */
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            double turn = sqrt(gsl_vector_get(p->w, (size_t)row[i]) / gsl_vector_get(p->w, (size_t)row[j]));
            gsl_matrix_set(own, i, j, gsl_matrix_get(part, i, (size_t)row[j]) * turn);
        }
    symmetric_power(own, -1, 1e-10, both);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            double turn = sqrt(gsl_vector_get(p->w, (size_t)row[i]) / gsl_vector_get(p->w, (size_t)row[j]));
            gsl_matrix_set(adjust, i, j, gsl_matrix_get(both, i, j) / turn);
        }
    score = adjusted_score(p, adjust, row, turned);
    out->cr3 += score * score;
    gsl_matrix_free(own);
    gsl_matrix_free(both);
    gsl_matrix_free(adjust);
    gsl_matrix_free(part);
    gsl_vector_free(turned);
    gsl_vector_free(all);
    free(row);
}

static void by_clusters(const problem *p, bool slow, oracle *out)
{
    int n_clusters = p->sample->n_clusters;
    gsl_matrix *directions = gsl_matrix_alloc((size_t)p->n, (size_t)n_clusters);
    double *left = malloc((size_t)n_clusters * sizeof *left), mean = 0, factor = (n_clusters - 1.0) / n_clusters;
    for (int g = 0; g < n_clusters; g++) {
        one_cluster(p, g, directions, out);
        left[g] = slow ? effect_without(p, g) : NAN;
        mean += left[g] / n_clusters;
    }
    for (int g = 0; g < n_clusters; g++) {
        out->cv3 += factor * (left[g] - out->effect) * (left[g] - out->effect);
        out->cv3j += factor * (left[g] - mean) * (left[g] - mean);
    }
    out->cr2_df = satterthwaite(directions);
    gsl_matrix_free(directions);
    free(left);
}

void oracle_run(const tm_model *model, int contrast, bool slow, oracle *out)
{
    problem p = {.n = (int)model->sample->n, .k = model->n_groups + model->n_columns, .sample = model->sample};
    size_t n = (size_t)p.n, k = (size_t)p.k;
    *out = (oracle){.n = p.n, .k = p.k};
    p.x = gsl_matrix_calloc(n, k), p.m = gsl_matrix_alloc(k, k), p.residual_maker = gsl_matrix_alloc(n, n);
    p.y = gsl_vector_alloc(n), p.w = gsl_vector_alloc(n), p.a = gsl_vector_alloc(k);
    p.e = gsl_vector_alloc(n), p.c = gsl_vector_alloc(n);
    fill(model, contrast, &p);
    solve(&p, out);
    by_rows(&p, slow, out);
    by_clusters(&p, slow, out);
    gsl_matrix_free(p.x);
    gsl_matrix_free(p.m);
    gsl_matrix_free(p.residual_maker);
    gsl_vector_free(p.y);
    gsl_vector_free(p.w);
    gsl_vector_free(p.a);
    gsl_vector_free(p.e);
    gsl_vector_free(p.c);
}
