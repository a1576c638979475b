/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Randomization tests by sums of redraws against the same draws fitted one by one. */
#include "check.h"

#include "inference/randomize_sums.h"

enum { MOST = 500, DRAWS = 60, COVARIATES = 2, MOST_GROUPS = 600 };

static uint64_t seed = 88172645463325252u;

static int below(int range)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (int)((seed >> 32) * (uint64_t)range >> 32);
}

/* Clients in blocks of strata, some of them without an outcome, some in arms that keep theirs. */
typedef struct made {
    tm_sample sample;
    tm_shuffle shuffle;
    double y[MOST], x[COVARIATES][MOST], weight[8];
    const double *covariate[COVARIATES];
    const char *name[COVARIATES];
    int32_t arm[MOST], stratum[MOST], group[MOST], block[MOST_GROUPS], group_arm[MOST_GROUPS];
    char text[40][8];
    const char *block_text[40];
} made;

static double draw_outcome(int kind)
{
    switch (kind) {
    case 0:
        return below(2); /* binary */
    case 1:
        return below(20) == 0 ? 1e3 : 0; /* rare */
    case 2:
        return below(5); /* counts, ties */
    case 3:
        return 1e6 + below(1000) / 7.0; /* far from 0 */
    case 4:
        return below(50) ? below(1000) / 999.0 : 1e5 * below(10); /* heavy tail */
    default:
        return below(1000) / 7.0 - 70;
    }
}

static void draw_blocks(made *m, int n_blocks, int n_arms, int n_strata)
{
    for (int b = 0; b < n_blocks; b++) {
        snprintf(m->text[b], sizeof m->text[b], "%02d", b);
        m->block_text[b] = m->text[b];
    }
    for (int g = 0; g < m->shuffle.n_groups; g++) {
        m->block[g] = below(n_blocks);
        m->group_arm[g] = below(12) ? below(n_arms) : -1;
    }
    m->sample.n_strata = n_strata;
    m->shuffle.n_blocks = n_blocks;
    m->shuffle.n_arms = n_arms;
}

/* Rows of the groups; `whole`: several rows to a group. */
static void draw_rows(made *m, int n, bool whole, int kind)
{
    int32_t g = 0;
    for (int i = 0; i < n; i++, g += !whole || below(2)) {
        m->group[i] = below(15) ? g : -1;
        m->stratum[i] = m->block[g] % m->sample.n_strata;
        m->arm[i] = m->group_arm[g] < 0 || m->group[i] < 0 ? below(m->shuffle.n_arms) : m->group_arm[g];
        m->y[i] = draw_outcome(kind);
        for (int j = 0; j < COVARIATES; j++) m->x[j][i] = below(100) / 10.0 - 5 + (j ? 0.02 * m->y[i] : 0);
        if (below(10) == 0) i--; /* a client without an outcome */
    }
}

static void make(made *m, int trial)
{
    const int n_arms = 2 + trial % 3, n_blocks = 1 + below(6), n = trial % 5 ? 30 + below(MOST - 30) : 12 + below(20);
    memset(m, 0, sizeof *m);
    m->shuffle = (tm_shuffle){.n = n,
                              .arm = m->arm,
                              .group = m->group,
                              .n_groups = MOST_GROUPS,
                              .block = m->block,
                              .group_arm = m->group_arm,
                              .trial_id = "t",
                              .block_text = m->block_text};
    draw_blocks(m, n_blocks, n_arms, 1 + below(n_blocks));
    draw_rows(m, n, trial % 4 == 3, trial % 6);
    for (int j = 0; j < COVARIATES; j++) m->covariate[j] = m->x[j], m->name[j] = j ? "b" : "a";
    m->sample.n = n;
    m->sample.n_arms = n_arms;
    m->sample.y = m->y;
    m->sample.arm = m->arm;
    m->sample.stratum = m->stratum;
    m->sample.covariate = m->covariate;
    m->sample.covariate_name = m->name;
    m->weight[0] = -1, m->weight[n_arms - 1] = 1; /* two contrasts */
    m->weight[n_arms] = -1, m->weight[n_arms + 1] = n_arms > 2 ? 0.5 : 1;
    if (n_arms > 2) m->weight[n_arms + 2] = 0.5;
}

/* What either way may lose: 1e-12 of the outcome's size or, in standard errors, of one; and more where the outcome lies
 * far from 0, whose means a fit subtracts from each other. */
static double rounding_of(const made *m, bool in_units, bool of_ranks)
{
    double largest = 0, mean = 0, square = 0;
    const double n = (double)m->sample.n;
    for (int64_t i = 0; i < m->sample.n; i++) {
        largest = fmax(largest, fabs(m->y[i]));
        mean += m->y[i] / n;
    }
    for (int64_t i = 0; i < m->sample.n; i++) square += (m->y[i] - mean) * (m->y[i] - mean) / n;
    if (of_ranks) return 1e-14 * n * n;
    return in_units ? 1e-12 * largest : fmax(1e-12, 2e-16 * largest / sqrt(square) * sqrt(n));
}

/* Returns how many draws the sums served. */
static int64_t compare(made *m, const char *estimator, const char *variance, const char *statistic, int n_covariates)
{
    temoin_context *ctx = check_context();
    tm_arm_source source;
    double by_sums[2][DRAWS], by_fits[2][DRAWS];
    bool done[DRAWS] = {0};
    int64_t n_done = 0;
    m->sample.n_covariates = n_covariates;
    check_ok(ctx, tm_shuffle_source_build(ctx, &m->shuffle, DRAWS, &source));
    assert_false(source.exact);
    tm_randomization_request request = {.sample = &m->sample,
                                        .estimator = tm_estimator_find(estimator),
                                        .variance = tm_variance_find(variance),
                                        .statistic = tm_statistic_find(statistic),
                                        .arm_weight = m->weight,
                                        .n_contrasts = 2,
                                        .source = &source,
                                        .level = 0.95};
    check_ok(ctx, tm_randomize_by_sums(ctx, &request, 3, DRAWS, (double *[]){by_sums[0], by_sums[1]}, done));
    source.bits = NULL;
    check_ok(ctx, tm_randomization_draws(ctx, &request, 3, DRAWS, (double *[]){by_fits[0], by_fits[1]}));
    const double slack = rounding_of(m, strcmp(statistic, "difference") == 0, strstr(statistic, "rank"));
    for (int c = 0; c < 2; c++)
        for (int d = 0; d < DRAWS; d++) {
            n_done += done[d] && c == 0;
            if (done[d] && !close_to(by_sums[c][d], by_fits[c][d], 1e-12, slack / 1e-12))
                fail_msg("%s %s %s, draw %d: %.17g by sums, %.17g by fits, n %d", estimator, variance, statistic, d,
                         by_sums[c][d], by_fits[c][d], (int)m->sample.n);
        }
    temoin_context_free(ctx);
    return n_done;
}

static void sums_are_the_fits(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"dim", "neyman", "difference"}, {"dim", "neyman", "studentized"},    {"dim", "hc0", "studentized"},
        {"dim", "hc1", "studentized"},   {"dim", "hc2", "studentized"},       {"dim", "hc2_bm", "studentized"},
        {"dim", "hc3", "studentized"},   {"dim", "classical", "studentized"}, {"ols", "hc2", "difference"},
        {"ols", "hc0", "studentized"},   {"ols", "hc1", "studentized"},       {"ols", "hc2", "studentized"},
        {"ols", "hc3", "studentized"},   {"ols", "hc2_bm", "studentized"},    {"ols", "classical", "studentized"},
        {"dim", "cr2", "rank_sum"},      {"lin", "hc2", "aligned_rank"}};
    enum { N_CASES = sizeof cases / sizeof *cases, TRIALS = 60 };
    static made m;
    for (size_t k = 0; k < N_CASES; k++) {
        int64_t n_done = 0, n = 0;
        for (int trial = 0; trial < TRIALS; trial++) {
            const bool adjusts = strcmp(cases[k][0], "ols") == 0 &&
                                 (strcmp(cases[k][1], "classical") == 0 || strcmp(cases[k][2], "difference") == 0);
            make(&m, trial);
            n_done += compare(&m, cases[k][0], cases[k][1], cases[k][2], adjusts ? trial % 3 : 0);
            n += DRAWS;
        }
        if (n_done < n * 9 / 10)
            fail_msg("%s %s: %d of %d draws by sums", cases[k][0], cases[k][1], (int)n_done, (int)n);
    }
}

/* What sums cannot say is left alone. */
static void the_rest_is_left_to_the_fits(void **state)
{
    (void)state;
    static made m;
    make(&m, 5);
    assert_int_equal(compare(&m, "lin", "hc2", "difference", 1), 0);
    assert_int_equal(compare(&m, "ols", "hc2", "studentized", 1), 0);
    assert_int_equal(compare(&m, "dim", "hc2", "kolmogorov_smirnov", 0), 0);
    for (int64_t i = 0; i < m.sample.n; i++) m.y[i] = 1;
    assert_int_equal(compare(&m, "dim", "neyman", "studentized", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_the_fits),
        cmocka_unit_test(the_rest_is_left_to_the_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
