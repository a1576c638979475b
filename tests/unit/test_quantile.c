/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quantiles: regressions against the best of all vertices, large ones against the conditions that prove an optimum. */
#include "randsample.h"

#include "estimators/check_loss.h"
#include "estimators/sample_quantile.h"
#include "inference/effects.h"

enum { MOST_ROWS = 20000, MOST_COLUMNS = 12 };

typedef struct problem {
    tm_check_loss loss;
    double x[MOST_COLUMNS][MOST_ROWS], y[MOST_ROWS], weight[MOST_ROWS];
    const double *column[MOST_COLUMNS];
} problem;

/* A constant, flags and numbers; outcomes with ties, half of the time. */
static void draw_problem(uint64_t *seed, int64_t n, int32_t p, bool ties, bool weighted, problem *out)
{
    for (int64_t i = 0; i < n; i++) {
        out->y[i] = rand_normal(seed);
        for (int32_t j = 0; j < p; j++) {
            out->x[j][i] = j == 0 ? 1 : j % 2 ? rand_below(seed, 2) : ties ? rand_below(seed, 4) : rand_normal(seed);
            out->y[i] += 0.5 * (j > 0) * out->x[j][i];
        }
        if (ties) out->y[i] = floor(2 * out->y[i]);
        out->weight[i] = 0.2 + rand_uniform(seed);
    }
    for (int32_t j = 0; j < p; j++) out->column[j] = out->x[j];
    out->loss = (tm_check_loss){n, p, out->column, out->y, weighted ? out->weight : NULL, out->y};
}

static double loss_at(const problem *q, double tau, const double *beta)
{
    double sum = 0;
    for (int64_t i = 0; i < q->loss.n; i++) {
        double r = q->y[i];
        for (int32_t j = 0; j < q->loss.p; j++) r -= q->x[j][i] * beta[j];
        sum += (q->loss.weight ? q->loss.weight[i] : 1) * r * (tau - (r < 0));
    }
    return sum;
}

/* Cramer's rule for up to three rows; false when they are dependent. */
static bool through(const problem *q, const int *row, double *beta)
{
    double a[3][4];
    int p = q->loss.p;
    for (int k = 0; k < p; k++) {
        for (int j = 0; j < p; j++) a[k][j] = q->x[j][row[k]];
        a[k][p] = q->y[row[k]];
    }
    for (int k = 0; k < p; k++) {
        int best = k;
        for (int i = k; i < p; i++)
            if (fabs(a[i][k]) > fabs(a[best][k])) best = i;
        if (fabs(a[best][k]) < 1e-9) return false;
        for (int j = 0; j <= p; j++) {
            double swap = a[k][j];
            a[k][j] = a[best][j], a[best][j] = swap;
        }
        for (int i = 0; i < p; i++)
            for (int j = p; i != k && j >= k; j--) a[i][j] -= a[i][k] / a[k][k] * a[k][j];
    }
    for (int k = 0; k < p; k++) beta[k] = a[k][p] / a[k][k];
    return true;
}

/* Every vertex there is; *n_best distinct ones are as good as the best. */
static double best_vertex(const problem *q, double tau, int *n_best)
{
    double best = INFINITY, at[3] = {0}, beta[3] = {0};
    int n = (int)q->loss.n, p = q->loss.p;
    *n_best = 0;
    for (int a = 0; a < n; a++)
        for (int b = p > 1 ? a + 1 : a; b < (p > 1 ? n : a + 1); b++)
            for (int c = p > 2 ? b + 1 : b; c < (p > 2 ? n : b + 1); c++) {
                const int row[] = {a, b, c};
                if (!through(q, row, beta)) continue;
                double loss = loss_at(q, tau, beta), apart = 0;
                for (int j = 0; j < p; j++) apart = fmax(apart, fabs(beta[j] - at[j]));
                if (loss < best - 1e-9) *n_best = 0;
                if (loss > best + 1e-9 || (*n_best == 1 && apart < 1e-9)) continue;
                (*n_best)++;
                best = fmin(best, loss);
                memcpy(at, beta, sizeof at);
            }
    return best;
}

static void fits_are_the_best_of_all_vertices(void **state)
{
    (void)state;
    static problem q;
    uint64_t seed = 51;
    int n_unique = 0, n_not = 0;
    for (int trial = 0; trial < 1500; trial++) {
        temoin_context *ctx = check_context();
        const int32_t p = 1 + rand_below(&seed, 3);
        draw_problem(&seed, 5 + rand_below(&seed, 12), p, trial % 2, trial % 3 == 0, &q);
        double tau = trial % 5 ? 0.05 + 0.9 * rand_uniform(&seed) : 0.5;
        int n_best;
        tm_check_loss_fit fit;
        const double best = best_vertex(&q, tau, &n_best);
        const bool full = best < INFINITY; /* rank */
        check_ok(ctx, tm_check_loss_run(ctx, &q.loss, tau, &fit));
        assert_int_equal(fit.solved, full);
        if (full) {
            assert_true(close_to(fit.objective, best, 1e-10, 1));
            assert_true(close_to(loss_at(&q, tau, fit.beta), best, 1e-10, 1));
            assert_int_equal(fit.unique, n_best == 1);
            n_unique += fit.unique, n_not += !fit.unique;
        }
        temoin_context_free(ctx);
    }
    printf("# %d unique fits, %d others\n", n_unique, n_not);
    assert_true(n_unique >= 900 && n_not >= 50);
}

/* An optimum is proved by multipliers of the rows that the fit goes through: between tau - 1 and tau, and with them the
 * scores of all rows add up to zero. */
static void check_optimal(const problem *q, double tau, const tm_check_loss_fit *fit)
{
    int32_t p = q->loss.p;
    double score[MOST_COLUMNS] = {0}, a[MOST_COLUMNS][MOST_COLUMNS + 1];
    for (int64_t i = 0; i < q->loss.n; i++) {
        double r = q->y[i];
        bool through_it = false;
        for (int32_t k = 0; k < p; k++) through_it |= fit->basis[k] == i;
        for (int32_t j = 0; j < p; j++) r -= q->x[j][i] * fit->beta[j];
        if (through_it) assert_true(fabs(r) < 1e-11);
        for (int32_t j = 0; j < p && !through_it; j++) score[j] += (tau - (r < 0)) * q->x[j][i];
    }
    for (int32_t j = 0; j < p; j++) {
        for (int32_t k = 0; k < p; k++) a[j][k] = q->x[j][fit->basis[k]];
        a[j][p] = -score[j];
    }
    for (int32_t k = 0; k < p; k++) {
        int32_t best = k;
        for (int32_t i = k; i < p; i++)
            if (fabs(a[i][k]) > fabs(a[best][k])) best = i;
        for (int32_t j = 0; j <= p; j++) {
            double swap = a[k][j];
            a[k][j] = a[best][j], a[best][j] = swap;
        }
        for (int32_t i = 0; i < p; i++)
            for (int32_t j = p; i != k && j >= k; j--) a[i][j] -= a[i][k] / a[k][k] * a[k][j];
    }
    for (int32_t k = 0; k < p; k++) assert_true(a[k][p] / a[k][k] > tau - 1 - 1e-8 && a[k][p] / a[k][k] < tau + 1e-8);
}

static void large_fits_are_optimal(void **state)
{
    (void)state;
    static problem q;
    static const double taus[] = {0.01, 0.25, 0.5, 0.9};
    uint64_t seed = 52;
    for (int trial = 0; trial < 8; trial++) {
        temoin_context *ctx = check_context();
        tm_check_loss_fit fit;
        draw_problem(&seed, trial < 4 ? 14000 : 900, trial % 2 ? 12 : 3, false, false, &q);
        check_ok(ctx, tm_check_loss_run(ctx, &q.loss, taus[trial % 4], &fit));
        assert_true(fit.solved);
        check_optimal(&q, taus[trial % 4], &fit);
        temoin_context_free(ctx);
    }
}

/* Three whole outcomes in each of 14,000 rows: nearly every residual is zero at every vertex. */
static void ties_do_not_stop_the_search(void **state)
{
    (void)state;
    static problem q;
    uint64_t seed = 53;
    for (int trial = 0; trial < 4; trial++) {
        temoin_context *ctx = check_context();
        tm_check_loss_fit fit;
        draw_problem(&seed, 14000, 5, true, trial % 2, &q);
        for (int64_t i = 0; i < q.loss.n; i++) q.y[i] = rand_below(&seed, 3);
        check_ok(ctx, tm_check_loss_run(ctx, &q.loss, trial < 2 ? 0.5 : 0.35, &fit));
        assert_true(fit.solved);
        double beta[MOST_COLUMNS] = {0};
        for (int k = 0; k < 200; k++) { /* no step from there does better */
            for (int32_t j = 0; j < 5; j++) beta[j] = fit.beta[j] + rand_normal(&seed) * (k % 2 ? 0.01 : 0.5);
            assert_true(loss_at(&q, trial < 2 ? 0.5 : 0.35, beta) >= fit.objective - 1e-8);
        }
        temoin_context_free(ctx);
    }
}

/* Hyndman & Fan's definitions on 1 … 10, by hand. */
static void sample_quantiles_follow_their_definitions(void **state)
{
    (void)state;
    static const double x[] = {10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, one[] = {3, 3, 3, 3, 3, 3, 3, 3, 3, 3};
    static const struct {
        double tau;
        int32_t type;
        double want;
    } cases[] = {{0.3, 1, 3},  {0.3, 2, 3.5}, {0.31, 1, 4},  {0.31, 2, 4},   {0.25, 6, 2.75}, {0.25, 7, 3.25},
                 {0.5, 1, 5},  {0.5, 2, 5.5}, {0.5, 6, 5.5}, {0.5, 7, 5.5},  {0.7, 1, 7}, /* 0.7 * 10 is not quite 7 */
                 {0.01, 6, 1}, {0.99, 6, 10}, {0.01, 1, 1},  {0.99, 7, 9.91}};
    temoin_context *ctx = check_context();
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        double got, weighted;
        check_ok(ctx, tm_sample_quantile(ctx, x, NULL, 10, cases[c].tau, cases[c].type, &got));
        check_ok(ctx, tm_sample_quantile(ctx, x, one, 10, cases[c].tau, cases[c].type, &weighted));
        check_close(got, cases[c].want, 1e-15);
        if (cases[c].type <= 2)
            check_close(weighted, got, 1e-15);
        else
            assert_true(isnan(weighted));
    }
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_are_the_best_of_all_vertices),
        cmocka_unit_test(large_fits_are_optimal),
        cmocka_unit_test(ties_do_not_stop_the_search),
        cmocka_unit_test(sample_quantiles_follow_their_definitions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
