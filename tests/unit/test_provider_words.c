/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The paragraph on caseworkers: every verdict, with and without a number, in both languages. */
#include "check.h"

#include "made_results.h"
#include "sections/dossier.h"

static void check_has(const char *text, const char *part)
{
    const bool has = text && strstr(text, part);
    if (!has) print_error("not there: %s\nin: %s\n", part, text ? text : "");
    assert_true(has);
}

static void check_lacks(const char *text, const char *part)
{
    const bool has = text && strstr(text, part);
    if (has) print_error("there: %s\nin: %s\n", part, text ? text : "");
    assert_false(has);
}

static tm_document document_in(temoin_context *ctx, tm_language language)
{
    tm_document document;
    tm_document_init(&document, ctx, language, "T", "");
    return document;
}

/* As the document sets it, with no-break spaces; what no paragraph may hold is not there. */
static const char *paragraph(temoin_context *ctx, const temoin_results *results, tm_language language)
{
    static const char *const never[] = {"  ", "%s", " nan", "NaN", " inf ", "(null)", " .", " ,", "..", "–"};
    tm_document document = document_in(ctx, language);
    tm_dossier dossier;
    tm_dossier_init(&dossier, results, &document);
    const char *text = tm_document_text(&document, tm_provider_paragraph(&dossier));
    check_ok(ctx, tm_document_finish(&document));
    for (size_t n = 0; n < sizeof never / sizeof *never; n++) check_lacks(text, never[n]);
    if (language == TM_FRENCH) {
        static const char *const plain[] = {" ;", " :", " ?", " »", "« ", " %"};
        for (size_t n = 0; n < sizeof plain / sizeof *plain; n++) check_lacks(text, plain[n]);
    }
    assert_int_equal(text[strlen(text) - 1], '.');
    return text;
}

typedef struct verdict_case {
    const char *verdict, *reason;
    const char *open_en, *open_fr; /* what it leaves open */
    const char *design_en, *design_fr;
} verdict_case;

static const verdict_case cases[] = {
    {"not_identifiable", "one_worker_in_arm", "Because an arm rests on one caseworker",
     "Comme un groupe repose sur un seul intervenant", "at least five, drawn by lot", "cinq au moins, tirés au sort"},
    {"not_identifiable", "one_worker_in_total", "With one caseworker in the whole trial",
     "Avec un seul intervenant dans tout l’essai", "at least five, drawn by lot", "cinq au moins, tirés au sort"},
    {"not_identifiable", "every_worker_one_client", "As each caseworker has one client only",
     "Comme chaque intervenant n’a qu’un client", "To settle it, a trial needs several",
     "Pour trancher, il faut un essai"},
    {"not_identifiable", "worker_is_stratum", "Within each stratum of the trial", "Dans chaque strate de l’essai",
     "at least five, drawn by lot", "cinq au moins, tirés au sort"},
    {"weak", "few_workers", "With so few caseworkers", "Avec si peu d’intervenants", "would help little",
     "n’aiderait guère"},
    {"adequate", "enough_workers", "whatever is found holds on one condition", "tout constat suppose une condition",
     "draws the caseworkers for the arms by lot", "tire au sort les intervenants"},
    {"crossed", "workers_crossed", "what sets that person apart drops out", "ce qui la distingue disparaît",
     "drawn by lot for one arm each", "tiré au sort pour un seul groupe"},
    {"one_arm", "workers_one_arm", "with having no caseworker at all", "à l’absence d’intervenant",
     "two ways of working", "deux façons de faire"},
    {"randomized_workers", "workers_randomized", "the caseworkers too were drawn by lot",
     "les intervenants aussi ont été tirés au sort", "more caseworkers rather than more clients",
     "davantage d’intervenants plutôt que davantage de clients"},
};

typedef struct stage {
    temoin_results results;
    temoin_provider_structure structure;
    temoin_tipping_point tip;
} stage;

static void set_stage(stage *s, const verdict_case *c)
{
    s->results = made_results;
    s->structure = made_provider_structure[0];
    s->tip = made_tipping_points[0];
    s->structure.verdict = c->verdict;
    s->structure.reason = c->reason;
    s->results.provider_structure = &s->structure;
    s->results.tipping_points = &s->tip;
    s->results.n_tipping_points = 1;
}

static void every_verdict_says_what_is_open_and_what_would_close_it(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        temoin_context *ctx = check_context();
        stage s;
        set_stage(&s, &cases[k]);
        const bool identified = strcmp(cases[k].verdict, "not_identifiable") != 0;
        const char *en = paragraph(ctx, &s.results, TM_ENGLISH), *fr = paragraph(ctx, &s.results, TM_FRENCH);
        check_has(en, cases[k].open_en);
        check_has(fr, cases[k].open_fr);
        check_has(en, cases[k].design_en);
        check_has(fr, cases[k].design_fr);
        if (strcmp(cases[k].reason, "every_worker_one_client") == 0) {
            check_has(en, "the arms differ by +17.3 percentage points. ");
            temoin_context_free(ctx);
            continue;
        }
        check_has(en, identified ? "95% confidence interval from \u22125.8 to 30.5"
                                 : "this is not an estimate of what the programme does");
        check_has(fr, identified ? "intervalle de confiance à 95\u00a0% de \u22125,8 à 30,5"
                                 : "ce n’est pas une estimation de ce que fait le programme");
        if (!identified) check_lacks(en, "confidence interval");
        temoin_context_free(ctx);
    }
}

static void every_verdict_does_without_numbers(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        temoin_context *ctx = check_context();
        stage s;
        set_stage(&s, &cases[k]);
        s.results.n_tipping_points = s.results.n_provider_rows = s.results.n_provider_tests = 0;
        s.results.n_influence = 0;
        const char *en = paragraph(ctx, &s.results, TM_ENGLISH), *fr = paragraph(ctx, &s.results, TM_FRENCH);
        check_has(en, "No effect is stated here");
        check_has(fr, "Aucun effet n’est avancé ici");
        check_has(en, cases[k].open_en);
        check_lacks(en, "percentage points");
        temoin_context_free(ctx);
    }
}

/* The tipping point stands to the interval as it must. */
static void tipping_points_are_put_into_words(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    stage s;
    set_stage(&s, &cases[5]);
    temoin_row rows[3] = {made_provider_rows[0], made_provider_rows[1], made_provider_rows[2]};
    s.results.provider_rows = rows;
    check_has(
        paragraph(ctx, &s.results, TM_ENGLISH),
        "An effect could be claimed only if caseworkers were known to account for less than 8% of the differences "
        "between clients; published studies report 1% to 5.5%.");
    rows[1].ci_low = 0.01;
    check_has(paragraph(ctx, &s.results, TM_ENGLISH), "neither the chance of the draw nor the usual differences");
    check_has(paragraph(ctx, &s.results, TM_ENGLISH),
              "The conclusion would no longer hold if caseworkers accounted for more than 8%");
    rows[2] = made_provider_rows[1];
    rows[2].note = "";
    check_has(paragraph(ctx, &s.results, TM_ENGLISH),
              "those of all other methods that allow for caseworkers include it");
    check_has(paragraph(ctx, &s.results, TM_FRENCH), "le constat dépend de la méthode");
    rows[0].cluster = "provider", rows[0].ci_low = 0.01;
    check_has(paragraph(ctx, &s.results, TM_ENGLISH),
              "1 of the 2 other intervals that allow for caseworkers includes it");
    check_has(paragraph(ctx, &s.results, TM_FRENCH),
              "1 des 2 autres intervalles qui tiennent compte des intervenants le contient\u00a0:");
    s.tip.rho = NAN, s.tip.note = "holds_everywhere";
    check_has(paragraph(ctx, &s.results, TM_ENGLISH), "However much caseworkers differed");
    s.tip.note = "touches_zero";
    check_has(paragraph(ctx, &s.results, TM_FRENCH), "Même si les intervenants ne différaient en rien");
    temoin_context_free(ctx);
}

static void correlations_are_put_into_words(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    stage s;
    set_stage(&s, &cases[5]);
    check_has(
        paragraph(ctx, &s.results, TM_ENGLISH),
        "account for about 3% of the differences between clients in this outcome; the data allow for anything up to "
        "41%.");
    s.tip.icc = -0.02;
    check_has(paragraph(ctx, &s.results, TM_ENGLISH), "no more alike here than others, but the data allow for");
    s.tip.icc_high = NAN;
    check_has(paragraph(ctx, &s.results, TM_FRENCH), "ne se ressemblent ici pas plus que les autres. ");
    s.tip.icc = NAN;
    check_has(paragraph(ctx, &s.results, TM_ENGLISH), "cannot be estimated from these data");
    temoin_context_free(ctx);
}

static void one_is_not_many(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    stage s;
    set_stage(&s, &cases[0]);
    const temoin_provider_arm arms[] = {{0, 1, 1, 0, 1, 1, 1, NAN, 1}, {1, 12, 40, 0, 1, 9, 3.3, 0.4, 4}};
    s.results.provider_arms = arms;
    s.results.n_provider_arms = 2;
    check_has(paragraph(ctx, &s.results, TM_ENGLISH),
              "served by one caseworker (fewer than 5 clients), those of “Outreach” by 12 caseworkers (40 clients).");
    check_has(paragraph(ctx, &s.results, TM_FRENCH), "suivis par un intervenant (moins de 5 clients), ceux du groupe");
    const temoin_provider_arm same[] = {{0, 1, 12, 0, 12, 12, 12, NAN, 12}, {1, 1, 12, 0, 12, 12, 12, NAN, 12}};
    s.results.provider_arms = same, s.structure.n_providers = 1, s.structure.n_clients = 24;
    s.structure.reason = "one_worker_in_total";
    check_has(paragraph(ctx, &s.results, TM_ENGLISH), "One caseworker served the clients of all arms (24 clients).");
    check_has(paragraph(ctx, &s.results, TM_FRENCH), "les clients de cette personne, non qu’une autre obtiendrait");
    s.results.provider_arms = arms, s.structure.n_providers = 13;
    s.results.min_cell = 0;
    check_has(paragraph(ctx, &s.results, TM_ENGLISH), "one caseworker (1 client),");
    set_stage(&s, &cases[6]);
    s.structure.n_crossed = 1;
    check_has(paragraph(ctx, &s.results, TM_ENGLISH), "one of whom worked in more than one arm");
    check_has(paragraph(ctx, &s.results, TM_FRENCH), "dont un est intervenu dans plusieurs groupes");
    s.structure.n_crossed = 4;
    check_has(paragraph(ctx, &s.results, TM_FRENCH), "dont 4 sont intervenus dans plusieurs groupes");
    temoin_context_free(ctx);
}

/* Without any one of them the effect is known: it is said from where to where it goes. */
static void influence_is_put_into_words(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    stage s;
    set_stage(&s, &cases[5]);
    check_lacks(paragraph(ctx, &s.results, TM_ENGLISH), "without any one caseworker"); /* one cannot be left out */
    s.results.n_influence = 4;
    check_has(paragraph(ctx, &s.results, TM_ENGLISH),
              "without any one caseworker it lies between +9.3 and +16.5 percentage points");
    temoin_influence lines[4];
    memcpy(lines, made_influence, sizeof lines);
    lines[0].value = 0.05, lines[0].change = -0.07345678;
    s.results.influence = lines;
    check_has(
        paragraph(ctx, &s.results, TM_FRENCH),
        "L’effet dépend beaucoup d’un intervenant\u00a0: sans les clients de cette personne, il serait de +5,0 au lieu "
        "de +12,3 points de pourcentage.");
    s.tip.note = "touches_zero";
    check_lacks(paragraph(ctx, &s.results, TM_ENGLISH), "depends much");
    temoin_context_free(ctx);
}

/* Units of the measure where it has one; no unit for a count without one. */
static void effects_are_in_the_measure_s_unit(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    stage s;
    set_stage(&s, &cases[5]);
    s.tip = made_tipping_points[1];
    s.results.n_provider_rows = 0;
    check_has(paragraph(ctx, &s.results, TM_ENGLISH),
              "On “Income” (wave 12) the arms differ by +152 EUR per month, but no");
    check_has(paragraph(ctx, &s.results, TM_FRENCH), "«\u00a0Revenu déclaré\u00a0» (vague 12), l’écart");
    temoin_context_free(ctx);
}

static void verdicts_have_names(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const tm_document en = document_in(ctx, TM_ENGLISH), fr = document_in(ctx, TM_FRENCH);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        assert_string_not_equal(tm_verdict_name(&en, cases[k].verdict), cases[k].verdict);
        assert_string_not_equal(tm_verdict_name(&en, cases[k].verdict), tm_verdict_name(&fr, cases[k].verdict));
    }
    assert_string_equal(tm_verdict_name(&en, "new"), "new");
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verdict_says_what_is_open_and_what_would_close_it),
        cmocka_unit_test(every_verdict_does_without_numbers),
        cmocka_unit_test(tipping_points_are_put_into_words),
        cmocka_unit_test(correlations_are_put_into_words),
        cmocka_unit_test(one_is_not_many),
        cmocka_unit_test(influence_is_put_into_words),
        cmocka_unit_test(effects_are_in_the_measure_s_unit),
        cmocka_unit_test(verdicts_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
