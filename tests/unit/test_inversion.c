/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Intervals by inversion: against the p value itself, counted over all assignments at one hypothesis after the other.
 */
#include "randsample.h"

#include "inference/inversion.h"
#include "numeric/polynomial.h"

enum { MOST_UNITS = 9, MOST_DRAWS = 512 };

/* A small trial of two arms: every assignment of as many treated, within two blocks or one. */
typedef struct trial {
    int n, n_draws;
    bool blocked, pooled;
    double y[MOST_UNITS];
    bool own[MOST_UNITS], drawn[MOST_DRAWS][MOST_UNITS];
} trial;

static int count_treated(const bool *treated, int from, int to)
{
    int n = 0;
    for (int i = from; i < to; i++) n += treated[i];
    return n;
}

/* Outcomes on a grid, so that there are ties, or anywhere. */
static void draw_trial(uint64_t *seed, trial *t)
{
    const bool grid = rand_below(seed, 2);
    t->n = 6 + rand_below(seed, MOST_UNITS - 5);
    t->blocked = t->n >= 8 && rand_below(seed, 2);
    t->pooled = rand_below(seed, 2);
    const int half = t->blocked ? t->n / 2 : t->n;
    for (int i = 0; i < t->n; i++) t->own[i] = false;
    for (int i = 0; i < 2 + (t->n > 7 && !t->blocked); i++) t->own[i] = true;
    for (int i = half; i < t->n && i < half + 2; i++) t->own[i] = true;
    t->n_draws = 0;
    for (unsigned set = 0; set < 1u << t->n; set++) {
        bool *treated = t->drawn[t->n_draws];
        for (int i = 0; i < t->n; i++) treated[i] = set >> i & 1;
        if (count_treated(treated, 0, half) == count_treated(t->own, 0, half) &&
            count_treated(treated, half, t->n) == count_treated(t->own, half, t->n))
            t->n_draws++;
    }
    assert_true(t->n_draws < MOST_DRAWS);
    const double effect = rand_normal(seed);
    for (int i = 0; i < t->n; i++) {
        t->y[i] = rand_normal(seed) * 2 + t->own[i] * effect;
        if (grid) t->y[i] = round(t->y[i]);
    }
}

static double value_of(const trial *t, const bool *treated, const double *y)
{
    double sum[2] = {0}, n[2] = {0};
    for (int i = 0; i < t->n; i++) {
        sum[treated[i]] += y[i];
        n[treated[i]]++;
    }
    return sum[1] / n[1] - sum[0] / n[0];
}

/* Welch's variance, or the pooled one. */
static double variance_of(const trial *t, const bool *treated, const double *y)
{
    double mean[2] = {0}, n[2] = {0}, ss[2] = {0};
    for (int i = 0; i < t->n; i++) {
        mean[treated[i]] += y[i];
        n[treated[i]]++;
    }
    mean[0] /= n[0], mean[1] /= n[1];
    for (int i = 0; i < t->n; i++) ss[treated[i]] += (y[i] - mean[treated[i]]) * (y[i] - mean[treated[i]]);
    if (t->pooled) return (ss[0] + ss[1]) / (n[0] + n[1] - 2) * (1 / n[0] + 1 / n[1]);
    return ss[0] / n[0] / (n[0] - 1) + ss[1] / n[1] / (n[1] - 1);
}

/* The share of the assignments in which |T| is as large, for outcomes without the effect. */
static double p_at(const trial *t, bool studentized, double effect)
{
    double y[MOST_UNITS];
    int extreme = 0;
    for (int i = 0; i < t->n; i++) y[i] = t->y[i] - effect * t->own[i];
    const double v0 = studentized ? variance_of(t, t->own, y) : 1, t0 = fabs(value_of(t, t->own, y)) / sqrt(v0);
    for (int r = 0; r < t->n_draws; r++) {
        const double v = studentized ? variance_of(t, t->drawn[r], y) : 1, a = fabs(value_of(t, t->drawn[r], y));
        extreme += !(a < (t0 - 1e-9 * fmax(t0, 1)) * sqrt(v));
    }
    return (double)extreme / t->n_draws;
}

static double fill(const trial *t, bool studentized, double *value, double *slope, double *variance, double *scale)
{
    const double estimate = value_of(t, t->own, t->y);
    double y[MOST_UNITS], z[MOST_UNITS], less[MOST_UNITS];
    *scale = studentized ? sqrt(variance_of(t, t->own, t->y)) : 1;
    for (int i = 0; i < t->n; i++) {
        y[i] = (t->y[i] - estimate * t->own[i]) / *scale;
        z[i] = t->own[i];
        less[i] = y[i] - z[i];
    }
    for (int r = 0; r < t->n_draws; r++) {
        const bool *treated = t->drawn[r];
        value[r] = value_of(t, treated, y);
        slope[r] = value_of(t, treated, z);
        variance[3 * r] = variance_of(t, treated, y);
        variance[3 * r + 2] = variance_of(t, treated, z);
        variance[3 * r + 1] = variance_of(t, treated, less) - variance[3 * r] - variance[3 * r + 2];
    }
    return estimate;
}

/* An end as one would look for it: p is above the level a little inside, and not a little outside. */
static void check_end(const trial *t, bool studentized, double end, double inward, double level)
{
    if (isinf(end)) {
        for (double far = 1e3; far < 1e7; far *= 10) assert_true(p_at(t, studentized, -inward * far) > 1 - level);
        return;
    }
    const double step = inward * 1e-6 * fmax(1, fabs(end));
    if (!(p_at(t, studentized, end - step) <= 1 - level + 1e-12) || !(p_at(t, studentized, end) > 1 - level))
        print_error("end %.17g: p %g outside, %g at, %g inside\n", end, p_at(t, studentized, end - step),
                    p_at(t, studentized, end), p_at(t, studentized, end + step));
    assert_true(p_at(t, studentized, end - step) <= 1 - level + 1e-12);
    assert_true(p_at(t, studentized, end) > 1 - level);
}

/* Nothing beyond the ends is in the set; within, all of a grid is unless the set has gaps, and then some are not. */
static void check_grid(const trial *t, bool studentized, const tm_effect_set *set, double center, double scale,
                       double level, int *gaps)
{
    bool gap = false;
    for (int k = -600; k <= 600; k++) {
        const double effect = center + scale * k * 0.0317;
        const bool in = p_at(t, studentized, effect) > 1 - level + 1e-12;
        const double margin = 1e-6 * fmax(1, fabs(effect));
        if (effect < set->low - margin || effect > set->high + margin) assert_false(in);
        if (effect > set->low + margin && effect < set->high - margin) gap = gap || !in;
    }
    if (gap) assert_true(set->disjoint);
    *gaps += gap;
}

static void as_the_p_value_says(void **state)
{
    (void)state;
    static double value[MOST_DRAWS], slope[MOST_DRAWS], variance[3 * MOST_DRAWS];
    uint64_t seed = 71;
    int gaps = 0, unbounded = 0, finite = 0;
    temoin_context *ctx = check_context();
    for (int k = 0; k < 400; k++) {
        trial t;
        tm_effect_set set;
        double scale;
        const bool studentized = k % 2;
        const double level = (const double[]){0.95, 0.9, 0.8, 0.5}[rand_below(&seed, 4)];
        draw_trial(&seed, &t);
        const double estimate = fill(&t, studentized, value, slope, variance, &scale);
        if (!(scale > 0)) continue;
        const tm_inversion in = {t.n_draws, value, slope, studentized ? variance : NULL, NULL, true, level};
        check_ok(ctx, tm_inversion_run(ctx, &in, &set));
        set.low = estimate + scale * set.low;
        set.high = estimate + scale * set.high;
        assert_true(set.low <= estimate && estimate <= set.high);
        check_end(&t, studentized, set.low, 1, level);
        check_end(&t, studentized, set.high, -1, level);
        check_grid(&t, studentized, &set, estimate, scale, level, &gaps);
        unbounded += isinf(set.low) || isinf(set.high);
        finite += !isinf(set.low) && !isinf(set.high);
    }
    printf("# %d sets with two ends, %d without, %d with gaps\n", finite, unbounded, gaps);
    assert_true(finite > 200 && unbounded > 0);
    temoin_context_free(ctx);
}

/* Draws given by hand, affine: |a - b u| >= |u|. */
static void by_hand(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    tm_effect_set set;
    /* the trial itself everywhere; [-1, 1]; [-2, 2]; [-4, 4] */
    const double a[] = {0, 1, 2, 4}, b[] = {1, 0, 0, 0};
    tm_inversion in = {4, a, b, NULL, NULL, true, 0.5};
    check_ok(ctx, tm_inversion_run(ctx, &in, &set)); /* p > 1/2: three of four */
    assert_true(!set.disjoint);
    check_close(set.low, -2, 1e-14);
    check_close(set.high, 2, 1e-14);
    in.level = 0.75; /* p > 1/4: two of four */
    check_ok(ctx, tm_inversion_run(ctx, &in, &set));
    check_close(set.high, 4, 1e-14);
    in.level = 0.8; /* p > 1/5: the trial itself is enough */
    check_ok(ctx, tm_inversion_run(ctx, &in, &set));
    assert_true(set.low == -INFINITY && set.high == INFINITY && !set.disjoint);
    in.exact = false; /* (c + 1) / (n + 1) > 0.61: all four of four draws */
    in.level = 0.39;
    check_ok(ctx, tm_inversion_run(ctx, &in, &set));
    check_close(set.high, 2, 1e-14);
    const double weights[] = {0.1, 0.2, 0.3, 0.4};
    in = (tm_inversion){4, a, b, NULL, weights, true, 0.45}; /* p > 0.55: without [-1, 1] and not without [-2, 2] */
    check_ok(ctx, tm_inversion_run(ctx, &in, &set));
    check_close(set.low, -2, 1e-14);
    /* Two rays: |1 - 3 u| >= |u| but between 1/4 and 1/2; an undefined draw everywhere. */
    const double ray[] = {1, 1, NAN}, steep[] = {3, 3, 0};
    in = (tm_inversion){3, ray, steep, NULL, NULL, true, 0.5};
    check_ok(ctx, tm_inversion_run(ctx, &in, &set));
    assert_true(set.low == -INFINITY && set.high == INFINITY && set.disjoint);
    /* A half-line: |1 - u| >= |u| up to 1/2. */
    const double one[] = {1};
    in = (tm_inversion){1, one, one, NULL, NULL, true, 0.5};
    check_ok(ctx, tm_inversion_run(ctx, &in, &set));
    assert_true(set.low == -INFINITY && !set.disjoint);
    check_close(set.high, 0.5, 1e-14);
    temoin_context_free(ctx);
}

/* Polynomials made from their roots. */
static void polynomials(void **state)
{
    (void)state;
    uint64_t seed = 73;
    for (int i = 0; i < 2000; i++) {
        const int degree = 1 + rand_below(&seed, 4);
        double c[5] = {1}, root[4], place[7];
        for (int d = 0; d < degree; d++) {
            root[d] = rand_normal(&seed) * pow(10, rand_below(&seed, 4) - 1);
            for (int k = d + 1; k >= 0; k--) c[k] = (k ? c[k - 1] : 0) - root[d] * (k <= d ? c[k] : 0);
        }
        const int n = tm_polynomial_places(c, degree, place);
        assert_true(n <= 7);
        for (int k = 1; k < n; k++) assert_true(place[k - 1] <= place[k]);
        for (int d = 0; d < degree; d++) {
            double nearest = INFINITY, apart = 1;
            for (int k = 0; k < n; k++) nearest = fmin(nearest, fabs(place[k] - root[d]));
            for (int e = 0; e < degree; e++)
                if (e != d) apart *= fmin(1, fabs(root[e] - root[d]) / fmax(fabs(root[e]), fabs(root[d])));
            assert_true(nearest <= 1e-13 * fmax(1e-2, fabs(root[d])) / apart * 1e2);
        }
    }
    double place[7];
    const int n_touching = tm_polynomial_places((const double[]){1, -2, 1}, 2, place);
    assert_true(n_touching >= 1 && place[n_touching - 1] == place[0]);
    check_close(place[0], 1, 1e-15);
    assert_int_equal(tm_polynomial_places((const double[]){3, 0, 0, 0, 0}, 4, place), 0);
    assert_int_equal(tm_polynomial_places((const double[]){-6, 2, 0, 0, 0}, 4, place), 1);
    check_close(place[0], 3, 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(polynomials),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(as_the_p_value_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
