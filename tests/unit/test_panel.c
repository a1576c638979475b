/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several waves at once, against single waves, means and changes of clients, and R's multivariate t. */
#include "scratch.h"

#include "temoin/temoin.h"

/* Everybody has every wave; `mean` is that of income at 6 and 12, `gain` that mean less income at 0. */
static const char clients[] = "id,site\na,n\nb,n\nc,n\nd,n\ne,s\nf,s\ng,s\nh,s\n";
static const char outcomes[] =
    "id,m,income,mean,gain\na,0,5,,\na,6,9,,\na,12,14,11.5,6.5\nb,0,7,,\nb,6,6,,\nb,12,10,8,1\n"
    "c,0,2,,\nc,6,3,,\nc,12,9,6,4\nd,0,11,,\nd,6,12,,\nd,12,12,12,1\ne,0,4,,\ne,6,13,,\ne,12,15,14,10\n"
    "f,0,8,,\nf,6,5,,\nf,12,8,6.5,-1.5\ng,0,6,,\ng,6,10,,\ng,12,7,8.5,2.5\nh,0,9,,\nh,6,4,,\nh,12,11,7.5,-1.5\n";
static const char head[] =
    "temoin: 1\ntrial: {id: t}\nclients: {file: c.csv, id: id}\noutcomes: [{file: o.csv, id: id, wave: m}]\n"
    "arms: [{name: control}, {name: ocm}]\ndesign: {kind: blocked, strata: [site], seed: s}\n"
    "measures: [{name: income, baseline: 0}, {name: mean}, {name: gain}]\n"
    "randomization: {draws: 1000, statistic: difference}\nestimates:\n";

static const temoin_results *analyze(temoin_context *ctx, const char *path)
{
    const temoin_plan *plan;
    const temoin_trial *trial;
    const temoin_assignment *assignment;
    const temoin_results *results;
    check_ok(ctx, temoin_plan_read(ctx, path, &plan));
    check_ok(ctx, temoin_trial_build(ctx, plan, true, &trial));
    check_ok(ctx, temoin_assignment_draw(ctx, trial, &assignment));
    check_ok(ctx, temoin_results_build(ctx, trial, assignment, &results));
    return results;
}

static const temoin_row *row_of(const temoin_results *results, const char *estimate, const char *wave)
{
    for (int64_t r = 0; r < results->n_rows; r++)
        if (strcmp(results->rows[r].estimate, estimate) == 0 && strcmp(results->rows[r].wave, wave) == 0)
            return &results->rows[r];
    fail_msg("no row %s %s", estimate, wave);
    return NULL;
}

static void check_same(double got, double want)
{
    if (close_to(got, want, 1e-12, 1)) return;
    print_error("got %.17g, want %.17g\n", got, want);
    fail();
}

/* The effect, and the test of it by all 36 assignments with its interval. */
static void check_same_test(const temoin_row *got, const temoin_row *want)
{
    check_same(got->value, want->value);
    check_same(got->p_randomization, want->p_randomization);
    check_same(got->ci_randomization_low, want->ci_randomization_low);
    check_same(got->ci_randomization_high, want->ci_randomization_high);
    assert_int_equal(got->n, want->n);
    assert_false(isnan(got->p_randomization));
    assert_false(isnan(got->ci_randomization_low) && isnan(got->ci_randomization_high));
}

static void balanced_panels_are_means_of_clients(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    char text[4096];
    snprintf(text, sizeof text, "%s%s", head,
             "  - {name: pooled, measures: [income], level: 0.8, estimator: panel}\n"
             "  - {name: path, measures: [income], level: 0.8, estimator: panel_path}\n"
             "  - {name: single, measures: [income], level: 0.8, estimator: ols, cluster: client}\n"
             "  - {name: did, measures: [income], level: 0.8, estimator: panel_did}\n"
             "  - {name: did_means, measures: [income], level: 0.8, estimator: panel_did_means}\n"
             "  - {name: mean, measures: [mean], level: 0.8, estimator: ols}\n"
             "  - {name: gain, measures: [gain], level: 0.8, estimator: ols}\n");
    write_file("p.yaml", text);
    write_file("c.csv", clients);
    write_file("o.csv", outcomes);
    const temoin_results *r = analyze(ctx, "p.yaml");
    const temoin_row *pooled = row_of(r, "pooled", "6+12");
    check_same_test(pooled, row_of(r, "mean", "12"));
    check_same_test(row_of(r, "did", "6+12-0"), row_of(r, "gain", "12"));
    check_same_test(row_of(r, "did_means", "6+12-0"), row_of(r, "gain", "12"));
    check_same_test(row_of(r, "path", "6"), row_of(r, "single", "6"));
    check_same_test(row_of(r, "path", "12"), row_of(r, "single", "12"));
    check_same((row_of(r, "path", "6")->value + row_of(r, "path", "12")->value) / 2, pooled->value);
    check_same(row_of(r, "did", "6+12-0")->se, row_of(r, "did_means", "6+12-0")->se);
    assert_int_equal(pooled->n_rows, 16);
    assert_string_equal(pooled->cluster, "client");
    assert_int_equal(pooled->n_clusters, 8);
    assert_null(strstr(pooled->note, "missing_waves"));
    temoin_context_free(ctx);
}

/* mvtnorm 1.1: qmvt and pmvt with vcovCR(type = "CR1") of the same model, 11 degrees of freedom, to some 1e-4. */
static void bands_are_those_of_the_multivariate_t(void **state)
{
    (void)state;
    static const char *const wave[] = {"0", "6", "12"};
    static const double p[] = {0.527355741, 0.196772744, 0.000454289};
    static const double low[] = {-2.141476176, -1.918307770, 3.048130971};
    static const double high[] = {5.474809509, 10.807196659, 8.951869029};
    temoin_context *ctx = check_context();
    const temoin_results *r = analyze(ctx, source_path("tests/cli/panel/waves/path.yaml"));
    for (int k = 0; k < 3; k++) {
        const temoin_row *row = row_of(r, "path", wave[k]);
        assert_true(fabs(row->p_simultaneous - p[k]) < 2e-4);
        assert_true(fabs(row->ci_simultaneous_low - low[k]) < 2e-3 * row->se);
        assert_true(fabs(row->ci_simultaneous_high - high[k]) < 2e-3 * row->se);
        assert_true(row->ci_simultaneous_low < row->ci_low && row->ci_high < row->ci_simultaneous_high);
    }
    const temoin_row *one = row_of(r, "one", "0"); /* a path of one wave: no band is wider than it must be */
    check_same(one->ci_simultaneous_low, one->ci_low);
    check_same(one->p_simultaneous, one->p);
    temoin_context_free(ctx);
}

static void waves_without_a_contrast_are_refused(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    write_file("e.yaml", "temoin: 1\ntrial: {id: t}\nclients: {file: e.csv, id: id}\n"
                         "outcomes: [{file: f.csv, id: id, wave: m}]\narms: [{name: control}, {name: ocm}]\n"
                         "design: {assigned: arm}\nmeasures: [{name: y}]\n"
                         "estimates: [{name: e, measures: [y], estimator: panel_path}]\n");
    write_file("e.csv", "id,arm\na,control\nb,ocm\nc,control\nd,ocm\ne,control\nf,ocm\n");
    write_file("f.csv", "id,m,y\na,1,2\nb,1,4\nc,1,5\nd,1,1\ne,1,3\nf,1,7\na,2,0\nb,2,0\nc,2,0\nd,2,0\ne,2,0\nf,2,0\n"
                        "a,3,4\nc,3,6\ne,3,5\n");
    const temoin_results *r = analyze(ctx, "e.yaml");
    assert_false(isnan(row_of(r, "e", "1")->se));
    assert_true(isnan(row_of(r, "e", "2")->se) && row_of(r, "e", "2")->value == 0);
    assert_non_null(strstr(row_of(r, "e", "2")->note, "no_variation"));
    assert_true(isnan(row_of(r, "e", "3")->value));
    assert_non_null(strstr(row_of(r, "e", "3")->note, "arm_empty"));
    assert_true(isnan(row_of(r, "e", "3")->ci_simultaneous_low));
    check_same(row_of(r, "e", "1")->ci_simultaneous_low, row_of(r, "e", "1")->ci_low);
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(balanced_panels_are_means_of_clients),
        cmocka_unit_test(bands_are_those_of_the_multivariate_t),
        cmocka_unit_test(waves_without_a_contrast_are_refused),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
