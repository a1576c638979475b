/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The arms before the programme: means or shares, and how far apart they are. */
#include <math.h>
#include <string.h>

#include "sections/section.h"
#include "sections/wording.h"

/* A variable, or one level of it: the rows of all arms that describe it. */
typedef struct line {
    const temoin_results *results;
    const temoin_baseline_row *first;
    bool share;
    int decimals;
} line;

static bool same_line(const temoin_baseline_row *a, const temoin_baseline_row *b)
{
    return strcmp(a->variable, b->variable) == 0 && strcmp(a->level, b->level) == 0;
}

static bool opens(const temoin_results *results, int64_t b)
{
    for (int64_t c = 0; c < b; c++)
        if (same_line(&results->baseline[c], &results->baseline[b])) return false;
    return true;
}

static const temoin_baseline_row *find_arm(const line *l, int32_t arm)
{
    for (int64_t b = 0; b < l->results->n_baseline; b++)
        if (l->results->baseline[b].arm == arm && same_line(&l->results->baseline[b], l->first))
            return &l->results->baseline[b];
    return NULL;
}

/* A share has no sd in any arm; decimals are those that fit the smallest sd. */
static line line_at(const temoin_results *results, int64_t b)
{
    line l = {results, &results->baseline[b], true, 1};
    double smallest = NAN;
    for (int32_t a = 0; a < results->n_arms; a++) {
        const temoin_baseline_row *row = find_arm(&l, a);
        if (row && (!isnan(row->sd) || row->mean < 0 || row->mean > 1)) l.share = false;
        if (row && row->sd > 0) smallest = fmin(smallest, row->sd);
    }
    if (!l.share) l.decimals = tm_decimals_for(smallest);
    return l;
}

/* Columns: the variable; per arm its mean or share; per arm but the first its distance; per arm the missing, if any. */
static void fill(const line *l, bool with_missing, tm_table_cell *cells)
{
    const int32_t n_arms = l->results->n_arms;
    for (int32_t a = 0; a < n_arms; a++) {
        const temoin_baseline_row *row = find_arm(l, a);
        if (!row) continue;
        cells[1 + a] =
            l->share ? tm_cell_percent(row->mean, l->decimals) : tm_cell_mean_sd(row->mean, row->sd, l->decimals);
        if (a > 0) cells[n_arms + a] = tm_cell_number(row->smd, 2);
        if (with_missing) cells[2 * n_arms + a] = tm_cell_masked_count(row->missing, l->results->min_cell);
    }
}

static const char *name_line(const tm_document *document, const temoin_baseline_row *row)
{
    const char *label = tm_label_text(document, &row->label);
    if (!row->level[0]) return label;
    return tm_text(document->ctx, tm_say(document->language, "%s: %s", "%s : %s"), label, row->level);
}

static tm_table *add_table(const temoin_results *results, tm_document *document, bool with_missing)
{
    const int32_t n_arms = results->n_arms;
    tm_column *columns = tm_arena_take(&document->ctx->results, 3 * (int64_t)n_arms, sizeof *columns);
    if (!columns) {
        document->out_of_memory = true;
        return NULL;
    }
    columns[0] = (tm_column){.head = tm_say(document->language, "Characteristic", "Caractéristique")};
    const char *distance = tm_say(document->language, "Standardized difference", "Différence standardisée");
    const char *missing = tm_say(document->language, "Missing", "Manquants");
    for (int32_t a = 0; a < n_arms; a++) {
        const char *arm = tm_label_text(document, &results->arms[a].label);
        columns[1 + a] = (tm_column){arm, true, NULL};
        if (a > 0 && n_arms == 2) columns[n_arms + a] = (tm_column){distance, true, NULL};
        if (a > 0 && n_arms > 2) columns[n_arms + a] = (tm_column){arm, true, distance};
        if (with_missing) columns[2 * n_arms + a] = (tm_column){arm, true, missing};
    }
    return tm_document_add_table(
        document,
        tm_say(document->language, "Characteristics at baseline, by arm", "Caractéristiques au départ, par groupe"),
        columns, (with_missing ? 3 : 2) * n_arms);
}

static bool any_missing(const temoin_results *results)
{
    for (int64_t b = 0; b < results->n_baseline; b++)
        if (results->baseline[b].missing > 0) return true;
    return false;
}

static const char *p_text(const tm_document *document, double p)
{
    char written[TM_WRITTEN_SIZE];
    tm_write_p(document->language, p, written);
    const bool bound = written[0] == '<' || written[0] == '>';
    return tm_text(document->ctx, "p\u00a0%s%s", bound ? "" : "=\u00a0", written);
}

static void add_omnibus(const temoin_omnibus *o, tm_document *document)
{
    const tm_language language = document->language;
    char square[TM_WRITTEN_SIZE], df[TM_WRITTEN_SIZE], redraws[TM_WRITTEN_SIZE];
    if (isnan(o->statistic)) return;
    tm_write_number(language, o->statistic, 1, square);
    tm_write_number(language, o->df, 0, df);
    tm_write_number(language, (double)o->n_redraws, 0, redraws);
    const char *p = p_text(document, o->p), *p_redrawn = p_text(document, o->p_redrawn), *text = NULL;
    if (p && p_redrawn && o->n_redraws > 0)
        text =
            tm_text(document->ctx,
                    tm_say(language,
                           "All characteristics together: %s by %s redraws of the same design, the chance that it "
                           "leaves the arms at least as unlike (chi-square %s on %s degrees of freedom, %s).",
                           "Toutes caractéristiques ensemble : %s d’après %s nouveaux tirages selon le même plan, la "
                           "chance qu’il laisse des groupes au moins aussi différents (khi carré de %s à %s degrés de "
                           "liberté, %s)."),
                    p_redrawn, redraws, square, df, p);
    else if (p)
        text = tm_text(
            document->ctx,
            tm_say(language,
                   "All characteristics together: %s, the chance that a draw leaves the arms at least as unlike "
                   "(chi-square %s on %s degrees of freedom).",
                   "Toutes caractéristiques ensemble : %s, la chance qu’un tirage laisse des groupes au moins "
                   "aussi différents (khi carré de %s à %s degrés de liberté)."),
            p, square, df);
    tm_document_add_paragraph(document, text);
}

static temoin_status build(const temoin_results *results, tm_document *document)
{
    if (results->n_baseline == 0) {
        tm_document_add_paragraph(document,
                                  tm_say(document->language, "The plan names no characteristic measured at baseline.",
                                         "Le plan ne nomme aucune caractéristique mesurée au départ."));
        return TEMOIN_OK;
    }
    const bool with_missing = any_missing(results);
    tm_table *table = add_table(results, document, with_missing);
    for (int64_t b = 0; b < results->n_baseline; b++) {
        if (!opens(results, b)) continue;
        tm_table_cell *cells = tm_table_add_row(document, table);
        if (!cells) return TEMOIN_OK; /* remembered by the document */
        const line l = line_at(results, b);
        fill(&l, with_missing, cells);
        cells[0] = tm_cell_text(name_line(document, l.first));
    }
    tm_table_add_remark(document, table,
                        tm_say(document->language,
                               "Shares, or means with the standard deviation in brackets. Standardized difference: "
                               "from the reference arm, in "
                               "units of the average standard deviation; chance alone leaves differences.",
                               "Parts, ou moyennes avec l’écart type entre parenthèses. Différence standardisée : par "
                               "rapport au groupe de "
                               "référence, en unités de l’écart type moyen ; le hasard seul laisse des différences."));
    if (!with_missing)
        tm_table_add_remark(document, table,
                            tm_say(document->language, "No value is missing.", "Aucune valeur ne manque."));
    for (int32_t i = 0; i < results->n_omnibus; i++) add_omnibus(&results->omnibus[i], document);
    return TEMOIN_OK;
}

const tm_section tm_section_baseline = {
    .key = "baseline", .title = {"Baseline", "Situation de départ"}, .order = 20, .build = build};
