/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trial_case.h"

static void write_many(const char *name, const char *header, int n, const char *before, const char *after)
{
    FILE *file = fopen(name, "wb");
    assert_non_null(file);
    fprintf(file, "%s\n", header);
    for (int i = 0; i < n; i++) fprintf(file, "%s%d%s\n", before, i, after);
    assert_int_equal(fclose(file), 0);
}

static void long_lists_of_problems_are_cut(void **state)
{
    (void)state;
    write_file("c.csv", "id\na\n");
    write_many("o.csv", "id,month,income", 30, "x", ",1,1");
    run r = start(HEAD(LONG_FILE) DRAWN INCOME);
    assert_int_equal(temoin_trial_build(r.ctx, r.plan, true, &r.trial), TEMOIN_ERR_DATA);
    assert_int_equal(temoin_context_n_problems(r.ctx), 11);
    assert_string_equal(temoin_context_problem(r.ctx, 9),
                        "o.csv: line 11, column \"id\": found \"x9\", an id that is not "
                        "in c.csv");
    assert_string_equal(temoin_context_problem(r.ctx, 10),
                        "30 ids in o.csv are not in c.csv; add the clients or take their "
                        "rows out");
    temoin_context_free(r.ctx);
    write_many("c.csv", "id,arm", 30, "", ",x");
    r = start(HEAD("") ASSIGNED);
    assert_int_equal(temoin_trial_build(r.ctx, r.plan, true, &r.trial), TEMOIN_ERR_DATA);
    assert_int_equal(temoin_context_n_problems(r.ctx), 20);
    assert_true(temoin_context_n_problems_dropped(r.ctx) > 0);
    temoin_context_free(r.ctx);
    write_file("c.csv", "id\na\n");
    write_many("o.csv", "id,month,income", 10001, "a,", ",1");
    refuse(HEAD(LONG_FILE) DRAWN INCOME, TEMOIN_ERR_PLAN,
           "p.yaml: line 5: column \"month\" of o.csv holds 10001 different waves, more than 10000; is it the wave "
           "column?\n");
}

#define PROVIDERS(REST) HEAD("") ASSIGNED "providers: {column: cm, " REST "}\n"
#define OWN "measures: [{name: y}]\nestimates: [{name: e, measures: [y], cluster: provider, missing_cluster: own}]\n"

static void refuse_providers(const char *plan, const char *want)
{
    run r = start(plan);
    check_ok(r.ctx, temoin_trial_build(r.ctx, r.plan, false, &r.trial));
    assert_int_equal(temoin_assignment_draw(r.ctx, r.trial, &r.assignment), *want ? TEMOIN_ERR_DATA : TEMOIN_OK);
    check_problems(r.ctx, want);
    temoin_context_free(r.ctx);
}

static void nested_providers_stay_in_one_arm(void **state)
{
    (void)state;
    write_file("c.csv", "id,arm,cm\na,ocm,P1\nb,control,P2\nc,control,P1\nd,ocm,P1\ne,,P2\nf,control,P1\n");
    refuse_providers(
        PROVIDERS("structure: nested"),
        "c.csv: line 4, column \"cm\": provider \"P1\" serves arm \"control\" here and arm \"ocm\" on line 2; the "
        "plan says structure: nested, one arm per provider: correct the column, or say structure: crossed\n");
    refuse_providers(PROVIDERS("structure: crossed"), "");
    write_file("c.csv", "id,arm,cm\na,ocm,P1\nb,control,\nc,,\n");
    refuse_providers(
        PROVIDERS("structure: nested"),
        "c.csv: line 3, column \"cm\": empty, but client \"b\" is in arm \"control\"; name the provider, or say "
        "missing_cluster: own in an estimate\n");
    refuse_providers(
        PROVIDERS("structure: crossed"),
        "c.csv: line 3, column \"cm\": empty, but client \"b\" is in arm \"control\"; name the provider, or say "
        "missing_cluster: own in an estimate\n");
    refuse_providers(PROVIDERS("structure: nested") OWN, "");
}

static void one_arm_is_served(void **state)
{
    (void)state;
    write_file("c.csv", "id,arm,cm\na,ocm,P1\nb,control,\nc,,P2\nd,ocm,\ne,control,P1\n");
    refuse_providers(
        PROVIDERS("structure: one_arm, arm: ocm") OWN,
        "c.csv: line 5, column \"cm\": empty, but client \"d\" is in arm \"ocm\"; providers serve this arm: name "
        "the provider\n"
        "c.csv: line 6, column \"cm\": found \"P1\", but client \"e\" is in arm \"control\"; the plan says that "
        "providers serve \"ocm\" only: leave the cell empty, or change structure\n");
    write_file("c.csv", "id,arm,cm\na,ocm,P1\nb,control,\nc,ocm,P2\n");
    refuse_providers(PROVIDERS("structure: one_arm, arm: ocm"), "");
    write_file("c.csv", "id,cm\na,\nb,\n"); /* before the draw nobody is served yet */
    refuse_providers(HEAD("") DRAWN "providers: {column: cm, structure: one_arm, arm: ocm}\n", "");
}

static uint64_t next_random(uint64_t *x)
{
    *x ^= *x << 13, *x ^= *x >> 7, *x ^= *x << 17;
    return *x;
}

/* A file whose rows i = 0 … n - 1 stand in the order (offset + i * step) mod n; step and n have no common divisor. */
static void write_rows(const char *name, const char *header, int64_t n, int64_t step, int64_t offset, bool outcomes)
{
    FILE *file = fopen(name, "wb");
    assert_non_null(file);
    fprintf(file, "%s\n", header);
    for (int64_t k = 0; k < n; k++) {
        long long i = (long long)((offset + k * step) % n), unit = outcomes ? i / 3 : i;
        uint64_t x = (uint64_t)i * 0x9e3779b97f4a7c15u + 88172645463325252u;
        next_random(&x);
        if (outcomes)
            fprintf(file, "u%lld,%lld,%lld\n", unit, i % 3 * 6, (long long)(x % 1000));
        else
            fprintf(file, "u%lld,%lld,%lld,%lld\n", unit, unit % 100, unit % 97, (long long)(x % 80));
    }
    assert_int_equal(fclose(file), 0);
}

static const char large_plan[] = HEAD(LONG_FILE) "design: {kind: blocked, seed: s, strata: [x, y]}\n" INCOME;

static void row_order_is_irrelevant(void **state)
{
    (void)state;
    enum { N = 2000 };
    write_rows("c.csv", "id,x,y,age", N, 1, 0, false);
    write_rows("o.csv", "id,month,income", 3 * N, 1, 0, true);
    run a = draw(large_plan);
    write_rows("c.csv", "id,x,y,age", N, 1237, 77, false);
    write_rows("o.csv", "id,month,income", 3 * N, 3571, 5, true);
    run b = draw(large_plan);
    assert_int_equal(a.trial->n_strata, b.trial->n_strata);
    assert_int_equal(a.trial->n_waves, 3);
    assert_memory_equal(a.trial->stratum, b.trial->stratum, N * sizeof *a.trial->stratum);
    assert_memory_equal(a.assignment->arm, b.assignment->arm, N * sizeof *a.assignment->arm);
    assert_memory_equal(a.assignment->probability, b.assignment->probability, N * sizeof(double));
    assert_memory_equal(a.trial->seen, b.trial->seen, 3 * N);
    for (int w = 0; w < 3; w++)
        assert_memory_equal(tm_trial_value(a.trial, 0, w), tm_trial_value(b.trial, 0, w), N * sizeof(double));
    const temoin_column *x = temoin_frame_find(a.trial->clients, "age"),
                        *y = temoin_frame_find(b.trial->clients, "age");
    assert_memory_equal(x->number, y->number, N * sizeof *x->number);
    for (int u = 0; u < N; u++) assert_string_equal(a.trial->id[u], b.trial->id[u]);
    for (int s = 0; s < a.trial->n_strata; s++) assert_string_equal(a.trial->stratum_text[s], b.trial->stratum_text[s]);
    temoin_context_free(a.ctx);
    temoin_context_free(b.ctx);
}

static void many_units_are_joined(void **state)
{
    (void)state;
    enum { N = 100000 };
    write_rows("c.csv", "id,x,y,age", N, 12347, 5, false);
    write_rows("o.csv", "id,month,income", 3 * N, 123457, 11, true);
    run r = draw(large_plan);
    assert_int_equal(r.trial->n_units, N);
    assert_int_equal(r.trial->n_strata, 9700); /* 100 and 97 have no common divisor */
    for (int64_t u = 0; u < N; u++) {
        long long unit = strtoll(r.trial->id[u] + 1, NULL, 10);
        char text[32];
        snprintf(text, sizeof text, "%lld|%lld", unit % 100, unit % 97);
        assert_string_equal(r.trial->stratum_text[r.trial->stratum[u]], text);
        for (int w = 0; w < 3; w++) {
            uint64_t x = (uint64_t)(unit * 3 + w) * 0x9e3779b97f4a7c15u + 88172645463325252u;
            next_random(&x);
            assert_true(tm_trial_value(r.trial, 0, w)[u] == (double)(x % 1000));
        }
    }
    temoin_context_free(r.ctx);
}

/* Every allocation in turn fails: an error of memory or the whole trial, never a crash. */
static void memory_may_run_out(void **state)
{
    (void)state;
    write_file("c.csv", "id,arm,x,cm\na,ocm,1,P\nb,control,1,\nc,ocm,2,P\nd,control,2,\n");
    write_file("o.csv", "id,month,income\na,0,1\nb,0,2\nc,6,3\n");
    write_file("t.csv", "id,what,value\na,job,1\nb,job,no\n");
    const char *plan =
        HEAD(LONG_FILE ", {file: t.csv, id: id, measure: what, value: value}") "design: {kind: blocked, assigned: arm, "
                                                                               "strata: [x]}\nproviders: {column: cm, "
                                                                               "structure: one_arm, arm: ocm}\n"
                                                                               "measures: [{name: income, baseline: "
                                                                               "0}, {name: job, kind: binary}]\n";
    for (int64_t n = 1;; n++) {
        run r = start(plan);
        tm_arena_fail_after(n);
        temoin_status status = temoin_trial_build(r.ctx, r.plan, true, &r.trial);
        if (status == TEMOIN_OK) status = temoin_assignment_draw(r.ctx, r.trial, &r.assignment);
        tm_arena_fail_after(0);
        temoin_context_free(r.ctx);
        if (status == TEMOIN_OK) {
            assert_true(n > 20);
            break;
        }
        assert_int_equal(status, TEMOIN_ERR_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_lists_of_problems_are_cut),
        cmocka_unit_test(nested_providers_stay_in_one_arm),
        cmocka_unit_test(one_arm_is_served),
        cmocka_unit_test(row_order_is_irrelevant),
        cmocka_unit_test(many_units_are_joined),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
