/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Against the C library's functions in long double, which carry eleven bits more. */
#include "check.h"

#include <float.h>

#include "numeric/elementary.h"

typedef struct pair {
    const char *name;
    double (*ours)(double x);
    long double (*theirs)(long double x);
    double low, high;
    bool positive; /* arguments are spread over their logarithm */
} pair;

static const pair pairs[] = {
    {"exp", tm_exp, expl, -700, 709, false},       {"expm1", tm_expm1, expm1l, -40, 40, false},
    {"log", tm_log, logl, 1e-300, 1e300, true},    {"log1p", tm_log1p, log1pl, 1e-300, 1e300, true},
    {"log1p", tm_log1p, log1pl, -0.999, 1, false}, {"sinh", tm_sinh, sinhl, -705, 705, false},
    {"tanh", tm_tanh, tanhl, -25, 25, false},      {"asinh", tm_asinh, asinhl, 1e-300, 1e300, true},
    {"sinh", tm_sinh, sinhl, 1e-300, 1, true},     {"tanh", tm_tanh, tanhl, 1e-300, 1, true},
    {"log", tm_log, logl, 0.5, 2, false},          {"expm1", tm_expm1, expm1l, 1e-300, 1, true},
    {"exp", tm_exp, expl, -744, -708, false},
};

static double next_uniform(uint64_t *x)
{
    *x ^= *x << 13, *x ^= *x >> 7, *x ^= *x << 17;
    return (double)(*x >> 11) * 0x1p-53;
}

static void errors_are_below_two_units(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252u;
    for (size_t p = 0; p < sizeof pairs / sizeof *pairs; p++)
        for (int i = 0; i < 100000; i++) {
            const pair *f = &pairs[p];
            double at = next_uniform(&seed);
            double x =
                f->positive ? exp(log(f->low) + at * (log(f->high) - log(f->low))) : f->low + at * (f->high - f->low);
            double got = f->ours(x), want = (double)f->theirs(x);
            double unit = fmax(nextafter(fabs(want), INFINITY) - fabs(want), 0x1p-1074);
            if (fabs(got - want) <= 3 * unit) continue; /* `want` itself is rounded: at most one unit more */
            print_error("%s(%.17g): got %.17g, want %.17g\n", f->name, x, got, want);
            fail();
        }
}

static void the_ends_are_right(void **state)
{
    (void)state;
    assert_true(tm_exp(0) == 1 && tm_exp(-INFINITY) == 0 && isinf(tm_exp(INFINITY)) && isnan(tm_exp(NAN)));
    assert_true(tm_exp(-745.13) == 0x1p-1074 && tm_exp(-746) == 0 && isinf(tm_exp(710)));
    assert_true(tm_log(1) == 0 && tm_log(0) == -INFINITY && isnan(tm_log(-1)) && isnan(tm_log(NAN)));
    assert_true(isinf(tm_log(INFINITY)) && tm_log1p(-1) == -INFINITY && isnan(tm_log1p(-2)) && tm_log1p(0) == 0);
    assert_true(tm_tanh(1000) == 1 && tm_tanh(-1000) == -1 && tm_tanh(0) == 0 && isnan(tm_tanh(NAN)));
    assert_true(isinf(tm_sinh(720)) && tm_sinh(0) == 0 && isnan(tm_sinh(NAN)) && isnan(tm_asinh(NAN)));
    assert_true(isinf(tm_asinh(INFINITY)) && tm_asinh(-INFINITY) == -INFINITY && tm_expm1(-INFINITY) == -1);
    assert_true(tm_log(DBL_MIN / 4) == (double)logl(DBL_MIN / 4));
}

/* Blocks of small, of large, of mixed numbers and of those at the ends. */
static void each_has_the_bits_of_one(void **state)
{
    (void)state;
    enum { N = 203 };
    static const double size[] = {0.3, 1e-9, 2, 30, 700, 760};
    uint64_t seed = 4;
    for (int round = 0; round < 600; round++) {
        double x[N], grown[N], less[N];
        for (int i = 0; i < N; i++) {
            x[i] = (next_uniform(&seed) - (round % 2 ? 0 : 0.5)) * 2 * size[round % 6];
            if (round % 60 == 0 && i % 17 == 0) x[i] = i % 2 ? NAN : i % 3 ? INFINITY : -INFINITY;
            grown[i] = less[i] = x[i];
        }
        tm_exp_each(grown, N);
        tm_expm1_each(less, N);
        for (int i = 0; i < N; i++) {
            const double one[] = {tm_exp(x[i]), tm_expm1(x[i])};
            assert_true(isnan(x[i]) ? isnan(grown[i]) && isnan(less[i]) : grown[i] == one[0] && less[i] == one[1]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_below_two_units),
        cmocka_unit_test(the_ends_are_right),
        cmocka_unit_test(each_has_the_bits_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
