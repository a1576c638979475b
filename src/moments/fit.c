/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moments/fit.h"

#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "moments/orthonormal.h"

/* R's rank decision is the same 1e-7 of a column's length (dqrdc2). */
static const double collinear_tolerance = 1e-7;
/* A column that varies less than this within groups is constant there but for rounding. */
static const double constant_tolerance = 1e-11;

/* order[i]: sample row that comes i-th; stable in key. */
static temoin_status sort_by(temoin_context *ctx, const int32_t *key, int32_t n_keys, int64_t n, int64_t *order)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    int64_t *next, *sorted;
    TM_SCRATCH(ctx, next, (int64_t)n_keys + 1);
    TM_SCRATCH(ctx, sorted, n);
    for (int64_t i = 0; i < n; i++) next[key[i] + 1]++;
    for (int32_t k = 0; k < n_keys; k++) next[k + 1] += next[k];
    for (int64_t i = 0; i < n; i++) sorted[next[key[order[i]]]++] = order[i];
    if (n) memcpy(order, sorted, (size_t)n * sizeof *order);
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

static temoin_status sort_rows(temoin_context *ctx, const tm_model *model, int64_t *order)
{
    const tm_sample *sample = model->sample;
    for (int64_t i = 0; i < sample->n; i++) order[i] = i;
    TM_TRY(sort_by(ctx, model->group, model->n_groups, sample->n, order));
    if (sample->cluster) TM_TRY(sort_by(ctx, sample->cluster, sample->n_clusters, sample->n, order));
    return TEMOIN_OK;
}

static temoin_status cut_cells(temoin_context *ctx, tm_fit *fit, const int64_t *order)
{
    const tm_model *model = fit->model;
    const int32_t *cluster = model->sample->cluster, *group = model->group;
    fit->n_clusters = cluster ? model->sample->n_clusters : 1;
    int64_t n_cells = 0;
    for (int64_t i = 0; i < fit->n; i++)
        n_cells +=
            i == 0 || group[order[i]] != group[order[i - 1]] || (cluster && cluster[order[i]] != cluster[order[i - 1]]);
    tm_cell *cells;
    int64_t *first;
    TM_SCRATCH(ctx, cells, n_cells);
    TM_SCRATCH(ctx, first, (int64_t)fit->n_clusters + 1);
    int64_t c = -1;
    int32_t open = -1; /* clusters whose first cell is known */
    for (int64_t i = 0; i < fit->n; i++) {
        int32_t g = cluster ? cluster[order[i]] : 0;
        bool next = c < 0 || cells[c].group != group[order[i]] || g > open;
        if (next) cells[++c] = (tm_cell){.start = i, .group = group[order[i]]};
        while (open < g) first[++open] = c;
        cells[c].n++;
    }
    while (open < fit->n_clusters) first[++open] = n_cells;
    fit->n_cells = n_cells;
    fit->cell = cells;
    fit->cluster_cell = first;
    return TEMOIN_OK;
}

static temoin_status weigh_cells(temoin_context *ctx, tm_fit *fit, const int64_t *order)
{
    const double *weight = fit->model->sample->weight;
    double *root = NULL, *total;
    TM_SCRATCH(ctx, total, fit->n_groups);
    if (weight) {
        TM_SCRATCH(ctx, root, fit->n);
        for (int64_t i = 0; i < fit->n; i++) root[i] = sqrt(weight[order[i]]);
    }
    for (int64_t c = 0; c < fit->n_cells; c++) {
        tm_cell *cell = &fit->cell[c];
        const double *roots = root ? root + cell->start : NULL;
        cell->weight = root ? ctx->kernels->dot(roots, roots, cell->n) : (double)cell->n;
        total[cell->group] += cell->weight;
    }
    fit->root_weight = root;
    fit->group_total = total;
    return TEMOIN_OK;
}

/* Brings a column into fit order and takes the (weighted) mean out of every group, twice: the second pass removes what
 * the first left by rounding. Then scales by the root weights. mean [n_groups] is what was taken out. */
static temoin_status take_out_means(temoin_context *ctx, const tm_fit *fit, const double *column, const int64_t *order,
                                    double *x, double *mean, double *length)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    double *sum, *weight = NULL;
    TM_SCRATCH(ctx, sum, fit->n_groups);
    for (int64_t i = 0; i < fit->n; i++) x[i] = column[order[i]];
    if (fit->root_weight) {
        TM_SCRATCH(ctx, weight, fit->n);
        for (int64_t i = 0; i < fit->n; i++) weight[i] = fit->root_weight[i] * fit->root_weight[i];
        *length = sqrt(ctx->kernels->dot3(weight, x, x, fit->n));
    } else
        *length = sqrt(ctx->kernels->dot(x, x, fit->n));
    memset(mean, 0, (size_t)fit->n_groups * sizeof *mean);
    for (int pass = 0; pass < 2; pass++) {
        memset(sum, 0, (size_t)fit->n_groups * sizeof *sum);
        for (int64_t c = 0; c < fit->n_cells; c++) {
            const tm_cell *cell = &fit->cell[c];
            sum[cell->group] += weight ? ctx->kernels->dot(weight + cell->start, x + cell->start, cell->n)
                                       : ctx->kernels->sum(x + cell->start, cell->n);
        }
        for (int32_t f = 0; f < fit->n_groups; f++) {
            sum[f] /= fit->group_total[f];
            mean[f] += sum[f];
        }
        for (int64_t c = 0; c < fit->n_cells; c++)
            ctx->kernels->shift(-sum[fit->cell[c].group], x + fit->cell[c].start, fit->cell[c].n);
    }
    if (fit->root_weight)
        for (int64_t i = 0; i < fit->n; i++) x[i] *= fit->root_weight[i];
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* What the columns became: kept ones are q_k = (x - Σ_{i<k} r_ik q_i) / r_kk; a dropped one is Σ r_i q_i but for
 * rounding. */
typedef struct basis {
    double **q;
    int32_t *position;   /* [n_columns] index among the kept, -1 dropped */
    double *coefficient; /* [n_columns * n_columns] row of a column: its r_i, and r_kk at its own position */
    double *mean;        /* [n_columns * n_groups] */
    double *length;      /* [n_columns] before means were taken out */
    double *pivot;       /* [n_columns] r_kk of the kept */
    int32_t *dropped;
} basis;

static temoin_status orthonormalize(temoin_context *ctx, tm_fit *fit, const int64_t *order, basis *b)
{
    const tm_model *model = fit->model;
    int32_t p = model->n_columns;
    TM_SCRATCH(ctx, b->q, p);
    TM_SCRATCH(ctx, b->position, p);
    TM_SCRATCH(ctx, b->coefficient, (int64_t)p * p);
    TM_SCRATCH(ctx, b->mean, (int64_t)p * fit->n_groups);
    TM_SCRATCH(ctx, b->length, p);
    TM_SCRATCH(ctx, b->dropped, p);
    TM_SCRATCH(ctx, b->pivot, p);
    double *x = NULL;
    for (int32_t j = 0; j < p; j++) {
        if (!x) TM_SCRATCH(ctx, x, fit->n);
        TM_TRY(
            take_out_means(ctx, fit, model->column[j], order, x, b->mean + (int64_t)j * fit->n_groups, &b->length[j]));
        double within = sqrt(ctx->kernels->dot(x, x, fit->n)), left = 0;
        double *coefficient = b->coefficient + (int64_t)j * p;
        bool varies = within > constant_tolerance * b->length[j];
        if (varies) TM_TRY(tm_columns_project(ctx, b->q, fit->rank, x, fit->n, coefficient, &left));
        if (!varies || left <= collinear_tolerance * within) {
            b->position[j] = -1;
            b->dropped[fit->n_dropped++] = j;
            continue;
        }
        ctx->kernels->scale(1 / left, x, fit->n);
        coefficient[fit->rank] = b->pivot[fit->rank] = left;
        b->position[j] = fit->rank;
        b->q[fit->rank++] = x;
        x = NULL; /* the next column needs room of its own */
    }
    fit->q = b->q;
    fit->dropped = b->dropped;
    fit->pivot = b->pivot;
    fit->n_parameters = fit->n_groups + fit->rank;
    return TEMOIN_OK;
}

/* ℓ of one contrast: a_f / sqrt(W_f) for the groups; for Q the solution of R'ℓ = t with t_j = b_j - Σ_f a_f mean_fj,
 * which is what is left of the column's weight once the groups' means are accounted for. A dropped column's own t must
 * follow from the kept ones, else the contrast is not identified; returns that column, or -1. */
static int32_t express_contrast(const tm_fit *fit, const basis *b, int32_t contrast, double *l)
{
    const tm_model *model = fit->model;
    int32_t p = model->n_columns, n_arms = model->sample->n_arms, blocking = -1;
    const double *group_weight = model->group_weight + (int64_t)contrast * fit->n_groups;
    const double *column_weight = model->column_weight + (int64_t)contrast * p;
    double *lq = l + fit->n_groups;
    double largest = 0;
    for (int32_t a = 0; a < n_arms; a++) largest = fmax(largest, fabs(model->arm_weight[contrast * n_arms + a]));
    for (int32_t f = 0; f < fit->n_groups; f++) l[f] = group_weight[f] / sqrt(fit->group_total[f]);
    for (int32_t j = 0; j < p; j++) {
        double left = column_weight[j];
        for (int32_t f = 0; f < fit->n_groups; f++) left -= group_weight[f] * b->mean[(int64_t)j * fit->n_groups + f];
        const double *r = b->coefficient + (int64_t)j * p;
        int32_t k = b->position[j], n_before = k >= 0 ? k : fit->rank;
        for (int32_t i = 0; i < n_before; i++) left -= r[i] * lq[i];
        if (k >= 0)
            lq[k] = left / r[k];
        else if (blocking < 0) {
            double scale = largest * b->length[j] / sqrt((double)fit->n);
            if (model->column_covariate[j] < 0) scale = largest;
            if (fabs(left) > collinear_tolerance * scale) blocking = j;
        }
    }
    return blocking;
}

/* β solves Rβ = Q'y; α_f is the group's mean of y less that of Σ β_j x_j. */
static temoin_status solve_coefficients(temoin_context *ctx, tm_fit *fit, const basis *b, const double *along,
                                        const double *mean)
{
    int32_t p = fit->model->n_columns;
    double *column, *group;
    TM_SCRATCH(ctx, column, p);
    TM_SCRATCH(ctx, group, fit->n_groups);
    memcpy(group, mean, (size_t)fit->n_groups * sizeof *group);
    for (int32_t j = p - 1; j >= 0; j--) {
        int32_t k = b->position[j];
        if (k < 0) continue;
        double left = along[k];
        for (int32_t later = j + 1; later < p; later++)
            if (b->position[later] >= 0) left -= b->coefficient[(int64_t)later * p + k] * column[later];
        column[j] = left / b->coefficient[(int64_t)j * p + k];
        for (int32_t f = 0; f < fit->n_groups; f++) group[f] -= column[j] * b->mean[(int64_t)j * fit->n_groups + f];
    }
    fit->column_coefficient = column;
    fit->group_coefficient = group;
    return TEMOIN_OK;
}

static temoin_status solve(temoin_context *ctx, tm_fit *fit, const int64_t *order, const basis *b)
{
    const tm_model *model = fit->model;
    double *e, *mean, *coefficient, *basis_weight, *value, *response, length;
    int32_t *blocking;
    TM_SCRATCH(ctx, e, fit->n);
    TM_SCRATCH(ctx, response, fit->n);
    TM_SCRATCH(ctx, mean, fit->n_groups);
    TM_SCRATCH(ctx, coefficient, fit->rank);
    TM_SCRATCH(ctx, basis_weight, (int64_t)model->n_contrasts * fit->n_parameters);
    TM_SCRATCH(ctx, value, model->n_contrasts);
    TM_SCRATCH(ctx, blocking, model->n_contrasts);
    TM_TRY(take_out_means(ctx, fit, model->sample->y, order, e, mean, &length));
    TM_TRY(tm_columns_project(ctx, b->q, fit->rank, e, fit->n, coefficient, &length));
    TM_TRY(solve_coefficients(ctx, fit, b, coefficient, mean));
    for (int64_t i = 0; i < fit->n; i++)
        response[i] = model->sample->y[order[i]] * (fit->root_weight ? fit->root_weight[i] : 1);
    for (int32_t c = 0; c < model->n_contrasts; c++) {
        const double *group_weight = model->group_weight + (int64_t)c * fit->n_groups;
        double *l = basis_weight + (int64_t)c * fit->n_parameters;
        blocking[c] = -1;
        value[c] = NAN;
        if (isnan(group_weight[0])) continue;
        blocking[c] = express_contrast(fit, b, c, l);
        if (blocking[c] >= 0) continue;
        value[c] = 0;
        for (int32_t f = 0; f < fit->n_groups; f++) value[c] += group_weight[f] * mean[f];
        for (int32_t j = 0; j < fit->rank; j++) value[c] += l[fit->n_groups + j] * coefficient[j];
    }
    fit->residual = e;
    fit->response = response;
    fit->residual_ss = length * length;
    fit->basis = basis_weight;
    fit->value = value;
    fit->blocking = blocking;
    return TEMOIN_OK;
}

/* Σ w (y - mean)², by two passes. */
static double total_sum_of_squares(const tm_fit *fit)
{
    const tm_sample *sample = fit->model->sample;
    double total = 0, sum = 0, square = 0;
    for (int64_t i = 0; i < fit->n; i++) {
        double w = sample->weight ? sample->weight[i] : 1;
        total += w;
        sum += w * sample->y[i];
    }
    for (int64_t i = 0; i < fit->n; i++) {
        double d = sample->y[i] - sum / total;
        square += (sample->weight ? sample->weight[i] : 1) * d * d;
    }
    return square;
}

temoin_status tm_fit_build(temoin_context *ctx, const tm_model *model, const tm_fit **out)
{
    tm_fit *fit;
    int64_t *order;
    int32_t *arm;
    basis b = {0};
    TM_SCRATCH(ctx, fit, 1);
    TM_SCRATCH(ctx, order, model->sample->n);
    TM_SCRATCH(ctx, arm, model->sample->n);
    fit->model = model;
    fit->n = model->sample->n;
    fit->n_groups = model->n_groups;
    TM_TRY(sort_rows(ctx, model, order));
    TM_TRY(cut_cells(ctx, fit, order));
    TM_TRY(weigh_cells(ctx, fit, order));
    for (int64_t i = 0; i < fit->n; i++) arm[i] = model->sample->arm[order[i]];
    fit->order = order;
    fit->arm = arm;
    TM_TRY(orthonormalize(ctx, fit, order, &b));
    TM_TRY(solve(ctx, fit, order, &b));
    fit->total_ss = total_sum_of_squares(fit);
    *out = fit;
    return TEMOIN_OK;
}
