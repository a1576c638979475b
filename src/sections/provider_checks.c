/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of what was tested about caseworkers. */
#include <math.h>
#include <string.h>

#include "sections/dossier.h"
#include "sections/wording.h"

static bool same_effect(const temoin_influence *a, const temoin_influence *b)
{
    return strcmp(a->estimate, b->estimate) == 0 && strcmp(a->measure, b->measure) == 0 &&
           strcmp(a->wave, b->wave) == 0 && strcmp(a->arm, b->arm) == 0 && strcmp(a->reference, b->reference) == 0 &&
           strcmp(a->kind, b->kind) == 0;
}

static bool opens(const temoin_results *results, int64_t i)
{
    for (int64_t j = 0; j < i; j++)
        if (same_effect(&results->influence[j], &results->influence[i])) return false;
    return true;
}

/* Of the effect and kind of a line the one that changes most; NULL: none can be left out. */
static const temoin_influence *find_largest(const temoin_results *results, int64_t i)
{
    const temoin_influence *largest = NULL;
    for (int64_t j = i; j < results->n_influence; j++) {
        const temoin_influence *at = &results->influence[j];
        if (!same_effect(at, &results->influence[i]) || isnan(at->change)) continue;
        if (!largest || fabs(at->change) > fabs(largest->change)) largest = at;
    }
    return largest;
}

static const char *kind_words(const tm_dossier *d, const temoin_influence *at)
{
    if (strcmp(at->kind, "provider") == 0) return tm_dossier_say(d, "without caseworker", "sans l’intervenant");
    if (strcmp(at->kind, "site") == 0) return tm_dossier_say(d, "without site", "sans le site");
    return tm_dossier_say(d, "as if average:", "ramené à la moyenne :");
}

static void add_influence(const tm_dossier *d, tm_table *table, const temoin_influence *at)
{
    const temoin_row row = {
        .measure = at->measure, .wave = at->wave, .arm = at->arm, .reference = at->reference, .estimator = "dim"};
    const double factor = tm_row_factor(d->results, &row);
    const int decimals = tm_row_decimals(d->results, &row);
    tm_table_cell *cells = tm_table_add_row(d->document, table);
    if (!cells) return;
    cells[0] = tm_cell_text(tm_effect_title(d, &row));
    cells[1] = tm_cell_text(tm_text(d->document->ctx, "%s %s", kind_words(d, at), at->left_out));
    cells[2] = tm_cell_number((at->value - at->change) * factor, decimals);
    cells[3] = tm_cell_number(at->value * factor, decimals);
    cells[3].strong = true;
    cells[4] = tm_cell_interval(at->ci_low * factor, at->ci_high * factor, decimals);
    cells[5] = tm_cell_number(at->leverage, 2);
    cells[6] = tm_cell_percent(at->partial_leverage, 0);
}

void tm_add_influence_table(const tm_dossier *d)
{
    const temoin_results *results = d->results;
    if (results->n_influence == 0) return;
    const tm_column columns[] = {
        {.head = tm_dossier_say(d, "Outcome", "Résultat")},
        {.head = tm_dossier_say(d, "Largest change", "Plus grand changement")},
        {tm_dossier_say(d, "with everybody", "avec tous"), true, tm_dossier_say(d, "Effect", "Effet")},
        {tm_dossier_say(d, "then", "alors"), true, tm_dossier_say(d, "Effect", "Effet")},
        {tm_dossier_say(d, "interval", "intervalle"), true, tm_dossier_say(d, "Effect", "Effet")},
        {tm_dossier_say(d, "Leverage", "Levier"), true, NULL},
        {tm_dossier_say(d, "Share in the effect", "Part dans l’effet"), true, NULL},
    };
    tm_table *table = tm_document_add_table(
        d->document, tm_dossier_say(d, "Whose absence changes an effect most", "L’absence qui change le plus un effet"),
        columns, sizeof columns / sizeof *columns);
    for (int64_t i = 0; i < results->n_influence; i++) {
        const temoin_influence *largest = opens(results, i) ? find_largest(results, i) : NULL;
        if (largest) add_influence(d, table, largest);
    }
    tm_table_add_remark(
        d->document, table,
        tm_dossier_say(d,
                       "Leverage: of the caseworker’s clients in the fit; all leverages add up to the number of "
                       "coefficients. Share in the effect: of all clients’ shares, which add up to 100%.",
                       "Levier : celui des clients de l’intervenant dans l’ajustement ; la somme des leviers est le "
                       "nombre de coefficients. Part dans l’effet : les parts de tous les clients font 100 %."));
}

static const char *test_words(const tm_dossier *d, const temoin_provider_test *test)
{
    char rho[TM_WRITTEN_SIZE];
    if (strcmp(test->test, "workers_permuted") == 0)
        return tm_dossier_say(d, "Caseworkers’ arms drawn again: difference of means",
                              "Groupes des intervenants tirés à nouveau : différence de moyennes");
    if (strcmp(test->test, "workers_studentized") == 0)
        return tm_dossier_say(d, "Caseworkers’ arms drawn again: difference over its standard error",
                              "Groupes des intervenants tirés à nouveau : différence sur son erreur type");
    if (strcmp(test->test, "placebo") != 0) return test->test;
    return tm_text(d->document->ctx,
                   tm_dossier_say(d, "Placebo: arms that do nothing, intraclass correlation %s",
                                  "Placebo : groupes sans effet, corrélation intraclasse %s"),
                   tm_write_number(d->document->language, test->rho, 3, rho));
}

static void add_test(const tm_dossier *d, tm_table *table, const temoin_provider_test *test, bool several)
{
    const temoin_row row = {
        .measure = test->measure, .wave = test->wave, .arm = test->arm, .reference = test->reference};
    tm_table_cell *cells = tm_table_add_row(d->document, table);
    if (!cells) return;
    int c = 0;
    if (several) cells[c++] = tm_cell_text(tm_effect_title(d, &row));
    cells[c] = tm_cell_text(test_words(d, test));
    cells[c + 1] = tm_cell_p(test->p);
    cells[c + 1].strong = true;
    cells[c + 2] = test->exact ? tm_cell_text(tm_dossier_say(d, "exact", "exact"))
                               : tm_cell_interval(test->p_low, test->p_high, 3);
    cells[c + 3] = tm_cell_p(test->smallest_p);
    cells[c + 4] = tm_cell_count(test->n_redraws > 0 ? test->n_redraws : -1);
    tm_put_note(d, table, &cells[isnan(test->p) ? c + 1 : 0], test->note);
}

static bool several_effects(const temoin_results *results)
{
    for (int64_t t = 1; t < results->n_provider_tests; t++) {
        const temoin_provider_test *a = &results->provider_tests[0], *b = &results->provider_tests[t];
        if (strcmp(a->measure, b->measure) != 0 || strcmp(a->wave, b->wave) != 0 || strcmp(a->arm, b->arm) != 0 ||
            strcmp(a->reference, b->reference) != 0)
            return true;
    }
    return false;
}

void tm_add_worker_tests_table(const tm_dossier *d)
{
    const temoin_results *results = d->results;
    if (results->n_provider_tests == 0) return;
    const bool several = several_effects(results);
    const tm_column columns[] = {
        {.head = tm_dossier_say(d, "Outcome", "Résultat")},
        {.head = tm_dossier_say(d, "Test", "Test")},
        {"p", true, NULL},
        {tm_dossier_say(d, "Range of p", "Plage de p"), true, NULL},
        {tm_dossier_say(d, "smallest possible p", "plus petite p possible"), true, NULL},
        {tm_dossier_say(d, "Arrangements", "Répartitions"), true, NULL},
    };
    const temoin_provider_test *first = &results->provider_tests[0];
    const char *outcome = tm_outcome_words(d, first->measure, first->wave);
    const char *caption =
        several   ? tm_dossier_say(d, "Tests at the level of caseworkers", "Tests au niveau des intervenants")
        : outcome ? tm_text(d->document->ctx,
                            tm_dossier_say(d, "Tests at the level of caseworkers: %s",
                                           "Tests au niveau des intervenants : %s"),
                            outcome)
                  : NULL;
    tm_table *table = tm_document_add_table(d->document, caption, columns + !several, several ? 6 : 5);
    for (int64_t t = 0; t < results->n_provider_tests; t++) add_test(d, table, &results->provider_tests[t], several);
    tm_table_add_remark(
        d->document, table,
        tm_dossier_say(d,
                       "Placebo: how often caseworkers who differ that much set the arms at least as far apart where "
                       "the programme does nothing. Range of p: what more draws would give.",
                       "Placebo : combien de fois des intervenants qui diffèrent autant éloignent au moins autant les "
                       "groupes alors que le programme ne fait rien. Plage de p : ce que donneraient plus de "
                       "tirages."));
}

static const char *question_of(const tm_dossier *d, const temoin_provider_selection *at)
{
    if (strcmp(at->test, "baseline") == 0)
        return tm_dossier_say(d, "Clients alike at baseline", "Clients semblables au départ");
    const char *outcome = at->measure[0] ? tm_outcome_words(d, at->measure, at->wave) : "";
    if (!outcome) return NULL;
    return tm_text(d->document->ctx, "%s%s%s", tm_dossier_say(d, "As many stay", "Autant restent"),
                   outcome[0] ? tm_dossier_say(d, ": ", " : ") : "", outcome);
}

void tm_add_selection_table(const tm_dossier *d)
{
    const temoin_results *results = d->results;
    if (results->n_provider_selection == 0) return;
    const char *square = tm_dossier_say(d, "Chi-square", "Khi carré");
    const tm_column columns[] = {
        {.head = tm_dossier_say(d, "Question", "Question")},
        {.head = tm_dossier_say(d, "Arm", "Groupe")},
        {"n", true, NULL},
        {tm_dossier_say(d, "Caseworkers", "Intervenants"), true, NULL},
        {tm_dossier_say(d, "value", "valeur"), true, square},
        {tm_dossier_say(d, "df", "ddl"), true, square},
        {"p", true, square},
        {tm_dossier_say(d, "p, clients exchanged", "p, clients échangés"), true, NULL},
    };
    tm_table *table =
        tm_document_add_table(d->document,
                              tm_dossier_say(d, "Are the clients of different caseworkers alike?",
                                             "Les clients de différents intervenants se ressemblent-ils ?"),
                              columns, sizeof columns / sizeof *columns);
    for (int64_t s = 0; s < results->n_provider_selection; s++) {
        const temoin_provider_selection *at = &results->provider_selection[s];
        tm_table_cell *cells = tm_table_add_row(d->document, table);
        if (!cells) return;
        cells[0] = tm_cell_text(question_of(d, at));
        cells[1] = tm_cell_text(at->arm[0] ? tm_arm_text(results, d->document, at->arm)
                                           : tm_dossier_say(d, "within arms", "au sein des groupes"));
        cells[2] = tm_cell_count(at->n);
        cells[3] = tm_cell_count(at->n_providers);
        cells[4] = tm_cell_number(at->statistic, 1);
        cells[5] = tm_cell_number(at->df, 0);
        cells[6] = tm_cell_p(at->p);
        cells[7] = tm_cell_p(at->p_permuted);
        tm_put_note(d, table, &cells[isnan(at->p) ? 6 : 0], at->note);
    }
}

/* Caseloads against places, where either is known. */
void tm_add_places_table(const tm_dossier *d)
{
    const temoin_results *results = d->results;
    const tm_column columns[] = {
        {.head = tm_dossier_say(d, "Caseworker", "Intervenant")},
        {.head = tm_dossier_say(d, "Arm", "Groupe")},
        {tm_dossier_say(d, "Clients", "Clients"), true, NULL},
        {tm_dossier_say(d, "at the same time, at most", "en même temps, au plus"), true, NULL},
        {tm_dossier_say(d, "Places", "Places"), true, NULL},
    };
    tm_table *table = NULL;
    for (int64_t c = 0; c < results->n_caseloads; c++) {
        const temoin_caseload *at = &results->caseloads[c];
        if (at->places < 0 && at->peak < 0) continue;
        if (!table)
            table = tm_document_add_table(
                d->document,
                tm_dossier_say(d, "Clients at the same time, and places", "Clients en même temps, et places"), columns,
                sizeof columns / sizeof *columns);
        tm_table_cell *cells = tm_table_add_row(d->document, table);
        if (!cells) return;
        cells[0] = tm_cell_text(at->provider);
        cells[1] = tm_cell_text(tm_label_text(d->document, &results->arms[at->arm].label));
        cells[2] = tm_cell_masked_count(at->n, results->min_cell);
        cells[3] = tm_cell_masked_count(at->peak, results->min_cell);
        cells[4] = tm_cell_count(at->places);
    }
}
