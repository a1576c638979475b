/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mixed models of workers in one arm, against closed forms of equal caseloads and against n × n matrices. */
#include "randsample.h"

#include "estimators/ols_model.h"
#include "inference/effects.h"
#include "moments/partial_moments.h"
#include "numeric/cholesky.h"

enum { MOST = 48, MOST_K = 6 };

static const double contrast[] = {-1, 1};

typedef struct trial {
    int32_t n, n_clusters, arm[MOST], cluster[MOST], stratum[MOST], n_covariates;
    double y[MOST], x[2][MOST];
} trial;

static void add_client(trial *t, int32_t arm, int32_t cluster, double y)
{
    t->arm[t->n] = arm, t->cluster[t->n] = cluster, t->y[t->n++] = y;
    if (cluster >= t->n_clusters) t->n_clusters = cluster + 1;
}

/* Workers of `caseload` clients each, or of one to so many; then clients of nobody. */
static trial build(int32_t workers, int32_t caseload, bool equal, int32_t others, double spread, uint64_t *seed)
{
    trial t = {0};
    for (int32_t g = 0; g < workers; g++) {
        const double own = spread * rand_normal(seed);
        const int32_t m = equal ? caseload : 1 + (caseload + g) % caseload;
        for (int k = 0; k < m; k++) add_client(&t, 1, g, own + rand_normal(seed));
    }
    for (int k = 0; k < others; k++) add_client(&t, 0, workers + k, 0.7 * rand_normal(seed));
    for (int32_t i = 0; i < t.n; i++) t.x[0][i] = rand_normal(seed), t.x[1][i] = rand_below(seed, 2);
    return t;
}

static tm_sample sample_of(const trial *t)
{
    static const double *covariate[2];
    static const char *const name[] = {"x", "z"};
    covariate[0] = t->x[0], covariate[1] = t->x[1];
    return (tm_sample){.n = t->n,
                       .n_arms = 2,
                       .n_strata = 1,
                       .y = t->y,
                       .arm = t->arm,
                       .stratum = t->stratum,
                       .cluster = t->cluster,
                       .n_clusters = t->n_clusters,
                       .n_covariates = t->n_covariates,
                       .covariate = covariate,
                       .covariate_name = name};
}

static tm_effect estimate(temoin_context *ctx, const trial *t, const char *estimator, const char *variance)
{
    const tm_sample s = sample_of(t);
    tm_effect e;
    tm_notes_init(&e.notes, ctx);
    check_ok(ctx,
             tm_effects_run(ctx, &s, tm_estimator_find(estimator), tm_variance_find(variance), contrast, 1, 0.95, &e));
    return e;
}

/* Equal caseloads: the restricted likelihood estimates the variances that Welch's test of workers' means estimates, the
 * effect does not depend on them, and Kenward and Roger add nothing. At the boundary the test is another one. */
static void equal_caseloads_are_welch(void **state)
{
    (void)state;
    static const char *const keys[] = {"kenward_roger", "model_satterthwaite"};
    uint64_t seed = 81;
    int inside = 0, at_zero = 0;
    for (int round = 0; round < 40; round++) {
        temoin_context *ctx = check_context();
        const trial t = build(4 + round % 3, 3 + round % 4, true, 9, round % 2 ? 0.2 : 1, &seed);
        const tm_effect want = estimate(ctx, &t, "worker_means", "welch");
        for (int k = 0; k < 2; k++) {
            const tm_effect got = estimate(ctx, &t, "partially_nested", keys[k]);
            check_close(got.value, want.value, 1e-10);
            if (strstr(got.notes.text, "variance_at_zero")) {
                assert_true(got.df > want.df || k == 0);
                at_zero++;
                continue;
            }
            inside++;
            check_close(got.se, want.se, 1e-8);
            check_close(got.df, want.df, 1e-7);
            assert_true(got.p > 0 && fabs(got.p - want.p) < 1e-7);
        }
        const tm_effect z = estimate(ctx, &t, "partially_nested", "model_wald_z");
        assert_true(isinf(z.df));
        temoin_context_free(ctx);
    }
    assert_true(inside >= 40 && at_zero >= 5);
}

/* At the boundary of equal caseloads: a variance of all that the served arm has, and the residual degrees of freedom.
 */
static void nothing_between_workers_is_two_arms(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    trial t = {0};
    static const double within[] = {-3, 1, 2}; /* the same for all workers: their means do not differ */
    for (int32_t g = 0; g < 4; g++)
        for (int k = 0; k < 3; k++) add_client(&t, 1, g, within[k]);
    for (int32_t k = 0; k < 8; k++) add_client(&t, 0, 4 + k, k);
    const tm_effect e = estimate(ctx, &t, "partially_nested", "model_satterthwaite"),
                    welch = estimate(ctx, &t, "dim", "neyman"), pooled = estimate(ctx, &t, "dim", "classical"),
                    common = estimate(ctx, &t, "partially_nested_common", "model_satterthwaite");
    assert_string_equal(e.notes.text, "variance_at_zero");
    check_close(e.se, welch.se, 1e-9);
    check_close(e.df, welch.df, 1e-8);
    check_close(common.se, pooled.se, 1e-9);
    check_close(common.df, pooled.df, 1e-8);
    temoin_context_free(ctx);
}

/* Everything by n × n matrices and its definition. */
typedef struct dense {
    int n, k, c;
    double x[MOST * MOST_K], a[3][MOST * MOST], v[MOST * MOST], p[MOST * MOST], phi[MOST_K * MOST_K];
    double pa[3][MOST * MOST]; /* P A_c */
} dense;

static void multiply(const double *a, const double *b, int n, double *out)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            out[i * n + j] = 0;
            for (int m = 0; m < n; m++) out[i * n + j] += a[i * n + m] * b[m * n + j];
        }
}

static double trace_of(const double *a, const double *b, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) sum += a[i * n + j] * b[j * n + i];
    return sum;
}

static void invert(const double *a, int n, double *out)
{
    static double factor[MOST * MOST];
    memcpy(factor, a, (size_t)(n * n) * sizeof *a);
    assert_true(tm_cholesky_factor(factor, n));
    tm_cholesky_inverse(factor, n, out);
}

static void fill_dense(const trial *t, bool common, const double *theta, dense *d)
{
    static double inverse[MOST * MOST], vx[MOST * MOST_K], normal[MOST_K * MOST_K];
    const int n = d->n = t->n, k = d->k = 2 + t->n_covariates;
    d->c = common ? 2 : 3;
    memset(d->a, 0, sizeof d->a);
    for (int i = 0; i < n; i++) {
        d->x[i * k] = 1, d->x[i * k + 1] = t->arm[i];
        for (int j = 0; j < t->n_covariates; j++) d->x[i * k + 2 + j] = t->x[j][i];
        d->a[common || t->arm[i] ? 0 : 1][i * n + i] = 1;
        for (int j = 0; j < n; j++)
            if (t->arm[i] && t->cluster[i] == t->cluster[j]) d->a[d->c - 1][i * n + j] = 1;
    }
    memset(d->v, 0, sizeof d->v);
    for (int c = 0; c < d->c; c++)
        for (int i = 0; i < n * n; i++) d->v[i] += theta[c] * d->a[c][i];
    invert(d->v, n, inverse);
    memset(vx, 0, sizeof vx);
    memset(normal, 0, sizeof normal);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < k; j++)
            for (int m = 0; m < n; m++) vx[i * k + j] += inverse[i * n + m] * d->x[m * k + j];
    for (int i = 0; i < k; i++)
        for (int j = 0; j < k; j++)
            for (int m = 0; m < n; m++) normal[i * k + j] += d->x[m * k + i] * vx[m * k + j];
    invert(normal, k, d->phi);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            d->p[i * n + j] = inverse[i * n + j];
            for (int r = 0; r < k; r++)
                for (int s = 0; s < k; s++) d->p[i * n + j] -= vx[i * k + r] * d->phi[r * k + s] * vx[j * k + s];
        }
    for (int c = 0; c < d->c; c++) multiply(d->p, d->a[c], n, d->pa[c]);
}

/* (w' A_c u) for vectors. */
static double form(const double *a, const double *u, const double *w, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) sum += u[i] * a[i * n + j] * w[j];
    return sum;
}

/* b_c: the row of Φ X'V⁻¹ that belongs to the effect, so that the effect is b'y. */
static void fill_effect_weights(const dense *d, double *b)
{
    static double inverse[MOST * MOST];
    invert(d->v, d->n, inverse);
    for (int i = 0; i < d->n; i++) {
        b[i] = 0;
        for (int m = 0; m < d->n; m++)
            for (int r = 0; r < d->k; r++) b[i] += d->phi[d->k + r] * d->x[m * d->k + r] * inverse[m * d->n + i];
    }
}

typedef struct expectation {
    double value, se_wald, se_kr, df_satterthwaite, df_kr;
} expectation;

/* Kenward and Roger's Φ_A by their derivatives: with B = ΦX'V⁻¹, Φ(Q_ij - P_iΦP_j)Φ = B A_i P A_j B'. */
static expectation expect(const dense *d, const trial *t, bool at_zero)
{
    static double table[MOST * MOST];
    double b[MOST], py[MOST] = {0}, g[3], half[3], expected[9], observed[9], w[9], info[9], inverse[9];
    expectation out = {0};
    const int n = d->n, c = d->c;
    fill_effect_weights(d, b);
    for (int i = 0; i < n; i++) {
        out.value += b[i] * t->y[i];
        for (int j = 0; j < n; j++) py[i] += d->p[i * n + j] * t->y[j];
    }
    const double variance = d->phi[d->k + 1];
    for (int i = 0; i < c; i++) {
        g[i] = form(d->a[i], b, b, n);
        half[i] = 0;
        for (int j = 0; j < n; j++) half[i] += d->pa[i][j * n + j];
        const double score = 0.5 * (form(d->a[i], py, py, n) - half[i]);
        const bool zero = at_zero && i == c - 1;
        assert_true(zero ? score <= 0 : fabs(score) < 1e-7 * half[i]);
    }
    double adjusted = variance, spread = 0, spread_observed = 0;
    for (int i = 0; i < c; i++)
        for (int j = 0; j < c; j++) {
            multiply(d->a[i], d->pa[j], n, table); /* A_i P A_j */
            expected[i * c + j] = 0.5 * trace_of(d->pa[i], d->pa[j], n);
            observed[i * c + j] = form(table, py, py, n) - expected[i * c + j];
        }
    invert(expected, c, w);
    for (int i = 0; i < c; i++)
        for (int j = 0; j < c; j++) {
            multiply(d->a[i], d->pa[j], n, table);
            adjusted += 2 * w[i * c + j] * form(table, b, b, n);
            spread += g[i] * w[i * c + j] * g[j];
        }
    const int free = at_zero ? c - 1 : c;
    for (int i = 0; i < free; i++)
        for (int j = 0; j < free; j++) info[i * free + j] = observed[i * c + j];
    invert(info, free, inverse);
    for (int i = 0; i < free; i++)
        for (int j = 0; j < free; j++) spread_observed += g[i] * inverse[i * free + j] * g[j];
    out.se_wald = sqrt(variance), out.se_kr = sqrt(adjusted);
    out.df_kr = 2 * variance * variance / spread;
    out.df_satterthwaite = 2 * variance * variance / spread_observed;
    return out;
}

static void fitted_variances(temoin_context *ctx, const trial *t, bool common, double *theta)
{
    const tm_sample s = sample_of(t);
    tm_model model = {.sample = &s, .n_contrasts = 1, .arm_weight = contrast};
    tm_partially_nested partial;
    tm_component_fit components;
    const tm_fit *fit;
    int64_t left_out[1];
    check_ok(ctx, tm_ols_build(ctx, &model, left_out));
    check_ok(ctx, tm_fit_build(ctx, &model, &fit));
    check_ok(ctx, tm_partially_nested_build(ctx, fit, 1, common, &partial));
    partial.data.restricted = true;
    check_ok(ctx, tm_components_fit(ctx, &partial.data, &components));
    assert_int_equal(components.end, TM_COMPONENTS_DONE);
    for (int c = 0; c < partial.data.n_components; c++) theta[c] = components.theta[c] * partial.unit * partial.unit;
}

static void definitions_by_dense_matrices(void **state)
{
    (void)state;
    static dense d;
    uint64_t seed = 82;
    int at_zero = 0;
    for (int round = 0; round < 24; round++) {
        const bool common = round % 3 == 2;
        const char *estimator = common ? "partially_nested_common" : "partially_nested";
        temoin_context *ctx = check_context();
        trial t = build(4 + round % 2, 5, false, 8, round % 4 ? 1 : 0.1, &seed);
        double theta[3];
        t.n_covariates = round % 3;
        fitted_variances(ctx, &t, common, theta);
        const bool zero = theta[common ? 1 : 2] == 0;
        at_zero += zero;
        fill_dense(&t, common, theta, &d);
        const expectation want = expect(&d, &t, zero);
        const tm_effect kr = estimate(ctx, &t, estimator, "kenward_roger"),
                        own = estimate(ctx, &t, estimator, "model_satterthwaite");
        check_close(kr.value, want.value, 1e-8);
        check_close(own.se, want.se_wald, 1e-8);
        check_close(kr.se, want.se_kr, 1e-7);
        check_close(kr.df, want.df_kr, 1e-7);
        check_close(own.df, want.df_satterthwaite, 1e-6);
        assert_true(zero == (strstr(kr.notes.text, "variance_at_zero") != NULL));
        temoin_context_free(ctx);
    }
    assert_true(at_zero >= 3 && at_zero <= 20);
}

/* Rows in another order, another scale of the outcome, arms that change names. */
static void the_same_whatever_stands_where(void **state)
{
    (void)state;
    uint64_t seed = 84;
    for (int round = 0; round < 12; round++) {
        temoin_context *ctx = check_context();
        const char *variance = round % 2 ? "kenward_roger" : "model_satterthwaite";
        trial t = build(5, 4, false, 7, round % 3, &seed), other = t;
        t.n_covariates = other.n_covariates = 1;
        const double factor = round % 2 ? -1e140 : 1e-140;
        for (int32_t i = 0; i < t.n; i++) {
            const int32_t k = t.n - 1 - i;
            other.y[i] = factor * t.y[k], other.x[0][i] = 5 - 1e6 * t.x[0][k];
            other.arm[i] = 1 - t.arm[k], other.cluster[i] = t.n_clusters - 1 - t.cluster[k];
        }
        const tm_effect want = estimate(ctx, &t, "partially_nested", variance),
                        got = estimate(ctx, &other, "partially_nested", variance);
        assert_string_equal(got.notes.text, want.notes.text);
        check_close(got.value, -factor * want.value, 1e-9);
        check_close(got.se, fabs(factor) * want.se, 1e-9);
        check_close(got.df, want.df, 1e-8);
        temoin_context_free(ctx);
    }
}

static void arms_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    uint64_t seed = 83;
    temoin_context *ctx = check_context();
    trial t = build(4, 4, true, 8, 1, &seed), other = t;
    for (int32_t i = 0; i < other.n; i++)
        if (!other.arm[i]) other.cluster[i] = 4; /* all clients of nobody as one cluster */
    tm_effect e = estimate(ctx, &other, "partially_nested", "kenward_roger");
    assert_true(isnan(e.se) && !isnan(e.value));
    assert_string_equal(e.notes.text, "arm_is_one_cluster");
    for (int32_t i = 0; i < other.n; i++)
        if (!other.arm[i]) other.cluster[i] = 4 + i % 2;
    assert_string_equal(estimate(ctx, &other, "partially_nested", "model_wald_z").notes.text, "both_arms_served");
    for (int32_t i = 0; i < other.n; i++) other.cluster[i] = i;
    other.n_clusters = other.n;
    assert_string_equal(estimate(ctx, &other, "partially_nested", "model_wald_z").notes.text, "no_arm_served");
    other = t;
    for (int32_t i = 0; i < other.n; i++)
        if (other.arm[i]) other.cluster[i] = 0;
    assert_string_equal(estimate(ctx, &other, "partially_nested", "model_wald_z").notes.text, "one_cluster_in_arm");
    other = t;
    for (int32_t i = 0; i < other.n; i++)
        if (!other.arm[i]) other.y[i] = 2; /* the other arm's variance is zero */
    assert_string_equal(estimate(ctx, &other, "partially_nested", "kenward_roger").notes.text, "no_variation");
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_caseloads_are_welch),        cmocka_unit_test(nothing_between_workers_is_two_arms),
        cmocka_unit_test(definitions_by_dense_matrices),    cmocka_unit_test(the_same_whatever_stands_where),
        cmocka_unit_test(arms_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
