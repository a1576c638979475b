/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Adjusted p values: printed examples, and the procedures as their authors define them, by brute force. */
#include "randsample.h"

#include "adjustments/adjustment.h"

enum { MOST = 9 };

#define NUMBERS(...) ((const double[]){__VA_ARGS__})

static void adjust(temoin_context *ctx, const char *key, const double *p, int64_t n, double *adjusted)
{
    check_ok(ctx, tm_adjustment_find(key)->run(ctx, &(tm_family){.n = n, .p = p}, adjusted));
}

static void check_numbers(const double *got, const double *want, int64_t n)
{
    for (int64_t i = 0; i < n; i++) check_close(got[i], want[i], 1e-12);
}

/* The fifteen p values of Benjamini and Hochberg's paper (1995, section 3.3), as R's p.adjust adjusts them. */
static void printed_examples(void **state)
{
    (void)state;
    static const double p[] = {0.0344, 0.0001, 0.4262, 0.0019, NAN,    0.0095, 0.0201, 1,
                               0.0278, 0.0298, 0.0004, 0.0459, 0.3240, 0.5719, 0.6528, 0.7590};
    static const double holm[] = {0.278, 0.0015, 1,      0.0247, NAN, 0.114, 0.2211, 1,
                                  0.278, 0.278,  0.0056, 0.3213, 1,   1,     1,      1};
    static const double bh[] = {0.0645,    0.0015,    6.393 / 11, 0.0095, NAN,   0.035625,    0.0603,     1,
                                0.447 / 7, 0.447 / 7, 0.003,      0.0765, 0.486, 8.5785 / 12, 9.792 / 13, 11.385 / 14};
    double adjusted[16];
    temoin_context *ctx = check_context();
    adjust(ctx, "holm", p, 16, adjusted);
    check_numbers(adjusted, holm, 16);
    adjust(ctx, "bh", p, 16, adjusted);
    check_numbers(adjusted, bh, 16);
    adjust(ctx, "bh", NUMBERS(0.05, 0.01, 0.04, 0.02, 0.03), 5, adjusted);
    check_numbers(adjusted, NUMBERS(0.05, 0.05, 0.05, 0.05, 0.05), 5);
    adjust(ctx, "holm", NUMBERS(0.05, 0.01, 0.04, 0.02, 0.03), 5, adjusted);
    check_numbers(adjusted, NUMBERS(0.09, 0.05, 0.09, 0.08, 0.09), 5);
    temoin_context_free(ctx);
}

/* For every adjustment of p values alone: nothing of nothing, a refused member does not count, 0 stays 0, one member
 * stays as it is, and p is never made smaller (but by sharpened q values, which may be). */
static void plain_laws(void **state)
{
    (void)state;
    uint64_t seed = 5;
    temoin_context *ctx = check_context();
    for (int a = 0; a < tm_n_adjustments; a++) {
        double p[MOST], with[MOST], without[MOST];
        const char *key = tm_adjustments[a]->key;
        const bool sharpened = strcmp(key, "bky") == 0;
        if (tm_adjustments[a]->need != TM_NEEDS_P) continue;
        adjust(ctx, key, p, 0, with);
        adjust(ctx, key, NUMBERS(NAN, 0), 2, with);
        assert_true(isnan(with[0]) && with[1] == 0);
        adjust(ctx, key, NUMBERS(0.03), 1, with);
        if (!sharpened) check_close(with[0], 0.03, 1e-15);
        for (int trial = 0; trial < 200; trial++) {
            const int n = 1 + rand_below(&seed, MOST - 1), hole = rand_below(&seed, n);
            for (int i = 0; i < n; i++) p[i] = rand_uniform(&seed) * (rand_below(&seed, 2) ? 0.05 : 1);
            adjust(ctx, key, p, n, without);
            for (int i = n; i > hole; i--) p[i] = p[i - 1];
            p[hole] = NAN;
            adjust(ctx, key, p, n + 1, with);
            for (int i = 0; i <= n; i++) {
                assert_true(i == hole ? isnan(with[i]) : with[i] == without[i - (i > hole)]);
                assert_true(isnan(with[i]) || (with[i] <= 1 && (sharpened || with[i] >= p[i] * (1 - 1e-15))));
            }
        }
    }
    temoin_context_free(ctx);
}

typedef double global_p(const double *p, int n); /* of p sorted */

static double bonferroni_p(const double *p, int n)
{
    return fmin(1, p[0] * n);
}

static double sidak_p(const double *p, int n)
{
    return -expm1(n * log1p(-p[0]));
}

static double simes_p(const double *p, int n)
{
    double smallest = 1;
    for (int j = 0; j < n; j++) smallest = fmin(smallest, p[j] * n / (j + 1));
    return smallest;
}

/* Marcus, Peritz & Gabriel 1976: a hypothesis is rejected when every set of hypotheses that holds it is. */
static void close_tests(global_p *test, const double *p, int n, double *adjusted)
{
    memset(adjusted, 0, (size_t)n * sizeof *adjusted);
    for (unsigned set = 1; set < 1u << n; set++) {
        double q[MOST];
        int m = 0;
        for (int i = 0; i < n; i++) {
            if (!(set >> i & 1)) continue;
            int at = m++;
            for (; at > 0 && q[at - 1] > p[i]; at--) q[at] = q[at - 1];
            q[at] = p[i];
        }
        const double all = test(q, m);
        for (int i = 0; i < n; i++)
            if (set >> i & 1) adjusted[i] = fmax(adjusted[i], all);
    }
}

/* Half of the p values are from a grid, so that some are equal. */
static int draw_p(uint64_t *seed, double *p)
{
    const int n = 1 + rand_below(seed, MOST);
    for (int i = 0; i < n; i++) p[i] = rand_below(seed, 2) ? rand_uniform(seed) : rand_below(seed, 20) * 0.0125;
    return n;
}

static void closed_procedures(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        global_p *test;
    } closed[] = {{"holm", bonferroni_p}, {"holm_sidak", sidak_p}, {"hommel", simes_p}};
    uint64_t seed = 17;
    temoin_context *ctx = check_context();
    for (int trial = 0; trial < 300; trial++) {
        double p[MOST], want[MOST], got[MOST];
        const int n = draw_p(&seed, p);
        for (int c = 0; c < 3; c++) {
            close_tests(closed[c].test, p, n, want);
            adjust(ctx, closed[c].key, p, n, got);
            check_numbers(got, want, n);
        }
    }
    temoin_context_free(ctx);
}

/* Rejections at a level by the step-up procedure with these thresholds: all up to the last that is below its own. */
static int step_up(const double *sorted, int n, double (*threshold)(double level, int rank, int n), double level)
{
    int rejected = 0;
    for (int i = 0; i < n; i++)
        if (sorted[i] <= threshold(level, i + 1, n)) rejected = i + 1;
    return rejected;
}

static double hochberg_threshold(double level, int rank, int n)
{
    return level / (n - rank + 1);
}

static double bh_threshold(double level, int rank, int n)
{
    return level * rank / n;
}

static double by_threshold(double level, int rank, int n)
{
    double harmonic = 0;
    for (int j = 1; j <= n; j++) harmonic += 1.0 / j;
    return level * rank / n / harmonic;
}

static int two_stages(const double *sorted, int n, double q)
{
    const double level = q / (1 + q);
    const int first = step_up(sorted, n, bh_threshold, level);
    return first == n ? n : step_up(sorted, n, bh_threshold, level * n / (n - first));
}

static int by_size(const void *a, const void *b)
{
    return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

/* The adjusted p value is the level from which on the procedure rejects: not a little below, but a little above. */
static void step_up_procedures(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        double (*threshold)(double level, int rank, int n); /* NULL: in two stages */
    } procedures[] = {{"hochberg", hochberg_threshold}, {"bh", bh_threshold}, {"by", by_threshold}, {"bky", NULL}};
    uint64_t seed = 23;
    int checked = 0;
    temoin_context *ctx = check_context();
    for (int trial = 0; trial < 300; trial++) {
        double p[MOST], sorted[MOST], got[MOST];
        const int n = draw_p(&seed, p);
        memcpy(sorted, p, sizeof sorted);
        qsort(sorted, (size_t)n, sizeof *sorted, by_size);
        for (int c = 0; c < 4; c++) {
            adjust(ctx, procedures[c].key, p, n, got);
            for (int i = 0; i < n; i++)
                for (int side = -1; side <= 1; side += 2) {
                    const double level = got[i] * (1 + side * 1e-9);
                    if (got[i] == 1 || (got[i] == 0 && side < 0)) continue;
                    const int rejected = procedures[c].threshold ? step_up(sorted, n, procedures[c].threshold, level)
                                                                 : two_stages(sorted, n, level);
                    assert_int_equal(rejected > 0 && p[i] <= sorted[rejected - 1], side > 0);
                    checked++;
                }
        }
    }
    assert_true(checked > 5000);
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(printed_examples),
        cmocka_unit_test(plain_laws),
        cmocka_unit_test(closed_procedures),
        cmocka_unit_test(step_up_procedures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
