/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moments/variance_components.h"

#include <math.h>
#include <string.h>

#include "numeric/cholesky.h"
#include "numeric/elementary.h"

enum { MOST_STEPS = 200, MOST_HALVINGS = 40 };
/* θ below this share of the largest is on its way to zero. */
static const double vanishing = 1e-12;
static const double longest_step = 2; /* of log θ */
static const double small_step = 1e-12;

typedef double components[TM_COMPONENTS];
typedef double components_square[TM_COMPONENTS * TM_COMPONENTS];

static double dot(const double *a, const double *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

static double quadratic(const double *matrix, const double *a, const double *b, int32_t k)
{
    double sum = 0;
    for (int32_t i = 0; i < k; i++) sum += a[i] * dot(matrix + (int64_t)i * k, b, k);
    return sum;
}

static double variance_of(const tm_component_data *data, const double *share, const double *theta)
{
    double v = 0;
    for (int32_t c = 0; c < data->n_components; c++) v += share[c] * theta[c];
    return v;
}

static void add_outer(double factor, const double *x, int32_t k, double *out)
{
    for (int32_t i = 0; i < k; i++)
        for (int32_t j = 0; j < k; j++) out[(int64_t)i * k + j] += factor * x[i] * x[j];
}

static void add_scaled(double factor, const double *x, int64_t n, double *out)
{
    for (int64_t i = 0; i < n; i++) out[i] += factor * x[i];
}

typedef struct workspace {
    double *factor, *rest; /* [k * k]; [k] of X'r of a block */
    double *lever;         /* [TM_COMPONENTS * k] h_c = X'V⁻¹A_c w, w = V⁻¹r */
    double *product;       /* [n_components * k * k] */
} workspace;

/* Generalized least squares at θ; false when Φ⁻¹ is singular. */
static bool solve(const tm_component_data *data, const double *theta, workspace *w, tm_component_fit *out)
{
    const int32_t k = data->k;
    memset(w->factor, 0, (size_t)k * (size_t)k * sizeof *w->factor);
    memset(w->rest, 0, (size_t)k * sizeof *w->rest);
    for (int32_t b = 0; b < data->n_blocks; b++) {
        const double v = variance_of(data, data->block[b].share, theta);
        add_scaled(1 / v, data->block[b].gram, (int64_t)k * k, w->factor);
        add_scaled(1 / v, data->block[b].cross, k, w->rest);
    }
    for (int64_t r = 0; r < data->n_rows; r++) {
        const double v = variance_of(data, data->row[r].share, theta);
        add_outer(1 / v, data->row[r].x, k, w->factor);
        add_scaled(data->row[r].y / v, data->row[r].x, k, w->rest);
    }
    if (!tm_cholesky_factor(w->factor, k)) return false;
    tm_cholesky_inverse(w->factor, k, out->covariance);
    tm_cholesky_solve(w->factor, k, w->rest, out->beta);
    return true;
}

/* What one block, or one row, adds to score and information, from its n, tr(Φ X'X), r'r and v. */
static void add_moments(const tm_component_data *data, const double *share, double n, double leverage, double square,
                        double v, tm_component_fit *out)
{
    const double reml = data->restricted;
    out->log_likelihood -= 0.5 * (n * tm_log(v) + square / v);
    for (int32_t i = 0; i < data->n_components; i++) {
        const double di = share[i] / v;
        if (di == 0) continue;
        out->score[i] += 0.5 * di * (square / v - n + reml * leverage / v);
        for (int32_t j = 0; j < data->n_components; j++) {
            const double d = di * share[j] / v;
            out->expected[i * TM_COMPONENTS + j] += 0.5 * d * (n - 2 * reml * leverage / v);
            out->observed[i * TM_COMPONENTS + j] += d * square / v;
        }
    }
}

static void add_block(const tm_component_data *data, const tm_component_block *block, workspace *w,
                      tm_component_fit *out)
{
    const int32_t k = data->k;
    const double v = variance_of(data, block->share, out->theta);
    double leverage = 0, square = block->square;
    for (int32_t i = 0; i < k; i++) {
        const double fitted = dot(block->gram + (int64_t)i * k, out->beta, k);
        leverage += dot(block->gram + (int64_t)i * k, out->covariance + (int64_t)i * k, k);
        w->rest[i] = block->cross[i] - fitted;
        square -= out->beta[i] * (block->cross[i] + w->rest[i]);
    }
    add_moments(data, block->share, block->n, leverage, fmax(square, 0), v, out);
    for (int32_t c = 0; c < data->n_components; c++) {
        if (block->share[c] == 0) continue;
        add_scaled(block->share[c] / v / v, block->gram, (int64_t)k * k, out->slope + (int64_t)c * k * k);
        add_scaled(block->share[c] / v / v, w->rest, k, w->lever + (int64_t)c * k);
    }
}

static void add_row(const tm_component_data *data, const tm_component_row *row, workspace *w, tm_component_fit *out)
{
    const int32_t k = data->k;
    const double v = variance_of(data, row->share, out->theta), r = row->y - dot(row->x, out->beta, k);
    add_moments(data, row->share, 1, quadratic(out->covariance, row->x, row->x, k), r * r, v, out);
    for (int32_t c = 0; c < data->n_components; c++) {
        if (row->share[c] == 0) continue;
        add_outer(row->share[c] / v / v, row->x, k, out->slope + (int64_t)c * k * k);
        add_scaled(row->share[c] * r / v / v, row->x, k, w->lever + (int64_t)c * k);
    }
}

/* ΦP_c of every component. */
static void fill_products(const tm_component_data *data, const tm_component_fit *fit, double *product)
{
    const int64_t k = data->k, n = data->n_components;
    memset(product, 0, (size_t)(n * k * k) * sizeof *product);
    for (int64_t c = 0; c < n; c++)
        for (int64_t r = 0; r < k; r++)
            for (int64_t m = 0; m < k; m++)
                add_scaled(fit->covariance[r * k + m], fit->slope + (c * k + m) * k, k, product + (c * k + r) * k);
}

/* tr(ΦP_iΦP_j). */
static double trace_of_product(const tm_component_data *data, const double *product, int32_t i, int32_t j)
{
    const int64_t k = data->k;
    const double *a = product + i * k * k, *b = product + j * k * k;
    double trace = 0;
    for (int64_t r = 0; r < k; r++)
        for (int64_t s = 0; s < k; s++) trace += a[r * k + s] * b[s * k + r];
    return trace;
}

/* All of `out` at out->theta: with w = V⁻¹r and P = V⁻¹ - V⁻¹XΦX'V⁻¹,
 *
 *     score_i = (w'A_i w - tr(P A_i)) / 2,   expected_ij = tr(P A_i P A_j) / 2,
 *     observed_ij = w'A_i P A_j w - tr(P A_i P A_j) / 2
 *
 * and with V⁻¹ in the place of P in the traces for maximum likelihood. */
static bool evaluate(const tm_component_data *data, workspace *w, tm_component_fit *out)
{
    const int32_t k = data->k;
    const size_t table = (size_t)k * (size_t)k * (size_t)data->n_components;
    if (!solve(data, out->theta, w, out)) return false;
    out->log_likelihood = data->restricted ? -0.5 * tm_cholesky_log_determinant(w->factor, k) : 0;
    memset(out->score, 0, sizeof out->score);
    memset(out->expected, 0, sizeof out->expected);
    memset(out->observed, 0, sizeof out->observed);
    memset(out->slope, 0, table * sizeof *out->slope);
    memset(w->lever, 0, (size_t)(TM_COMPONENTS * k) * sizeof *w->lever);
    for (int32_t b = 0; b < data->n_blocks; b++) add_block(data, &data->block[b], w, out);
    for (int64_t r = 0; r < data->n_rows; r++) add_row(data, &data->row[r], w, out);
    if (data->restricted) fill_products(data, out, w->product);
    for (int32_t i = 0; i < data->n_components; i++)
        for (int32_t j = 0; j < data->n_components; j++) {
            double *expected = &out->expected[i * TM_COMPONENTS + j], *observed = &out->observed[i * TM_COMPONENTS + j];
            if (data->restricted) *expected += 0.5 * trace_of_product(data, w->product, i, j);
            *observed -=
                *expected + quadratic(out->covariance, w->lever + (int64_t)i * k, w->lever + (int64_t)j * k, k);
        }
    return isfinite(out->log_likelihood);
}

/* x with a x = b of the components that are free; false when a is not positive definite among them. */
static bool solve_free(const double *a, const double *b, const bool *fixed, int32_t n, double *x)
{
    double table[TM_COMPONENTS * TM_COMPONENTS], side[TM_COMPONENTS] = {0};
    int32_t at[TM_COMPONENTS], m = 0;
    for (int32_t i = 0; i < n; i++)
        if (!fixed[i]) at[m++] = i;
    for (int32_t i = 0; i < m; i++) {
        side[i] = b[at[i]];
        for (int32_t j = 0; j < m; j++) table[i * m + j] = a[at[i] * TM_COMPONENTS + at[j]];
    }
    memset(x, 0, (size_t)n * sizeof *x);
    if (!tm_cholesky_factor(table, m)) return false;
    tm_cholesky_solve(table, m, side, side);
    for (int32_t i = 0; i < m; i++) x[at[i]] = side[i];
    return true;
}

/* A step of log θ; false when there is none. */
static bool find_step(const tm_component_data *data, const tm_component_fit *fit, const bool *fixed, double *step)
{
    components slope;
    components_square newton, scoring;
    const int32_t n = data->n_components;
    double longest = 0;
    for (int32_t i = 0; i < n; i++) {
        slope[i] = fit->score[i] * fit->theta[i];
        for (int32_t j = 0; j < n; j++) {
            const int32_t at = i * TM_COMPONENTS + j;
            newton[at] = fit->observed[at] * fit->theta[i] * fit->theta[j] - (i == j ? slope[i] : 0);
            scoring[at] = fit->expected[at] * fit->theta[i] * fit->theta[j];
        }
    }
    if (!solve_free(newton, slope, fixed, n, step) && !solve_free(scoring, slope, fixed, n, step)) return false;
    for (int32_t i = 0; i < n; i++) longest = fmax(longest, fabs(step[i]));
    for (int32_t i = 0; longest > longest_step && i < n; i++) step[i] *= longest_step / longest;
    return true;
}

typedef enum climb_end { ARRIVED, LOST, AT_ZERO } climb_end;

static bool is_vanishing(const tm_component_data *data, const double *theta, const bool *fixed)
{
    double largest = 0;
    for (int32_t c = 0; c < data->n_components; c++) largest = fmax(largest, theta[c]);
    for (int32_t c = 0; c < data->n_components; c++)
        if (!fixed[c] && !(theta[c] > vanishing * largest)) return true;
    return false;
}

/* From out->theta to the top, the fixed components staying 0. */
static climb_end climb(const tm_component_data *data, const bool *fixed, workspace *w, tm_component_fit *out)
{
    if (!evaluate(data, w, out)) return LOST;
    for (int s = 0; s < MOST_STEPS; s++) {
        components step, from;
        const double before = out->log_likelihood;
        double length = 0, share = 1;
        if (!find_step(data, out, fixed, step)) return LOST;
        for (int32_t c = 0; c < data->n_components; c++) length = fmax(length, fabs(step[c]));
        memcpy(from, out->theta, sizeof from);
        for (int h = 0;; h++, share /= 2) {
            for (int32_t c = 0; c < data->n_components; c++)
                out->theta[c] = fixed[c] ? 0 : from[c] * tm_exp(share * step[c]);
            if (is_vanishing(data, out->theta, fixed)) return AT_ZERO;
            const bool found = evaluate(data, w, out);
            if (found && out->log_likelihood >= before - 1e-9 * (1 + fabs(before)) * (length < 1e-3)) break;
            if (h == MOST_HALVINGS) return LOST;
        }
        if (length < small_step) return ARRIVED;
        if (length < 1e-9 && s > MOST_STEPS / 2) return ARRIVED; /* rounding keeps it from getting closer */
    }
    return LOST;
}

static temoin_status open_fit(temoin_context *ctx, const tm_component_data *data, tm_component_fit *fit)
{
    const int64_t k = data->k;
    memset(fit, 0, sizeof *fit);
    TM_SCRATCH(ctx, fit->beta, k);
    TM_SCRATCH(ctx, fit->covariance, k * k);
    TM_SCRATCH(ctx, fit->slope, data->n_components * k * k);
    return TEMOIN_OK;
}

static temoin_status open_workspace(temoin_context *ctx, const tm_component_data *data, workspace *w)
{
    TM_SCRATCH(ctx, w->factor, (int64_t)data->k * data->k);
    TM_SCRATCH(ctx, w->rest, data->k);
    TM_SCRATCH(ctx, w->lever, (int64_t)TM_COMPONENTS * data->k);
    TM_SCRATCH(ctx, w->product, (int64_t)data->n_components * data->k * data->k);
    return TEMOIN_OK;
}

temoin_status tm_components_fit(temoin_context *ctx, const tm_component_data *data, tm_component_fit *out)
{
    workspace w;
    tm_component_fit best, next;
    TM_TRY(open_workspace(ctx, data, &w));
    TM_TRY(open_fit(ctx, data, &best));
    TM_TRY(open_fit(ctx, data, &next));
    best.end = TM_COMPONENTS_STUCK;
    for (int set = 0; set < 1 << data->n_components; set++) {
        bool fixed[TM_COMPONENTS] = {false}, allowed = true;
        for (int32_t c = 0; c < data->n_components; c++) {
            fixed[c] = set >> c & 1;
            allowed &= !fixed[c] || data->may_be_zero[c];
            next.theta[c] = !fixed[c];
        }
        if (!allowed || climb(data, fixed, &w, &next) != ARRIVED) continue;
        next.end = TM_COMPONENTS_DONE;
        if (best.end == TM_COMPONENTS_DONE && next.log_likelihood <= best.log_likelihood) continue;
        const tm_component_fit other = best;
        best = next;
        next = other;
    }
    *out = best;
    return TEMOIN_OK;
}

/* g_c = ℓ'ΦP_cΦℓ; u [k] becomes Φℓ. */
static double gradient(const tm_component_data *data, const tm_component_fit *fit, const double *l, double *u,
                       double *g)
{
    const int64_t k = data->k;
    for (int64_t i = 0; i < k; i++) u[i] = dot(fit->covariance + i * k, l, k);
    for (int32_t c = 0; c < data->n_components; c++) g[c] = quadratic(fit->slope + c * k * k, u, u, data->k);
    return dot(l, u, k);
}

temoin_status tm_components_satterthwaite(temoin_context *ctx, const tm_component_data *data,
                                          const tm_component_fit *fit, const double *l, tm_component_variance *out)
{
    double *u;
    components g, x;
    bool fixed[TM_COMPONENTS] = {false};
    TM_SCRATCH(ctx, u, data->k);
    out->variance = gradient(data, fit, l, u, g);
    for (int32_t c = 0; c < data->n_components; c++) fixed[c] = fit->theta[c] == 0;
    const bool found = solve_free(fit->observed, g, fixed, data->n_components, x);
    out->df = found ? 2 * out->variance * out->variance / dot(g, x, data->n_components) : NAN;
    return TEMOIN_OK;
}

/* Σ_b d_i d_j / v (ℓ'ΦX_b'X_bΦℓ), which is ℓ'ΦQ_ijΦℓ. */
static void fill_middle(const tm_component_data *data, const tm_component_fit *fit, const double *u, double *q)
{
    for (int64_t r = 0; r < data->n_rows + data->n_blocks; r++) {
        const bool whole = r >= data->n_rows;
        const double *share = whole ? data->block[r - data->n_rows].share : data->row[r].share;
        const double v = variance_of(data, share, fit->theta);
        const double along = whole ? 0 : dot(data->row[r].x, u, data->k);
        const double square = whole ? quadratic(data->block[r - data->n_rows].gram, u, u, data->k) : along * along;
        for (int32_t i = 0; i < data->n_components; i++)
            for (int32_t j = 0; j < data->n_components; j++)
                q[i * TM_COMPONENTS + j] += share[i] * share[j] / v / v / v * square;
    }
}

temoin_status tm_components_kenward_roger(temoin_context *ctx, const tm_component_data *data,
                                          const tm_component_fit *fit, const double *l, tm_component_variance *out)
{
    static const bool free[TM_COMPONENTS] = {false};
    const int32_t n = data->n_components;
    const int64_t k = data->k;
    double *u, *turned;
    components g, x, unit;
    components_square q = {0};
    TM_SCRATCH(ctx, u, k);
    TM_SCRATCH(ctx, turned, k * n); /* P_c Φℓ */
    const double plain = gradient(data, fit, l, u, g);
    fill_middle(data, fit, u, q);
    for (int32_t c = 0; c < n; c++)
        for (int64_t i = 0; i < k; i++) turned[c * k + i] = dot(fit->slope + (c * k + i) * k, u, k);
    *out = (tm_component_variance){plain, NAN};
    for (int32_t j = 0; j < n; j++) {
        for (int32_t c = 0; c < n; c++) unit[c] = c == j;
        if (!solve_free(fit->expected, unit, free, n, x)) return TEMOIN_OK; /* x is column j of W */
        for (int32_t i = 0; i < n; i++)
            out->variance +=
                2 * x[i] *
                (q[i * TM_COMPONENTS + j] - quadratic(fit->covariance, turned + i * k, turned + j * k, data->k));
    }
    if (solve_free(fit->expected, g, free, n, x)) out->df = 2 * plain * plain / dot(g, x, n);
    return TEMOIN_OK;
}
