/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mixed models against analysis of variance, against n × n matrices, and what they refuse. */
#include "randsample.h"

#include "estimators/ols_model.h"
#include "inference/effects.h"
#include "moments/random_intercept.h"
#include "numeric/linear_solve.h"

enum { MOST_ROWS = 60, MOST_FIXED = 6, MOST_FACTORS = 3 };

/* Two arms, workers within them, each with the same number of clients. */
enum { WORKERS = 7, CLIENTS = 4, ROWS = 2 * WORKERS * CLIENTS };

typedef struct layout {
    tm_sample sample;
    double y[ROWS];
    int32_t arm[ROWS], stratum[ROWS], cluster[ROWS];
    double mean[2 * WORKERS], between, within; /* mean squares */
} layout;

static void draw_layout(uint64_t *seed, double spread, layout *l)
{
    double effect[2 * WORKERS], arm_mean[2] = {0, 0};
    *l = (layout){.between = 0};
    for (int g = 0; g < 2 * WORKERS; g++) effect[g] = spread * rand_normal(seed);
    for (int i = 0; i < ROWS; i++) {
        l->cluster[i] = i % (2 * WORKERS);
        l->arm[i] = l->cluster[i] % 2;
        l->y[i] = 3 + l->arm[i] + effect[l->cluster[i]] + rand_normal(seed);
        l->mean[l->cluster[i]] += l->y[i] / CLIENTS;
    }
    for (int g = 0; g < 2 * WORKERS; g++) arm_mean[g % 2] += l->mean[g] / WORKERS;
    for (int g = 0; g < 2 * WORKERS; g++)
        l->between += CLIENTS * pow(l->mean[g] - arm_mean[g % 2], 2) / (2 * WORKERS - 2);
    for (int i = 0; i < ROWS; i++) l->within += pow(l->y[i] - l->mean[l->cluster[i]], 2) / (ROWS - 2 * WORKERS);
    l->sample = (tm_sample){.n = ROWS, .n_arms = 2, .n_strata = 1, .n_clusters = 2 * WORKERS};
    l->sample.y = l->y, l->sample.arm = l->arm, l->sample.stratum = l->stratum, l->sample.cluster = l->cluster;
}

static tm_effect run_of(temoin_context *ctx, const tm_sample *sample, const char *estimator, const char *variance)
{
    static const double weight[] = {-1, 1, 0};
    tm_effect out;
    tm_notes_init(&out.notes, ctx);
    check_ok(ctx, tm_effects_run(ctx, sample, tm_estimator_find(estimator), tm_variance_find(variance), weight, 1, 0.95,
                                 &out));
    return out;
}

/* The model of the estimators: strata, arms, covariates. */
static const tm_fit *least_squares(temoin_context *ctx, const tm_sample *sample, const double *arm_weight)
{
    int64_t left_out;
    const tm_fit *fit;
    tm_model *model = tm_arena_take(&ctx->scratch, 1, sizeof *model);
    assert_non_null(model);
    *model = (tm_model){.sample = sample, .n_contrasts = 1, .arm_weight = arm_weight};
    check_ok(ctx, tm_ols_build(ctx, model, &left_out));
    check_ok(ctx, tm_fit_build(ctx, model, &fit));
    return fit;
}

/* Balanced, REML gives the estimators of the analysis of variance, and the contrast is the t test of workers' means:
 * both small-sample methods find its 2 (workers per arm) - 2 degrees of freedom. */
static void balanced_is_analysis_of_variance(void **state)
{
    (void)state;
    static const double weight[] = {-1, 1};
    uint64_t seed = 41;
    int inside = 0, at_zero = 0;
    for (int trial = 0; trial < 60; trial++) {
        static layout l;
        temoin_context *ctx = check_context();
        tm_random_moments moments;
        tm_random_fit fit;
        draw_layout(&seed, trial % 2 ? 1 : 0.2, &l);
        check_ok(ctx, tm_random_moments_build(ctx, least_squares(ctx, &l.sample, weight), 1, NULL, &moments));
        check_ok(ctx, tm_random_fit_run(ctx, &moments, true, &fit));
        assert_null(fit.refused);
        const tm_effect kr = run_of(ctx, &l.sample, "mixed", "kenward_roger");
        const tm_effect sw = run_of(ctx, &l.sample, "mixed", "model_satterthwaite");
        if (l.between > l.within) {
            const tm_effect t = run_of(ctx, &l.sample, "worker_means", "student");
            check_close(fit.residual, l.within, 1e-11);
            check_close(fit.variance[0], (l.between - l.within) / CLIENTS, 1e-9);
            assert_false(fit.at_zero[0]);
            check_close(kr.value, t.value, 1e-11);
            check_close(kr.se, t.se, 1e-10);
            check_close(kr.df, 2 * WORKERS - 2, 1e-9);
            check_close(kr.p, t.p, 1e-9);
            check_close(sw.se, t.se, 1e-10);
            check_close(sw.df, 2 * WORKERS - 2, 1e-8);
            assert_null(strstr(kr.notes.text, "variance_at_zero"));
            inside++;
        } else {
            const double within = (ROWS - 2 * WORKERS) * l.within, between = (2 * WORKERS - 2) * l.between;
            check_close(fit.residual, (within + between) / (ROWS - 2), 1e-12);
            assert_true(fit.at_zero[0] && fit.variance[0] == 0);
            check_close(sw.df, ROWS - 2, 1e-12);
            check_close(sw.se, sqrt(fit.residual * 4 / ROWS), 1e-12);
            assert_non_null(strstr(kr.notes.text, "variance_at_zero"));
            assert_non_null(strstr(sw.notes.text, "variance_at_zero"));
            at_zero++;
        }
        temoin_context_free(ctx);
    }
    assert_true(inside > 20 && at_zero > 10);
}

/* Everything by n × n matrices, in the variances themselves: G of the factors, then the identity. */
typedef struct brute {
    int n, p, k; /* k: variances with the residual's */
    double x[MOST_ROWS * MOST_FIXED], g[MOST_FACTORS + 1][MOST_ROWS * MOST_ROWS];
    double inverse[MOST_ROWS * MOST_ROWS], projection[MOST_ROWS * MOST_ROWS], phi[MOST_FIXED * MOST_FIXED];
    double log_v, log_xvx;
} brute;

static double invert(const double *a, int n, double *out)
{
    static double factor[MOST_ROWS * MOST_ROWS];
    int32_t row[MOST_ROWS];
    double unit[MOST_ROWS], x[MOST_ROWS], log_determinant = 0;
    memcpy(factor, a, (size_t)(n * n) * sizeof *a);
    assert_true(tm_linear_factor(factor, n, row));
    for (int j = 0; j < n; j++) {
        memset(unit, 0, sizeof unit);
        unit[j] = 1;
        tm_linear_solve(factor, row, n, unit, x);
        for (int i = 0; i < n; i++) out[i * n + j] = x[i];
        log_determinant += log(fabs(factor[j * n + j]));
    }
    return log_determinant;
}

/* c [n * m] = a [n * k] b [k * m]. */
static void times(const double *a, const double *b, int n, int k, int m, double *c)
{
    memset(c, 0, (size_t)(n * m) * sizeof *c);
    for (int i = 0; i < n; i++)
        for (int r = 0; r < k; r++)
            for (int j = 0; j < m; j++) c[i * m + j] += a[i * k + r] * b[r * m + j];
}

static void transpose(const double *a, int n, int m, double *out)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++) out[j * n + i] = a[i * m + j];
}

static double trace_of(const double *a, const double *b, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) sum += a[i * n + j] * b[j * n + i];
    return sum;
}

static void brute_at(brute *b, const double *variance)
{
    static double v[MOST_ROWS * MOST_ROWS], vx[MOST_ROWS * MOST_FIXED], xt[MOST_ROWS * MOST_FIXED];
    static double xvx[MOST_FIXED * MOST_FIXED], left[MOST_ROWS * MOST_FIXED], vxt[MOST_ROWS * MOST_FIXED];
    const int n = b->n, p = b->p;
    memset(v, 0, sizeof v);
    for (int k = 0; k < b->k; k++)
        for (int i = 0; i < n * n; i++) v[i] += variance[k] * b->g[k][i];
    b->log_v = invert(v, n, b->inverse);
    times(b->inverse, b->x, n, n, p, vx);
    transpose(b->x, n, p, xt);
    times(xt, vx, p, n, p, xvx);
    b->log_xvx = invert(xvx, p, b->phi);
    times(vx, b->phi, n, p, p, left);
    transpose(vx, n, p, vxt);
    times(left, vxt, n, p, n, b->projection);
    for (int i = 0; i < n * n; i++) b->projection[i] = b->inverse[i] - b->projection[i];
}

static double form(const double *x, const double *a, const double *y, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) sum += x[i] * a[i * n + j] * y[j];
    return sum;
}

/* Kenward & Roger's formulas as they are printed, for the combination l of X's columns, and the information of the
 * likelihood; y'PGPy and traces by n × n products. */
static void brute_inference(brute *b, const double *y, const double *l, bool reml, double *score, double *adjusted,
                            double *df_kr, double *df_sw)
{
    static double pg[4][MOST_ROWS * MOST_ROWS], vg[4][MOST_ROWS * MOST_ROWS], pgy[4][MOST_ROWS];
    static double work[MOST_ROWS * MOST_ROWS], u[MOST_FIXED * MOST_FIXED];
    double expected[16], observed[16], w[16], s[16], py[MOST_ROWS], grad[4], big_p[4][MOST_FIXED * MOST_FIXED];
    const int n = b->n, p = b->p, k = b->k;
    double xt[MOST_ROWS * MOST_FIXED], vx[MOST_ROWS * MOST_FIXED], vxt[MOST_ROWS * MOST_FIXED];
    double a[MOST_ROWS * MOST_FIXED], q[MOST_FIXED * MOST_FIXED], r[MOST_FIXED * MOST_FIXED], phil[MOST_FIXED];
    transpose(b->x, n, p, xt);
    times(b->inverse, b->x, n, n, p, vx);
    transpose(vx, n, p, vxt);
    times(b->projection, y, n, n, 1, py);
    times(b->phi, l, p, p, 1, phil);
    for (int i = 0; i < k; i++) {
        times(b->projection, b->g[i], n, n, n, pg[i]);
        times(b->inverse, b->g[i], n, n, n, vg[i]);
        times(b->g[i], py, n, n, 1, pgy[i]);
        times(b->g[i], vx, n, n, p, a);
        times(vxt, a, p, n, p, big_p[i]);
        grad[i] = form(phil, big_p[i], phil, p);
        double own = 0, trace = 0;
        for (int j = 0; j < n; j++) own += py[j] * pgy[i][j], trace += (reml ? pg : vg)[i][j * n + j];
        score[i] = (trace - own) / trace;
    }
    for (int i = 0; i < k; i++)
        for (int j = 0; j < k; j++) {
            expected[i * k + j] = trace_of(pg[i], pg[j], n);
            observed[i * k + j] =
                2 * form(pgy[i], b->projection, pgy[j], n) - trace_of((reml ? pg : vg)[i], (reml ? pg : vg)[j], n);
        }
    invert(expected, k, w);
    invert(observed, k, s);
    memset(u, 0, sizeof u);
    for (int i = 0; i < k; i++)
        for (int j = 0; j < k; j++) {
            times(b->g[j], vx, n, n, p, a);
            times(b->inverse, a, n, n, p, work);
            times(b->g[i], work, n, n, p, a);
            times(vxt, a, p, n, p, q);
            times(b->phi, big_p[j], p, p, p, r);
            times(big_p[i], r, p, p, p, a);
            for (int e = 0; e < p * p; e++) u[e] += 2 * w[i * k + j] * (q[e] - a[e]);
        }
    const double v = form(l, b->phi, l, p);
    double g_w = 0, g_s = 0;
    for (int i = 0; i < k; i++)
        for (int j = 0; j < k; j++)
            g_w += 2 * grad[i] * w[i * k + j] * grad[j], g_s += 2 * grad[i] * s[i * k + j] * grad[j];
    *adjusted = v + 2 * form(phil, u, phil, p);
    /* q = 1: A1 = A2, B = 7 A / 2, g = -1, c = -1/7, 2/7, 4/7 */
    const double big_a = g_w / (v * v), big_b = 3.5 * big_a, v2 = 1 - 4 * big_b / 7;
    *df_kr = 4 + 3 / ((1 - big_b / 7) / v2 - 1);
    *df_sw = 2 * v * v / g_s;
}

typedef struct drawn {
    rand_sample r;
    int32_t level[2][RAND_ROWS]; /* of further factors */
    tm_random_factor beside[2];
} drawn;

static void draw_rows(uint64_t *seed, drawn *d, int n_factors)
{
    memset(d, 0, sizeof *d);
    tm_sample *s = &d->r.sample;
    s->n = 40 + rand_below(seed, 20), s->n_arms = 2, s->n_strata = 1 + rand_below(seed, 2), s->n_covariates = 2;
    rand_set_views(&d->r);
    double effect[3][20];
    for (int f = 0; f < 3; f++)
        for (int g = 0; g < 20; g++) effect[f][g] = (0.4 + 0.5 * f) * rand_normal(seed);
    for (int i = 0; i < s->n; i++) {
        d->r.cluster[i] = rand_below(seed, 9);
        d->r.arm[i] = n_factors == 1 ? d->r.cluster[i] % 2 : rand_below(seed, 2);
        d->r.stratum[i] = i % s->n_strata;
        d->level[0][i] = rand_below(seed, 5), d->level[1][i] = d->level[0][i] * 2 + rand_below(seed, 2); /* nested */
        for (int j = 0; j < 2; j++) d->r.x[j][i] = rand_normal(seed) + 0.2 * d->r.cluster[i];
        d->r.y[i] = d->r.arm[i] + d->r.x[0][i] + effect[0][d->r.cluster[i]] + rand_normal(seed);
        for (int f = 1; f < n_factors; f++) d->r.y[i] += effect[f][d->level[f - 1][i]];
    }
    rand_number_clusters(&d->r);
    d->beside[0] = (tm_random_factor){5, d->level[0]}, d->beside[1] = (tm_random_factor){10, d->level[1]};
}

/* Columns: strata, arm, covariates. */
static void fill_brute(const drawn *d, int n_factors, brute *b)
{
    const tm_sample *s = &d->r.sample;
    memset(b, 0, sizeof *b);
    b->n = (int)s->n, b->p = s->n_strata + 3, b->k = n_factors + 1;
    for (int i = 0; i < b->n; i++) {
        b->x[i * b->p + s->stratum[i]] = 1;
        b->x[i * b->p + s->n_strata] = s->arm[i];
        for (int j = 0; j < 2; j++) b->x[i * b->p + s->n_strata + 1 + j] = s->covariate[j][i];
        for (int j = 0; j < b->n; j++) {
            b->g[0][i * b->n + j] = s->cluster[i] == s->cluster[j];
            for (int f = 1; f < n_factors; f++) b->g[f][i * b->n + j] = d->level[f - 1][i] == d->level[f - 1][j];
            b->g[n_factors][i * b->n + j] = i == j;
        }
    }
}

static void check_against_brute(temoin_context *ctx, uint64_t *seed, int n_factors, bool reml, int *inside)
{
    static drawn d;
    static brute b;
    static const double weight[] = {-1, 1};
    double variance[4], score[4], adjusted, df_kr, df_sw, l[MOST_FIXED] = {0};
    tm_random_moments moments;
    tm_random_fit fit;
    tm_random_combination c;
    draw_rows(seed, &d, n_factors);
    fill_brute(&d, n_factors, &b);
    const tm_fit *least = least_squares(ctx, &d.r.sample, weight);
    check_ok(ctx, tm_random_moments_build(ctx, least, n_factors, d.beside, &moments));
    check_ok(ctx, tm_random_fit_run(ctx, &moments, reml, &fit));
    assert_null(fit.refused);
    check_ok(ctx, tm_random_combine(ctx, &fit, least->basis, &c));
    bool zero = false;
    for (int k = 0; k < n_factors; k++) variance[k] = fit.variance[k], zero = zero || fit.at_zero[k];
    variance[n_factors] = fit.residual;
    l[d.r.sample.n_strata] = 1;
    brute_at(&b, variance);
    brute_inference(&b, d.r.y, l, reml, score, &adjusted, &df_kr, &df_sw);
    for (int k = 0; k <= n_factors; k++) {
        if (k < n_factors && fit.at_zero[k])
            assert_true(score[k] > 0);
        else
            assert_true(fabs(score[k]) < 1e-10);
    }
    const double nu = b.n - (reml ? b.p : 0);
    check_close(fit.criterion, nu * (log(2 * 3.14159265358979323846) + 1) + b.log_v + (reml ? b.log_xvx : 0), 1e-11);
    double coefficient[MOST_FIXED], vy[MOST_ROWS], xvy[MOST_FIXED], xt[MOST_ROWS * MOST_FIXED];
    times(b.inverse, d.r.y, b.n, b.n, 1, vy);
    transpose(b.x, b.n, b.p, xt);
    times(xt, vy, b.p, b.n, 1, xvy);
    times(b.phi, xvy, b.p, b.p, 1, coefficient);
    check_close(least->value[0] + c.value, coefficient[d.r.sample.n_strata], 1e-10);
    check_close(c.variance, form(l, b.phi, l, b.p), 1e-10);
    check_close(c.variance_kenward_roger, adjusted, 1e-9);
    check_close(c.df_kenward_roger, df_kr, 1e-9);
    if (zero) return;
    check_close(c.df_satterthwaite, df_sw, 1e-8);
    ++*inside;
}

static void moments_are_enough(void **state)
{
    (void)state;
    uint64_t seed = 42;
    for (int n_factors = 1; n_factors <= 3; n_factors++) {
        int inside = 0;
        for (int trial = 0; trial < 8; trial++) {
            temoin_context *ctx = check_context();
            check_against_brute(ctx, &seed, n_factors, trial % 2, &inside);
            temoin_context_free(ctx);
        }
        assert_true(inside >= 2);
    }
}

/* Nowhere on a fine grid is the criterion lower, for outcomes on purpose unlike the model. */
static void optimum_is_global(void **state)
{
    (void)state;
    static const double weight[] = {-1, 1};
    uint64_t seed = 43;
    for (int trial = 0; trial < 40; trial++) {
        static drawn d;
        temoin_context *ctx = check_context();
        tm_random_moments moments;
        tm_random_fit fit;
        draw_rows(&seed, &d, 1);
        for (int i = 0; i < d.r.sample.n; i++) d.r.y[i] += trial % 4 == 0 ? 10 * (d.r.cluster[i] == 0) : 0;
        for (int i = 0; trial % 4 == 1 && i < d.r.sample.n; i++) d.r.y[i] *= d.r.y[i] * d.r.y[i];
        const tm_fit *least = least_squares(ctx, &d.r.sample, weight);
        check_ok(ctx, tm_random_moments_build(ctx, least, 1, NULL, &moments));
        check_ok(ctx, tm_random_fit_run(ctx, &moments, trial % 2, &fit));
        assert_null(fit.refused);
        for (double e = -8; e < 4; e += 0.01) {
            double criterion, ratio = pow(10, e);
            check_ok(ctx, tm_random_criterion(ctx, &moments, trial % 2, &ratio, &criterion));
            assert_true(criterion >= fit.criterion - 1e-10);
        }
        temoin_context_free(ctx);
    }
}

/* And in two dimensions. */
static void optimum_is_global_of_two(void **state)
{
    (void)state;
    static const double weight[] = {-1, 1};
    uint64_t seed = 47;
    for (int trial = 0; trial < 25; trial++) {
        static drawn d;
        temoin_context *ctx = check_context();
        tm_random_moments moments;
        tm_random_fit fit;
        draw_rows(&seed, &d, 2);
        for (int i = 0; trial % 3 == 0 && i < d.r.sample.n; i++) d.r.y[i] *= d.r.y[i] * d.r.y[i];
        for (int i = 0; trial % 3 == 1 && i < d.r.sample.n; i++) d.r.y[i] += 3 * d.level[0][i];
        const tm_fit *least = least_squares(ctx, &d.r.sample, weight);
        check_ok(ctx, tm_random_moments_build(ctx, least, 2, d.beside, &moments));
        check_ok(ctx, tm_random_fit_run(ctx, &moments, trial % 2, &fit));
        assert_null(fit.refused);
        for (int i = 0; i < 20 * 20; i++) {
            const double ratio[] = {i % 20 ? pow(10, -4 + 0.4 * (i % 20)) : 0,
                                    i / 20 ? pow(10, -4 + 0.4 * (i / 20)) : 0};
            double criterion;
            check_ok(ctx, tm_random_criterion(ctx, &moments, trial % 2, ratio, &criterion));
            assert_true(criterion >= fit.criterion - 1e-10);
        }
        temoin_context_free(ctx);
    }
}

static void check_same(temoin_context *ctx, const tm_sample *plain, const tm_random_factor *beside,
                       const tm_effect *got)
{
    static const double weight[] = {-1, 1};
    tm_random_moments moments;
    tm_random_fit fit;
    tm_random_combination c;
    const tm_fit *least = least_squares(ctx, plain, weight);
    check_ok(ctx, tm_random_moments_build(ctx, least, beside ? 2 : 1, beside, &moments));
    check_ok(ctx, tm_random_fit_run(ctx, &moments, true, &fit));
    assert_null(fit.refused);
    check_ok(ctx, tm_random_combine(ctx, &fit, least->basis, &c));
    check_close(got->value, least->value[0] + c.value, 1e-9);
    check_close(got->se, sqrt(c.variance_kenward_roger), 1e-9);
    check_close(got->df, c.df_kenward_roger, 1e-7);
}

/* What the estimators ask the model for: waves are fixed, and whichever factor has more levels is eliminated. */
static void waves_and_sites(void **state)
{
    (void)state;
    uint64_t seed = 45;
    for (int trial = 0; trial < 12; trial++) {
        static drawn d;
        temoin_context *ctx = check_context();
        int64_t unit[RAND_ROWS];
        int32_t wave[RAND_ROWS], client[RAND_ROWS];
        draw_rows(&seed, &d, 2);
        tm_sample *s = &d.r.sample, plain;
        const int per_client = trial % 2 ? 2 : 8; /* more clients than workers, or fewer */
        for (int i = 0; i < s->n; i++) unit[i] = 7 + i / per_client, client[i] = i / per_client, wave[i] = i % 3;
        const tm_random_factor workers = {s->n_clusters, s->cluster};
        const tm_panel panel = {.n_waves = 3, .wave = wave};
        s->n_strata = 1;
        memset(d.r.stratum, 0, sizeof d.r.stratum);
        plain = *s;
        s->site = d.level[0], s->n_sites = 5;
        const tm_effect nested = run_of(ctx, s, "mixed_nested", "kenward_roger");
        check_same(ctx, &plain, d.beside, &nested);
        s->unit = unit, s->panel = &panel;
        const tm_effect crossed = run_of(ctx, s, "mixed_crossed", "kenward_roger");
        plain.stratum = wave, plain.n_strata = 3;
        plain.cluster = client, plain.n_clusters = client[s->n - 1] + 1;
        check_same(ctx, &plain, &workers, &crossed);
        s->cluster = client, s->n_clusters = plain.n_clusters; /* a client is a cluster */
        const tm_effect alone = run_of(ctx, s, "mixed_crossed", "kenward_roger");
        check_same(ctx, &plain, NULL, &alone);
        temoin_context_free(ctx);
    }
}

/* Sites that are the workers under other names add nothing, whatever they are called. */
static void names_of_levels_are_irrelevant(void **state)
{
    (void)state;
    uint64_t seed = 47;
    layout l;
    int32_t site[ROWS];
    temoin_context *ctx = check_context();
    draw_layout(&seed, 1, &l);
    for (int i = 0; i < ROWS; i++) site[i] = (l.cluster[i] * 3 + 5) % (2 * WORKERS); /* 3 and 14 are coprime */
    l.sample.site = site, l.sample.n_sites = 2 * WORKERS;
    const tm_effect plain = run_of(ctx, &l.sample, "mixed", "kenward_roger");
    const tm_effect nested = run_of(ctx, &l.sample, "mixed_nested", "kenward_roger");
    l.sample.n_sites++; /* one that nobody is of */
    const tm_effect empty = run_of(ctx, &l.sample, "mixed_nested", "kenward_roger");
    assert_true(plain.se > 0);
    assert_true(close_to(nested.se, plain.se, 1e-12, 0) && close_to(nested.df, plain.df, 1e-12, 0));
    assert_true(close_to(empty.se, plain.se, 1e-12, 0) && close_to(empty.df, plain.df, 1e-12, 0));
    temoin_context_free(ctx);
}

static void check_refused(const tm_sample *sample, const char *estimator, const char *note)
{
    static const char *const variances[] = {"kenward_roger", "model_satterthwaite", "model_wald_z"};
    for (int v = 0; v < 3; v++) {
        if (!tm_variance_serves(tm_variance_find(variances[v]), tm_estimator_find(estimator))) continue;
        temoin_context *ctx = check_context();
        const tm_effect effect = run_of(ctx, sample, estimator, variances[v]);
        assert_true(isnan(effect.se) && isnan(effect.p) && isnan(effect.ci_low));
        assert_non_null(strstr(effect.notes.text, note));
        temoin_context_free(ctx);
    }
}

static void refusals(void **state)
{
    (void)state;
    static layout l;
    static double weight[ROWS];
    uint64_t seed = 44;
    static const char *const estimators[] = {"mixed", "mixed_ml"};
    for (int e = 0; e < 2; e++) {
        draw_layout(&seed, 1, &l);
        for (int i = 0; i < ROWS; i++) l.cluster[i] = l.arm[i];
        l.sample.n_clusters = 2;
        check_refused(&l.sample, estimators[e], "one_cluster_in_arm");
        draw_layout(&seed, 1, &l);
        for (int i = 0; i < ROWS; i++) l.cluster[i] = l.arm[i] ? 0 : 1 + l.cluster[i] / 2;
        l.sample.n_clusters = 1 + WORKERS;
        check_refused(&l.sample, estimators[e], "one_cluster_in_arm");
        draw_layout(&seed, 1, &l);
        for (int i = 0; i < ROWS; i++) l.cluster[i] = i;
        l.sample.n_clusters = ROWS;
        check_refused(&l.sample, estimators[e], "variance_not_identified"); /* every worker one client */
        draw_layout(&seed, 1, &l);
        memcpy(l.stratum, l.cluster, sizeof l.stratum);
        for (int i = 0; i < ROWS; i++) l.arm[i] = i / (2 * WORKERS) % 2;
        l.sample.n_strata = 2 * WORKERS;
        check_refused(&l.sample, estimators[e], "variance_not_identified"); /* a worker is a stratum */
        draw_layout(&seed, 1, &l);
        for (int i = 0; i < ROWS; i++) l.y[i] = l.mean[l.cluster[i]];
        check_refused(&l.sample, estimators[e], "perfect_fit"); /* clients of a worker all alike */
        for (int i = 0; i < ROWS; i++) weight[i] = 1 + i % 2;
        draw_layout(&seed, 1, &l);
        l.sample.weight = weight;
        check_refused(&l.sample, estimators[e], "weights_not_taken");
    }
}

/* As many strata as no matrix of ours holds. */
static void strata_beyond_reason(void **state)
{
    (void)state;
    enum { PAIRS = TM_RANDOM_LARGEST_DIM, MANY = 4 * PAIRS };
    static double y[MANY];
    static int32_t arm[MANY], stratum[MANY], cluster[MANY];
    uint64_t seed = 46;
    for (int i = 0; i < MANY; i++)
        y[i] = rand_normal(&seed), stratum[i] = i / 4, cluster[i] = i / 2, arm[i] = i / 2 % 2;
    tm_sample s = {.n = MANY, .n_arms = 2, .n_strata = PAIRS, .n_clusters = MANY / 2, .y = y, .arm = arm};
    s.stratum = stratum, s.cluster = cluster;
    check_refused(&s, "mixed", "model_too_large");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(balanced_is_analysis_of_variance),
        cmocka_unit_test(moments_are_enough),
        cmocka_unit_test(optimum_is_global),
        cmocka_unit_test(optimum_is_global_of_two),
        cmocka_unit_test(waves_and_sites),
        cmocka_unit_test(names_of_levels_are_irrelevant),
        cmocka_unit_test(refusals),
        cmocka_unit_test(strata_beyond_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
