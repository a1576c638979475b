/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include <unistd.h>

#include "base/arena.h"
#include "plan/plan_reader.h"
#include "plan/share_text.h"

/* The format's own example, as its specification prints it. */
static const char example[] =
    "temoin: 1\n"
    "trial:\n"
    "  id: mission-kortrijk                  # [a-z0-9-]+, part of every seed derivation\n"
    "  title: {en: Outreaching case management, fr: Accompagnement proactif}\n"
    "  registry: AEARCTR-0002786\n"
    "clients:                                # one row per randomized unit\n"
    "  file: ../datasets/mission-kortrijk/clients.csv\n"
    "  id: family_id\n"
    "  format: {delimiter: auto, decimal: point, encoding: utf-8, missing: [\"\", \"NA\"]}\n"
    "outcomes:                               # one row per client and wave, measures as columns; no `wave`: one row "
    "per client\n"
    "  - file: ../datasets/mission-kortrijk/outcomes.csv\n"
    "    id: family_id\n"
    "    wave: month\n"
    "    # measure: outcome                  # tall files: one row per client, wave and measure\n"
    "    # value: value\n"
    "columns:                                # optional: only where a type or label must be stated\n"
    "  - {name: district, type: category, label: {en: District, fr: Quartier}}\n"
    "arms:                                   # the first is the reference\n"
    "  - {name: control, share: 1}\n"
    "  - {name: ocm, share: 1}\n"
    "design:\n"
    "  kind: blocked                         # see `temoin list designs`\n"
    "  strata: [district, far_from_market]\n"
    "  seed: kortrijk 2017-04-01             # any text; published\n"
    "  # assigned: arm                       # instead, for a trial drawn elsewhere: the column that holds the arm;\n"
    "  #                                     # kind and strata then say how it was drawn\n"
    "providers:\n"
    "  column: case_manager\n"
    "  structure: one_arm                    # nested | crossed | one_arm\n"
    "  arm: ocm                              # one_arm: a blank elsewhere is data, not missing: that client is a "
    "cluster of one\n"
    "measures:\n"
    "  - {name: training, kind: binary, label: {en: In training, fr: En formation}, baseline: 0}\n"
    "  - {name: income, kind: continuous, unit: EUR per month, baseline: 0}\n"
    "estimates:                              # covariate `baseline`: the measure's own value at its baseline wave\n"
    "  - {name: primary, measures: [training], waves: [12], estimator: lin, covariates: [baseline, age, "
    "single_parent],\n"
    "     variance: cr2, cluster: provider}  # cluster: `provider`, `client`, or a column\n"
    "  - {name: secondary, measures: [training, income], waves: [6, 12], estimator: dim, variance: neyman}\n"
    "  - {name: check, measures: [income], waves: [12], estimator: ols, covariates: [baseline], variance: hc2_bm,\n"
    "     missing: listwise}                 # missing covariates: `indicator` (default, said in the note) or "
    "`listwise`\n"
    "families:\n"
    "  - {name: take-up, estimates: [primary], adjust: [holm, westfall_young]}\n"
    "randomization: {draws: 10000, statistic: studentized}\n"
    "report: {languages: [en, fr], min_cell: 5}\n";

/* The smallest plan; further sections begin on line 6. */
#define SMALL                                                                                                          \
    "temoin: 1\n"                                                                                                      \
    "trial: {id: t}\n"                                                                                                 \
    "clients: {file: c.csv, id: id}\n"                                                                                 \
    "arms: [{name: a}, {name: b}]\n"                                                                                   \
    "design: {seed: s}\n"
#define MEASURED SMALL "measures: [{name: y}, {name: z, baseline: 0}]\n"

static const temoin_plan *parse(temoin_context *ctx, const char *text)
{
    const temoin_plan *plan;
    check_ok(ctx, tm_plan_parse(ctx, "p.yaml", text, strlen(text), &plan));
    return plan;
}

static void check_names(const tm_names *names, const char *joined)
{
    char text[512] = "";
    for (int32_t i = 0; i < names->n; i++) {
        if (i) strcat(text, " ");
        strcat(text, names->name[i]);
    }
    assert_string_equal(text, joined);
}

static void example_head_is_read(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const temoin_plan *p = parse(ctx, example);
    assert_string_equal(p->path, "p.yaml");
    assert_string_equal(temoin_plan_id(p), "mission-kortrijk");
    assert_string_equal(p->title.en, "Outreaching case management");
    assert_string_equal(p->title.fr, "Accompagnement proactif");
    assert_string_equal(p->registry, "AEARCTR-0002786");
    assert_string_equal(p->clients.file, "../datasets/mission-kortrijk/clients.csv");
    assert_string_equal(p->clients.id, "family_id");
    assert_null(p->clients.wave);
    assert_int_equal(p->clients.format.delimiter, 0);
    assert_int_equal(p->clients.format.decimal, '.');
    assert_string_equal(p->clients.format.encoding, "utf-8");
    assert_int_equal(p->clients.format.n_missing, 2);
    assert_string_equal(p->clients.format.missing[0], "");
    assert_string_equal(p->clients.format.missing[1], "NA");
    assert_int_equal(p->n_outcomes, 1);
    assert_string_equal(p->outcomes[0].wave, "month");
    assert_null(p->outcomes[0].measure);
    assert_int_equal(p->outcomes[0].format.n_missing, -1);
    assert_int_equal(p->n_columns, 1);
    assert_string_equal(p->columns[0].name, "district");
    assert_int_equal(p->columns[0].type, TEMOIN_COLUMN_CATEGORY);
    assert_string_equal(p->columns[0].label.fr, "Quartier");
    assert_int_equal(p->n_arms, 2);
    assert_string_equal(p->arms[1].name, "ocm");
    assert_string_equal(p->arms[1].label.en, "ocm");
    assert_int_equal(p->arms[0].share, 1);
    assert_int_equal(p->arms[1].share, 1);
    assert_int_equal(p->share_sum, 2);
    assert_string_equal(p->design.kind, "blocked");
    check_names(&p->design.strata, "district far_from_market");
    assert_string_equal(p->design.seed, "kortrijk 2017-04-01");
    assert_null(p->design.assigned);
    assert_int_equal(p->providers.structure, TM_STRUCTURE_ONE_ARM);
    assert_string_equal(p->providers.column, "case_manager");
    assert_int_equal(p->providers.arm, 1);
    assert_int_equal(p->text_length, strlen(example));
    temoin_context_free(ctx);
}

static void example_analysis_is_read(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const temoin_plan *p = parse(ctx, example);
    assert_int_equal(p->n_measures, 2);
    assert_string_equal(p->measures[0].name, "training");
    assert_int_equal(p->measures[0].kind, TM_MEASURE_BINARY);
    assert_string_equal(p->measures[0].baseline, "0");
    assert_null(p->measures[0].unit);
    assert_int_equal(p->measures[1].kind, TM_MEASURE_CONTINUOUS);
    assert_string_equal(p->measures[1].unit, "EUR per month");
    assert_string_equal(p->measures[1].label.fr, "income");
    assert_int_equal(p->n_estimates, 3);
    const tm_plan_estimate *e = p->estimates;
    assert_string_equal(e[0].name, "primary");
    assert_int_equal(e[0].n_measures, 1);
    assert_int_equal(e[0].measures[0], 0);
    check_names(&e[0].waves, "12");
    assert_string_equal(e[0].estimator, "lin");
    check_names(&e[0].covariates, "baseline age single_parent");
    assert_string_equal(e[0].variance, "cr2");
    assert_string_equal(e[0].cluster, "provider");
    assert_true(e[0].strata);
    assert_int_equal(e[0].weighting, TM_WEIGHTS_AUTO);
    assert_true(e[0].level == 0.95);
    assert_int_equal(e[0].n_contrasts, 1);
    assert_string_equal(e[0].contrasts[0].arm, "ocm");
    assert_string_equal(e[0].contrasts[0].reference, "control");
    assert_true(e[0].contrasts[0].weights[0] == -1 && e[0].contrasts[0].weights[1] == 1);
    assert_int_equal(e[1].n_measures, 2);
    assert_int_equal(e[1].measures[1], 1);
    check_names(&e[1].waves, "6 12");
    assert_null(e[1].cluster);
    assert_int_equal(e[1].missing, TM_MISSING_INDICATOR);
    assert_string_equal(e[2].variance, "hc2_bm");
    assert_int_equal(e[2].missing, TM_MISSING_LISTWISE);
    assert_int_equal(p->n_families, 1);
    assert_string_equal(p->families[0].name, "take-up");
    assert_int_equal(p->families[0].n_estimates, 1);
    assert_int_equal(p->families[0].estimates[0], 0);
    check_names(&p->families[0].adjust, "holm westfall_young");
    assert_int_equal(p->randomization_draws, 10000);
    assert_string_equal(p->randomization_statistic, "studentized");
    check_names(&p->languages, "en fr");
    assert_int_equal(p->min_cell, 5);
    temoin_context_free(ctx);
}

/* The line of the example that holds a text: found without the reader. */
static int line_with(const char *text)
{
    const char *at = strstr(example, text);
    int line = 1;
    assert_non_null(at);
    for (const char *c = example; c < at; c++) line += *c == '\n';
    return line;
}

static void lines_point_at_the_plan(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const temoin_plan *p = parse(ctx, example);
    assert_int_equal(tm_plan_line(p, "temoin"), 1);
    assert_int_equal(tm_plan_line(p, "trial"), 2);
    assert_int_equal(tm_plan_line(p, "design.strata[1]"), line_with("strata: ["));
    assert_int_equal(tm_plan_line(p, "design.kind"), line_with("kind: blocked"));
    assert_int_equal(tm_plan_line(p, "estimates"), line_with("estimates:"));
    assert_int_equal(tm_plan_line(p, "estimates[%d].variance", 0), line_with("variance: cr2"));
    assert_int_equal(tm_plan_line(p, "estimates[%d].name", 1), line_with("name: secondary"));
    assert_int_equal(tm_plan_line(p, "estimates[2].covariates[0]"), line_with("name: check"));
    assert_int_equal(tm_plan_line(p, "outcomes[0].wave"), line_with("wave: month"));
    /* what the plan leaves out: the nearest thing around it */
    assert_int_equal(tm_plan_line(p, "estimates[1].level"), line_with("name: secondary"));
    assert_int_equal(tm_plan_line(p, "estimates[9].level"), line_with("estimates:"));
    assert_int_equal(tm_plan_line(p, "design.stratum_shares[0].shares[1]"), line_with("design:"));
    assert_int_equal(tm_plan_line(p, "trial.id.more"), line_with("id: mission"));
    assert_int_equal(tm_plan_line(p, "nothing"), 1);
    assert_int_equal(tm_plan_line(p, "%s", ""), 1);
    temoin_context_free(ctx);
}

static void a_small_plan_has_every_default(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const temoin_plan *p = parse(ctx, MEASURED "estimates:\n"
                                               "  - {name: plain, measures: [y]}\n"
                                               "  - {name: fit, measures: [y], estimator: ols}\n"
                                               "  - {name: precise, measures: [y], estimator: dim_precision}\n"
                                               "  - {name: clustered, measures: [y], cluster: site}\n"
                                               "families: [{name: f, estimates: [fit, plain]}]\n");
    assert_string_equal(p->title.en, "t");
    assert_null(p->registry);
    assert_string_equal(p->design.kind, "complete");
    assert_int_equal(p->design.strata.n, 0);
    assert_int_equal(p->n_outcomes + p->n_columns, 0);
    assert_int_equal(p->providers.structure, TM_STRUCTURE_NONE);
    assert_int_equal(p->providers.arm, -1);
    assert_int_equal(p->clients.format.n_missing, -1);
    assert_int_equal(p->clients.format.decimal, '.');
    assert_int_equal(p->measures[0].kind, TM_MEASURE_CONTINUOUS);
    assert_null(p->measures[0].baseline);
    assert_string_equal(p->estimates[0].estimator, "dim");
    assert_null(p->estimates[0].variance);
    assert_null(p->estimates[1].variance);
    assert_null(p->estimates[2].variance);
    assert_null(p->estimates[3].variance);
    assert_int_equal(p->estimates[0].waves.n, 0);
    assert_false(p->estimates[0].missing_cluster_allowed);
    check_names(&p->families[0].adjust, "holm");
    assert_int_equal(p->families[0].estimates[0], 1);
    assert_int_equal(p->families[0].estimates[1], 0);
    assert_int_equal(p->randomization_draws, 0);
    check_names(&p->languages, "en");
    assert_int_equal(p->min_cell, 0);
    temoin_context_free(ctx);
}

static void every_optional_key_is_read(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const temoin_plan *p = parse(
        ctx,
        "temoin: 1\n"
        "trial: {id: t, title: {fr: Essai}}\n"
        "clients: {file: /c.csv, id: id, format: {delimiter: semicolon, decimal: comma, encoding: Windows-1252, "
        "missing: []}}\n"
        "outcomes:\n"
        "  - {file: o.csv, id: id, wave: w, measure: m, value: v, format: {delimiter: tab, encoding: iso-8859-15}}\n"
        "arms: [{name: a, share: .7}, {name: b, share: 0.20, label: {en: Bee}}, {name: c, share: 0.1}]\n"
        "design:\n"
        "  kind: blocked\n"
        "  strata: [site, sex]\n"
        "  assigned: arm\n"
        "  probability: prob\n"
        "  stratum_shares: [{stratum: [north, f], shares: [1, 1, 2]}, {stratum: [south, f], shares: [.5, .25, .25]}]\n"
        "providers: {column: w, structure: crossed}\n"
        "measures:\n"
        "  - {name: y, kind: count, wide: [{wave: 0, column: y_0}, {wave: 2020-01-01, column: y_1}], baseline: 0}\n"
        "estimates:\n"
        "  - name: e\n"
        "    measures: [y]\n"
        "    waves: [yes, 012, 2020-01-01, '1']\n"
        "    cluster: provider\n"
        "    strata: none\n"
        "    missing_cluster: own\n"
        "    weights: w_col\n"
        "    level: 0.9\n"
        "    contrasts: [{arm: c, reference: b}, {name: any, weights: [-1, .3, 0.7]}]\n"
        "  - {name: f, measures: [y], weights: probability}\n"
        "  - {name: g, measures: [y], weights: none}\n"
        "randomization: {draws: 0}\n"
        "report: {languages: [fr], min_cell: 0}\n");
    assert_string_equal(p->title.en, "Essai");
    assert_int_equal(p->clients.format.delimiter, ';');
    assert_int_equal(p->clients.format.decimal, ',');
    assert_string_equal(p->clients.format.encoding, "windows-1252");
    assert_int_equal(p->clients.format.n_missing, 0);
    assert_int_equal(p->outcomes[0].format.delimiter, '\t');
    assert_int_equal(p->outcomes[0].format.decimal, '.');
    assert_string_equal(p->outcomes[0].format.encoding, "iso-8859-15");
    assert_string_equal(p->outcomes[0].value, "v");
    assert_string_equal(p->arms[1].label.fr, "Bee");
    assert_int_equal(p->arms[0].share, 7);
    assert_int_equal(p->arms[1].share, 2);
    assert_int_equal(p->arms[2].share, 1);
    assert_int_equal(p->share_sum, 10);
    assert_string_equal(p->design.assigned, "arm");
    assert_string_equal(p->design.probability, "prob");
    assert_null(p->design.seed);
    assert_int_equal(p->design.n_stratum_shares, 2);
    check_names(&p->design.stratum_shares[1].stratum, "south f");
    const int64_t *shares = p->design.stratum_shares[1].shares;
    assert_true(shares[0] == 2 && shares[1] == 1 && shares[2] == 1);
    assert_int_equal(p->measures[0].n_wide, 2);
    assert_string_equal(p->measures[0].wide[1].wave, "2020-01-01");
    assert_string_equal(p->measures[0].wide[1].column, "y_1");
    const tm_plan_estimate *e = p->estimates;
    check_names(&e[0].waves, "yes 012 2020-01-01 1");
    assert_null(e[0].variance);
    assert_false(e[0].strata);
    assert_true(e[0].missing_cluster_allowed);
    assert_int_equal(e[0].weighting, TM_WEIGHTS_COLUMN);
    assert_string_equal(e[0].weight_column, "w_col");
    assert_true(e[0].level == 0.9);
    assert_int_equal(e[0].n_contrasts, 2);
    assert_string_equal(e[0].contrasts[0].reference, "b");
    assert_true(e[0].contrasts[0].weights[1] == -1 && e[0].contrasts[0].weights[2] == 1);
    assert_string_equal(e[0].contrasts[1].arm, "any");
    assert_string_equal(e[0].contrasts[1].reference, "");
    assert_true(e[0].contrasts[1].weights[2] == 0.7);
    assert_int_equal(e[1].weighting, TM_WEIGHTS_PROBABILITY);
    assert_int_equal(e[2].weighting, TM_WEIGHTS_NONE);
    assert_int_equal(e[1].n_contrasts, 2);
    assert_string_equal(e[1].contrasts[1].arm, "c");
    check_names(&p->languages, "fr");
    temoin_context_free(ctx);
}

static void check_shares(const char *a, const char *b, const char *c, int64_t x, int64_t y, int64_t z)
{
    const char *const text[] = {a, b, c};
    int64_t share[3], sum;
    for (int i = 0; i < 3; i++) assert_true(tm_share_validate(text[i]));
    assert_true(tm_shares_read(text, share, 3, &sum));
    assert_int_equal(share[0], x);
    assert_int_equal(share[1], y);
    assert_int_equal(share[2], z);
    assert_int_equal(sum, x + y + z);
}

static void shares_are_exact(void **state)
{
    (void)state;
    int64_t share[2], sum = -1;
    check_shares(".10", ".20", ".70", 1, 2, 7);
    check_shares("1", "1", "1", 1, 1, 1);
    check_shares("0.333", "0.333", "0.334", 333, 333, 334);
    check_shares("0.333", "0.333", "0.333", 1, 1, 1);
    check_shares("2", ".5", "0.25", 8, 2, 1);
    check_shares("100", "50.00", "007.", 100, 50, 7);
    check_shares("0.000000000000000001", "0.000000000000000003", "0.000000000000000002", 1, 3, 2);
    check_shares("100000000000000000", "300000000000000000", "200000000000000000", 1, 3, 2);
    const char *const wrong[] = {"0",
                                 "0.0",
                                 "",
                                 ".",
                                 "-1",
                                 "+1",
                                 "1e3",
                                 "1,5",
                                 " 1",
                                 "1 ",
                                 "0.0000000000000000001",
                                 "12345678901234567890",
                                 "x",
                                 "1.2.3",
                                 "0x1",
                                 "inf"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) assert_false(tm_share_validate(wrong[i]));
    const char *const most[] = {"999999", "1"}, *const more[] = {"1000000", "1"},
                      *const far[] = {"999999999", ".0000001"};
    assert_true(tm_shares_read(most, share, 2, &sum));
    assert_int_equal(sum, 1000000);
    assert_false(tm_shares_read(more, share, 2, &sum));
    assert_false(tm_shares_read(far, share, 2, &sum));
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    static const char *const texts[] = {example, SMALL "colour: red\nmeasures: [{nam: x}, {kind: y}]\n",
                                        MEASURED "estimates: [{name: e, measures: [q], waves: [1, 1]}]\n"};
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        int64_t n = 1;
        for (;; n++) {
            const temoin_plan *plan;
            temoin_context *ctx = check_context();
            tm_arena_fail_after(n);
            temoin_status status = tm_plan_parse(ctx, "p.yaml", texts[t], strlen(texts[t]), &plan);
            tm_arena_fail_after(0);
            bool memory = status == TEMOIN_ERR_MEMORY;
            if (!memory) assert_int_equal(status, t == 0 ? TEMOIN_OK : TEMOIN_ERR_PLAN);
            if (memory) assert_null(plan);
            temoin_context_free(ctx);
            if (!memory) break;
        }
        assert_true(n > 10);
    }
}

static void a_file_is_read_by_its_path(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const temoin_plan *plan;
    char path[] = "/tmp/temoin-plan-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, SMALL, strlen(SMALL)), strlen(SMALL));
    close(fd);
    check_ok(ctx, temoin_plan_read(ctx, path, &plan));
    assert_string_equal(temoin_plan_id(plan), "t");
    assert_string_equal(plan->path, path);
    unlink(path);
    assert_int_equal(temoin_plan_read(ctx, path, &plan), TEMOIN_ERR_IO);
    assert_null(plan);
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(example_head_is_read),        cmocka_unit_test(example_analysis_is_read),
        cmocka_unit_test(lines_point_at_the_plan),     cmocka_unit_test(a_small_plan_has_every_default),
        cmocka_unit_test(every_optional_key_is_read),  cmocka_unit_test(shares_are_exact),
        cmocka_unit_test(memory_may_run_out_anywhere), cmocka_unit_test(a_file_is_read_by_its_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
