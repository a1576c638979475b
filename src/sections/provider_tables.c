/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of the section on caseworkers. */
#include <math.h>
#include <string.h>

#include "sections/dossier.h"
#include "sections/wording.h"

static const char *arm_label(const tm_dossier *d, int32_t arm)
{
    return tm_label_text(d->document, &d->results->arms[arm].label);
}

static const char *level_head(const tm_dossier *d, double level)
{
    const char *words = tm_level_words(d, level);
    return words ? tm_text(d->document->ctx, tm_dossier_say(d, "%s CI", "IC à %s"), words) : NULL;
}

void tm_add_structure_table(const tm_dossier *d)
{
    const int64_t least = d->results->min_cell;
    const tm_column columns[] = {
        {.head = tm_dossier_say(d, "Arm", "Groupe")},
        {tm_dossier_say(d, "Caseworkers", "Intervenants"), true, NULL},
        {tm_dossier_say(d, "Clients with one", "Clients suivis"), true, NULL},
        {tm_dossier_say(d, "without", "non suivis"), true, NULL},
        {tm_dossier_say(d, "mean", "moyenne"), true,
         tm_dossier_say(d, "Clients per caseworker", "Clients par intervenant")},
        {tm_dossier_say(d, "least", "minimum"), true,
         tm_dossier_say(d, "Clients per caseworker", "Clients par intervenant")},
        {tm_dossier_say(d, "most", "maximum"), true,
         tm_dossier_say(d, "Clients per caseworker", "Clients par intervenant")},
        {tm_dossier_say(d, "variation", "variation"), true,
         tm_dossier_say(d, "Clients per caseworker", "Clients par intervenant")},
        {tm_dossier_say(d, "as clients see it", "vue du client"), true,
         tm_dossier_say(d, "Clients per caseworker", "Clients par intervenant")},
    };
    tm_table *table = tm_document_add_table(
        d->document, tm_dossier_say(d, "Caseworkers and their clients, by arm", "Intervenants et clients, par groupe"),
        columns, sizeof columns / sizeof *columns);
    for (int64_t a = 0; a < d->results->n_provider_arms; a++) {
        const temoin_provider_arm *arm = &d->results->provider_arms[a];
        tm_table_cell *cells = tm_table_add_row(d->document, table);
        if (!cells) return;
        cells[0] = tm_cell_text(arm_label(d, arm->arm));
        cells[1] = tm_cell_count(arm->n_providers);
        cells[2] = tm_cell_masked_count(arm->n_clients, least);
        cells[3] = tm_cell_masked_count(arm->n_blank, least);
        cells[4] = tm_cell_number(arm->mean, 1);
        cells[5] = tm_cell_masked_count(arm->smallest, least);
        cells[6] = tm_cell_masked_count(arm->largest, least);
        cells[7] = tm_cell_number(arm->cv, 2);
        cells[8] = tm_cell_number(arm->weighted, 1);
    }
    tm_table_add_remark(
        d->document, table,
        tm_dossier_say(d,
                       "Variation: standard deviation of caseloads over their mean. As clients see it: the caseload of "
                       "a client’s caseworker, on average over clients; it exceeds the mean where caseloads differ.",
                       "Variation : écart type du nombre de clients, rapporté à la moyenne. Vue du client : nombre de "
                       "clients de son intervenant, en moyenne sur les clients ; il dépasse la moyenne quand les "
                       "charges diffèrent."));
}

/* The plan asks for an effect on the measure at the wave. */
static bool is_estimated(const temoin_results *results, const temoin_icc *icc)
{
    for (int64_t r = 0; r < results->n_rows; r++)
        if (strcmp(results->rows[r].measure, icc->measure) == 0 && strcmp(results->rows[r].wave, icc->wave) == 0)
            return true;
    return false;
}

/* Within arms, and the first of its kind: the line that stands for a measure at a wave. */
static bool stands_for_all(const temoin_results *results, int64_t i)
{
    const temoin_icc *icc = &results->icc[i];
    if (icc->arm[0] || !is_estimated(results, icc)) return false;
    for (int64_t j = 0; j < i; j++)
        if (!results->icc[j].arm[0] && strcmp(results->icc[j].measure, icc->measure) == 0 &&
            strcmp(results->icc[j].wave, icc->wave) == 0)
            return false;
    return true;
}

static void add_icc(const tm_dossier *d, tm_table *table, const temoin_icc *icc, const char *name)
{
    tm_table_cell *cells = tm_table_add_row(d->document, table);
    if (!cells) return;
    cells[0] = tm_cell_text(name);
    cells[1] = tm_cell_count(icc->n_providers);
    cells[2] = tm_cell_number(icc->value, 3);
    cells[2].strong = true;
    cells[3] = tm_cell_interval(icc->ci_low, icc->ci_high, 3);
    cells[4] = tm_cell_number(icc->design_effect, 2);
    cells[5] = tm_cell_p(icc->p);
    tm_put_note(d, table, &cells[isnan(icc->value) ? 2 : 0], icc->note);
}

static tm_table *add_icc_table(const tm_dossier *d, const char *caption, const char *first)
{
    const tm_column columns[] = {
        {.head = first},
        {tm_dossier_say(d, "Caseworkers", "Intervenants"), true, NULL},
        {"ICC", true, NULL},
        {level_head(d, d->results->icc[0].level), true, NULL},
        {tm_dossier_say(d, "Design effect", "Effet de plan"), true, NULL},
        {tm_dossier_say(d, "p, no differences", "p, aucune différence"), true, NULL},
    };
    return tm_document_add_table(d->document, caption, columns, sizeof columns / sizeof *columns);
}

static void add_icc_by_measure(const tm_dossier *d)
{
    const temoin_results *results = d->results;
    const char *measure = "";
    tm_table *table = add_icc_table(d,
                                    tm_dossier_say(d, "How much caseworkers differ, within arms",
                                                   "Différences entre intervenants, au sein des groupes"),
                                    tm_dossier_say(d, "Outcome", "Résultat"));
    for (int64_t i = 0; i < results->n_icc; i++) {
        const temoin_icc *icc = &results->icc[i];
        if (!stands_for_all(results, i)) continue;
        const char *label = tm_measure_text(results, d->document, icc->measure);
        if (icc->wave[0] && strcmp(measure, icc->measure) != 0) tm_table_add_group(d->document, table, label);
        measure = icc->measure;
        add_icc(d, table, icc, icc->wave[0] ? tm_wave_text(d->document, icc->wave) : label);
    }
    tm_table_add_remark(
        d->document, table,
        tm_dossier_say(
            d,
            "ICC: intraclass correlation, the share of the variance that lies between caseworkers; below zero where "
            "clients of one caseworker are less alike than others. Design effect: by how much it multiplies the "
            "variance of a mean. p: clients exchanged at random among the caseworkers of their arm. Outcomes and waves "
            "that have an effect are shown; results.json has all.",
            "ICC : corrélation intraclasse, la part de la variance qui tient aux intervenants ; négative si les "
            "clients "
            "d’un même intervenant se ressemblent moins que les autres. Effet de plan : ce par quoi elle multiplie la "
            "variance d’une moyenne. p : clients échangés au hasard entre les intervenants de leur groupe. Les "
            "résultats "
            "et vagues qui ont un effet sont montrés ; results.json les contient tous."));
}

/* The measure of the effect in full by arm and by method. */
static void add_icc_by_method(const tm_dossier *d)
{
    const temoin_results *results = d->results;
    const char *outcome = d->tip ? tm_outcome_words(d, d->tip->measure, d->tip->wave) : "", *arm = NULL;
    tm_table *table = NULL;
    for (int64_t i = 0; d->tip && outcome && i < results->n_icc; i++) {
        const temoin_icc *icc = &results->icc[i];
        if (strcmp(icc->measure, d->tip->measure) != 0 || strcmp(icc->wave, d->tip->wave) != 0) continue;
        if (!table)
            table =
                add_icc_table(d,
                              tm_text(d->document->ctx,
                                      tm_dossier_say(d, "%s by arm and method", "%s par groupe et méthode"), outcome),
                              tm_dossier_say(d, "Method", "Méthode"));
        if (!arm || strcmp(arm, icc->arm) != 0)
            tm_table_add_group(d->document, table,
                               icc->arm[0] ? tm_arm_text(results, d->document, icc->arm)
                                           : tm_dossier_say(d, "Within arms", "Au sein des groupes"));
        arm = icc->arm;
        const char *interval = tm_interval_words(d->document, icc->interval);
        add_icc(d, table, icc,
                tm_text(d->document->ctx, "%s%s%s", tm_icc_method_words(d->document, icc->method),
                        interval[0] ? tm_dossier_say(d, "; interval: ", " ; intervalle : ") : "", interval));
    }
    if (!outcome) d->document->out_of_memory = true;
}

void tm_add_icc_tables(const tm_dossier *d)
{
    if (d->results->n_icc == 0) return;
    add_icc_by_measure(d);
    add_icc_by_method(d);
}

static bool same_effect(const temoin_row *a, const temoin_row *b)
{
    return strcmp(a->estimate, b->estimate) == 0 && strcmp(a->measure, b->measure) == 0 &&
           strcmp(a->wave, b->wave) == 0 && strcmp(a->arm, b->arm) == 0 && strcmp(a->reference, b->reference) == 0;
}

static void add_method(const tm_dossier *d, tm_table *table, const temoin_row *row)
{
    tm_table_cell *cells = tm_table_add_row(d->document, table);
    if (!cells) return;
    const int decimals = tm_row_decimals(d->results, row);
    const double factor = tm_row_factor(d->results, row);
    const bool recommended = tm_row_is_recommended(row);
    const char *method = tm_method_words(d, row);
    if (strcmp(row->cluster, "client") == 0 && method)
        method = tm_text(d->document->ctx, tm_dossier_say(d, "%s, by clients", "%s, par clients"), method);
    if (recommended && method)
        method = tm_text(d->document->ctx, tm_dossier_say(d, "%s (recommended)", "%s (recommandé)"), method);
    cells[0] = tm_cell_text(method);
    cells[1] = tm_cell_number(row->value * factor, decimals);
    cells[2] = tm_cell_number(row->se * factor, decimals);
    cells[3] = tm_cell_interval(row->ci_low * factor, row->ci_high * factor, decimals);
    cells[4] = tm_cell_number(row->df, 1);
    cells[5] = tm_cell_p(row->p);
    for (int c = 0; c < 6; c++) cells[c].strong = recommended;
    const char *reasons = tm_reasons_text(d->results, d->document, row, true);
    int refused = 5;
    while (refused > 1 && cells[refused - 1].kind == TM_CELL_DASH) refused--;
    if (!reasons || reasons[0]) tm_table_add_footnote(d->document, table, &cells[refused], reasons);
}

/* The bootstrap goes with a row, and is a way of its own to allow for caseworkers. */
static void add_bootstrap(const tm_dossier *d, tm_table *table, const temoin_row *row)
{
    tm_table_cell *cells = isnan(row->p_bootstrap) ? NULL : tm_table_add_row(d->document, table);
    if (!cells) return;
    const int decimals = tm_row_decimals(d->results, row);
    const double factor = tm_row_factor(d->results, row);
    cells[0] = tm_cell_text(
        tm_dossier_say(d, "the same with the wild cluster bootstrap", "la même, avec le bootstrap par grappes"));
    cells[1] = tm_cell_number(row->value * factor, decimals);
    cells[2] = cells[4] = tm_cell_number(NAN, 0);
    cells[3] = tm_cell_interval(row->ci_bootstrap_low * factor, row->ci_bootstrap_high * factor, decimals);
    cells[5] = tm_cell_p(row->p_bootstrap);
}

void tm_add_methods_table(const tm_dossier *d)
{
    const temoin_results *results = d->results;
    if (results->n_provider_rows == 0) return;
    const tm_column columns[] = {
        {.head = tm_dossier_say(d, "Method", "Méthode")},
        {tm_dossier_say(d, "Effect", "Effet"), true, NULL},
        {tm_dossier_say(d, "Standard error", "Erreur type"), true, NULL},
        {level_head(d, results->provider_rows[0].level), true, NULL},
        {tm_dossier_say(d, "Degrees of freedom", "Degrés de liberté"), true, NULL},
        {"p", true, NULL},
    };
    tm_table *table = tm_document_add_table(
        d->document, tm_dossier_say(d, "The same effect by every method", "Le même effet par chaque méthode"), columns,
        sizeof columns / sizeof *columns);
    for (int64_t r = 0; r < results->n_provider_rows; r++) {
        const temoin_row *row = &results->provider_rows[r];
        if (r == 0 || !same_effect(row, row - 1)) tm_table_add_group(d->document, table, tm_effect_title(d, row));
        add_method(d, table, row);
        add_bootstrap(d, table, row);
    }
    if (d->recommended)
        tm_table_add_remark(
            d->document, table,
            tm_dossier_say(d, "Recommended: for caseworkers who stand to the arms as these do.",
                           "Recommandé : pour des intervenants qui se répartissent ainsi entre les groupes."));
}

/* Never 100%: no difference is beyond all that could be. */
static tm_table_cell percentile_cell(const tm_dossier *d, double share)
{
    char text[TM_WRITTEN_SIZE];
    if (!(share >= 0.9995)) return tm_cell_percent(share, 1);
    return tm_cell_text(
        tm_text(d->document->ctx, ">\u00a0%s", tm_write_percent(d->document->language, 0.999, 1, text)));
}

static void fill_tipping(const tm_dossier *d, tm_table *table, const temoin_tipping_point *tip, tm_table_cell *cells)
{
    const temoin_row row = {
        .measure = tip->measure, .wave = tip->wave, .arm = tip->arm, .reference = tip->reference, .estimator = "dim"};
    const double factor = tm_row_factor(d->results, &row);
    const int decimals = tm_row_decimals(d->results, &row);
    cells[0] = tm_cell_text(tm_effect_title(d, &row));
    cells[1] = tm_cell_number(tip->value * factor, decimals);
    cells[2] = tm_cell_number(tip->icc, 3);
    cells[3] = tm_cell_interval(tip->icc_low, tip->icc_high, 3);
    cells[4] = tm_cell_number(tip->rho, 3);
    cells[4].strong = true;
    cells[5] = tm_cell_interval(tip->published_low, tip->published_high, 3);
    cells[6] = tm_cell_number(tip->worker_sd * factor, decimals);
    cells[7] = percentile_cell(d, tip->worker_percentile);
    tm_put_note(d, table, &cells[isnan(tip->rho) ? 4 : 0], tip->note);
}

void tm_add_tipping_table(const tm_dossier *d)
{
    if (d->results->n_tipping_points == 0) return;
    const char *data = tm_dossier_say(d, "ICC in these data", "ICC dans ces données");
    const tm_column columns[] = {
        {.head = tm_dossier_say(d, "Outcome", "Résultat")},
        {tm_dossier_say(d, "Effect", "Effet"), true, NULL},
        {tm_dossier_say(d, "estimate", "estimation"), true, data},
        {level_head(d, d->results->tipping_points[0].level), true, data},
        {tm_dossier_say(d, "ICC at the tipping point", "ICC au point de bascule"), true, NULL},
        {tm_dossier_say(d, "ICC published", "ICC publiés"), true, NULL},
        {tm_dossier_say(d, "Standard deviation between caseworkers", "Écart type entre intervenants"), true, NULL},
        {tm_dossier_say(d, "Percentile of the whole effect", "Percentile de l’effet entier"), true, NULL},
    };
    tm_table *table = tm_document_add_table(d->document,
                                            tm_dossier_say(d, "How much caseworkers would have to differ",
                                                           "À quel point les intervenants devraient différer"),
                                            columns, sizeof columns / sizeof *columns);
    for (int64_t t = 0; t < d->results->n_tipping_points; t++) {
        tm_table_cell *cells = tm_table_add_row(d->document, table);
        if (!cells) return;
        fill_tipping(d, table, &d->results->tipping_points[t], cells);
    }
    tm_table_add_remark(
        d->document, table,
        tm_dossier_say(
            d,
            "Tipping point: the smallest intraclass correlation at which the interval of the effect touches "
            "zero. Percentile: where a difference as large as the whole effect lies among those between two "
            "groups of such caseworkers.",
            "Point de bascule : la plus petite corrélation intraclasse à laquelle l’intervalle de l’effet "
            "touche zéro. Percentile : la place d’une différence égale à l’effet entier parmi celles de deux "
            "groupes de tels intervenants."));
}
