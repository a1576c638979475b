/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reference results of several waves again, on the way that a user takes: plan and CSV files to rows. */
#include "golden_data.h"

#include "base/sink.h"
#include "plan/plan_reader.h"
#include "temoin/temoin.h"

static const char *const variances[] = {"cr0", "cr1", "cr1s", "cr2", "cr3", "cv3"};
enum { N_VARIANCES = sizeof variances / sizeof *variances };

/* What the plan asks for is named by how the reference names it: estimator, variance, cluster. */
typedef struct trial_case {
    const char *data, *arms, *measure, *waves, *covariates, *key;
    const char *reference; /* estimator of the reference */
    const char *term;      /* coefficient there; NULL: the contrast */
    int results, rows;     /* compared, and rows of the regression */
} trial_case;

static const trial_case cases[] = {
    {"sim_outreach", "control, outreach", "name: wellbeing, baseline: 0", "6, 12", "baseline", "panel", "pooled_ols",
     NULL, 8, 203},
    {"sim_placement", "usual, intensive", "name: employed", "", "", "panel", "pooled_ols", NULL, 9, 1808},
    {"beat_the_blues", "TAU, BtheB", "name: bdi, baseline: 0", "", "baseline", "panel", "pooled_ols", NULL, 5, 280},
    {"polyps", "placebo, sulindac", "name: polyps, baseline: 0", "", "baseline", "panel", "pooled_ols", NULL, 4, 42},
    {"sim_outreach", "control, outreach", "name: wellbeing, baseline: 0", "", "", "panel_did_means",
     "difference_in_differences", "armoutreach:post", 3, 315},
};

static void put_estimates(tm_sink *sink, const trial_case *c, const char *measure)
{
    for (int by_cluster = 0; by_cluster < 2; by_cluster++)
        for (int v = 0; v < N_VARIANCES; v++) {
            if (by_cluster && strncmp(c->data, "sim_", 4) != 0) continue; /* no cluster there */
            tm_sink_printf(sink,
                           "  - {name: %s %s, measures: [%s], waves: [%s], estimator: %s, covariates: [%s], "
                           "missing: listwise, variance: %s%s}\n",
                           variances[v], by_cluster ? "cluster" : "id", measure, c->waves, c->key, c->covariates,
                           variances[v], by_cluster ? ", cluster: cluster, missing_cluster: own" : "");
        }
}

static const temoin_results *analyze(temoin_context *ctx, const trial_case *c)
{
    char path[8192], measure[64];
    tm_sink sink;
    const temoin_plan *plan;
    const temoin_trial *trial;
    const temoin_assignment *assignment;
    const temoin_results *results;
    snprintf(path, sizeof path, "%s/%s/plan.yaml", golden_folder(), c->data);
    assert_int_equal(sscanf(c->measure, "name: %63[^,]", measure), 1);
    tm_sink_init(&sink, ctx);
    tm_sink_printf(&sink,
                   "temoin: 1\ntrial: {id: t}\nclients: {file: clients.csv, id: id}\noutcomes: [{file: outcomes.csv, "
                   "id: id, wave: wave, measure: outcome, value: value}]\narms: [{name: %.*s}, {name:%s}]\n"
                   "design: {assigned: arm}\nmeasures: [{%s}]\nestimates:\n",
                   (int)strcspn(c->arms, ","), c->arms, strchr(c->arms, ',') + 1, c->measure);
    put_estimates(&sink, c, measure);
    assert_false(sink.out_of_memory);
    check_ok(ctx, tm_plan_parse(ctx, path, sink.text, sink.length, &plan));
    check_ok(ctx, temoin_trial_build(ctx, plan, true, &trial));
    check_ok(ctx, temoin_assignment_draw(ctx, trial, &assignment));
    check_ok(ctx, temoin_results_build(ctx, trial, assignment, &results));
    return results;
}

/* The row of the reference's variance and cluster, whose column has other words for the same here and there. */
static const temoin_row *row_of(const temoin_results *results, const golden_result *r)
{
    char name[64];
    snprintf(name, sizeof name, "%s %s", r->vcov, strcmp(r->cluster, "id") == 0 ? "id" : "cluster");
    for (char *at = name; *at != ' '; at++)
        if (*at >= 'A' && *at <= 'Z') *at = (char)(*at - 'A' + 'a');
    for (int64_t k = 0; k < results->n_rows; k++)
        if (strcmp(results->rows[k].estimate, name) == 0) return &results->rows[k];
    fail_msg("no estimate %s", name);
    return NULL;
}

static void compare(const char *what, const golden_result *r, double got, double want)
{
    if (close_to(got, want, r->rtol, 0)) return;
    print_error("%s %s: %s is %.17g, want %.17g\n", r->id, r->vcov, what, got, want);
    fail();
}

static void compare_row(const trial_case *c, const golden_result *r, const temoin_row *row)
{
    assert_int_equal(row->n_rows, c->rows);
    assert_int_equal(row->n_rows, (int64_t)r->n);
    compare("value", r, row->value, r->estimate);
    compare("se", r, row->se, r->se);
    compare("df", r, row->df, r->df);
    compare("p", r, row->p, r->p);
    compare("ci_low", r, row->ci_low, r->ci_low);
    compare("ci_high", r, row->ci_high, r->ci_high);
}

static void run_case(const trial_case *c)
{
    temoin_context *ctx = check_context();
    golden_data data;
    int n = 0;
    golden_open(ctx, c->data, &data);
    const temoin_results *results = analyze(ctx, c);
    for (int i = 0; i < golden_n_results(&data); i++) {
        const golden_result r = golden_result_at(&data, i);
        if (strcmp(r.family, "panel") != 0 || strcmp(r.estimator, c->reference) != 0) continue;
        if (c->term ? !r.term || strcmp(r.term, c->term) != 0 : r.term != NULL) continue;
        compare_row(c, &r, row_of(results, &r));
        n++;
    }
    assert_int_equal(n, c->results);
    golden_close(&data);
    temoin_context_free(ctx);
}

static void plans_give_the_reference(void **state)
{
    (void)state;
    if (!golden_folder()) {
        printf("# SKIPPED: the golden tests need the reference data; set TEMOIN_REFERENCE to their folder\n");
        skip();
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) run_case(&cases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(plans_give_the_reference)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
