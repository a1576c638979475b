/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shifts that rank tests suggest and do not reject: against every piece between two differences of a small trial, with
 * every assignment counted; against R; and where pieces are too many to be looked at. */
#include "randsample.h"

#include "inference/invert_ranks.h"

enum { MOST_UNITS = 100, MOST_DIFFERENCES = 400, MOST_DRAWS = 2000 };

typedef struct trial {
    int n, n_strata;
    double y[MOST_UNITS];
    int32_t arm[MOST_UNITS], stratum[MOST_UNITS], group[MOST_UNITS];
    temoin_context *ctx;
    tm_sample sample;
    tm_shuffle shuffle;
    tm_arm_source source;
    tm_randomization_request request;
} trial;

static const double second_less_first[] = {-1, 1};
static const char *const stratum_name[] = {"a", "b", "c"};

static void open_trial(trial *t, const char *statistic, int64_t most_draws)
{
    t->ctx = check_context();
    for (int i = 0; i < t->n; i++) t->group[i] = i;
    t->sample = (tm_sample){.n = t->n, .n_arms = 2, .n_strata = t->n_strata, .y = t->y};
    t->sample.arm = t->arm, t->sample.stratum = t->stratum;
    t->shuffle = (tm_shuffle){.n = t->n,
                              .arm = t->arm,
                              .group = t->group,
                              .n_groups = t->n,
                              .block = t->stratum,
                              .group_arm = t->arm,
                              .n_blocks = t->n_strata,
                              .n_arms = 2,
                              .trial_id = "ranks",
                              .block_text = stratum_name};
    check_ok(t->ctx, tm_shuffle_source_build(t->ctx, &t->shuffle, most_draws, &t->source));
    t->request = (tm_randomization_request){.sample = &t->sample,
                                            .estimator = tm_estimator_find("dim"),
                                            .variance = tm_variance_find("neyman"),
                                            .statistic = tm_statistic_find(statistic),
                                            .arm_weight = second_less_first,
                                            .n_contrasts = 1,
                                            .source = &t->source,
                                            .tolerance = 1e-9,
                                            .level = 0.95};
}

static void take_out_means(const trial *t, double *x)
{
    for (int s = 0; s < t->n_strata; s++) {
        double sum = 0, n = 0;
        for (int i = 0; i < t->n; i++)
            if (t->stratum[i] == s) sum += x[i], n++;
        for (int i = 0; i < t->n; i++)
            if (t->stratum[i] == s) x[i] -= sum / n;
    }
}

/* Midranks of y - shift · arm by comparing all with all; about the means of strata where they are aligned. */
static void rank_all(const trial *t, bool aligned, double shift, double *rank)
{
    double x[MOST_UNITS];
    for (int i = 0; i < t->n; i++) x[i] = t->y[i] - shift * t->arm[i];
    if (aligned) take_out_means(t, x);
    for (int i = 0; i < t->n; i++) {
        rank[i] = 0.5;
        for (int j = 0; j < t->n; j++) rank[i] += fabs(x[i] - x[j]) < 1e-9 ? 0.5 : x[j] < x[i] ? 1 : 0;
    }
    if (aligned) take_out_means(t, rank);
}

static double value_of(const trial *t, bool aligned, const double *rank, const int32_t *arm)
{
    double sum[2] = {0}, n[2] = {0};
    for (int i = 0; i < t->n; i++) sum[arm[i]] += rank[i], n[arm[i]]++;
    return aligned ? (sum[1] - sum[0]) / 2 : sum[1] / n[1] - sum[0] / n[0];
}

/* Over all sets of as many treated in each stratum. */
static double p_at(const trial *t, bool aligned, double shift, double *observed)
{
    double rank[MOST_UNITS], extreme = 0, all = 0;
    int n_treated[3] = {0};
    rank_all(t, aligned, shift, rank);
    *observed = value_of(t, aligned, rank, t->arm);
    for (int i = 0; i < t->n; i++) n_treated[t->stratum[i]] += t->arm[i];
    for (unsigned set = 0; set < 1u << t->n; set++) {
        int32_t arm[MOST_UNITS];
        int n[3] = {0};
        for (int i = 0; i < t->n; i++) arm[i] = set >> i & 1, n[t->stratum[i]] += arm[i];
        if (memcmp(n, n_treated, sizeof n) != 0) continue;
        all++;
        extreme += fabs(value_of(t, aligned, rank, arm)) >= fabs(*observed) - 1e-9;
    }
    return extreme / all;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The shifts at which two rows change places, each once. */
static int list_differences(const trial *t, bool aligned, double *d)
{
    double x[MOST_UNITS], z[MOST_UNITS];
    int n = 0, kept = 1;
    for (int i = 0; i < t->n; i++) x[i] = t->y[i], z[i] = t->arm[i];
    if (aligned) take_out_means(t, x), take_out_means(t, z);
    for (int i = 0; i < t->n; i++)
        for (int j = 0; j < i; j++)
            if (fabs(z[i] - z[j]) > 1e-9) d[n++] = (x[i] - x[j]) / (z[i] - z[j]);
    qsort(d, (size_t)n, sizeof *d, by_size);
    for (int k = 1; k < n; k++)
        if (d[k] - d[kept - 1] > 1e-8) d[kept++] = d[k];
    return kept;
}

/* What the definition gives: of every piece, whether it is in the set and where the statistic is. */
static tm_rank_shifts by_force(const trial *t, bool aligned, double level)
{
    static double d[MOST_DIFFERENCES];
    const int n = list_differences(t, aligned, d);
    tm_rank_shifts want = {.value = NAN, .low = NAN, .high = NAN};
    double from = NAN, to = NAN, observed;
    bool open = false, any = false;
    for (int k = 0; k <= n; k++) {
        const double low = k ? d[k - 1] : -INFINITY, high = k < n ? d[k] : INFINITY;
        const bool in = p_at(t, aligned,
                             k == 0   ? high - 1
                             : k == n ? low + 1
                                      : (low + high) / 2,
                             &observed) > 1 - level + 1e-12;
        if (isnan(from) && observed < 1e-9) from = low;
        if (isnan(to) && observed < -1e-9) to = low;
        if (in && !any) want.low = low;
        if (in && any && !open) want.disjoint = true;
        if (in) want.high = high;
        any |= in, open = in;
    }
    want.value = (from + to) / 2;
    return want;
}

/* Outcomes on a grid, so that there are ties, or anywhere; strata of even and uneven shares. */
static void draw_trial(uint64_t *seed, trial *t)
{
    const bool grid = rand_below(seed, 2);
    t->n = 6 + rand_below(seed, 4);
    t->n_strata = 1 + rand_below(seed, t->n > 7 ? 2 : 1);
    for (int i = 0; i < t->n; i++) {
        t->stratum[i] = t->n_strata > 1 && i >= 4;
        t->arm[i] = i % 4 < 2 ? i % 2 : rand_below(seed, 2);
        t->y[i] = 3 * rand_normal(seed) + t->arm[i] + 2 * t->stratum[i];
        if (grid) t->y[i] = round(t->y[i]);
    }
}

static void check_end(double got, double want)
{
    if (isnan(want) || isinf(want))
        assert_true(isnan(want) ? isnan(got) : got == want);
    else
        assert_true(fabs(got - want) < 1e-7);
}

static void as_every_piece_says(void **state)
{
    (void)state;
    static trial t;
    static const double levels[] = {0.95, 0.8, 0.5};
    uint64_t seed = 72;
    int finite = 0, disjoint = 0;
    for (int k = 0; k < 240; k++) {
        const bool aligned = k % 2;
        const double level = levels[k / 2 % 3];
        tm_rank_shifts got;
        draw_trial(&seed, &t);
        open_trial(&t, aligned ? "aligned_rank" : "rank_sum", MOST_DRAWS);
        assert_true(t.source.exact);
        const tm_rank_shifts want = by_force(&t, aligned, level);
        check_ok(t.ctx, tm_rank_shifts_find(t.ctx, &t.request, level, &got));
        if (isnan(got.value)) /* nothing between the ends: rows of one arm, or all alike */
            assert_true(isnan(want.value) || isinf(want.value));
        else {
            check_end(got.value, want.value);
            check_end(got.low, want.low);
            check_end(got.high, want.high);
            assert_int_equal(got.disjoint, want.disjoint);
            finite += isfinite(got.low) && isfinite(got.high);
            disjoint += got.disjoint;
        }
        temoin_context_free(t.ctx);
    }
    printf("# %d intervals with two ends, %d with gaps\n", finite, disjoint);
    assert_true(finite > 60);
}

/* Hollander & Wolfe 1973, p. 69, as R's help shows it: wilcox.test(x, y, conf.int = TRUE) in R 4.2.2. */
static void as_wilcox_test(void **state)
{
    (void)state;
    static const double y[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64,
                               0.73, 1.46, 1.15, 0.88, 0.90, 0.74, 1.21};
    static trial t;
    tm_rank_shifts got;
    t.n = 15, t.n_strata = 1;
    for (int i = 0; i < t.n; i++) t.y[i] = y[i], t.arm[i] = i < 10, t.stratum[i] = 0;
    open_trial(&t, "rank_sum", 4000);
    assert_true(t.source.exact && t.source.n_draws == 3003);
    check_ok(t.ctx, tm_rank_shifts_find(t.ctx, &t.request, 0.95, &got));
    check_close(got.value, 0.305, 1e-12);
    check_close(got.low, -0.15, 1e-12);
    check_close(got.high, 0.76, 1e-12);
    assert_false(got.disjoint);
    temoin_context_free(t.ctx);
}

static double p_by_draws(trial *t, double shift)
{
    static double moved[MOST_UNITS], statistic[MOST_DRAWS];
    double observed, extreme = 1;
    tm_sample sample = t->sample;
    tm_randomization_request request = t->request;
    for (int i = 0; i < t->n; i++) moved[i] = t->y[i] - shift * t->arm[i];
    sample.y = moved;
    request.sample = &sample;
    check_ok(t->ctx, tm_randomization_observe(t->ctx, &request, &observed));
    check_ok(t->ctx, tm_randomization_draws(t->ctx, &request, 0, t->source.n_draws, (double *const[]){statistic}));
    for (int64_t d = 0; d < t->source.n_draws; d++)
        extreme += tm_randomization_is_extreme(statistic[d], observed, 1, 1e-9);
    return extreme / ((double)t->source.n_draws + 1);
}

/* Of a hundred clients: p turns at the ends, and the estimate is where the arms are level. */
static void of_many_pieces(void **state)
{
    (void)state;
    static trial t;
    uint64_t seed = 73;
    for (int k = 0; k < 6; k++) {
        const bool aligned = k % 2;
        tm_rank_shifts got;
        double rank[MOST_UNITS];
        t.n = MOST_UNITS, t.n_strata = aligned ? 3 : 1;
        for (int i = 0; i < t.n; i++) {
            t.stratum[i] = i % t.n_strata, t.arm[i] = i / 3 % 2;
            t.y[i] = rand_normal(&seed) + 0.7 * t.arm[i] + t.stratum[i];
        }
        open_trial(&t, aligned ? "aligned_rank" : "rank_sum", 499);
        check_ok(t.ctx, tm_rank_shifts_find(t.ctx, &t.request, 0.95, &got));
        assert_true(got.low < got.value && got.value < got.high && got.n_draws == 499 && !got.disjoint);
        assert_true(p_by_draws(&t, got.low + 1e-8) > 0.05 && p_by_draws(&t, got.high - 1e-8) > 0.05);
        assert_true(p_by_draws(&t, got.low - 1e-8) <= 0.05 && p_by_draws(&t, got.high + 1e-8) <= 0.05);
        rank_all(&t, aligned, got.value - 1e-7, rank);
        assert_true(value_of(&t, aligned, rank, t.arm) >= 0);
        rank_all(&t, aligned, got.value + 1e-7, rank);
        assert_true(value_of(&t, aligned, rank, t.arm) <= 0);
        temoin_context_free(t.ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_every_piece_says),
        cmocka_unit_test(as_wilcox_test),
        cmocka_unit_test(of_many_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
