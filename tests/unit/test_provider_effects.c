/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Effects by every method: each row is what the plan gets when it asks for that method itself, clustered by worker. */
#include "trial_case.h"

#include <locale.h>

#include "randsample.h"
#include "temoin/estimate.h"

static const char *const own[][2] = {{"ols", "hc2"}, {"ols", "cr1"}, {"ols", "cr2"}, {"ols", "cr3"}};

/* Workers of arms by turns, of 2 to 5 clients each; `kind` n: nested, c: crossed, o: one arm. */
static void write_clients(char kind, uint64_t *seed)
{
    char text[8192] = "id,w,arm,x,s,y\n";
    for (int w = 0, n = 0; w < 10; w++) {
        const double worker = rand_normal(seed);
        for (int k = 0; k < 2 + w % 4; k++, n++) {
            char row[128], worker_name[8];
            const bool treated = kind == 'c' ? k % 2 : w % 2;
            snprintf(worker_name, sizeof worker_name, kind == 'o' && !treated ? "" : "w%d", w);
            snprintf(row, sizeof row, "c%02d,%s,%s,%.6f,%c,%.6f\n", n, worker_name, treated ? "ocm" : "control",
                     rand_normal(seed), w < 5 ? 'a' : 'b', worker + rand_normal(seed));
            strcat(text, row);
        }
    }
    write_file("c.csv", text);
}

static const char *plan_of(const char *providers, const char *more)
{
    static char plan[4096];
    snprintf(plan, sizeof plan,
             HEAD("{file: c.csv, id: id}") "design: {kind: blocked, strata: [s], assigned: arm}\n"
                                           "providers: {column: w, %s}\n"
                                           "measures: [{name: y}]\nbootstrap: {draws: 99}\n"
                                           "estimates:\n"
                                           "  - {name: main, measures: [y], estimator: ols, "
                                           "covariates: [x], variance: hc2_bm}\n",
             providers);
    for (size_t k = 0; k < sizeof own / sizeof *own; k++) {
        char line[256];
        snprintf(line, sizeof line, "  - {name: e%zu, measures: [y], estimator: %s, covariates: [x], variance: %s%s}\n",
                 k, own[k][0], own[k][1], k ? ", cluster: provider" : "");
        strcat(plan, line);
    }
    return strcat(plan, more);
}

static const temoin_row *find_row(const temoin_results *results, const temoin_row *like)
{
    for (int64_t r = 0; r < results->n_rows; r++) {
        const temoin_row *row = &results->rows[r];
        if (strcmp(row->estimator, like->estimator) == 0 && strcmp(row->variance, like->variance) == 0 &&
            strcmp(row->cluster, like->cluster) == 0 && strcmp(row->wave, like->wave) == 0)
            return row;
    }
    return NULL;
}

static void compare_plan(const char *plan, int n_wanted)
{
    run r = draw(plan);
    const temoin_results *results;
    int n = 0;
    check_ok(r.ctx, temoin_results_build(r.ctx, r.trial, r.assignment, &results));
    for (int64_t k = 0; k < results->n_provider_rows; k++) {
        const temoin_row *got = &results->provider_rows[k], *want = find_row(results, got);
        assert_string_equal(got->estimate, "main");
        if (!want) continue;
        n++;
        assert_true(got->n == want->n && got->n_clusters == want->n_clusters && got->n_rows == want->n_rows);
        check_close(got->value, want->value, 1e-12);
        assert_false(isnan(want->se));
        check_close(got->se, want->se, 1e-12);
        check_close(got->df, want->df, 1e-10);
        check_close(got->p, want->p, 1e-10);
        if (strcmp(got->variance, "cr1") == 0) assert_true(got->p_bootstrap == want->p_bootstrap);
    }
    assert_int_equal(n, n_wanted);
    temoin_context_free(r.ctx);
}

static void compare(char kind, const char *providers, const char *more, int n_wanted, uint64_t *seed)
{
    write_clients(kind, seed);
    compare_plan(plan_of(providers, more), n_wanted);
}

#define ASKED(NAME, ESTIMATOR, VARIANCE)                                                                               \
    "  - {name: " NAME ", measures: [y], estimator: " ESTIMATOR ", covariates: [x], variance: " VARIANCE               \
    ", cluster: provider}\n"

static void each_method_is_that_of_the_plan(void **state)
{
    (void)state;
    uint64_t seed = 11;
    const char *mixed = ASKED("w", "ols", "cr2_working") ASKED("m", "mixed", "kenward_roger")
        ASKED("n", "mixed", "model_satterthwaite");
    char more[2048];
    snprintf(more, sizeof more, "%s%s", mixed,
             ASKED("s", "worker_means", "student") ASKED("t", "worker_means", "welch"));
    compare('n', "structure: nested", more, 9, &seed);
    snprintf(more, sizeof more, "%s%s", mixed,
             ASKED("s", "worker_means", "paired") ASKED("t", "within_workers", "cr2"));
    compare('c', "structure: crossed", more, 9, &seed);
    snprintf(more, sizeof more, "%s%s", mixed,
             ASKED("s", "partially_nested", "kenward_roger") ASKED("u", "partially_nested", "model_satterthwaite")
                 ASKED("t", "worker_means", "welch"));
    compare('o', "structure: one_arm, arm: ocm", more, 10, &seed);
}

/* Two waves of the same clients, together and as an effect of each. */
static void several_waves_have_their_methods(void **state)
{
    (void)state;
    uint64_t seed = 12;
    static const char *const asked[][2] = {
        {"cr2", "client"}, {"cr1", "provider"}, {"cr2", "provider"}, {"cr3", "provider"}};
    char outcomes[8192] = "id,month,y\n";
    write_clients('n', &seed);
    for (int i = 0; i < 33; i++) {
        char row[96];
        const double client = rand_normal(&seed) + i / 4;
        snprintf(row, sizeof row, "c%02d,1,%.6f\nc%02d,2,%.6f\n", i, client + rand_normal(&seed), i,
                 client + rand_normal(&seed));
        strcat(outcomes, row);
    }
    write_file("o.csv", outcomes);
    for (int path = 0; path < 2; path++) {
        const char *estimator = path ? "panel_path" : "panel";
        char plan[4096];
        snprintf(plan, sizeof plan,
                 HEAD(LONG_FILE) "design: {assigned: arm}\nproviders: {column: w, structure: nested}\n"
                                 "measures: [{name: y}]\nbootstrap: {draws: 99}\nestimates:\n"
                                 "  - {name: main, measures: [y], estimator: %s, variance: cr2, cluster: client}\n"
                                 "  - {name: m, measures: [y], estimator: mixed_crossed, variance: kenward_roger, "
                                 "cluster: provider}\n",
                 estimator);
        for (int k = 0; k < 4; k++) {
            char line[160];
            snprintf(line, sizeof line, "  - {name: e%d, measures: [y], estimator: %s, variance: %s, cluster: %s}\n", k,
                     estimator, asked[k][0], asked[k][1]);
            strcat(plan, line);
        }
        compare_plan(plan, path ? 8 : 5);
    }
}

/* One worker in an arm: what ignores workers keeps its number, all others have the reason in its place. */
static void without_identification_there_is_no_number(void **state)
{
    (void)state;
    run r;
    const temoin_results *results;
    write_file("c.csv", "id,w,arm,s,x,y\na,p,control,a,0,1\nb,p,control,a,1,3\nc,q,control,a,2,2\nd,q,control,a,1,5\n"
                        "e,r,ocm,a,2,4\nf,r,ocm,a,0,6\ng,r,ocm,a,1,9\nh,r,ocm,a,2,7\n");
    r = draw(plan_of("structure: nested", ""));
    check_ok(r.ctx, temoin_results_build(r.ctx, r.trial, r.assignment, &results));
    assert_true(results->n_provider_rows > 6);
    for (int64_t k = 0; k < results->n_provider_rows; k++) {
        const temoin_row *row = &results->provider_rows[k];
        assert_false(isnan(row->value));
        assert_int_equal(isnan(row->se), k > 0);
        assert_true(isnan(row->p_bootstrap));
        assert_int_equal(strstr(row->note, "one_worker_in_arm") != NULL, k > 0);
    }
    temoin_context_free(r.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_method_is_that_of_the_plan),
        cmocka_unit_test(several_waves_have_their_methods),
        cmocka_unit_test(without_identification_there_is_no_number),
    };
    setlocale(LC_NUMERIC, "C"); /* the data are written by printf; the CLI cases run in other locales */
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
