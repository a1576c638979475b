/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be told apart: every verdict from the smallest trial that earns it. `rows` are "worker arm stratum" letters,
 * a client each. */
#include "trial_case.h"

#include "checks/check_kind.h"
#include "checks/provider_graph.h"
#include "result/notes.h"

extern const tm_check tm_check_provider_structure;

typedef struct wanted {
    const char *verdict, *reason;
    int64_t n_providers, n_components, n_crossed, n_blank;
} wanted;

static run trial_of(const char *rows, const char *providers)
{
    char clients[2048] = "id,w,arm,s\n", plan[1024];
    int n = 0;
    for (const char *at = rows; *at; at += strcspn(at, " "), at += *at == ' ') {
        char row[64];
        snprintf(row, sizeof row, "c%02d,%s,%s,%c\n", n++, at[0] == '.' ? "" : (char[]){at[0], '\0'},
                 at[1] == '1' ? "ocm" : "control", at[2]);
        strcat(clients, row);
    }
    write_file("c.csv", clients);
    snprintf(plan, sizeof plan,
             HEAD("") "design: {kind: blocked, strata: [s], assigned: arm}\nproviders: {column: w, %s}\n", providers);
    return draw(plan);
}

static void expect(const char *rows, const char *providers, wanted want)
{
    run r = trial_of(rows, providers);
    temoin_results results = {0};
    check_ok(r.ctx, tm_check_provider_structure.run(r.ctx, r.assignment, &results));
    assert_int_equal(results.n_provider_structure, 1);
    const temoin_provider_structure *got = results.provider_structure;
    assert_string_equal(got->verdict, want.verdict);
    assert_string_equal(got->reason, want.reason);
    assert_non_null(tm_note_find(got->reason));
    assert_int_equal(got->n_providers, want.n_providers);
    assert_int_equal(got->n_components, want.n_components);
    assert_int_equal(got->n_crossed, want.n_crossed);
    assert_int_equal(got->n_blank, want.n_blank);
    temoin_context_free(r.ctx);
}

static void every_verdict_is_earned(void **state)
{
    (void)state;
    expect("a0x a0x b1x b1x", "structure: nested", (wanted){"not_identifiable", "one_worker_in_arm", 2, 2, 0, 0});
    expect("a0x a0x c0x b1x b1x", "structure: nested", (wanted){"not_identifiable", "one_worker_in_arm", 3, 2, 0, 0});
    expect("a0x a0x a1x a1x", "structure: crossed", (wanted){"not_identifiable", "one_worker_in_total", 1, 1, 1, 0});
    expect(".0x .0x a1x a1x", "structure: one_arm, arm: ocm",
           (wanted){"not_identifiable", "one_worker_in_total", 1, 1, 0, 2});
    expect("a0x b0x c1x d1x", "structure: nested", (wanted){"not_identifiable", "every_worker_one_client", 4, 2, 0, 0});
    expect("a0x a0x b0y b0y c1x c1x d1y d1y", "structure: nested",
           (wanted){"not_identifiable", "worker_is_stratum", 4, 2, 0, 0});
    expect("a0v a0v b1v c0w d1w d1w e0x f1x g0y g0y h1y i0z i0z j1z", "structure: nested",
           (wanted){"adequate", "enough_workers", 10, 2, 0, 0}); /* five pairs of workers */
    expect("a0x a0x b0x b0x c1x c1x d1x d1x", "structure: nested", (wanted){"weak", "few_workers", 4, 2, 0, 0});
    expect("a0x a0x b0x b0x c1x c1x d1x d1x", "structure: nested, randomized: true",
           (wanted){"randomized_workers", "workers_randomized", 4, 2, 0, 0});
    expect("a0x a0x b0x b0x a1x a1x b1x b1x", "structure: crossed", (wanted){"crossed", "workers_crossed", 2, 1, 2, 0});
    expect("a0x a0x b0x b0x c1x c1x d1x d1x", "structure: crossed", (wanted){"weak", "few_workers", 4, 2, 0, 0});
    expect(".0x .0x .0x a1x a1x b1x", "structure: one_arm, arm: ocm",
           (wanted){"one_arm", "workers_one_arm", 2, 1, 0, 3});
    expect("a0x b0x c0x d0x e0x e0x f1x g1x h1x i1x j1x j1x", "structure: nested",
           (wanted){"adequate", "enough_workers", 10, 2, 0, 0});
}

/* Caseloads 1, 2 and 3: mean 2, standard deviation 1, Σm²/Σm = 14/6. */
static void caseloads_are_described(void **state)
{
    (void)state;
    run r = trial_of("a0x b0x b0x c0x c0x c0x d1x d1x e1x e1x", "structure: nested");
    temoin_results results = {0};
    check_ok(r.ctx, tm_check_provider_structure.run(r.ctx, r.assignment, &results));
    const temoin_provider_arm *arm = results.provider_arms;
    assert_int_equal(results.n_provider_arms, 2);
    assert_int_equal(arm[0].n_providers, 3);
    assert_int_equal(arm[0].n_clients, 6);
    assert_int_equal(arm[0].smallest, 1);
    assert_int_equal(arm[0].largest, 3);
    assert_true(close_to(arm[0].mean, 2, 0, 0));
    assert_true(close_to(arm[0].cv, 0.5, 1e-15, 0));
    assert_true(close_to(arm[0].weighted, 14.0 / 6, 1e-15, 0));
    assert_true(close_to(arm[1].cv, 0, 0, 0));
    assert_int_equal(results.n_caseloads, 5);
    assert_string_equal(results.caseloads[2].provider, "c");
    assert_int_equal(results.caseloads[2].n, 3);
    assert_int_equal(results.caseloads[4].arm, 1);
    temoin_context_free(r.ctx);
}

static void without_workers_nothing_is_said(void **state)
{
    (void)state;
    run r = trial_of("a0x a0x b1x b1x", "structure: nested");
    temoin_results results = {0};
    temoin_trial *trial = (temoin_trial *)(uintptr_t)r.trial;
    trial->provider = NULL;
    check_ok(r.ctx, tm_check_provider_structure.run(r.ctx, r.assignment, &results));
    assert_int_equal(results.n_provider_structure + results.n_caseloads, 0);
    temoin_context_free(r.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verdict_is_earned),
        cmocka_unit_test(caseloads_are_described),
        cmocka_unit_test(without_workers_nothing_is_said),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
