/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trial_case.h"

#include "designs/assignment_struct.h"

#define CAME "design: {kind: permuted, arrival: came, seed: s}\n"
#define PLACES(MORE) "capacity: {file: w.csv, id: name, places: places, from: from, to: to" MORE "}\n"
#define OCM PLACES(", arm: ocm, exits: {file: c.csv, id: id, date: left}")

enum { DRAWS = 20000 };

/* On one day three workers have 1, 1 and 0 clients, a fourth is full, a fifth is not there: the next client of the arm
 * gets the third; on the next day each of three is as likely. */
static void the_least_loaded_come_first_and_ties_are_even(void **state)
{
    (void)state;
    write_file("w.csv", "name,places,from,to\nu,9,2020-01-01,\nv,9,2020-01-01,\nw,9,2020-01-01,\nx,0,2020-01-01,\n"
                        "y,9,2019-01-01,2020-01-01\nz,9,2020-02-01,\n");
    write_file(
        "c.csv",
        "id,came,left\na,2020-01-01,\nb,2020-01-02,\nc,2020-01-03,\nd,2020-01-04,\ne,2020-01-05,\nf,2020-01-06,\n"
        "g,2020-01-07,\nh,2020-01-08,\n");
    run r = build(HEAD("") OCM CAME);
    int64_t serves[6] = {0}, n = 0;
    temoin_plan plan = *r.trial->plan;
    temoin_trial trial = *r.trial;
    trial.plan = &plan;
    for (int d = 0; d < DRAWS; d++) {
        const temoin_assignment *assignment;
        temoin_context *ctx = check_context();
        char seed[16];
        snprintf(seed, sizeof seed, "%d", d);
        plan.design.seed = seed;
        check_ok(ctx, temoin_assignment_draw(ctx, &trial, &assignment));
        const tm_worker_draw *draw = assignment->workers;
        int load[6] = {0}, n_served = 0;
        for (int64_t k = 0; k < trial.n_units; k++) {
            const int64_t u = assignment->order[k];
            assert_false(draw->deferred[u]);
            assert_int_equal(draw->worker[u] >= 0, assignment->arm[u] == 1);
            assert_int_equal(draw->open[u], n_served);
            assert_int_equal(draw->places[u], 27);
            if (draw->worker[u] < 0) continue;
            assert_true(draw->worker[u] < 3);
            assert_true(close_to(draw->chance[u], 1.0 / (3 - n_served % 3), 1e-15, 0));
            assert_int_equal(load[draw->worker[u]]++, n_served / 3);
            serves[draw->worker[u]]++;
            n += n_served++ % 3 == 0;
        }
        temoin_context_free(ctx);
    }
    const double expected = (double)(serves[0] + serves[1] + serves[2]) / 3;
    for (int w = 0; w < 3; w++) assert_true(fabs((double)serves[w] - expected) < 5 * sqrt((double)n));
    temoin_context_free(r.ctx);
}

/* One place: taken until the day before the exit. Whoever stays a while keeps others out, of both arms. */
static void a_place_is_free_on_the_day_of_the_exit(void **state)
{
    (void)state;
    write_file("w.csv", "name,places,from,to\nu,1,2020-01-01,2021-01-01\n");
    write_file("c.csv", "id,came,left\na,2020-01-01,2020-01-01\nb,2020-01-01,2020-01-05\nc,2020-01-04,2020-01-05\n"
                        "d,2020-01-05,2020-01-06\ne,2020-12-31,\nf,2021-01-01,\n");
    run r = draw("temoin: 1\ntrial: {id: t}\nclients: {file: c.csv, id: id}\narms: [{name: ocm, share: 999999}, {name: "
                 "b}]\n\n" OCM CAME);
    const bool deferred[] = {false, false, true, false, false, true};
    const int64_t open[] = {0, 0, 1, 0, 0, 0}, places[] = {1, 1, 1, 1, 1, 0};
    for (int u = 0; u < 6; u++) {
        assert_int_equal(r.assignment->workers->deferred[u], deferred[u]);
        assert_int_equal(r.assignment->arm[u], deferred[u] ? -1 : 0);
        assert_int_equal(r.assignment->workers->worker[u], deferred[u] ? -1 : 0);
        assert_int_equal(isnan(r.assignment->probability[u]), deferred[u]);
        assert_int_equal(r.assignment->workers->open[u], open[u]);
        assert_int_equal(r.assignment->workers->places[u], places[u]);
    }
    assert_int_equal(temoin_assignment_n_deferred(r.assignment), 2);
    assert_int_equal(temoin_assignment_n_workers(r.assignment), 0);
    temoin_context_free(r.ctx);
}

/* Both arms are served, each by its own: the fuller one decides. */
static void each_arm_may_have_its_workers(void **state)
{
    (void)state;
    write_file("w.csv", "name,places,from,to,arm\nu,1,2020-01-01,,ocm\nv,50,2020-01-01,,control\n");
    write_file("c.csv", "id,came\na,2020-01-01\nb,2020-01-02\nc,2020-01-03\nd,2020-01-04\ne,2020-01-05\n");
    run r = draw(HEAD("") CAME PLACES(", arm_column: arm") "providers: {structure: nested}\n");
    bool full = false;
    int32_t n;
    for (int u = 0; u < 5; u++) {
        assert_int_equal(r.assignment->workers->deferred[u], full);
        if (!full) assert_int_equal(r.assignment->workers->worker[u], r.assignment->arm[u] == 1 ? 0 : 1);
        full |= r.assignment->arm[u] == 1;
    }
    assert_true(full);
    assert_ptr_equal(tm_assignment_provider(r.assignment, &n), r.assignment->workers->worker);
    temoin_context_free(r.ctx);
}

static void files_are_checked(void **state)
{
    (void)state;
    write_file("c.csv", "id,came,left\na,2020-01-02,2020-01-01\nb,2020-01-02,\n");
    write_file("w.csv", "name,places,from,to\nu,1.5,2020-01-01,\n,1,,\nw,2,2020-01-02,2020-01-01\n");
    refuse(HEAD("") CAME OCM, TEMOIN_ERR_DATA,
           "w.csv: line 3, column \"name\": empty; every worker needs an id\n"
           "w.csv: line 2, column \"places\": must be a whole number of places from 0 to 1000000\n"
           "w.csv: line 3, column \"from\": empty; write the worker's first day\n"
           "w.csv: line 4, column \"to\": the worker leaves before the first day in column \"from\"; correct one of "
           "them\n");
    write_file("w.csv", "name,places,from,to\nu,1,2020-01-01,\n");
    refuse(HEAD("") CAME OCM, TEMOIN_ERR_DATA,
           "c.csv: line 2, column \"left\": client \"a\" leaves before coming; correct the date\n");
    write_file("x.csv", "id,left\na,2020-01-03\nzz,2020-01-03\nb,\na,2020-01-04\n");
    refuse(
        HEAD("") CAME PLACES(", arm: ocm, exits: {file: x.csv, id: id, date: left}"), TEMOIN_ERR_DATA,
        "x.csv: line 3, column \"id\": found \"zz\", which is no client of c.csv; correct the id, or take the row out\n"
        "x.csv: line 5, column \"id\": client \"a\" has left already; keep one row per client\n");
    write_file("c.csv", "id,came,left\na,2,\nb,3,\n");
    refuse(HEAD("") CAME OCM, TEMOIN_ERR_DATA,
           "c.csv: column \"came\": is a number; with `capacity`, clients come on a date (yyyy-mm-dd)\n");
    write_file("c.csv", "id,came,left\na,2020-01-01,\nb,2020-01-01,\n");
}

static void plans_are_checked(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {CAME PLACES(""),
         "p.yaml: line 7: \"capacity\" needs \"arm\", which all workers serve, or \"arm_column\", the column of its "
         "file that holds the arm of each; give one of them\n"},
        {DRAWN PLACES(", arm: ocm"),
         "p.yaml: line 7: \"capacity\" needs \"design.arrival\", the column with the date on which a client came\n"},
        {ASSIGNED PLACES(", arm: ocm"), "p.yaml: line 7: \"capacity\" decides who can be drawn, but "
                                        "\"design.assigned\" says that the trial was drawn elsewhere; "
                                        "take \"capacity\" out\n"},
        {CAME PLACES(", arm: zz"), "p.yaml: line 7: found the arm \"zz\"; the plan declares \"control\", \"ocm\"\n"},
        {CAME OCM "providers: {structure: nested}\n", "p.yaml: line 8: workers with \"capacity.arm\" serve that arm: "
                                                      "write \"structure: one_arm\" with the same \"arm\", or name "
                                                      "the \"column\" of those who served in fact\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run r = {.ctx = check_context()};
        const char *text = tm_text(r.ctx, HEAD("") "%s", cases[i][0]);
        assert_int_equal(tm_plan_parse(r.ctx, "p.yaml", text, strlen(text), &r.plan), TEMOIN_ERR_PLAN);
        check_problems(r.ctx, cases[i][1]);
        temoin_context_free(r.ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_loaded_come_first_and_ties_are_even),
        cmocka_unit_test(a_place_is_free_on_the_day_of_the_exit),
        cmocka_unit_test(each_arm_may_have_its_workers),
        cmocka_unit_test(files_are_checked),
        cmocka_unit_test(plans_are_checked),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
