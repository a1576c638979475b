/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/check_loss.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "numeric/linear_solve.h"

static const double perturbation = 0x1p-27;
static const double tilt = 0x1p-10;        /* rows with larger residuals count a little more in the mean fit */
static const double zero_residual = 1e-10; /* of the largest residual of the start */
static const double zero_slope = 1e-9;     /* of the largest weight */
static const double zero_pivot = 1e-10;    /* of the direction's largest coordinate, columns having largest element 1 */
enum { REFRESH = 48 };                     /* steps after which sums are taken anew */

/* A row's place on the edge, and how much the sum's slope rises there. */
typedef struct breakpoint {
    double t, slope;
    int64_t row;
} breakpoint;

typedef struct search {
    temoin_context *ctx;
    int64_t n;
    int32_t p;
    double tau;
    double *const *x;     /* scaled to largest element 1 */
    const double *weight; /* scaled to largest 1; NULL */
    double *response;     /* the start's residuals, scaled and perturbed */
    double *residual;
    signed char *side; /* 1 above, -1 below, 0 in the basis */
    int64_t *basis;    /* [p] */
    double *beta;      /* [p] */
    double *upwards;   /* [p] Σ_i (nearly one) x_i: how the mean fit rises */
    double *score;     /* [p] Σ w (tau - 1[below]) x over the rows outside of the basis */
    double *inverse;   /* [p * p] of the basis rows' matrix */
    double *along;     /* [n] x δ */
    breakpoint *ahead; /* [n] */
    int32_t *exchange; /* [p] */
    double *matrix, *left, *right;
} search;

static double weight_of(const search *s, int64_t i)
{
    return s->weight ? s->weight[i] : 1;
}

/* A fixed number in (0, 1) for each row, like none of the others': splitmix64's finalizer. */
static double row_number(int64_t i)
{
    uint64_t z = ((uint64_t)i + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return ((double)((z ^ (z >> 31)) >> 11) + 0.5) * 0x1p-53;
}

static int by_distance(const void *a, const void *b)
{
    const breakpoint *x = a, *y = b;
    if (x->t != y->t) return x->t < y->t ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* The rows nearest to the quantile of the response that are independent of those before them. */
static bool find_start(search *s)
{
    breakpoint *row = s->ahead;
    double *echelon = s->matrix; /* row k has its pivot, 1, in column exchange[k] */
    int32_t found = 0;
    for (int64_t i = 0; i < s->n; i++) row[i] = (breakpoint){s->response[i], 0, i};
    qsort(row, (size_t)s->n, sizeof *row, by_distance);
    int64_t at = (int64_t)(s->tau * (double)s->n);
    double centre = row[at < s->n ? at : s->n - 1].t;
    for (int64_t i = 0; i < s->n; i++) row[i].t = fabs(row[i].t - centre);
    qsort(row, (size_t)s->n, sizeof *row, by_distance);
    for (int64_t i = 0; i < s->n && found < s->p; i++) {
        double *v = echelon + (int64_t)found * s->p, largest = 0;
        for (int32_t j = 0; j < s->p; j++) v[j] = s->x[j][row[i].row];
        for (int32_t k = 0; k < found; k++) {
            double factor = v[s->exchange[k]];
            for (int32_t j = 0; j < s->p && factor != 0; j++) v[j] -= factor * echelon[k * s->p + j];
        }
        for (int32_t j = 0; j < s->p; j++)
            if (fabs(v[j]) > fabs(largest)) largest = v[j], s->exchange[found] = j;
        if (fabs(largest) < 1e-7) continue;
        for (int32_t j = 0; j < s->p; j++) v[j] /= largest;
        s->basis[found++] = row[i].row;
    }
    return found == s->p;
}

static bool invert_basis(search *s)
{
    int32_t p = s->p;
    for (int32_t k = 0; k < p; k++)
        for (int32_t j = 0; j < p; j++) s->matrix[k * p + j] = s->x[j][s->basis[k]];
    if (!tm_linear_factor(s->matrix, p, s->exchange)) return false;
    for (int32_t k = 0; k < p; k++) {
        memset(s->left, 0, (size_t)p * sizeof *s->left);
        s->left[k] = 1;
        tm_linear_solve(s->matrix, s->exchange, p, s->left, s->right);
        for (int32_t j = 0; j < p; j++) s->inverse[j * p + k] = s->right[j];
    }
    for (int32_t k = 0; k < p; k++) s->left[k] = s->response[s->basis[k]];
    tm_linear_solve(s->matrix, s->exchange, p, s->left, s->beta);
    return true;
}

static void add_to_score(search *s, int64_t i, double factor)
{
    for (int32_t j = 0; j < s->p; j++) s->score[j] += factor * s->x[j][i];
}

/* Residuals and scores from the basis. `decide`: sides too; otherwise a row keeps the side that the search gave it. */
static void refresh(search *s, bool decide)
{
    memcpy(s->residual, s->response, (size_t)s->n * sizeof *s->residual);
    for (int32_t j = 0; j < s->p; j++) s->ctx->kernels->axpy(-s->beta[j], s->x[j], s->residual, s->n);
    for (int64_t i = 0; decide && i < s->n; i++) s->side[i] = s->residual[i] < 0 ? -1 : 1;
    for (int32_t k = 0; k < s->p; k++) {
        s->residual[s->basis[k]] = 0;
        s->side[s->basis[k]] = 0;
    }
    for (int64_t i = 0; i < s->n; i++)
        s->along[i] = s->side[i] == 0 ? 0 : weight_of(s, i) * (s->side[i] > 0 ? s->tau : s->tau - 1);
    for (int32_t j = 0; j < s->p; j++) s->score[j] = s->ctx->kernels->dot(s->along, s->x[j], s->n);
}

typedef struct edge {
    int32_t leaving;
    double sign;  /* 1: the leaving row comes to lie below, -1: above */
    double slope; /* of the sum, negative */
} edge;

/* The basis rows' multipliers are g = X_h'⁻¹ score. To leave row k downwards, the sum changes by (1 - tau) w - g_k per
 * unit of its residual, upwards by tau w + g_k. */
static bool find_edge(search *s, edge *out)
{
    double steepest = 0;
    for (int32_t k = 0; k < s->p; k++) {
        double g = 0, length = 0, w = weight_of(s, s->basis[k]);
        for (int32_t j = 0; j < s->p; j++) {
            g += s->inverse[j * s->p + k] * s->score[j];
            length += s->inverse[j * s->p + k] * s->inverse[j * s->p + k];
        }
        double down = (1 - s->tau) * w - g, up = s->tau * w + g, slope = fmin(down, up);
        if (slope > -zero_slope || slope / sqrt(length) >= steepest) continue;
        steepest = slope / sqrt(length);
        *out = (edge){k, down < up ? 1 : -1, slope};
    }
    return steepest < 0;
}

/* Where no edge leads down, a level one on which the mean fit rises. */
static bool find_level_edge(search *s, edge *out)
{
    double steepest = zero_slope * (double)s->n;
    bool found = false;
    for (int32_t k = 0; k < s->p; k++) {
        double g = 0, rise = 0, length = 0, w = weight_of(s, s->basis[k]);
        for (int32_t j = 0; j < s->p; j++) {
            g += s->inverse[j * s->p + k] * s->score[j];
            rise += s->inverse[j * s->p + k] * s->upwards[j];
            length += s->inverse[j * s->p + k] * s->inverse[j * s->p + k];
        }
        double slope = rise > 0 ? (1 - s->tau) * w - g : s->tau * w + g; /* leaving downwards raises the fit there */
        if (slope > zero_slope || fabs(rise) / sqrt(length) <= steepest) continue;
        steepest = fabs(rise) / sqrt(length);
        *out = (edge){k, rise > 0 ? 1 : -1, -zero_slope};
        found = true;
    }
    return found;
}

/* x δ for the direction δ in which the leaving row's fit moves by `sign`; returns δ's largest coordinate. */
static double look_along(search *s, int32_t leaving, double sign)
{
    double largest = 0;
    memset(s->along, 0, (size_t)s->n * sizeof *s->along);
    for (int32_t j = 0; j < s->p; j++) {
        double d = sign * s->inverse[j * s->p + leaving];
        s->right[j] = d;
        largest = fmax(largest, fabs(d));
        if (d != 0) s->ctx->kernels->axpy(d, s->x[j], s->along, s->n);
    }
    return largest;
}

/* Rows that the fit will meet if it goes on and on. */
static int64_t list_ahead(search *s, double largest)
{
    int64_t n = 0;
    for (int64_t i = 0; i < s->n; i++) {
        double z = s->along[i] * s->side[i];
        if (z > zero_pivot * largest)
            s->ahead[n++] = (breakpoint){fmax(s->residual[i] / s->along[i], 0), weight_of(s, i) * z, i};
    }
    return n;
}

static breakpoint middle_of_three(breakpoint a, breakpoint b, breakpoint c)
{
    breakpoint swap;
    if (by_distance(&a, &b) > 0) swap = a, a = b, b = swap;
    if (by_distance(&b, &c) > 0) b = by_distance(&a, &c) > 0 ? a : c;
    return b;
}

/* Orders ahead[0 … n) around the breakpoint at which the slope, from `slope` < 0, is no longer negative, and returns
 * its place; n: it stays negative. Quickselect by halves of the slopes. */
static int64_t find_stop(breakpoint *ahead, int64_t n, double slope)
{
    int64_t low = 0, high = n;
    while (low < high) {
        const breakpoint pivot = middle_of_three(ahead[low], ahead[(low + high) / 2], ahead[high - 1]);
        int64_t below = low;
        double sum = 0;
        for (int64_t i = low; i < high; i++) {
            if (by_distance(&ahead[i], &pivot) > 0) continue;
            const breakpoint swap = ahead[below];
            ahead[below] = ahead[i];
            ahead[i] = swap;
            sum += ahead[below++].slope;
        }
        if (slope + sum < 0) { /* the pivot and all before it are passed */
            slope += sum;
            low = below;
            continue;
        }
        if (below - low == 1) return low;
        for (int64_t i = low; i < below; i++) /* the pivot goes last among those before the stop or at it */
            if (ahead[i].row == pivot.row) {
                ahead[i] = ahead[below - 1];
                ahead[below - 1] = pivot;
            }
        if (slope + sum - pivot.slope < 0) return below - 1;
        high = below - 1;
    }
    return n;
}

/* Goes along the edge, past the rows before `stop`, whose sides change, to the one that enters the basis. */
static void step(search *s, const edge *e, int64_t stop)
{
    const breakpoint entering = s->ahead[stop];
    const int64_t leaves = s->basis[e->leaving];
    for (int64_t k = 0; k < stop; k++) {
        int64_t i = s->ahead[k].row;
        add_to_score(s, i, -weight_of(s, i) * s->side[i]); /* tau to tau - 1, or back */
        s->side[i] = (signed char)-s->side[i];
    }
    add_to_score(s, entering.row, -weight_of(s, entering.row) * (s->side[entering.row] > 0 ? s->tau : s->tau - 1));
    s->side[entering.row] = 0;
    s->side[leaves] = e->sign > 0 ? -1 : 1;
    add_to_score(s, leaves, weight_of(s, leaves) * (s->side[leaves] > 0 ? s->tau : s->tau - 1));
    s->ctx->kernels->axpy(-entering.t, s->along, s->residual, s->n);
    s->residual[entering.row] = 0;
    s->basis[e->leaving] = entering.row;
}

/* True at a vertex from which no edge leads down, nor a level one up in the mean fit. */
static bool descend(search *s)
{
    const int64_t most = 1000 + 20 * (s->n + s->p);
    bool fresh = true;
    for (int64_t done = 0; done < most; done++) {
        edge e;
        if (!invert_basis(s)) return false;
        if (done % REFRESH == REFRESH - 1) refresh(s, false), fresh = true;
        if (!find_edge(s, &e)) {
            if (!fresh) {
                refresh(s, false);
                fresh = true;
                continue;
            }
            if (!find_level_edge(s, &e)) return true;
        }
        double largest = look_along(s, e.leaving, e.sign);
        int64_t n_ahead = list_ahead(s, largest), stop = find_stop(s->ahead, n_ahead, e.slope);
        if (stop == n_ahead) {
            if (n_ahead == 0) return false;
            stop = n_ahead - 1; /* only by rounding: the sum cannot fall for ever */
        }
        step(s, &e, stop);
        fresh = false;
    }
    return false;
}

/* Does an edge lead nowhere but along the same sum? */
static bool is_unique(search *s)
{
    for (int32_t k = 0; k < s->p; k++) {
        double g = 0, w = weight_of(s, s->basis[k]);
        for (int32_t j = 0; j < s->p; j++) g += s->inverse[j * s->p + k] * s->score[j];
        double down = (1 - s->tau) * w - g, up = s->tau * w + g;
        if (fmin(down, up) > zero_slope) continue;
        double nearest = INFINITY, largest = look_along(s, k, down < up ? 1 : -1);
        int64_t n_ahead = list_ahead(s, largest);
        for (int64_t i = 0; i < n_ahead; i++) nearest = fmin(nearest, s->ahead[i].t * largest);
        if (nearest > zero_residual) return false;
    }
    return true;
}

static temoin_status prepare(temoin_context *ctx, const tm_check_loss *problem, search *s, double *scale)
{
    int64_t n = problem->n;
    int32_t p = problem->p;
    double **x, *weight = NULL, size = 0, heaviest = 0;
    TM_SCRATCH(ctx, x, p);
    TM_SCRATCH(ctx, s->response, n);
    TM_SCRATCH(ctx, s->residual, n);
    TM_SCRATCH(ctx, s->side, n);
    TM_SCRATCH(ctx, s->along, n);
    TM_SCRATCH(ctx, s->ahead, n);
    TM_SCRATCH(ctx, s->basis, p);
    TM_SCRATCH(ctx, s->beta, p);
    TM_SCRATCH(ctx, s->score, p);
    TM_SCRATCH(ctx, s->upwards, p);
    TM_SCRATCH(ctx, s->exchange, p);
    TM_SCRATCH(ctx, s->left, p);
    TM_SCRATCH(ctx, s->right, p);
    TM_SCRATCH(ctx, s->matrix, (int64_t)p * p);
    TM_SCRATCH(ctx, s->inverse, (int64_t)p * p);
    for (int64_t i = 0; i < n; i++) size = fmax(size, fabs(problem->start[i]));
    for (int64_t i = 0; i < n; i++) s->response[i] = (size > 0 ? problem->start[i] / size : 0);
    for (int32_t j = 0; j < p; j++) {
        TM_SCRATCH(ctx, x[j], n);
        scale[j] = 0;
        for (int64_t i = 0; i < n; i++) scale[j] = fmax(scale[j], fabs(problem->x[j][i]));
        for (int64_t i = 0; i < n; i++) {
            x[j][i] = problem->x[j][i] / scale[j];
            s->upwards[j] += (1 + tilt * s->response[i] * s->response[i]) * x[j][i];
        }
    }
    if (problem->weight) {
        TM_SCRATCH(ctx, weight, n);
        for (int64_t i = 0; i < n; i++) heaviest = fmax(heaviest, problem->weight[i]);
        for (int64_t i = 0; i < n; i++) weight[i] = problem->weight[i] / heaviest;
    }
    s->x = x;
    s->weight = weight;
    return TEMOIN_OK;
}

/* Perturbed first; then, should a row lie on the other side without perturbation, on from there without. */
static bool search_vertex(search *s)
{
    for (int64_t i = 0; i < s->n; i++) s->response[i] += perturbation * row_number(i);
    if (!find_start(s) || !invert_basis(s)) return false;
    refresh(s, true);
    if (!descend(s)) return false;
    for (int64_t i = 0; i < s->n; i++) s->response[i] -= perturbation * row_number(i);
    if (!invert_basis(s)) return false;
    refresh(s, false);
    bool moved = false;
    for (int64_t i = 0; i < s->n; i++) {
        bool other = s->residual[i] * s->side[i] < 0 && fabs(s->residual[i]) > zero_residual;
        if (other) s->side[i] = (signed char)-s->side[i];
        moved |= other;
    }
    if (!moved) return true;
    refresh(s, false);
    return descend(s);
}

temoin_status tm_check_loss_run(temoin_context *ctx, const tm_check_loss *problem, double tau, tm_check_loss_fit *fit)
{
    search s = {.ctx = ctx, .n = problem->n, .p = problem->p, .tau = tau};
    double *scale;
    TM_SCRATCH(ctx, fit->beta, problem->p);
    TM_SCRATCH(ctx, fit->basis, problem->p);
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    TM_SCRATCH(ctx, scale, problem->p);
    TM_TRY(prepare(ctx, problem, &s, scale));
    fit->solved = search_vertex(&s);
    fit->unique = fit->solved && is_unique(&s);
    fit->objective = NAN;
    if (fit->solved) {
        for (int32_t k = 0; k < s.p; k++) s.left[k] = problem->y[s.basis[k]];
        tm_linear_solve(s.matrix, s.exchange, s.p, s.left, fit->beta);
        for (int32_t j = 0; j < s.p; j++) fit->beta[j] /= scale[j];
        memcpy(fit->basis, s.basis, (size_t)s.p * sizeof *s.basis);
        fit->objective = 0;
        for (int64_t i = 0; i < s.n; i++) {
            double r = problem->y[i];
            for (int32_t j = 0; j < s.p; j++) r -= problem->x[j][i] * fit->beta[j];
            fit->objective += (problem->weight ? problem->weight[i] : 1) * r * (tau - (r < 0));
        }
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
