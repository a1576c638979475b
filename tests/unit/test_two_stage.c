/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trial_case.h"

#include "designs/assignment_struct.h"
#include "designs/design_kind.h"

enum { DRAWS = 40000, CLIENTS = 12, WORKERS = 7 };

#define TWO_STAGE "design: {kind: two_stage, strata: [site], seed: s, workers: {file: w.csv, id: name}}\n"
#define WORKERS_OF_A "u,A\nv,A\nw,A\n"

static void write_people(const char *workers)
{
    char text[512] = "name,site\n";
    strcat(text, workers);
    write_file("w.csv", text);
    write_file("c.csv", "id,site\na,A\nb,A\nc,A\nd,A\ne,A\nf,A\ng,A\nh,B\ni,B\nj,B\nk,B\nl,B\n");
}

/* Within five standard errors of the chance, over all draws. */
static void check_frequency(double sum, double chance, double largest)
{
    const double se = sqrt(largest * chance * (1 - chance / largest) / DRAWS);
    assert_true(fabs(sum / DRAWS - chance) < 5 * se);
}

/* Over seeds: every worker gets an arm with its share, every client each worker of the stratum alike, and the chance
 * that the ledger gives weighs exactly: worker w serves client u in P(both in one arm) when each case counts 1 /
 * chance. */
static void chances_are_what_they_are_called(void **state)
{
    (void)state;
    write_people(WORKERS_OF_A "q,B\nr,B\ns,B\nt,B\n");
    run r = build(HEAD("") TWO_STAGE);
    const tm_workers *workers = r.trial->workers;
    assert_int_equal(workers->n, WORKERS);
    double in_first[WORKERS] = {0}, serves[WORKERS][CLIENTS] = {{0}}, weighed[WORKERS][CLIENTS] = {{0}};
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
        for (int w = 0; w < WORKERS; w++) in_first[w] += draw->arm[w] == 0;
        for (int u = 0; u < CLIENTS; u++) {
            assert_int_equal(draw->arm[draw->worker[u]], assignment->arm[u]);
            serves[draw->worker[u]][u]++;
            weighed[draw->worker[u]][u] += 1 / draw->chance[u];
        }
        temoin_context_free(ctx);
    }
    for (int w = 0; w < WORKERS; w++) {
        const int stratum = workers->stratum[w];
        check_frequency(in_first[w], 0.5, 1);
        for (int u = 0; u < CLIENTS; u++) {
            const bool together = trial.stratum[u] == stratum;
            if (!together)
                assert_true(serves[w][u] == 0);
            else
                check_frequency(serves[w][u], stratum == 0 ? 1.0 / 3 : 0.25, 1);
            if (together) check_frequency(weighed[w][u], 0.5, 2);
        }
    }
    temoin_context_free(r.ctx);
}

/* The arms of clients are those of `blocked`; adding a worker moves no client to another arm. */
static void clients_arms_do_not_depend_on_workers(void **state)
{
    (void)state;
    write_people(WORKERS_OF_A "q,B\nr,B\n");
    const run few = draw(HEAD("") TWO_STAGE),
              blocked = draw(HEAD("") "design: {kind: blocked, strata: [site], seed: s}\n");
    write_people(WORKERS_OF_A "p,A\nq,B\nr,B\nx,C\n");
    const run more = draw(HEAD("") TWO_STAGE);
    const temoin_assignment *const of[] = {few.assignment, more.assignment, blocked.assignment};
    for (int u = 0; u < CLIENTS; u++) {
        assert_int_equal(of[0]->arm[u], of[2]->arm[u]);
        assert_int_equal(of[1]->arm[u], of[2]->arm[u]);
    }
    assert_null(of[2]->workers);
    assert_int_equal(temoin_assignment_n_workers(of[0]), 5);
    assert_int_equal(temoin_assignment_n_workers(of[1]), 7);
    assert_int_equal(temoin_assignment_n_workers(of[2]), 0);
    temoin_context_free(few.ctx);
    temoin_context_free(more.ctx);
    temoin_context_free(blocked.ctx);
}

static void drawn_workers_are_the_providers(void **state)
{
    (void)state;
    write_people(WORKERS_OF_A "q,B\nr,B\n");
    run r = draw(HEAD("") TWO_STAGE "providers: {structure: nested}\n");
    int32_t n;
    assert_null(r.trial->provider);
    assert_ptr_equal(tm_assignment_provider(r.assignment, &n), r.assignment->workers->worker);
    assert_int_equal(n, 5);
    temoin_context_free(r.ctx);
}

/* A column says who served in fact, and then it counts. */
static void a_column_comes_before_the_draw(void **state)
{
    (void)state;
    write_file("w.csv", "name,site\nu,A\nv,A\n");
    write_file("c.csv", "id,site,served_by\na,A,\nb,A,\nc,A,\n");
    run r = draw(HEAD("") TWO_STAGE "providers: {column: served_by, structure: crossed}\n");
    int32_t n;
    assert_non_null(r.trial->provider);
    assert_ptr_equal(tm_assignment_provider(r.assignment, &n), r.trial->provider);
    assert_int_equal(n, 0);
    temoin_context_free(r.ctx);
}

static void files_of_workers_are_checked(void **state)
{
    (void)state;
    write_people(WORKERS_OF_A ",A\nu,B\nx,\n");
    refuse(HEAD("") TWO_STAGE, TEMOIN_ERR_DATA,
           "w.csv: line 5, column \"name\": empty; every worker needs an id\n"
           "w.csv: line 6, column \"name\": worker \"u\" is already on line 2; keep one row per worker\n"
           "w.csv: line 7, column \"site\": empty, so the worker is in no stratum; fill it in\n");
    write_people(WORKERS_OF_A "x,B\n");
    refuse(HEAD("") TWO_STAGE, TEMOIN_ERR_DATA,
           "w.csv: workers in stratum \"B\": 1; where clients are, every arm must be sure of a worker, and its shares "
           "need 2: add "
           "workers, or join the stratum with another\n");
    refuse("temoin: 1\ntrial: {id: t}\nclients: {file: c.csv, id: id}\narms: [{name: a, share: .3}, {name: b, share: "
           ".7}]\n\n" TWO_STAGE,
           TEMOIN_ERR_DATA,
           "w.csv: workers in stratum \"A\": 3; where clients are, every arm must be sure of a worker, and its shares "
           "need 4: add "
           "workers, or join the stratum with another\n"
           "w.csv: workers in stratum \"B\": 1; where clients are, every arm must be sure of a worker, and its shares "
           "need 4: add "
           "workers, or join the stratum with another\n");
    write_file("w.csv", "name,place\nu,A\n");
    refuse(HEAD("") TWO_STAGE, TEMOIN_ERR_PLAN,
           "p.yaml: line 6: w.csv has no column \"site\"; its columns are \"name\", \"place\"\n");
    remove("w.csv");
    refuse(HEAD("") TWO_STAGE, TEMOIN_ERR_PLAN,
           "p.yaml: line 6: there is no file w.csv; a path starts from the folder of the plan\n");
}

static void plans_of_workers_are_checked(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"design: {kind: two_stage, assigned: arm, workers: {file: w.csv, id: name}}\n",
         "p.yaml: line 6: \"design.workers\" are drawn together with the clients, but \"design.assigned\" says that "
         "the trial was "
         "drawn elsewhere; take \"workers\" out, write \"kind: blocked\", and name them by \"providers.column\"\n"},
        {TWO_STAGE "providers: {structure: crossed}\n", "p.yaml: line 7: workers who are drawn serve one arm each: "
                                                        "write \"structure: nested\", or name the \"column\" of those "
                                                        "who served in fact\n"},
        {DRAWN "providers: {structure: nested}\n",
         "p.yaml: line 7: \"providers\" needs the key \"column\"; only a "
         "design with \"workers\", or \"capacity\", knows providers without it\n"},
        {"design: {kind: two_stage, seed: s, workers: {file: w.csv}}\n",
         "p.yaml: line 6: \"design.workers\" needs the key \"id\"\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run r = {.ctx = check_context()};
        const char *text = tm_text(r.ctx, HEAD("") "%s", cases[i][0]);
        assert_int_equal(tm_plan_parse(r.ctx, "p.yaml", text, strlen(text), &r.plan), TEMOIN_ERR_PLAN);
        check_problems(r.ctx, cases[i][1]);
        temoin_context_free(r.ctx);
    }
    write_people(WORKERS_OF_A "q,B\nr,B\n");
    refuse_draw(HEAD("") "design: {kind: two_stage, strata: [site], seed: s}\n", TEMOIN_ERR_PLAN,
                "p.yaml: line 6: a \"two_stage\" design needs \"workers\"; it takes \"strata\", \"workers\"\n");
    refuse_draw(
        HEAD("") "design: {kind: blocked, strata: [site], seed: s, workers: {file: w.csv, id: name}}\n",
        TEMOIN_ERR_PLAN,
        "p.yaml: line 6: a \"blocked\" design takes no \"workers\"; it takes \"strata\", \"misfits\"; kinds that take "
        "it: two_stage\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chances_are_what_they_are_called), cmocka_unit_test(clients_arms_do_not_depend_on_workers),
        cmocka_unit_test(drawn_workers_are_the_providers),  cmocka_unit_test(a_column_comes_before_the_draw),
        cmocka_unit_test(files_of_workers_are_checked),     cmocka_unit_test(plans_of_workers_are_checked),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
