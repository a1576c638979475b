/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moments/random_intercept.h"

#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "numeric/cholesky.h"
#include "numeric/elementary.h"

enum { MOST = TM_RANDOM_MOST_FACTORS, MOST_STEPS = 100, MOST_HALVINGS = 60, SETTLED = 3, FEW_COLUMNS = 200 };
/* Newton's step is taken unlooked-at when it lowers the criterion by less than this: rounding hides the difference. */
static const double small_decrease = 1e-9;
/* Correlation of the information of two variances, or share of it that is left: below this they are the same one. */
static const double identified = 1e-9;
/* Second derivatives below this share of their own: not those of a minimum. */
static const double least_curvature = 1e-10;
/* A ratio this large: nothing varies within levels. */
static const double largest_ratio = 3e5;
static const double log_ten = 2.302585092994045684;
static const double log_two_pi = 1.8378770664093454836;

/* The criterion with its derivatives at one point. */
typedef struct point {
    double ratio[MOST];
    double criterion;
    double quadratic; /* y'Py, P = V⁻¹ - V⁻¹X(X'V⁻¹X)⁻¹X'V⁻¹ */
    double gradient[MOST];
    double hessian[MOST][MOST];
    double fisher[MOST][MOST]; /* expected, and never indefinite */
    double trace[MOST];        /* tr PG_k */
    double trace2[MOST][MOST]; /* tr PG_kPG_l */
    double yy[MOST];           /* y'PG_kPy */
    double yyy[MOST][MOST];    /* y'PG_kPG_lPy */
} point;

typedef struct search {
    const temoin_context *ctx;
    const tm_random_moments *moments;
    bool reml;
    int32_t p, m;
    double nu; /* n - p or n */
    tm_random_forms forms;
    double *factor;  /* [p * p] Cholesky's of X'V⁻¹X */
    double *inverse; /* [p * p] */
    double *v;       /* [m] (-β, 1): V⁻¹Uv = Py */
    double *along;   /* [MOST * m] b_k v */
    double *product; /* [MOST * m * m] inverse times b_k */
} search;

static double quadratic_form(const double *a, const double *x, int64_t m)
{
    double sum = 0;
    for (int64_t i = 0; i < m; i++) {
        double row = 0;
        for (int64_t j = 0; j < m; j++) row += a[i * m + j] * x[j];
        sum += x[i] * row;
    }
    return sum;
}

/* Fills factor and v from the forms; the criterion, NaN where it is not defined. */
static double criterion_of(search *s, double *quadratic)
{
    const int64_t p = s->p, m = s->m;
    for (int64_t i = 0; i < p; i++) memcpy(s->factor + i * p, s->forms.a + i * m, (size_t)p * sizeof *s->factor);
    memcpy(s->v, s->forms.a + p * m, (size_t)p * sizeof *s->v);
    if (!tm_cholesky_factor(s->factor, s->p)) return NAN;
    tm_cholesky_solve(s->factor, s->p, s->v, s->v);
    for (int64_t i = 0; i < p; i++) s->v[i] = -s->v[i];
    s->v[p] = 1;
    *quadratic = quadratic_form(s->forms.a, s->v, m);
    if (!(*quadratic > 0)) return NAN;
    double sum = s->nu * (log_two_pi + tm_log(*quadratic / s->nu) + 1) + s->forms.log_determinant;
    if (s->reml) sum += tm_cholesky_log_determinant(s->factor, s->p) + s->moments->log_volume;
    return sum;
}

static double criterion_at(search *s, const double *ratio)
{
    double quadratic;
    if (!tm_random_forms_at(s->ctx, &s->forms, ratio, true)) return NAN;
    return criterion_of(s, &quadratic);
}

/* (X'V⁻¹X)⁻¹ times the part of b_k that belongs to X. */
static void multiply_inverse(const search *s, const double *b, double *out)
{
    const int64_t p = s->p, m = s->m;
    memset(out, 0, (size_t)p * (size_t)p * sizeof *out);
    for (int64_t i = 0; i < p; i++)
        for (int64_t k = 0; k < p; k++) s->ctx->kernels->axpy(s->inverse[i * p + k], b + k * m, out + i * p, p);
}

static double trace_of_product(const double *a, const double *b, int64_t p)
{
    double sum = 0;
    for (int64_t i = 0; i < p; i++)
        for (int64_t j = 0; j < p; j++) sum += a[i * p + j] * b[j * p + i];
    return sum;
}

/* Σ_ij inverse_ij q_ij over the part of q that belongs to X. */
static double trace_inverse(const search *s, const double *q)
{
    double sum = 0;
    for (int64_t i = 0; i < s->p; i++)
        for (int64_t j = 0; j < s->p; j++) sum += s->inverse[i * s->p + j] * q[i * s->m + j];
    return sum;
}

static void take_traces(search *s, point *at)
{
    const int64_t p = s->p, m = s->m;
    for (int32_t k = 0; k < s->moments->n_factors; k++) {
        double *along = s->along + k * m;
        memset(along, 0, (size_t)m * sizeof *along);
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < m; j++) along[i] += s->forms.b[k][i * m + j] * s->v[j];
        at->yy[k] = 0;
        for (int64_t i = 0; i < m; i++) at->yy[k] += s->v[i] * along[i];
        multiply_inverse(s, s->forms.b[k], s->product + k * p * p);
        at->trace[k] = s->forms.t[k];
        for (int64_t i = 0; i < p; i++) at->trace[k] -= s->product[k * p * p + i * p + i];
        for (int32_t l = 0; l <= k; l++) {
            const double *q = s->forms.q[k][l], *bl = s->along + l * m;
            double crossed = 0;
            for (int64_t i = 0; i < p; i++)
                for (int64_t j = 0; j < p; j++) crossed += along[i] * s->inverse[i * p + j] * bl[j];
            at->yyy[k][l] = at->yyy[l][k] = quadratic_form(q, s->v, m) - crossed;
            at->trace2[k][l] = at->trace2[l][k] = s->forms.tt[k][l] - 2 * trace_inverse(s, q) +
                                                  trace_of_product(s->product + k * p * p, s->product + l * p * p, p);
        }
    }
}

/* With y'Py = Q:  d/dθ_k = tr PG_k - ν y'PG_kPy / Q  (REML; tr V⁻¹G_k for full likelihood, and so on). */
static bool point_at(search *s, const double *ratio, point *at)
{
    const int32_t n_factors = s->moments->n_factors;
    memset(at, 0, sizeof *at);
    memcpy(at->ratio, ratio, (size_t)n_factors * sizeof *ratio);
    if (!tm_random_forms_at(s->ctx, &s->forms, ratio, false)) return false;
    at->criterion = criterion_of(s, &at->quadratic);
    if (isnan(at->criterion)) return false;
    tm_cholesky_inverse(s->factor, s->p, s->inverse);
    take_traces(s, at);
    const double scale = s->nu / at->quadratic;
    for (int32_t k = 0; k < n_factors; k++) {
        const double trace = s->reml ? at->trace[k] : s->forms.t[k];
        at->gradient[k] = trace - scale * at->yy[k];
        for (int32_t l = 0; l < n_factors; l++) {
            const double trace2 = s->reml ? at->trace2[k][l] : s->forms.tt[k][l];
            const double other = s->reml ? at->trace[l] : s->forms.t[l];
            at->hessian[k][l] = 2 * scale * at->yyy[k][l] - trace2 - scale * at->yy[k] * at->yy[l] / at->quadratic;
            at->fisher[k][l] = trace2 - trace * other / s->nu;
        }
    }
    return true;
}

static temoin_status init(temoin_context *ctx, const tm_random_moments *moments, bool reml, search *out)
{
    const int64_t p = moments->p, m = p + 1;
    *out = (search){.ctx = ctx, .moments = moments, .reml = reml, .p = moments->p, .m = moments->p + 1};
    out->nu = (double)(reml ? moments->n - moments->p : moments->n);
    TM_TRY(tm_random_forms_init(ctx, moments, &out->forms));
    TM_SCRATCH(ctx, out->factor, p * p);
    TM_SCRATCH(ctx, out->inverse, p * p);
    TM_SCRATCH(ctx, out->v, m);
    TM_SCRATCH(ctx, out->along, MOST * m);
    TM_SCRATCH(ctx, out->product, MOST * m * m);
    return TEMOIN_OK;
}

/* REML's expected information of the variances, in the order of the factors and the scale last; over σ⁴, times two. */
static int32_t information(const search *s, const point *at, double *out)
{
    const int32_t k = s->moments->n_factors, n = k + 1;
    for (int32_t i = 0; i < k; i++) {
        for (int32_t j = 0; j < k; j++) out[i * n + j] = at->trace2[i][j];
        out[i * n + k] = out[k * n + i] = at->trace[i];
    }
    out[k * n + k] = (double)(s->moments->n - s->p);
    return n;
}

/* Whether the data could tell the variances apart, whatever the outcomes: asked where all are zero. */
static bool is_identified(search *s, const point *zero)
{
    double a[(MOST + 1) * (MOST + 1)];
    const int32_t n = information(s, zero, a);
    for (int32_t k = 0; k < n - 1; k++)
        if (!(a[k * n + k] > identified * s->forms.tt[k][k])) return false;
    return tm_cholesky_factor_within(a, n, identified);
}

/* Decades from 1e-6 to 1e6, in quarters where they are cheap; of several factors from 1e-3 to 100, fewer of many
 * levels. */
typedef struct grid {
    int32_t n; /* with zero, the first */
    double first, step;
} grid;

static grid choose_grid(const tm_random_moments *moments)
{
    const bool small = moments->dim <= FEW_COLUMNS;
    if (moments->n_factors == 1) return small ? (grid){50, -6, 0.25} : (grid){14, -6, 1};
    return small ? (grid){7, -3, 1} : (grid){4, -2, 1};
}

/* The best of its points. */
static void scan(search *s, double *best)
{
    const grid g = choose_grid(s->moments);
    double least = INFINITY;
    int32_t n = 1;
    for (int32_t k = 0; k < s->moments->n_factors; k++) n *= g.n;
    for (int32_t i = 0; i < n; i++) {
        double ratio[MOST] = {0};
        for (int32_t k = 0, left = i; k < s->moments->n_factors; k++, left /= g.n)
            ratio[k] = left % g.n ? tm_exp((g.first + g.step * (left % g.n - 1)) * log_ten) : 0;
        const double criterion = criterion_at(s, ratio);
        if (!(criterion < least)) continue;
        least = criterion;
        memcpy(best, ratio, sizeof ratio);
    }
}

/* Newton's step among the ratios that are free; at zero one stays there that would only fall. Where the second
 * derivatives are not those of a minimum, the expected ones take their place. False: there is no step. */
static bool find_step(const search *s, const point *at, double *step, double *decrease)
{
    int32_t free[MOST], n = 0;
    double a[MOST * MOST], x[MOST];
    for (int32_t k = 0; k < s->moments->n_factors; k++)
        if (at->ratio[k] > 0 || at->gradient[k] < 0) free[n++] = k;
    memset(step, 0, MOST * sizeof *step);
    *decrease = 0;
    bool solved = n == 0;
    for (int expected = 0; expected < 2 && !solved; expected++) {
        for (int32_t i = 0; i < n; i++)
            for (int32_t j = 0; j < n; j++) a[i * n + j] = (expected ? at->fisher : at->hessian)[free[i]][free[j]];
        solved = tm_cholesky_factor_within(a, n, least_curvature);
    }
    if (n == 0 || !solved) return solved;
    for (int32_t i = 0; i < n; i++) x[i] = -at->gradient[free[i]];
    tm_cholesky_solve(a, n, x, x);
    for (int32_t i = 0; i < n; i++) {
        step[free[i]] = x[i];
        *decrease -= x[i] * at->gradient[free[i]] / 2;
    }
    return true;
}

static void move(const search *s, const point *from, const double *step, double share, double *to)
{
    for (int32_t k = 0; k < s->moments->n_factors; k++) to[k] = fmax(from->ratio[k] + share * step[k], 0);
}

/* Newton's method from `at`. False: it went nowhere. */
static bool descend(search *s, point *at)
{
    int settled = 0;
    for (int n = 0; n < MOST_STEPS; n++) {
        double step[MOST], ratio[MOST], decrease;
        if (!find_step(s, at, step, &decrease)) return false;
        if (decrease < small_decrease && ++settled > SETTLED) return true;
        double share = 1;
        move(s, at, step, share, ratio);
        for (int h = 0; decrease >= small_decrease && !(criterion_at(s, ratio) < at->criterion); h++) {
            if (h == MOST_HALVINGS) return false;
            share /= 2;
            move(s, at, step, share, ratio);
        }
        if (!point_at(s, ratio, at)) return false;
    }
    return false;
}

static const char *minimize(search *s, point *at)
{
    double start[MOST] = {0};
    if (!point_at(s, start, at)) return "perfect_fit";
    if (!is_identified(s, at)) return "variance_not_identified";
    scan(s, start);
    if (!point_at(s, start, at)) return "perfect_fit";
    const bool found = descend(s, at);
    for (int32_t k = 0; k < s->moments->n_factors; k++)
        if (at->ratio[k] > largest_ratio) return "perfect_fit";
    return found ? NULL : "not_converged";
}

/* 2 I⁻¹ of the expected REML information. */
static bool invert_expected(const search *s, const point *at, double *out)
{
    double a[(MOST + 1) * (MOST + 1)];
    const int32_t n = information(s, at, a);
    if (!tm_cholesky_factor(a, n)) return false;
    tm_cholesky_inverse(a, n, out);
    for (int32_t i = 0; i < n * n; i++) out[i] *= 2;
    return true;
}

/* The inverse of the likelihood's own second derivatives by the variances, of those that are not zero: for the log
 * likelihood -½ of them, so that its covariance is twice their inverse. */
static bool invert_observed(const search *s, const point *at, double *out)
{
    const int32_t k = s->moments->n_factors, width = k + 1;
    const double sigma2 = at->quadratic / s->nu;
    int32_t in[MOST + 1], n = 0;
    double a[(MOST + 1) * (MOST + 1)], inverse[(MOST + 1) * (MOST + 1)];
    for (int32_t i = 0; i <= k; i++)
        if (i == k || at->ratio[i] > 0) in[n++] = i;
    for (int32_t i = 0; i < n; i++)
        for (int32_t j = 0; j < n; j++) {
            const int32_t r = in[i] < in[j] ? in[i] : in[j], c = in[i] < in[j] ? in[j] : in[i];
            if (r == k)
                a[i * n + j] = s->nu;
            else if (c == k)
                a[i * n + j] = 2 * at->yy[r] / sigma2 - (s->reml ? at->trace[r] : s->forms.t[r]);
            else
                a[i * n + j] = 2 * at->yyy[r][c] / sigma2 - (s->reml ? at->trace2[r][c] : s->forms.tt[r][c]);
        }
    if (!tm_cholesky_factor(a, n)) return false;
    tm_cholesky_inverse(a, n, inverse);
    memset(out, 0, (size_t)width * (size_t)width * sizeof *out);
    for (int32_t i = 0; i < n; i++)
        for (int32_t j = 0; j < n; j++) out[in[i] * width + in[j]] = 2 * inverse[i * n + j];
    return true;
}

static temoin_status finish(temoin_context *ctx, const search *s, const point *at, tm_random_fit *out)
{
    const int64_t p = s->p, width = s->moments->n_factors + 1;
    double *coefficient, *covariance, *expected, *observed;
    tm_random_forms *forms;
    TM_SCRATCH(ctx, coefficient, p);
    TM_SCRATCH(ctx, covariance, p * p);
    TM_SCRATCH(ctx, expected, width * width);
    TM_SCRATCH(ctx, observed, width * width);
    TM_SCRATCH(ctx, forms, 1);
    *forms = s->forms;
    out->residual = at->quadratic / s->nu;
    out->criterion = at->criterion;
    out->log_likelihood = -at->criterion / 2;
    for (int32_t k = 0; k < s->moments->n_factors; k++) {
        out->ratio[k] = at->ratio[k];
        out->variance[k] = at->ratio[k] * out->residual;
        out->at_zero[k] = at->ratio[k] == 0;
    }
    for (int64_t i = 0; i < p; i++) coefficient[i] = -s->v[i];
    for (int64_t i = 0; i < p * p; i++) covariance[i] = out->residual * s->inverse[i];
    if (!invert_expected(s, at, expected) || !invert_observed(s, at, observed))
        out->refused = "variance_not_identified";
    out->coefficient = coefficient;
    out->covariance = covariance;
    out->forms = forms;
    out->inverse = s->inverse;
    out->expected = expected;
    out->observed = observed;
    return TEMOIN_OK;
}

temoin_status tm_random_fit_run(temoin_context *ctx, const tm_random_moments *moments, bool reml, tm_random_fit *out)
{
    search s;
    point at;
    *out = (tm_random_fit){.moments = moments, .reml = reml};
    if (moments->n <= moments->p) out->refused = "too_few_units";
    if (moments->dim > TM_RANDOM_LARGEST_DIM) out->refused = "model_too_large";
    if (out->refused) return TEMOIN_OK;
    TM_TRY(init(ctx, moments, reml, &s));
    out->refused = minimize(&s, &at);
    return out->refused ? TEMOIN_OK : finish(ctx, &s, &at, out);
}

temoin_status tm_random_criterion(temoin_context *ctx, const tm_random_moments *moments, bool reml, const double *ratio,
                                  double *out)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    search s;
    TM_TRY(init(ctx, moments, reml, &s));
    *out = criterion_at(&s, ratio);
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* out [p] = a x for the part of a symmetric a [m * m] that belongs to X. */
static void multiply(const double *a, const double *x, int64_t p, int64_t m, double *out)
{
    for (int64_t i = 0; i < p; i++) {
        out[i] = 0;
        for (int64_t j = 0; j < p; j++) out[i] += a[i * m + j] * x[j];
    }
}

static double dot(const double *x, const double *y, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += x[i] * y[i];
    return sum;
}

temoin_status tm_random_combine(temoin_context *ctx, const tm_random_fit *fit, const double *l,
                                tm_random_combination *out)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    const int32_t n_factors = fit->moments->n_factors, width = n_factors + 1;
    const int64_t p = fit->moments->p, m = p + 1;
    const tm_random_forms *f = fit->forms;
    double *x, *along, *other, g[MOST + 1], adjusted = 0, expected = 0, observed = 0;
    TM_SCRATCH(ctx, x, p);
    TM_SCRATCH(ctx, along, MOST * p);
    TM_SCRATCH(ctx, other, p);
    multiply(fit->inverse, l, p, p, x);
    for (int32_t k = 0; k < n_factors; k++) {
        multiply(f->b[k], x, p, m, along + k * p);
        g[k] = dot(x, along + k * p, p);
    }
    g[n_factors] = dot(l, x, p);
    for (int32_t k = 0; k < n_factors; k++)
        for (int32_t j = 0; j < n_factors; j++) {
            multiply(f->q[k > j ? k : j][k > j ? j : k], x, p, m, other);
            const double q = dot(x, other, p);
            multiply(fit->inverse, along + j * p, p, p, other);
            adjusted += fit->expected[k * width + j] * (q - dot(along + k * p, other, p));
        }
    for (int32_t k = 0; k < width; k++)
        for (int32_t j = 0; j < width; j++) {
            expected += g[k] * fit->expected[k * width + j] * g[j];
            observed += g[k] * fit->observed[k * width + j] * g[j];
        }
    const double v = g[n_factors];
    *out = (tm_random_combination){.value = dot(l, fit->coefficient, p),
                                   .variance = fit->residual * v,
                                   .variance_kenward_roger = fit->residual * (v + 2 * adjusted),
                                   .df_kenward_roger = 2 * v * v / expected,
                                   .df_satterthwaite = 2 * v * v / observed};
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
