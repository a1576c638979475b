/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trial_case.h"

#include "designs/design_kind.h"

static void units_stand_in_byte_order(void **state)
{
    (void)state;
    write_file("c.csv", "id,age,town\n10,40,B\n\xc3\xa9,41,A\n9,,C\na,43,A\nB,44,\n");
    run r = build(HEAD("") DRAWN);
    const char *const want[] = {"10", "9", "B", "a", "\xc3\xa9"};
    const int64_t line[] = {2, 4, 6, 5, 3};
    const double age[] = {40, NAN, 44, 43, 41};
    const char *const town[] = {"B", "C", NULL, "A", "A"};
    assert_int_equal(temoin_trial_n_units(r.trial), 5);
    const temoin_column *ages = temoin_frame_find(r.trial->clients, "age");
    const temoin_column *towns = temoin_frame_find(r.trial->clients, "town");
    for (int u = 0; u < 5; u++) {
        assert_string_equal(r.trial->id[u], want[u]);
        assert_int_equal(r.trial->clients->line[u], line[u]);
        assert_true(close_to(ages->number[u], age[u], 0, 0));
        if (town[u])
            assert_string_equal(towns->level[towns->code[u]], town[u]);
        else
            assert_int_equal(towns->code[u], -1);
        assert_int_equal(r.trial->stratum[u], 0);
    }
    assert_int_equal(r.trial->n_strata, 1);
    assert_string_equal(r.trial->stratum_text[0], "");
    assert_null(r.trial->assigned);
    assert_null(r.trial->provider);
    assert_int_equal(r.trial->n_inputs, 2);
    temoin_context_free(r.ctx);
}

static void ids_are_texts(void **state)
{
    (void)state;
    write_file("c.csv", "id\n007\n7\n7.0\n\"a,b\"\n");
    write_file("o.csv", "id,month,income\n7,1,70\n007,1,7\n\"a,b\",1,1\n");
    run r = build(HEAD(LONG_FILE) DRAWN INCOME);
    check_values(&r, 0, "1", "7 70 . 1");
    temoin_context_free(r.ctx);
}

static void client_ids_are_checked(void **state)
{
    (void)state;
    write_file("c.csv", "id,arm\na,control\n,ocm\nb,ocm\na,control\nb,control\n");
    refuse(HEAD("") ASSIGNED, TEMOIN_ERR_DATA,
           "c.csv: line 3, column \"id\": empty; every client needs an id\n"
           "c.csv: line 5, column \"id\": client \"a\" is already on line 2; keep one row per client\n"
           "c.csv: line 6, column \"id\": client \"b\" is in two arms: in \"control\" here and in \"ocm\" on line 4; "
           "keep the "
           "row with the arm that was drawn\n");
}

static void absent_columns_point_at_the_plan(void **state)
{
    (void)state;
    write_file("c.csv", "id,district,age\na,N,1\nb,S,2\n");
    write_file("o.csv", "id,mois,income\na,1,2\n");
    refuse(
        HEAD("") "design: {kind: blocked, seed: s, strata: [age, distrct]}\n"
                 "measures: [{name: y}]\n"
                 "estimates:\n"
                 "  - {name: e, measures: [y], covariates: [age, zzz], cluster: office}\n",
        TEMOIN_ERR_PLAN,
        "p.yaml: line 6: c.csv has no column \"distrct\"; its columns are \"id\", \"district\", \"age\"; did you mean "
        "\"district\"?\n"
        "p.yaml: line 9: c.csv has no column \"office\"; its columns are \"id\", \"district\", \"age\"\n"
        "p.yaml: line 9: c.csv has no column \"zzz\"; its columns are \"id\", \"district\", \"age\"\n");
    refuse(HEAD(LONG_FILE) DRAWN INCOME, TEMOIN_ERR_PLAN,
           "p.yaml: line 5: o.csv has no column \"month\"; its columns are \"id\", \"mois\", \"income\"\n");
    refuse(HEAD("{file: o.csv, id: id, wave: mois}") DRAWN INCOME "columns:\n  - {name: distric, type: category}\n",
           TEMOIN_ERR_PLAN, "p.yaml: line 9: no file has a column \"distric\"; did you mean \"district\"?\n");
}

static void strata_have_a_canonical_text(void **state)
{
    (void)state;
    write_file("c.csv", "id,x,y\n1,a|b,c\n2,a,b|c\n3,\"\\\",z\n4,10,1\n5,9,1\n6,a|b,c\n7,010,1\n");
    run r = build(HEAD("") "design:\n  kind: blocked\n  seed: s\n  strata: [x, y]\n  stratum_shares:\n"
                           "    - {stratum: [9, 1], shares: [1, 3]}\n    - {stratum: [a|b, c], shares: [.2, .4]}\n");
    const char *const want[] = {"010|1", "10|1", "9|1", "\\\\|z", "a\\|b|c", "a|b\\|c"};
    const int32_t stratum[] = {4, 5, 3, 1, 2, 4, 0};
    assert_int_equal(r.trial->n_strata, 6);
    for (int s = 0; s < 6; s++) {
        assert_string_equal(r.trial->stratum_text[s], want[s]);
        assert_int_equal(r.trial->shares[2 * s], 1);
        assert_int_equal(r.trial->shares[2 * s + 1], s == 2 ? 3 : s == 4 ? 2 : 1);
    }
    for (int u = 0; u < 7; u++) assert_int_equal(r.trial->stratum[u], stratum[u]);
    check_ok(r.ctx, temoin_assignment_draw(r.ctx, r.trial, &r.assignment));
    assert_true(r.assignment->probabilities_differ);
    for (int u = 0; u < 7; u++) {
        double two = stratum[u] == 2 ? 0.75 : stratum[u] == 4 ? 2.0 / 3 : 0.5;
        check_close(r.assignment->probability[u], r.assignment->arm[u] ? two : 1 - two, 1e-15);
    }
    temoin_context_free(r.ctx);
}

static void units_in_no_stratum_are_refused(void **state)
{
    (void)state;
    write_file("c.csv", "id,x,y\n1,a,c\n2,,b\n3,a,NA\n");
    refuse(HEAD("") "design: {kind: blocked, seed: s, strata: [x, y]}\n", TEMOIN_ERR_DATA,
           "c.csv: line 3, column \"x\": empty, so the client is in no stratum; fill it in\n"
           "c.csv: line 4, column \"y\": empty, so the client is in no stratum; fill it in\n");
    write_file("c.csv", "id,x\n1,a\n2,b\n");
}

#define SHARES_OF(kind)                                                                                                \
    HEAD("")                                                                                                           \
    "design:\n  kind: " kind "\n  seed: s\n  strata: [x]\n  stratum_shares:\n"                                         \
    "    - {stratum: [a], shares: [1, 3]}\n    - {stratum: [B], shares: [1, 3]}\n"

/* Where clients come one by one, the first of a stratum may be yet to come. */
static void shares_are_of_strata_with_clients(void **state)
{
    (void)state;
    write_file("c.csv", "id,x\n1,a\n2,b\n");
    run r = build(SHARES_OF("blocked"));
    assert_int_equal(temoin_assignment_draw(r.ctx, r.trial, &r.assignment), TEMOIN_ERR_PLAN);
    assert_int_equal(temoin_context_n_problems(r.ctx), 1);
    assert_string_equal(temoin_context_problem(r.ctx, 0),
                        "p.yaml: line 12: no client is in the stratum \"B\"; the strata are \"a\", \"b\"");
    temoin_context_free(r.ctx);
    r = build(SHARES_OF("permuted"));
    check_ok(r.ctx, temoin_assignment_draw(r.ctx, r.trial, &r.assignment));
    assert_int_equal(r.trial->shares[1], 3);
    assert_int_equal(r.trial->shares[3], 1);
    temoin_context_free(r.ctx);
}

static void arms_come_from_a_column(void **state)
{
    (void)state;
    write_file("c.csv", "id,arm,x\n1,ocm,a\n2,,a\n3,control,b\n4,ocm,b\n");
    run r = draw(HEAD("") "design: {kind: blocked, assigned: arm, strata: [x]}\n");
    const int32_t arm[] = {1, -1, 0, 1};
    for (int u = 0; u < 4; u++) {
        assert_int_equal(r.assignment->arm[u], arm[u]);
        assert_true(close_to(r.assignment->probability[u], arm[u] < 0 ? NAN : 0.5, 0, 0));
    }
    assert_false(r.assignment->drawn);
    assert_false(r.assignment->probabilities_differ);
    assert_int_equal(temoin_assignment_n_in_arm(r.assignment, 0), 1);
    assert_int_equal(temoin_assignment_n_in_arm(r.assignment, 1), 2);
    assert_int_equal(temoin_assignment_n_in_arm(r.assignment, 2), -1);
    assert_int_equal(temoin_assignment_n_in_arm(r.assignment, -1), -1);
    temoin_context_free(r.ctx);
}

static void unknown_arms_are_refused(void **state)
{
    (void)state;
    write_file("c.csv", "id,arm\n1,ocm\n2,2\n3,control\n4,OCM\n");
    refuse(HEAD("") ASSIGNED, TEMOIN_ERR_DATA,
           "c.csv: line 3, column \"arm\": found \"2\"; the plan declares \"control\", \"ocm\"\n"
           "c.csv: line 5, column \"arm\": found \"OCM\"; the plan declares \"control\", \"ocm\"\n");
    write_file("c.csv", "id,arm\n1,ocm\n2,ocm\n");
    refuse_draw(
        HEAD("") ASSIGNED, TEMOIN_ERR_DATA,
        "c.csv: column \"arm\": no client is in arm \"control\", which the plan declares; correct the column, or take "
        "the arm out of the plan\n");
    char text[1024] = "p.yaml: line 6: there is no design \"compleet\"; the designs are ";
    for (int d = 0; d < tm_n_designs; d++) {
        const size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, "%s%s", d ? ", " : "", tm_designs[d]->key);
    }
    strcat(text, "; did you mean \"complete\"?\n");
    refuse_draw(HEAD("") "design: {seed: s, kind: compleet}\n", TEMOIN_ERR_PLAN, text);
}

static void probabilities_come_from_a_column(void **state)
{
    (void)state;
    const char *plan = HEAD("") "design: {assigned: arm, probability: p}\n";
    write_file("c.csv", "id,arm,p\n1,ocm,.25\n2,ocm,.25\n3,control,0.75\n4,,\n5,control,.75\n");
    run r = draw(plan);
    assert_true(r.assignment->probability[0] == 0.25 && r.assignment->probability[4] == 0.75);
    assert_true(isnan(r.assignment->probability[3]));
    assert_false(r.assignment->probabilities_differ);
    temoin_context_free(r.ctx);
    write_file("c.csv", "id,arm,p\n1,ocm,.25\n2,ocm,.5\n3,control,0.75\n");
    r = draw(plan);
    assert_true(r.assignment->probabilities_differ);
    temoin_context_free(r.ctx);
    write_file("c.csv", "id,arm,p\n1,ocm,0\n2,ocm,1.5\n3,control,\n4,control,1\n5,,7\n");
    refuse_draw(
        plan, TEMOIN_ERR_DATA,
        "c.csv: line 2, column \"p\": found 0; the probability of the arm received must be above 0 and at most 1\n"
        "c.csv: line 3, column \"p\": found 1.5; the probability of the arm received must be above 0 and at most 1\n"
        "c.csv: line 4, column \"p\": found nothing; the probability of the arm received must be above 0 and at most "
        "1\n");
}

static void long_files_are_read(void **state)
{
    (void)state;
    write_file("c.csv", "id\nc\na\nb\n");
    write_file("o.csv", "id;month;income;job\nb;10;1,5;yes\na;9;2;no\nc;10;;no\na;10;-3;\n");
    run r = build(HEAD("{file: o.csv, id: id, wave: month, format: {decimal: comma}}") DRAWN
                  "measures: [{name: income}, {name: job, kind: binary}]\n");
    check_waves(&r, "9/10/");
    check_values(&r, 0, "9", "2 . .");
    check_values(&r, 0, "10", "-3 1.5 .");
    check_values(&r, 1, "9", "0 . .");
    check_values(&r, 1, "10", ". 1 0");
    check_seen(&r, "9", "100");
    check_seen(&r, "10", "111");
    assert_int_equal(r.trial->n_inputs, 3);
    assert_string_equal(r.trial->inputs[0].role, "plan");
    assert_string_equal(r.trial->inputs[2].role, "outcomes");
    assert_string_equal(r.trial->inputs[2].name, "o.csv");
    temoin_context_free(r.ctx);
}

static void tall_files_are_read(void **state)
{
    (void)state;
    write_file("c.csv", "id\na\nb\n");
    write_file("o.csv", "id,month,what,value\na,1,income,5\na,1,job,yes\nb,2,colour,red\nb,1,job,0\nb,0,income,NA\n");
    const char *tall = HEAD("{file: o.csv, id: id, wave: month, measure: what, value: value}") DRAWN
        "measures: [{name: income}, {name: job, kind: binary}]\n";
    run r = build(tall);
    check_waves(&r, "0/1/");
    check_values(&r, 0, "1", "5 .");
    check_values(&r, 1, "1", "1 0");
    assert_null(tm_trial_value(r.trial, 0, 0));
    check_seen(&r, "0", "01");
    temoin_context_free(r.ctx);
    write_file("o.csv",
               "id,month,what,value\na,1,income,5\na,1,income,6\nb,1,job,2\nb,1,income,\"1,5\"\na,1,job,blue\n");
    refuse(tall, TEMOIN_ERR_DATA,
           "o.csv: line 4, column \"value\": found 2; the measure \"job\" is binary: 0 or 1, or a flag such as yes/no; "
           "correct "
           "it, or declare another kind\n"
           "o.csv: line 5, column \"value\": found \"1,5\"; the measure \"income\" must be a number or a flag such as "
           "yes/no; "
           "if the file writes decimal commas, set format: {decimal: comma} for it in the plan\n"
           "o.csv: line 6, column \"value\": found \"blue\"; the measure \"job\" must be a number or a flag such as "
           "yes/no; "
           "correct it, or if it stands for a missing value add it to the file's format: {missing: [...]} in the plan\n"
           "o.csv: line 3: client \"a\" already has a row for the measure \"income\" for wave \"1\" on line 2; keep "
           "one row "
           "per client, wave and measure\n");
}

static void numbers_beyond_computing_are_refused(void **state)
{
    (void)state;
    const char *plan = HEAD("{file: o.csv, id: id}") DRAWN "measures: [{name: income}]\n";
    write_file("c.csv", "id\na\nb\n");
    write_file("o.csv", "id,income\na,1e150\nb,-1e150\n");
    temoin_context_free(build(plan).ctx);
    write_file("o.csv", "id,income\na,1.0000001e150\nb,3\n");
    refuse(plan, TEMOIN_ERR_DATA,
           "o.csv: line 2, column \"income\": found 1.0000001e+150; a number beyond 1e150 cannot be computed with; "
           "correct "
           "it, or if it stands for a missing value add it to the file's format: {missing: [...]} in the plan\n");
}

static void wide_files_are_read(void **state)
{
    (void)state;
    write_file("c.csv", "id,i0,i12,score\nb,1,2,7\na,,4,8\n");
    run r = build(HEAD("{file: c.csv, id: id}") DRAWN
                  "measures: [{name: income, baseline: 0, wide: [{wave: 12, column: i12}, {wave: 0, column: i0}]},"
                  " {name: score}]\n");
    check_waves(&r, "/0/12/");
    check_values(&r, 0, "0", ". 1");
    check_values(&r, 0, "12", "4 2");
    check_values(&r, 1, "", "8 7");
    check_seen(&r, "0", "11");
    temoin_context_free(r.ctx);
    refuse(HEAD("{file: c.csv, id: id}") DRAWN
           "measures:\n  - name: income\n    baseline: 6\n    wide:\n      - {wave: 0, column: i0}\n"
           "      - {wave: 12, column: i13}\n",
           TEMOIN_ERR_PLAN,
           "p.yaml: line 12: no outcome file without a wave column has the column \"i13\" of the measure \"income\"; "
           "did you "
           "mean \"i12\"?\n"
           "p.yaml: line 9: no outcome file has a wave \"6\"; the waves are \"0\"\n");
}

static void several_files_are_joined(void **state)
{
    (void)state;
    const char *plan = HEAD("{file: o.csv, id: id, wave: month}, {file: o2.csv, id: person, wave: when}") DRAWN INCOME;
    write_file("c.csv", "id\na\nb\n");
    write_file("o.csv", "id,month,income\na,1,5\nb,1,\n");
    write_file("o2.csv", "person,when,income\nb,1,6\na,2,7\na,1,\n");
    run r = build(plan);
    check_values(&r, 0, "1", "5 6");
    check_values(&r, 0, "2", "7 .");
    temoin_context_free(r.ctx);
    write_file("o2.csv", "person,when,income\nb,1,6\na,1,7\n");
    refuse(
        plan, TEMOIN_ERR_DATA,
        "o2.csv: line 3: client \"a\" already has a value of \"income\" at wave \"1\" on line 2 of o.csv; keep one of "
        "them\n");
}

static void rows_of_outcomes_are_checked(void **state)
{
    (void)state;
    write_file("c.csv", "id\na\nb\n");
    write_file("o.csv", "id,month,income\na,1,5\n,1,2\nb,,3\na,1,6\nb,2,1\nzz,1,2\nzz,2,2\ny,1,1\n");
    refuse(
        HEAD(LONG_FILE) DRAWN INCOME, TEMOIN_ERR_DATA,
        "o.csv: line 3, column \"id\": empty; every row needs the id of its client\n"
        "o.csv: line 7, column \"id\": found \"zz\", an id that is not in c.csv\n"
        "o.csv: line 9, column \"id\": found \"y\", an id that is not in c.csv\n"
        "2 ids in o.csv are not in c.csv; add the clients or take their rows out\n"
        "o.csv: line 4, column \"month\": empty; every row needs its wave\n"
        "o.csv: line 5: client \"a\" already has a row for wave \"1\" on line 2; keep one row per client and wave\n");
    write_file("o.csv", "id,income\na,1\nb,2\na,3\n");
    refuse(HEAD("{file: o.csv, id: id}") DRAWN INCOME, TEMOIN_ERR_DATA,
           "o.csv: line 4: client \"a\" already has a row on line 2; keep one row per client, or name the file's wave "
           "column "
           "in the plan\n");
}

static void arms_in_outcomes_are_compared(void **state)
{
    (void)state;
    write_file("c.csv", "id,arm\na,control\nb,ocm\nc,\n");
    write_file(
        "o.csv",
        "id,arm,month,income\na,control,1,5\nb,,1,2\na,ocm,2,1\nc,ocm,1,1\nx,ocm,1,1\ny,,1,1\nz,ocm,2,1\nb,2,2,1\n");
    refuse(
        HEAD(LONG_FILE) ASSIGNED INCOME, TEMOIN_ERR_DATA,
        "o.csv: line 9, column \"arm\": found \"2\"; the plan declares \"control\", \"ocm\"\n"
        "o.csv: line 4, column \"arm\": client \"a\" is in two arms: in \"ocm\" here and in \"control\" on line 2 of "
        "c.csv; "
        "correct one of the files\n"
        "o.csv: line 5, column \"arm\": client \"c\" is in two arms: in \"ocm\" here and in no arm on line 4 of c.csv; "
        "correct one of the files\n"
        "o.csv: line 6, column \"id\": found \"x\", an id that is not in c.csv\n"
        "o.csv: line 7, column \"id\": found \"y\", an id that is not in c.csv\n"
        "o.csv: line 8, column \"id\": found \"z\", an id that is not in c.csv\n"
        "3 ids in o.csv are not in c.csv (\"ocm\": 2, no arm: 1); add the clients or take their rows out\n");
}

static void measures_must_be_numbers(void **state)
{
    (void)state;
    write_file("c.csv", "id\na\nb\n");
    write_file("o.csv", "id,month,income\na,1,\"1,5\"\nb,1,7\na,2,\"2,5\"\nb,2,n/k\n");
    refuse(
        HEAD(LONG_FILE) DRAWN INCOME, TEMOIN_ERR_DATA,
        "o.csv: line 2, column \"income\": found \"1,5\"; the measure \"income\" must be a number or a flag such as "
        "yes/no; "
        "if the file writes decimal commas, set format: {decimal: comma} for it in the plan\n"
        "o.csv: line 4, column \"income\": found \"2,5\"; the measure \"income\" must be a number or a flag such as "
        "yes/no; "
        "if the file writes decimal commas, set format: {decimal: comma} for it in the plan\n"
        "o.csv: line 5, column \"income\": found \"n/k\"; the measure \"income\" must be a number or a flag such as "
        "yes/no; "
        "correct it, or if it stands for a missing value add it to the file's format: {missing: [...]} in the plan\n");
    write_file("o.csv", "id,month,income\na,1,2024-01-01\n");
    refuse(HEAD(LONG_FILE) DRAWN INCOME, TEMOIN_ERR_DATA,
           "o.csv: column \"income\" is read as a date; the measure \"income\" must be a number or a flag; give the "
           "column "
           "another type in the plan's columns\n");
    write_file("o.csv", "id,month,income\na,1,0\nb,1,1\na,2,2\n");
    refuse(HEAD(LONG_FILE) DRAWN "measures: [{name: income, kind: binary}]\n", TEMOIN_ERR_DATA,
           "o.csv: line 4, column \"income\": found 2; the measure \"income\" is binary: 0 or 1, or a flag such as "
           "yes/no; "
           "correct it, or declare another kind\n");
}

static void names_of_the_plan_must_occur(void **state)
{
    (void)state;
    write_file("c.csv", "id\na\nb\n");
    write_file("o.csv", "id,month,income,job\na,0,,1\nb,6,2,1\na,12,2,1\n");
    refuse(HEAD(LONG_FILE) DRAWN "measures:\n  - {name: incom}\n  - {name: job, baseline: 3}\n"
                                 "estimates:\n  - {name: e, measures: [job], waves: [6, 18]}\n",
           TEMOIN_ERR_PLAN,
           "p.yaml: line 8: no outcome file holds the measure \"incom\"; did you mean \"income\"?\n"
           "p.yaml: line 9: no outcome file has a wave \"3\"; the waves are \"0\", \"6\", \"12\"\n"
           "p.yaml: line 11: no outcome file has a wave \"18\"; the waves are \"0\", \"6\", \"12\"\n");
    refuse(HEAD(LONG_FILE) DRAWN "measures:\n  - {name: income, baseline: 0}\n", TEMOIN_ERR_PLAN,
           "p.yaml: line 8: no client has a value of \"income\" at its baseline, wave \"0\"; name a wave that has "
           "values, or "
           "leave baseline out\n");
    run r = start(HEAD(LONG_FILE) DRAWN "measures:\n  - {name: nowhere}\n");
    check_ok(r.ctx, temoin_trial_build(r.ctx, r.plan, false, &r.trial));
    assert_int_equal(r.trial->n_waves, 0);
    assert_int_equal(r.trial->n_inputs, 2);
    temoin_context_free(r.ctx);
}

static void waves_that_are_no_numbers_stand_in_byte_order(void **state)
{
    (void)state;
    write_file("c.csv", "id\na\n");
    write_file("o.csv", "id,month,income\na,9,1\na,base,2\na,10,3\na,T9,4\n");
    run r = build(HEAD(LONG_FILE) DRAWN INCOME);
    check_waves(&r, "10/9/T9/base/");
    temoin_context_free(r.ctx);
}

/* A file of n rows that differ in their number. */
static void declared_types_must_serve(void **state)
{
    (void)state;
    write_file("c.csv", "id,w,arm\na,1,ocm\nb,2,control\n");
    write_file("o.csv", "id,month,income\na,1,2\n");
    refuse(HEAD(LONG_FILE) DRAWN INCOME "columns:\n  - {name: w, type: category}\n"
                                        "estimates:\n  - {name: e, measures: [income], weights: w}\n",
           TEMOIN_ERR_PLAN, "p.yaml: line 11: the weights \"w\" are declared as a category; weights must be numbers\n");
    refuse(
        HEAD(LONG_FILE) DRAWN INCOME "columns: [{name: income, type: category}]\n", TEMOIN_ERR_DATA,
        "o.csv: column \"income\" is read as a category; the measure \"income\" must be a number or a flag; give the "
        "column another type in the plan's columns\n");
    refuse_draw(HEAD("") "design: {assigned: arm, probability: w}\ncolumns: [{name: w, type: category}]\n",
                TEMOIN_ERR_PLAN,
                "p.yaml: line 6: the probabilities \"w\" are declared as a category; they must be numbers\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_stand_in_byte_order),
        cmocka_unit_test(ids_are_texts),
        cmocka_unit_test(client_ids_are_checked),
        cmocka_unit_test(absent_columns_point_at_the_plan),
        cmocka_unit_test(strata_have_a_canonical_text),
        cmocka_unit_test(units_in_no_stratum_are_refused),
        cmocka_unit_test(shares_are_of_strata_with_clients),
        cmocka_unit_test(arms_come_from_a_column),
        cmocka_unit_test(unknown_arms_are_refused),
        cmocka_unit_test(probabilities_come_from_a_column),
        cmocka_unit_test(long_files_are_read),
        cmocka_unit_test(tall_files_are_read),
        cmocka_unit_test(numbers_beyond_computing_are_refused),
        cmocka_unit_test(wide_files_are_read),
        cmocka_unit_test(several_files_are_joined),
        cmocka_unit_test(rows_of_outcomes_are_checked),
        cmocka_unit_test(arms_in_outcomes_are_compared),
        cmocka_unit_test(measures_must_be_numbers),
        cmocka_unit_test(names_of_the_plan_must_occur),
        cmocka_unit_test(waves_that_are_no_numbers_stand_in_byte_order),
        cmocka_unit_test(declared_types_must_serve),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
