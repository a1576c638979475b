/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who counts in an estimate, with which covariates, weights and clusters; flow and balance: all
 * against numbers made by hand. */
#include "scratch.h"

#include "checks/check_kind.h"
#include "inference/effects.h"
#include "moments/sample_build.h"
#include "temoin/estimate.h"

static const char clients[] = "id,arm,x,town,w,site,team,p\n"
                              "a,control,1,B,1,s1,,0.5\n"
                              "b,ocm,2,A,2,s1,T1,0.25\n"
                              "c,control,,B,0,s2,,0.5\n"
                              "d,ocm,4,,1,s2,T1,0.5\n"
                              "e,control,5,C,1,,,0.5\n"
                              "f,ocm,6,D,3,s3,T2,0.5\n"
                              "g,control,7,A,1,s3,,0.5\n"
                              "h,,8,A,1,s3,,0.5\n";
static const char outcomes[] = "id,m,y,z\na,0,10,\nb,0,20,\nc,0,,\nd,0,40,\ne,0,50,\nf,0,60,\ng,0,70,\nh,0,80,\n"
                               "a,6,1,0\nb,6,2,\nc,6,3,1\nd,6,4,\ne,6,5,0\nf,6,6,1\ng,6,,\nh,6,8,1\n";
static const char head[] =
    "temoin: 1\ntrial: {id: t}\nclients: {file: c.csv, id: id}\noutcomes: [{file: o.csv, id: id, wave: m}]\n"
    "arms: [{name: control}, {name: ocm}]\ndesign: {assigned: arm, probability: p}\n"
    "providers: {column: team, structure: one_arm, arm: ocm}\n"
    "measures: [{name: y, baseline: 0}, {name: z, kind: binary}]\nestimates:\n";

typedef struct built {
    temoin_context *ctx;
    const temoin_trial *trial;
    const temoin_assignment *assignment;
    temoin_status status;
    tm_sample sample;
    const char *notes;
} built;

/* The trial with one estimate, drawn; `estimate` are its keys beside name and variance. */
static built draw(const char *estimate)
{
    built b = {.ctx = check_context()};
    const temoin_plan *plan;
    char text[2048];
    snprintf(text, sizeof text, "%s  - {name: e, variance: hc2, %s}\n", head, estimate);
    write_file("p.yaml", text);
    check_ok(b.ctx, temoin_plan_read(b.ctx, "p.yaml", &plan));
    check_ok(b.ctx, temoin_trial_build(b.ctx, plan, true, &b.trial));
    check_ok(b.ctx, temoin_assignment_draw(b.ctx, b.trial, &b.assignment));
    return b;
}

/* Its sample at wave 6. */
static built build_weighed(const char *estimate, bool weigh_by_probability)
{
    built b = draw(estimate);
    tm_notes notes;
    const tm_plan_estimate *e = b.trial->plan->estimates;
    tm_notes_init(&notes, b.ctx);
    b.status = tm_sample_build(b.ctx, b.assignment, e, e->measures[0], tm_trial_find_wave(b.trial, "6"), NULL,
                               weigh_by_probability, &b.sample, &notes);
    check_ok(b.ctx, tm_notes_finish(&notes, &b.notes));
    return b;
}

static built build(const char *estimate)
{
    built b = build_weighed(estimate, false);
    check_ok(b.ctx, b.status);
    return b;
}

static void check_refused(const char *estimate, temoin_status status, const char *want)
{
    built b = build_weighed(estimate, false);
    char got[1024] = "";
    assert_int_equal(b.status, status);
    for (size_t i = 0; i < temoin_context_n_problems(b.ctx); i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s\n", temoin_context_problem(b.ctx, i));
    assert_string_equal(got, want);
    temoin_context_free(b.ctx);
}

#define NUMBERS(...)                                                                                                   \
    (const double[])                                                                                                   \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }
#define CODES(...)                                                                                                     \
    (const int32_t[])                                                                                                  \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }

static void check_numbers(const double *got, const double *want, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!close_to(got[i], want[i], 1e-14, 1)) {
            print_error("%lld: got %.17g, want %.17g\n", (long long)i, got[i], want[i]);
            fail();
        }
}

static void check_codes(const int32_t *got, const int32_t *want, int64_t n)
{
    for (int64_t i = 0; i < n; i++) assert_int_equal(got[i], want[i]);
}

static void check_names(const built *b, const char *want)
{
    char got[512] = "";
    for (int32_t j = 0; j < b->sample.n_covariates; j++) strcat(strcat(got, b->sample.covariate_name[j]), "/");
    assert_string_equal(got, want);
}

static void who_counts(void **state)
{
    (void)state;
    built b = build("measures: [y], estimator: dim, waves: [6]");
    assert_int_equal(b.sample.n, 6);
    check_numbers(b.sample.y, NUMBERS(1, 2, 3, 4, 5, 6), 6);
    check_codes(b.sample.arm, CODES(0, 1, 0, 1, 0, 1), 6);
    check_codes(b.sample.stratum, CODES(0, 0, 0, 0, 0, 0), 6);
    assert_int_equal(b.sample.n_arms, 2);
    assert_int_equal(b.sample.n_strata, 1);
    assert_null(b.sample.weight);
    assert_null(b.sample.cluster);
    assert_int_equal(b.sample.n_covariates, 0);
    assert_string_equal(b.notes, "unassigned:1;missing_outcome:control=1");
    temoin_context_free(b.ctx);
}

static void missing_covariates_are_marked(void **state)
{
    (void)state;
    built b = build("measures: [y], estimator: ols, waves: [6], covariates: [baseline, x, town]");
    assert_int_equal(b.sample.n, 6);
    check_names(&b, "baseline/baseline (missing)/x/x (missing)/town (missing)/town=B/town=C/town=D/");
    check_numbers(b.sample.covariate[0], NUMBERS(-26, -16, 0, 4, 14, 24), 6);
    const double s = 1.0 / 6;
    check_numbers(b.sample.covariate[1], NUMBERS(-s, -s, 5 * s, -s, -s, -s), 6);
    check_numbers(b.sample.covariate[2], NUMBERS(-2.6, -1.6, 0, 0.4, 1.4, 2.4), 6);
    check_numbers(b.sample.covariate[3], NUMBERS(-s, -s, 5 * s, -s, -s, -s), 6);
    check_numbers(b.sample.covariate[4], NUMBERS(-s, -s, -s, 5 * s, -s, -s), 6);
    check_numbers(b.sample.covariate[5], NUMBERS(4 * s, -2 * s, 4 * s, -2 * s, -2 * s, -2 * s), 6);
    check_numbers(b.sample.covariate[6], NUMBERS(-s, -s, -s, -s, 5 * s, -s), 6);
    check_numbers(b.sample.covariate[7], NUMBERS(-s, -s, -s, -s, -s, 5 * s), 6);
    assert_string_equal(b.notes, "unassigned:1;missing_outcome:control=1;missing_covariate_indicator:baseline=1;"
                                 "missing_covariate_indicator:x=1;missing_covariate_indicator:town=1");
    temoin_context_free(b.ctx);
}

static void or_their_clients_are_left_out(void **state)
{
    (void)state;
    built b = build("measures: [y], estimator: ols, waves: [6], covariates: [x, town, baseline], missing: listwise");
    check_numbers(b.sample.y, NUMBERS(1, 2, 5, 6), 4);
    check_names(&b, "x/town=B/town=C/town=D/baseline/");
    check_numbers(b.sample.covariate[0], NUMBERS(-2.5, -1.5, 1.5, 2.5), 4);
    check_numbers(b.sample.covariate[1], NUMBERS(0.75, -0.25, -0.25, -0.25), 4);
    check_numbers(b.sample.covariate[4], NUMBERS(-25, -15, 15, 25), 4);
    assert_string_equal(b.notes, "unassigned:1;missing_outcome:control=1;missing_covariate_dropped:2"); /* c once, d */
    temoin_context_free(b.ctx);
}

/* z is known for a, c, e and f: nobody from A is there, so that B is the reference. */
static void absent_levels_have_no_column(void **state)
{
    (void)state;
    built b = build("measures: [z], estimator: ols, waves: [6], covariates: [town]");
    check_numbers(b.sample.y, NUMBERS(0, 1, 0, 1), 4);
    check_names(&b, "town=C/town=D/");
    check_numbers(b.sample.covariate[0], NUMBERS(-0.25, -0.25, 0.75, -0.25), 4);
    assert_string_equal(b.notes, "unassigned:1;missing_outcome:control=1;missing_outcome:ocm=2");
    temoin_context_free(b.ctx);
}

static void weights_come_from_a_column_or_from_chance(void **state)
{
    (void)state;
    built b = build("measures: [y], estimator: dim, waves: [6], weights: w");
    check_numbers(b.sample.y, NUMBERS(1, 2, 4, 5, 6), 5);
    check_numbers(b.sample.weight, NUMBERS(1, 2, 1, 1, 3), 5);
    assert_string_equal(b.notes, "unassigned:1;missing_outcome:control=1;zero_weight:1");
    temoin_context_free(b.ctx);
    b = build("measures: [y], estimator: dim, waves: [6], weights: probability");
    check_numbers(b.sample.weight, NUMBERS(2, 4, 2, 2, 2, 2), 6);
    assert_string_equal(b.notes, "probability_weights;unassigned:1;missing_outcome:control=1");
    temoin_context_free(b.ctx);
    b = build_weighed("measures: [y], estimator: dim, waves: [6]", true); /* the chances differ */
    check_numbers(b.sample.weight, NUMBERS(2, 4, 2, 2, 2, 2), 6);
    temoin_context_free(b.ctx);
    b = build_weighed("measures: [y], estimator: dim, waves: [6], weights: none", true);
    assert_null(b.sample.weight);
    temoin_context_free(b.ctx);
    check_refused("measures: [y], estimator: dim, weights: x", TEMOIN_ERR_DATA,
                  "c.csv: line 4, column \"x\": empty; every client needs a weight, 0 to leave the client out\n");
}

static void negative_weights_are_refused(void **state)
{
    (void)state;
    write_file("c.csv", "id,arm,w,team,p\na,control,-1,,0.5\nb,ocm,-1e-300,T1,0.5\nc,ocm,1,T1,0.5\n");
    write_file("o.csv", "id,m,y,z\na,0,1,1\na,6,1,1\nb,6,2,1\n");
    check_refused("measures: [y], estimator: dim, weights: w", TEMOIN_ERR_DATA,
                  "c.csv: line 2, column \"w\": found -1; a weight must be a finite number of 0 or more\n"
                  "c.csv: line 3, column \"w\": found -1e-300; a weight must be a finite number of 0 or more\n");
    write_file("c.csv", clients);
    write_file("o.csv", outcomes);
}

static void clusters_are_numbered_as_they_are_met(void **state)
{
    (void)state;
    built b = build("measures: [y], estimator: dim, waves: [6], cluster: provider");
    assert_int_equal(b.sample.n_clusters, 5); /* those whom nobody serves are clusters of one, and nothing is missing */
    check_codes(b.sample.cluster, CODES(0, 1, 2, 1, 3, 4), 6);
    assert_string_equal(b.notes, "unassigned:1;missing_outcome:control=1");
    temoin_context_free(b.ctx);
    b = build("measures: [y], estimator: dim, waves: [6], cluster: client");
    assert_int_equal(b.sample.n_clusters, 6);
    check_codes(b.sample.cluster, CODES(0, 1, 2, 3, 4, 5), 6);
    temoin_context_free(b.ctx);
    b = build("measures: [y], estimator: dim, waves: [6], cluster: site, missing_cluster: own");
    assert_int_equal(b.sample.n_clusters, 4);
    check_codes(b.sample.cluster, CODES(0, 0, 1, 1, 2, 3), 6);
    assert_string_equal(b.notes, "unassigned:1;missing_outcome:control=1;missing_cluster_own:1");
    temoin_context_free(b.ctx);
    check_refused("measures: [y], estimator: dim, cluster: site", TEMOIN_ERR_DATA,
                  "c.csv: line 6, column \"site\": empty, so client \"e\" has no cluster, which estimate \"e\" needs; "
                  "fill it in, or say missing_cluster: own in the estimate to let such a client be a cluster of one\n");
}

/* Nobody has a value: an empty sample is no error, and its effect says why there is none. */
static void an_empty_sample_is_a_note(void **state)
{
    (void)state;
    built b = build("measures: [z], estimator: ols, waves: [0], covariates: [x]");
    const temoin_results *results;
    check_ok(b.ctx, temoin_results_build(b.ctx, b.trial, b.assignment, &results));
    assert_int_equal(results->n_rows, 1);
    assert_int_equal(results->rows[0].n, 0);
    assert_true(isnan(results->rows[0].value));
    assert_non_null(strstr(results->rows[0].note, "arm_empty"));
    temoin_context_free(b.ctx);
}

static const temoin_baseline_row *find_baseline(const temoin_results *results, const char *variable, const char *level,
                                                int arm)
{
    for (int64_t r = 0; r < results->n_baseline; r++)
        if (strcmp(results->baseline[r].variable, variable) == 0 && strcmp(results->baseline[r].level, level) == 0 &&
            results->baseline[r].arm == arm)
            return &results->baseline[r];
    fail_msg("no row for %s %s", variable, level);
    return NULL;
}

static void check_baseline(const temoin_baseline_row *row, int64_t n, int64_t missing, double mean, double sd,
                           double smd)
{
    assert_int_equal(row->n, n);
    assert_int_equal(row->missing, missing);
    check_numbers(&row->mean, &mean, 1);
    check_numbers(&row->sd, &sd, 1);
    check_numbers(&row->smd, &smd, 1);
}

static void balance_by_hand(void **state)
{
    (void)state;
    built b = draw("measures: [y], estimator: ols, waves: [6], covariates: [x, town]");
    const temoin_results *results;
    check_ok(b.ctx, temoin_results_build(b.ctx, b.trial, b.assignment, &results));
    assert_int_equal(results->n_baseline, 2 * (1 + 4 + 1));
    check_baseline(find_baseline(results, "x", "", 0), 3, 1, 13.0 / 3, sqrt(28.0 / 3), NAN);
    check_baseline(find_baseline(results, "x", "", 1), 3, 0, 4, 2, -1.0 / 3 / sqrt((28.0 / 3 + 4) / 2));
    check_close(find_baseline(results, "x", "", 1)->variance_ratio, 4 / (28.0 / 3), 1e-15);
    assert_true(isnan(find_baseline(results, "x", "", 0)->variance_ratio));
    assert_true(isnan(find_baseline(results, "town", "A", 1)->variance_ratio));
    check_baseline(find_baseline(results, "town", "A", 0), 4, 0, 0.25, NAN, NAN);
    check_baseline(find_baseline(results, "town", "A", 1), 2, 1, 0.5, NAN, 0.25 / sqrt((0.1875 + 0.25) / 2));
    check_baseline(find_baseline(results, "town", "B", 1), 2, 1, 0, NAN, -0.5 / sqrt(0.25 / 2));
    check_baseline(find_baseline(results, "y", "", 0), 3, 1, 130.0 / 3, sqrt(2800.0 / 3), NAN);
    check_baseline(find_baseline(results, "y", "", 1), 3, 0, 40, 20, -10.0 / 3 / sqrt((2800.0 / 3 + 400) / 2));
    temoin_context_free(b.ctx);
}

static void flow_by_hand(void **state)
{
    (void)state;
    built b = draw("measures: [y], estimator: dim, waves: [6]");
    const temoin_results *results;
    check_ok(b.ctx, temoin_results_build(b.ctx, b.trial, b.assignment, &results));
    assert_int_equal(results->n_flow, 6); /* nobody has z at 0 */
    static const struct {
        const char *measure, *wave;
        int arm;
        int64_t assigned, seen, observed;
        double mean, sd;
    } want[] = {{"y", "0", 0, 4, 4, 3, 130.0 / 3, 30.550504633038934},
                {"y", "0", 1, 3, 3, 3, 40, 20},
                {"y", "6", 0, 4, 4, 3, 3, 2},
                {"y", "6", 1, 3, 3, 3, 4, 2},
                {"z", "6", 0, 4, 4, 3, 1.0 / 3, 0.57735026918962573},
                {"z", "6", 1, 3, 3, 1, 1, NAN}};
    for (int64_t r = 0; r < results->n_flow; r++) {
        const temoin_flow_row *row = &results->flow[r];
        assert_string_equal(row->measure, want[r].measure);
        assert_string_equal(row->wave, want[r].wave);
        assert_int_equal(row->arm, want[r].arm);
        assert_int_equal(row->n_assigned, want[r].assigned);
        assert_int_equal(row->n_seen, want[r].seen);
        assert_int_equal(row->n_observed, want[r].observed);
        check_numbers(&row->mean, &want[r].mean, 1);
        check_numbers(&row->sd, &want[r].sd, 1);
    }
    temoin_context_free(b.ctx);
}

static int set_up(void **state)
{
    if (scratch_open(state) != 0) return -1;
    write_file("c.csv", clients);
    write_file("o.csv", outcomes);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_counts),
        cmocka_unit_test(missing_covariates_are_marked),
        cmocka_unit_test(or_their_clients_are_left_out),
        cmocka_unit_test(absent_levels_have_no_column),
        cmocka_unit_test(weights_come_from_a_column_or_from_chance),
        cmocka_unit_test(negative_weights_are_refused),
        cmocka_unit_test(clusters_are_numbered_as_they_are_met),
        cmocka_unit_test(an_empty_sample_is_a_note),
        cmocka_unit_test(balance_by_hand),
        cmocka_unit_test(flow_by_hand),
    };
    return cmocka_run_group_tests(tests, set_up, scratch_close);
}
