/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a design learns of the clients, and which options it is told. */
#include "trial_case.h"

#include "designs/trial_units.h"
#include "temoin/audit.h"

static tm_design_units units_of(const run *r)
{
    tm_design_units units;
    check_ok(r->ctx, tm_trial_units_build(r->ctx, r->trial, &units));
    assert_null(r->ctx->scratch.last);
    return units;
}

static void check_codes(const int32_t *code, const char *want)
{
    for (int u = 0; want[u]; u++) assert_int_equal(code[u], want[u] - '0');
}

static void clusters_and_pairs_come_in_byte_order(void **state)
{
    (void)state;
    write_file("c.csv", "id,office,twin\n4,b,10\n3,B,9\n2,\xc3\xa9,10\n1,b,9\n");
    run r = build(HEAD("") "design: {seed: s, cluster: office, pair: twin}\n");
    tm_design_units units = units_of(&r);
    assert_int_equal(units.n_clusters, 3);
    assert_string_equal(units.cluster_text[0], "B");
    assert_string_equal(units.cluster_text[2], "\xc3\xa9");
    check_codes(units.cluster, "1201");
    assert_int_equal(units.n_pairs, 2);
    assert_string_equal(units.pair_text[0], "10"); /* texts, though they look like numbers */
    check_codes(units.pair, "1010");
    assert_string_equal(units.id[3], "4");
    assert_ptr_equal(units.options, &r.plan->design.options);
    assert_true(!units.arrival && !units.covariate && !units.factor && units.replicate == 0);
    temoin_context_free(r.ctx);
}

static void arrivals_are_ordered_by_what_they_are(void **state)
{
    (void)state;
    static const char *const column[] = {"number", "day", "text"};
    static const int64_t want[][5] = {{1, 3, 0, 4, 2}, {4, 0, 2, 3, 1}, {2, 0, 4, 1, 3}};
    write_file("c.csv", "id,number,day,text\n"
                        "e,10,2019-12-31,b\n" /* ties go by the bytes of the ids */
                        "d,9,2020-03-01,b2\n"
                        "c,1e3,2020-02-01,a\n"
                        "b,-1,2021-01-01,b1\n"
                        "a,10,2020-01-02,b\n");
    for (int k = 0; k < 3; k++) {
        char plan[512];
        snprintf(plan, sizeof plan, HEAD("") "design: {seed: s, arrival: %s}\n", column[k]);
        run r = build(plan);
        const tm_design_units units = units_of(&r);
        for (int i = 0; i < 5; i++) assert_int_equal(units.arrival[i], want[k][i]);
        temoin_context_free(r.ctx);
    }
}

static void covariates_are_columns_of_numbers(void **state)
{
    (void)state;
    write_file("c.csv",
               "id,age,town,female,born\n1,30.5,z,yes,1970-01-03\n2,-1,a,no,1969-12-31\n3,0,m,no,1970-01-01\n");
    run r = build(HEAD("") "columns: [{name: age, type: number}]\n"
                           "design: {seed: s, covariates: [town, age, female, born]}\n");
    const tm_design_units units = units_of(&r);
    static const char *const names[] = {"town", "town", "age", "female", "born"};
    static const double want[][3] = {{0, 0, 1}, {1, 0, 0}, {30.5, -1, 0}, {1, 0, 0}, {2, -1, 0}};
    assert_int_equal(units.n_covariates, 5);
    for (int j = 0; j < 5; j++) {
        assert_string_equal(units.covariate_name[j], names[j]);
        for (int u = 0; u < 3; u++) assert_true(units.covariate[j][u] == want[j][u]);
    }
    temoin_context_free(r.ctx);
}

static void a_factor_counts_missing_as_a_level(void **state)
{
    (void)state;
    write_file("c.csv", "id,site,sex\n1,s,\n2,n,f\n3,NA,m\n4,s,f\n");
    run r = build(HEAD("") "design: {seed: s, factors: [{column: site}, {column: sex, weight: 2}, {column: id}]}\n");
    const tm_design_units units = units_of(&r);
    assert_int_equal(units.n_factors, 3);
    check_codes(units.factor[0], "1021");
    check_codes(units.factor[1], "2010");
    check_codes(units.factor[2], "0123");
    assert_true(units.n_levels[0] == 3 && units.n_levels[1] == 3 && units.n_levels[2] == 4);
    temoin_context_free(r.ctx);
}

static void refuse_units(const char *plan, const char *want)
{
    tm_design_units units;
    run r = build(plan);
    assert_int_equal(tm_trial_units_build(r.ctx, r.trial, &units), TEMOIN_ERR_DATA);
    assert_null(r.ctx->scratch.last);
    check_problems(r.ctx, want);
    temoin_context_free(r.ctx);
}

static void what_is_missing_or_split_is_refused(void **state)
{
    (void)state;
    write_file("c.csv",
               "id,office,twin,town,age,came\n2,b,,x,NA,2020-01-01\n1,a,p,y,3,\n3,a,p,x,4,2020-01-02\n4,,p,y,,NA\n"
               "5,a,q,y,4,2020-01-01\n");
    refuse_units(
        HEAD("") "design: {kind: blocked, seed: s, strata: [town], cluster: office, pair: twin, covariates: [age]}\n",
        "c.csv: line 5, column \"office\": empty, but design.cluster of the plan names the column, so client \"4\" "
        "cannot "
        "be drawn; fill it in\n"
        "c.csv: line 4, column \"office\": cluster \"a\" is in stratum \"x\" here and in stratum \"y\" on line 3; a "
        "cluster lies in one stratum: correct the columns, or the plan's design.strata\n"
        "c.csv: line 2, column \"twin\": empty, but design.pair of the plan names the column, so client \"2\" cannot "
        "be "
        "drawn; fill it in\n"
        "c.csv: line 4, column \"twin\": pair \"p\" is in stratum \"x\" here and in stratum \"y\" on line 3; a pair "
        "lies "
        "in one stratum: correct the columns, or the plan's design.strata\n"
        "c.csv: line 2, column \"age\": empty, but design.covariates of the plan names the column, so client \"2\" "
        "cannot "
        "be drawn; fill it in\n"
        "c.csv: line 5, column \"age\": empty, but design.covariates of the plan names the column, so client \"4\" "
        "cannot "
        "be drawn; fill it in\n");
    refuse_units(HEAD("") "design: {seed: s, arrival: came}\n",
                 "c.csv: line 3, column \"came\": empty, but design.arrival of the plan names the column, so client "
                 "\"1\" cannot "
                 "be drawn; fill it in\n"
                 "c.csv: line 5, column \"came\": empty, but design.arrival of the plan names the column, so client "
                 "\"4\" cannot "
                 "be drawn; fill it in\n");
    refuse(
        HEAD("") "design: {seed: s, cluster: ofice, arrival: x, pair: y, factors: [{column: z}],\n  covariates: [age, "
                 "w]}\n",
        TEMOIN_ERR_PLAN,
        "p.yaml: line 6: c.csv has no column \"ofice\"; its columns are \"id\", \"office\", \"twin\", \"town\", "
        "\"age\", "
        "\"came\"; did you mean \"office\"?\n"
        "p.yaml: line 6: c.csv has no column \"y\"; its columns are \"id\", \"office\", \"twin\", \"town\", \"age\", "
        "\"came\"\n"
        "p.yaml: line 6: c.csv has no column \"x\"; its columns are \"id\", \"office\", \"twin\", \"town\", \"age\", "
        "\"came\"\n"
        "p.yaml: line 6: c.csv has no column \"z\"; its columns are \"id\", \"office\", \"twin\", \"town\", \"age\", "
        "\"came\"\n"
        "p.yaml: line 7: c.csv has no column \"w\"; its columns are \"id\", \"office\", \"twin\", \"town\", \"age\", "
        "\"came\"\n");
}

/* Whether one of the words of a list is the key. */
static bool lists(const char *words, const char *key)
{
    const char *at = words ? strstr(words, key) : NULL;
    return at && (at == words || strchr(" |", at[-1])) && strchr(" |", at[strlen(key)]);
}

/* Every kind with every option: those that it does not take are refused, and those that it needs are asked for. */
static void a_kind_takes_its_own_options_only(void **state)
{
    (void)state;
    static const char *const option[][2] = {{"strata", "[x]"},
                                            {"misfits", "pivotal"},
                                            {"cluster", "x"},
                                            {"arrival", "x"},
                                            {"block_sizes", "[2]"},
                                            {"coin", ".8"},
                                            {"pair", "x"},
                                            {"factors", "[{column: x}]"},
                                            {"group_size", "2"},
                                            {"matching", "greedy"},
                                            {"covariates", "[x]"},
                                            {"urn", "{start: 1, add: 1}"},
                                            {"accept", ".5"},
                                            {"fraction", ".5"},
                                            {"candidates", "9"},
                                            {"limits", "[{covariate: x, largest: 1}]"},
                                            {"tiers", "[{covariates: [x], accept: 1}]"}};
    write_file("c.csv", "id,x\n1,a\n2,b\n3,a\n4,b\n");
    for (int d = 0; d < tm_n_designs; d++)
        for (size_t k = 0; k < sizeof option / sizeof *option; k++) {
            char plan[512], want[128];
            snprintf(plan, sizeof plan, HEAD("") "design:\n  kind: %s\n  seed: s\n  %s: %s\n", tm_designs[d]->key,
                     option[k][0], option[k][1]);
            snprintf(want, sizeof want, "p.yaml: line 9: a \"%s\" design takes no \"%s\"; it takes ",
                     tm_designs[d]->key, option[k][0]);
            run r = build(plan);
            const temoin_status status = temoin_assignment_draw(r.ctx, r.trial, &r.assignment);
            const char *problem = temoin_context_problem(r.ctx, 0);
            const bool refused = problem && strncmp(problem, want, strlen(want)) == 0;
            assert_int_equal(refused, !lists(tm_designs[d]->options, option[k][0]));
            if (refused) assert_int_equal(status, TEMOIN_ERR_PLAN);
            temoin_context_free(r.ctx);
        }
}

static void what_a_kind_needs_is_asked_for(void **state)
{
    (void)state;
    write_file("c.csv", "id,x\n1,a\n2,b\n3,a\n4,b\n");
    for (int d = 0; d < tm_n_designs; d++) {
        char plan[512], want[128];
        if (!tm_designs[d]->needs) continue;
        assert_non_null(tm_designs[d]->options);
        snprintf(plan, sizeof plan, HEAD("") "design:\n  kind: %s\n  seed: s\n", tm_designs[d]->key);
        snprintf(want, sizeof want, "p.yaml: line 7: a \"%s\" design needs \"", tm_designs[d]->key);
        run r = build(plan);
        assert_int_equal(temoin_assignment_draw(r.ctx, r.trial, &r.assignment), TEMOIN_ERR_PLAN);
        assert_memory_equal(temoin_context_problem(r.ctx, 0), want, strlen(want));
        temoin_context_free(r.ctx);
    }
}

/* A client whom the design leaves out has neither an arm nor a probability in the ledger. */
static void clients_without_an_arm_have_empty_cells(void **state)
{
    (void)state;
    write_file("c.csv", "id\na\nb\nc\n");
    run r = draw(HEAD("") "design: {seed: s}\n");
    temoin_assignment odd = *r.assignment;
    const int32_t arm[] = {1, -1, 0};
    const double probability[] = {1 / 3.0, NAN, 1 / 3.0};
    const char *text;
    size_t length;
    odd.arm = arm;
    odd.probability = probability;
    check_ok(r.ctx, temoin_ledger_render(r.ctx, &odd, &text, &length));
    assert_non_null(strstr(text, "\n1,a,,ocm,0.3333333333333333,"));
    assert_non_null(strstr(text, "\n2,b,,,,"));
    assert_non_null(strstr(text, "\n3,c,,control,0.3333333333333333,"));
    temoin_context_free(r.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clusters_and_pairs_come_in_byte_order),
        cmocka_unit_test(arrivals_are_ordered_by_what_they_are),
        cmocka_unit_test(covariates_are_columns_of_numbers),
        cmocka_unit_test(a_factor_counts_missing_as_a_level),
        cmocka_unit_test(what_is_missing_or_split_is_refused),
        cmocka_unit_test(a_kind_takes_its_own_options_only),
        cmocka_unit_test(what_a_kind_needs_is_asked_for),
        cmocka_unit_test(clients_without_an_arm_have_empty_cells),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
