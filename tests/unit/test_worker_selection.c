/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Are clients of different workers alike? Statistics against other statistics and all ways of dealing clients, redraws
 * against the rules that drew. */
#include "randsample.h"
#include "trial_case.h"

#include "checks/caseload_peaks.h"
#include "checks/omnibus_statistic.h"
#include "checks/workers_alike.h"
#include "designs/worker_redraws.h"

enum { MOST = 64, N_X = 4 };

typedef struct people {
    int32_t n;
    int32_t block[MOST], worker[MOST];
    double x[MOST * N_X];
} people;

static tm_alike_rows rows_of(const people *p, int32_t n_blocks, int32_t n_workers, int32_t n_x)
{
    return (tm_alike_rows){p->n, n_blocks, n_workers, n_x, p->block, p->worker, p->x};
}

/* A covariate of large numbers, a flag, the sum of the two, and a constant. */
static void draw_people(uint64_t *state, people *p, int32_t n, int32_t n_blocks, int32_t n_workers)
{
    p->n = n;
    for (int i = 0; i < n; i++) {
        p->block[i] = rand_below(state, n_blocks);
        p->worker[i] = rand_below(state, n_workers);
        p->x[N_X * i] = 1e5 + rand_normal(state) * 1e3;
        p->x[N_X * i + 1] = rand_below(state, 2);
        p->x[N_X * i + 2] = p->x[N_X * i] + 500 * p->x[N_X * i + 1];
        p->x[N_X * i + 3] = 7.5;
    }
}

/* One block: Hansen & Bowers' d² with the workers for arms. */
static void one_block_gives_the_omnibus_statistic(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    uint64_t random = 21;
    for (int k = 0; k < 20; k++) {
        people p;
        draw_people(&random, &p, 40, 1, 5);
        const tm_alike_rows rows = rows_of(&p, 1, 5, N_X);
        tm_alike_test test;
        tm_omnibus_test other;
        check_ok(ctx, tm_alike_test_build(ctx, &rows, &test));
        check_ok(ctx, tm_omnibus_test_build(ctx, &(tm_omnibus_rows){40, 1, 5, N_X, p.block, p.x}, &other));
        check_close(tm_alike_test_run(&test, p.worker), tm_omnibus_test_run(&other, p.worker), 1e-9);
        assert_true(test.rank == 2 && test.df == other.rank && test.n == 40 && test.n_workers == 5);
    }
    temoin_context_free(ctx);
}

/* All ways of dealing the workers of each block to its rows from row `from` on. */
static int64_t visit(people *p, int from, double (*statistic)(void *test, const int32_t *worker), void *test,
                     double least, double *sum, int64_t *n_far)
{
    int64_t count = 0;
    if (from == p->n) {
        const double one = statistic(test, p->worker);
        *sum += one;
        *n_far += one >= least;
        return 1;
    }
    for (int k = from; k < p->n; k++) {
        bool seen = false;
        if (p->block[k] != p->block[from]) continue;
        for (int j = from; j < k; j++) seen = seen || (p->block[j] == p->block[k] && p->worker[j] == p->worker[k]);
        if (seen) continue;
        const int32_t first = p->worker[from];
        p->worker[from] = p->worker[k], p->worker[k] = first;
        count += visit(p, from + 1, statistic, test, least, sum, n_far);
        p->worker[k] = p->worker[from], p->worker[from] = first;
    }
    return count;
}

static double run_alike(void *test, const int32_t *worker)
{
    return tm_alike_test_run(test, worker);
}

static double run_answers(void *test, const int32_t *worker)
{
    return tm_answers_test_run(test, worker);
}

static const people seven_and_six = {
    13,
    {0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, 1},
    {0, 2, 0, 1, 2, 1, 3, 3, 1, 0, 4, 1, 0},
    {0},
};

static void df_is_the_mean_over_all_deals(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    uint64_t random = 4;
    people p;
    draw_people(&random, &p, 13, 1, 1);
    memcpy(p.block, seven_and_six.block, sizeof p.block);
    memcpy(p.worker, seven_and_six.worker, sizeof p.worker);
    const people fixed = p;
    const tm_alike_rows rows = rows_of(&fixed, 2, 5, N_X);
    tm_alike_test test;
    check_ok(ctx, tm_alike_test_build(ctx, &rows, &test));
    double sum = 0;
    int64_t n_far = 0;
    const int64_t n = visit(&p, 0, run_alike, &test, 0, &sum, &n_far);
    assert_int_equal(n, 35 * 180); /* 7! / 3! 4! and 6! / 2! 2! 1! 1! */
    assert_true(test.rank == 2 && test.df == 2 * (1 + 3) && test.room == 6 + 5);
    check_close(sum / (double)n, test.df, 1e-9);
    temoin_context_free(ctx);
}

/* Blocks with one worker, and those in which each client has an own one, change nothing. */
static void blocks_without_a_comparison_are_left_out(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    uint64_t random = 9;
    people p, q;
    draw_people(&random, &p, 30, 2, 4);
    q = p;
    for (int i = 30; i < 40; i++) {
        for (int j = 0; j < N_X; j++) q.x[N_X * i + j] = 1e6 * rand_normal(&random);
        q.block[i] = i < 35 ? 2 : 3;
        q.worker[i] = i < 35 ? 1 : i - 35;
    }
    q.n = 40;
    const tm_alike_rows rows[] = {rows_of(&p, 2, 5, N_X), rows_of(&q, 4, 5, N_X)};
    tm_alike_test test[2];
    for (int k = 0; k < 2; k++) check_ok(ctx, tm_alike_test_build(ctx, &rows[k], &test[k]));
    assert_true(tm_alike_test_run(&test[0], p.worker) == tm_alike_test_run(&test[1], q.worker));
    assert_true(test[1].n == 30 && test[1].n_workers == 4 && test[1].df == test[0].df);
    for (int i = 0; i < 40; i++) q.block[i] = -1;
    check_ok(ctx, tm_alike_test_build(ctx, &rows[1], &test[1]));
    assert_true(test[1].n == 0 && tm_alike_test_run(&test[1], q.worker) == 0);
    temoin_context_free(ctx);
}

/* R 4.2: chisq.test(cbind(c(3, 6, 1), c(9, 4, 7)), correct = FALSE)$statistic is 5.1375, and
 * chisq.test(cbind(c(2, 0), c(5, 8)), correct = FALSE)$statistic is 2.63736263736264. */
static void answers_give_pearson(void **state)
{
    (void)state;
    static const int yes[] = {3, 6, 1, 2, 0}, no[] = {9, 4, 7, 5, 8};
    temoin_context *ctx = check_context();
    people p = {0};
    for (int w = 0; w < 5; w++)
        for (int k = 0; k < yes[w] + no[w]; k++) {
            p.block[p.n] = w > 2;
            p.worker[p.n] = w;
            p.x[p.n++] = k < yes[w];
        }
    const tm_alike_rows rows = rows_of(&p, 2, 5, 1);
    tm_answers_test test;
    check_ok(ctx, tm_answers_test_build(ctx, &rows, &test));
    check_close(tm_answers_test_run(&test, p.worker), 5.1375 + 2.63736263736264, 1e-14);
    assert_true(test.df == 3 && test.n == 45 && test.n_workers == 5);
    temoin_context_free(ctx);
}

static void exact_chances_are_those_of_all_deals(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    uint64_t random = 31;
    for (int k = 0; k < 12; k++) {
        people p = seven_and_six;
        for (int i = 0; i < 13; i++) p.x[i] = rand_below(&random, 3) == 0;
        const people fixed = p;
        const tm_alike_rows rows = rows_of(&fixed, 2, 5, 1);
        tm_answers_test test;
        double sum = 0, got;
        int64_t n_far = 0;
        check_ok(ctx, tm_answers_test_build(ctx, &rows, &test));
        const double seen = tm_answers_test_run(&test, p.worker), least = seen - 1e-9;
        check_ok(ctx, tm_answers_exact(ctx, &test, least, &got));
        const int64_t n = visit(&p, 0, run_answers, &test, least, &sum, &n_far);
        check_close(got, (double)n_far / (double)n, 1e-12);
    }
    temoin_context_free(ctx);
}

static void too_many_tables_are_not_listed(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    uint64_t random = 2;
    people p = {.n = MOST};
    double got;
    for (int i = 0; i < MOST; i++) p.worker[i] = i % 30, p.x[i] = rand_below(&random, 2);
    const tm_alike_rows rows = rows_of(&p, 1, 30, 1);
    tm_answers_test test;
    check_ok(ctx, tm_answers_test_build(ctx, &rows, &test));
    check_ok(ctx, tm_answers_exact(ctx, &test, 29, &got));
    assert_true(isnan(got));
    temoin_context_free(ctx);
}

#define TWO_STAGE "design: {kind: two_stage, strata: [site], seed: s, workers: {file: w.csv, id: name}}\n"

/* Each client of a stratum and arm has each of its workers as often as the others, and workers keep their numbers. */
static void dealing_again_is_the_two_stage_draw(void **state)
{
    (void)state;
    enum { DRAWS = 4000 };
    write_file("w.csv", "name,site\nu,A\nv,A\nw,A\nx,A\nq,B\nr,B\n");
    write_file("c.csv", "id,site\na,A\nb,A\nc,A\nd,A\ne,A\nf,A\ng,A\nh,A\ni,B\nj,B\nk,B\nl,B\n");
    run r = draw(HEAD("") TWO_STAGE "providers: {structure: nested}\n");
    const tm_worker_draw *own = r.assignment->workers;
    tm_worker_redraws redraws;
    int32_t worker[12], again[12], serves[12][6] = {{0}};
    check_ok(r.ctx, tm_worker_redraws_build(r.ctx, r.assignment, &redraws));
    assert_true(redraws.known && !redraws.by_places);
    for (int d = 1; d <= DRAWS; d++) {
        int32_t load[6] = {0};
        check_ok(r.ctx, tm_worker_redraws_draw(r.ctx, &redraws, d, worker));
        for (int u = 0; u < 12; u++) {
            assert_int_equal(own->arm[worker[u]], r.assignment->arm[u]);
            load[worker[u]]++;
            load[own->worker[u]]--;
            serves[u][worker[u]]++;
        }
        for (int w = 0; w < 6; w++) assert_int_equal(load[w], 0);
    }
    for (int u = 0; u < 12; u++)
        for (int w = 0; w < 6; w++) {
            const bool possible = (u < 8) == (w > 1) && own->arm[w] == r.assignment->arm[u]; /* q and r come first */
            const double chance = possible ? own->chance[u] : 0;
            assert_true(fabs(serves[u][w] - DRAWS * chance) <= 5 * sqrt(DRAWS * chance * (1 - chance)));
        }
    check_ok(r.ctx, tm_worker_redraws_draw(r.ctx, &redraws, 7, worker));
    check_ok(r.ctx, tm_worker_redraws_draw(r.ctx, &redraws, 7, again));
    assert_memory_equal(worker, again, sizeof worker);
    temoin_context_free(r.ctx);
}

#define PLACES                                                                                                         \
    "design: {kind: permuted, arrival: came, seed: s}\n"                                                               \
    "capacity: {file: w.csv, id: name, places: places, from: from, arm: ocm, exits: {file: c.csv, id: id, date: "      \
    "left}}\nproviders: {structure: one_arm, arm: ocm}\n"

/* Clients come on the days 1 … 40 and stay twelve days; three workers have four places each, one of them comes on the
 * 20th. Follows a course of events and checks that each client went to one of the free with the fewest. */
static void check_course(const run *r, const int32_t *worker, int *n_choices)
{
    for (int u = 0; u < 40; u++) {
        int load[3] = {0}, least = 99, n = 0;
        if (r->assignment->arm[u] != 1) {
            assert_int_equal(worker[u], -1);
            continue;
        }
        for (int v = 0; v < u; v++)
            if (worker[v] >= 0 && u < v + 12) load[worker[v]]++;
        for (int w = 0; w < 3; w++)
            if (load[w] < 4 && (w < 2 || u >= 19) && load[w] < least) least = load[w];
        for (int w = 0; w < 3; w++) n += load[w] == least && (w < 2 || u >= 19);
        assert_true(load[worker[u]] == least && (worker[u] < 2 || u >= 19));
        *n_choices += n > 1;
    }
}

static run draw_places(void)
{
    char text[4096] = "id,came,left\n";
    for (int u = 0; u < 40; u++) {
        const int from = u + 1, to = from + 12;
        snprintf(text + strlen(text), sizeof text - strlen(text), "%02d,2020-%02d-%02d,2020-%02d-%02d\n", u,
                 1 + (from - 1) / 28, 1 + (from - 1) % 28, 1 + (to - 1) / 28, 1 + (to - 1) % 28);
    }
    write_file("c.csv", text);
    write_file("w.csv", "name,places,from\nu,4,2020-01-01\nv,4,2020-01-01\nw,4,2020-01-20\n");
    return draw(HEAD("") PLACES);
}

static void dealing_again_goes_by_free_places(void **state)
{
    (void)state;
    enum { DRAWS = 2000 };
    run r = draw_places();
    tm_worker_redraws redraws;
    int32_t worker[40], first = 0, served = -1;
    int n_choices = 0;
    check_course(&r, r.assignment->workers->worker, &n_choices);
    assert_true(n_choices > 5);
    check_ok(r.ctx, tm_worker_redraws_build(r.ctx, r.assignment, &redraws));
    assert_true(redraws.known && redraws.by_places);
    for (int u = 0; u < 40 && served < 0; u++)
        if (r.assignment->arm[u] == 1) served = u;
    for (int d = 1; d <= DRAWS; d++) {
        check_ok(r.ctx, tm_worker_redraws_draw(r.ctx, &redraws, d, worker));
        check_course(&r, worker, &n_choices);
        first += worker[served] == 0;
    }
    assert_true(fabs(first - DRAWS / 2.0) < 5 * sqrt(DRAWS / 4.0));
    temoin_context_free(r.ctx);
}

/* Day after day, who is there. */
static void peaks_are_those_of_all_days(void **state)
{
    (void)state;
    run r = draw_places();
    temoin_caseload loads[] = {{"u", 1, 9, 0, 0}, {"v", 1, 9, 0, 0}, {"w", 1, 9, 0, 0}, {"zz", 1, 9, 0, 0}};
    check_ok(r.ctx, tm_caseload_peaks_find(r.ctx, r.assignment, loads, 4));
    for (int w = 0; w < 3; w++) {
        int most = 0;
        for (int day = 0; day < 60; day++) {
            int n = 0;
            for (int u = 0; u < 40; u++) n += r.assignment->workers->worker[u] == w && u <= day && day < u + 12;
            most = n > most ? n : most;
        }
        assert_int_equal(loads[w].peak, most);
        assert_int_equal(loads[w].places, 4);
        assert_true(most > 0 && most <= 4);
    }
    assert_true(loads[3].peak == -1 && loads[3].places == -1);
    temoin_context_free(r.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_block_gives_the_omnibus_statistic),
        cmocka_unit_test(df_is_the_mean_over_all_deals),
        cmocka_unit_test(blocks_without_a_comparison_are_left_out),
        cmocka_unit_test(answers_give_pearson),
        cmocka_unit_test(exact_chances_are_those_of_all_deals),
        cmocka_unit_test(too_many_tables_are_not_listed),
        cmocka_unit_test_setup_teardown(dealing_again_is_the_two_stage_draw, scratch_open, scratch_close),
        cmocka_unit_test_setup_teardown(dealing_again_goes_by_free_places, scratch_open, scratch_close),
        cmocka_unit_test_setup_teardown(peaks_are_those_of_all_days, scratch_open, scratch_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
