/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moments/random_forms.h"

#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "numeric/cholesky.h"
#include "numeric/elementary.h"

/* V⁻¹Z_dense = V₁⁻¹Z_dense (I - EC), E = Λ(I + ΛCΛ)⁻¹Λ, Λ² = diag θ, C = Z'V₁⁻¹Z. */
enum { ROOM_E, ROOM_T, ROOM_M, ROOM_S, ROOM_N, ROOM_X };
enum { FULL_A, FULL_B, FULL_Q };

temoin_status tm_random_forms_init(temoin_context *ctx, const tm_random_moments *moments, tm_random_forms *out)
{
    *out = (tm_random_forms){.moments = moments, .m = moments->p + 1};
    const int64_t size = (int64_t)out->m * out->m, dim = moments->dim, wide = moments->n_dense;
    TM_SCRATCH(ctx, out->a, size);
    for (int32_t k = 0; k < moments->n_factors; k++) {
        TM_SCRATCH(ctx, out->b[k], size);
        for (int32_t l = 0; l <= k; l++) TM_SCRATCH(ctx, out->q[k][l], size);
    }
    for (int i = 0; wide && i < 3; i++) TM_SCRATCH(ctx, out->full[i], dim * dim);
    for (int i = 0; wide && i < 6; i++) TM_SCRATCH(ctx, out->room[i], wide * (wide > out->m ? wide : out->m));
    return TEMOIN_OK;
}

static void mirror(double *a, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++) a[j * n + i] = a[i * n + j];
}

/* Lower triangles of W'V₁⁻¹W, W'V₁⁻¹G_0V₁⁻¹W and W'V₁⁻¹G_0V₁⁻¹G_0V₁⁻¹W (b and q NULL: not wanted). */
static void add_level(const tm_random_moments *x, int32_t g, double ratio, double *a, double *b, double *q)
{
    const double h = 1 / (1 + x->size[g] * ratio), w = ratio * h, hh = h * h, nh = x->size[g] * h * hh;
    const int64_t dim = x->dim;
    for (int64_t i = x->at[g]; i < x->at[g + 1]; i++)
        for (int64_t j = x->at[g]; j <= i; j++) {
            const double product = x->sum[i] * x->sum[j];
            const int64_t at = x->column[i] * dim + x->column[j];
            a[at] -= w * product;
            if (!b) continue;
            b[at] += hh * product;
            q[at] += nh * product;
        }
}

static void sum_levels(const tm_random_moments *x, double ratio, tm_random_forms *forms, double *a, double *b,
                       double *q)
{
    const size_t size = (size_t)x->dim * (size_t)x->dim * sizeof *a;
    memcpy(a, x->gram, size);
    if (b) memset(b, 0, size), memset(q, 0, size);
    forms->log_determinant = forms->t[0] = forms->tt[0][0] = 0;
    for (int32_t g = 0; g < x->n_levels; g++) {
        const double scale = 1 + x->size[g] * ratio, share = x->size[g] / scale;
        add_level(x, g, ratio, a, b, q);
        forms->log_determinant += tm_log1p(x->size[g] * ratio);
        forms->t[0] += share;
        forms->tt[0][0] += share * share;
    }
    mirror(a, x->dim);
    if (b) mirror(b, x->dim), mirror(q, x->dim);
}

/* A part of a matrix: rows `step` apart. */
typedef struct block {
    double *x;
    int64_t rows, columns, step;
} block;

/* to += factor a b. */
static void add_product(const tm_kernels *kernels, double factor, block a, block b, block to)
{
    for (int64_t i = 0; i < a.rows; i++)
        for (int64_t k = 0; k < a.columns; k++)
            kernels->axpy(factor * a.x[i * a.step + k], b.x + k * b.step, to.x + i * to.step, to.columns);
}

/* to += factor a'b. */
static void add_crossproduct(const tm_kernels *kernels, double factor, block a, block b, block to)
{
    for (int64_t k = 0; k < a.rows; k++)
        for (int64_t i = 0; i < a.columns; i++)
            kernels->axpy(factor * a.x[k * a.step + i], b.x + k * b.step, to.x + i * to.step, to.columns);
}

static void copy(block from, block to)
{
    for (int64_t i = 0; i < from.rows; i++)
        memcpy(to.x + i * to.step, from.x + i * from.step, (size_t)from.columns * sizeof *from.x);
}

static void clear(block to)
{
    for (int64_t i = 0; i < to.rows; i++) memset(to.x + i * to.step, 0, (size_t)to.columns * sizeof *to.x);
}

/* Σ_ij a_ij b_ij = tr(a'b). */
static double inner(const tm_kernels *kernels, block a, block b)
{
    double sum = 0;
    for (int64_t i = 0; i < a.rows; i++) sum += kernels->dot(a.x + i * a.step, b.x + i * b.step, a.columns);
    return sum;
}

/* What stands in the rows of the matrix from `row` and the columns from `column`. */
static block part(double *x, int64_t step, int64_t row, int64_t rows, int64_t column, int64_t columns)
{
    return (block){x + row * step + column, rows, columns, step};
}

static block room(const tm_random_forms *forms, int which, int64_t columns)
{
    return (block){forms->room[which], forms->moments->n_dense, columns, columns};
}

/* The rows of factor k >= 1 of a matrix that has one for each dense level. */
static block rows_of(const tm_random_forms *forms, block of, int32_t k)
{
    const int32_t *start = forms->moments->dense_start;
    return (block){of.x + start[k - 1] * of.step, start[k] - start[k - 1], of.columns, of.step};
}

/* And the columns. */
static block columns_of(const tm_random_forms *forms, block of, int32_t k)
{
    const int32_t *start = forms->moments->dense_start;
    return (block){of.x + start[k - 1], of.rows, start[k] - start[k - 1], of.step};
}

/* The root of Λ² = diag θ, [n_dense]. */
static void fill_root(const tm_random_forms *forms, const double *ratio, double *root)
{
    for (int32_t k = 1; k < forms->moments->n_factors; k++)
        for (int64_t i = forms->moments->dense_start[k - 1]; i < forms->moments->dense_start[k]; i++)
            root[i] = sqrt(ratio[k]);
}

/* Cholesky's factor of I + ΛCΛ, and its part of log |V|. */
static bool factor_dense(tm_random_forms *forms, const double *root, block c, double *factor)
{
    const int64_t d = c.rows;
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j <= i; j++) factor[i * d + j] = root[i] * c.x[i * c.step + j] * root[j] + (i == j);
    if (!tm_cholesky_factor(factor, (int32_t)d)) return false;
    forms->log_determinant += tm_cholesky_log_determinant(factor, (int32_t)d);
    return true;
}

static void invert_dense(const double *factor, const double *root, block e)
{
    tm_cholesky_inverse(factor, (int32_t)e.rows, e.x);
    for (int64_t i = 0; i < e.rows; i++)
        for (int64_t j = 0; j < e.columns; j++) e.x[i * e.step + j] *= root[i] * root[j];
}

/* T = -E (Z'V₁⁻¹U) column by column, without E. */
static void solve_dense(const double *factor, const double *root, block adx, block t, double *x)
{
    for (int64_t j = 0; j < adx.columns; j++) {
        for (int64_t i = 0; i < adx.rows; i++) x[i] = root[i] * adx.x[i * adx.step + j];
        tm_cholesky_solve(factor, (int32_t)adx.rows, x, x);
        for (int64_t i = 0; i < adx.rows; i++) t.x[i * t.step + j] = -root[i] * x[i];
    }
}

/* The forms of which factor 0 is all there is on both sides, and those with dense factors. With R = (I; T) over the
 * columns (U, Z), V⁻¹U = V₁⁻¹WR; F stands for Z_0'V₁⁻¹Z. */
static void combine_first(const tm_kernels *k, tm_random_forms *f)
{
    const int64_t m = f->m, d = f->moments->n_dense, dim = f->moments->dim;
    double *b1 = f->full[FULL_B], *q1 = f->full[FULL_Q];
    const block e = room(f, ROOM_E, d), t = room(f, ROOM_T, m), x = room(f, ROOM_X, m), y = room(f, ROOM_N, m);
    const block bdx = part(b1, dim, m, d, 0, m), bdd = part(b1, dim, m, d, m, d);
    const block b = {f->b[0], m, m, m}, q = {f->q[0][0], m, m, m};
    copy(part(b1, dim, 0, m, 0, m), b);
    add_crossproduct(k, 1, bdx, t, b);
    copy(bdx, x); /* F'Z_0'V⁻¹U = b1_dx + b1_dd T */
    add_product(k, 1, bdd, t, x);
    add_crossproduct(k, 1, t, x, b);
    clear(y);
    add_product(k, 1, e, x, y);
    copy(part(q1, dim, 0, m, 0, m), q);
    add_crossproduct(k, -1, x, y, q);
    add_crossproduct(k, 1, part(q1, dim, m, d, 0, m), t, q);
    copy(part(q1, dim, m, d, 0, m), y);
    add_product(k, 1, part(q1, dim, m, d, m, d), t, y);
    add_crossproduct(k, 1, t, y, q);
}

/* t and tt in which factor 0 is on a side; M = I - EC. */
static void trace_first(const tm_kernels *k, tm_random_forms *f)
{
    const int64_t m = f->m, d = f->moments->n_dense, dim = f->moments->dim;
    const block e = room(f, ROOM_E, d), mm = room(f, ROOM_M, d), x = room(f, ROOM_N, d);
    const block bdd = part(f->full[FULL_B], dim, m, d, m, d), qdd = part(f->full[FULL_Q], dim, m, d, m, d);
    f->t[0] -= inner(k, e, bdd);
    f->tt[0][0] -= 2 * inner(k, e, qdd);
    clear(x);
    add_product(k, 1, bdd, e, x); /* tr(E B E B) = Σ (BE)_ij (BE)_ji */
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < d; j++) f->tt[0][0] += x.x[i * d + j] * x.x[j * d + i];
    clear(x);
    add_product(k, 1, bdd, mm, x);
    for (int32_t l = 1; l < f->moments->n_factors; l++)
        f->tt[0][l] = f->tt[l][0] = inner(k, columns_of(f, x, l), columns_of(f, mm, l));
}

/* q_k0 of a dense factor k: S_k'M_k'(b1_dx + b1_dd T), S = Z'V⁻¹U. */
static void combine_mixed(const tm_kernels *k, tm_random_forms *f)
{
    const int64_t m = f->m, d = f->moments->n_dense, dim = f->moments->dim;
    double *b1 = f->full[FULL_B];
    const block mm = room(f, ROOM_M, d), s = room(f, ROOM_S, m), x = room(f, ROOM_X, m), y = room(f, ROOM_N, m);
    copy(part(b1, dim, m, d, 0, m), x);
    add_product(k, 1, part(b1, dim, m, d, m, d), room(f, ROOM_T, m), x);
    clear(y);
    add_crossproduct(k, 1, mm, x, y);
    for (int32_t l = 1; l < f->moments->n_factors; l++) {
        const block q = {f->q[l][0], m, m, m};
        clear(q);
        add_crossproduct(k, 0.5, rows_of(f, s, l), rows_of(f, y, l), q);
        add_crossproduct(k, 0.5, rows_of(f, y, l), rows_of(f, s, l), q);
    }
}

/* b, q, t, tt among the dense factors; N = Z'V⁻¹Z = CM. */
static void combine_dense(const tm_kernels *k, tm_random_forms *f)
{
    const int64_t m = f->m, d = f->moments->n_dense, dim = f->moments->dim;
    const block c = part(f->full[FULL_A], dim, m, d, m, d), n = room(f, ROOM_N, d), s = room(f, ROOM_S, m);
    const block x = room(f, ROOM_X, m);
    clear(n);
    add_product(k, 1, c, room(f, ROOM_M, d), n);
    for (int32_t l = 1; l < f->moments->n_factors; l++) {
        const block sl = rows_of(f, s, l), xl = rows_of(f, x, l), b = {f->b[l], m, m, m};
        const block nl = columns_of(f, rows_of(f, n, l), l);
        clear(b);
        add_crossproduct(k, 1, sl, sl, b);
        f->t[l] = 0;
        for (int64_t i = 0; i < nl.rows; i++) f->t[l] += nl.x[i * nl.step + i];
        for (int32_t r = 1; r <= l; r++) {
            const block nlr = columns_of(f, rows_of(f, n, l), r), sr = rows_of(f, s, r), q = {f->q[l][r], m, m, m};
            f->tt[l][r] = f->tt[r][l] = inner(k, nlr, nlr);
            clear(xl);
            add_product(k, 1, nlr, sr, xl);
            clear(q);
            add_crossproduct(k, 0.5, sl, xl, q);
            add_crossproduct(k, 0.5, xl, sl, q);
        }
    }
}

static bool add_dense(const temoin_context *ctx, tm_random_forms *f, const double *ratio, bool likelihood_only)
{
    const tm_kernels *k = ctx->kernels;
    const int64_t m = f->m, d = f->moments->n_dense, dim = f->moments->dim;
    double *full = f->full[FULL_A], *root = f->room[ROOM_N], *factor = f->room[ROOM_X];
    const block c = part(full, dim, m, d, m, d), adx = part(full, dim, m, d, 0, m), a = {f->a, m, m, m};
    const block e = room(f, ROOM_E, d), t = room(f, ROOM_T, m), mm = room(f, ROOM_M, d), s = room(f, ROOM_S, m);
    fill_root(f, ratio, root);
    if (!factor_dense(f, root, c, factor)) return false;
    solve_dense(factor, root, adx, t, f->room[ROOM_S]);
    copy(part(full, dim, 0, m, 0, m), a);
    add_crossproduct(k, 1, adx, t, a);
    if (likelihood_only) return true;
    invert_dense(factor, root, e);
    clear(mm);
    add_product(k, -1, e, c, mm);
    for (int64_t i = 0; i < d; i++) mm.x[i * d + i]++;
    copy(adx, s);
    add_product(k, 1, c, t, s);
    combine_first(k, f);
    trace_first(k, f);
    combine_mixed(k, f);
    combine_dense(k, f);
    return true;
}

bool tm_random_forms_at(const temoin_context *ctx, tm_random_forms *forms, const double *ratio, bool likelihood_only)
{
    const bool dense = forms->moments->n_dense > 0;
    double *a = dense ? forms->full[FULL_A] : forms->a, *b = dense ? forms->full[FULL_B] : forms->b[0];
    double *q = dense ? forms->full[FULL_Q] : forms->q[0][0];
    sum_levels(forms->moments, ratio[0], forms, a, likelihood_only ? NULL : b, q);
    return !dense || add_dense(ctx, forms, ratio, likelihood_only);
}
