/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sections/effect_remarks.h"

#include <math.h>
#include <string.h>

#include "base/sink.h"
#include "sections/wording.h"

static void add_family(tm_document *document, tm_table *table, const temoin_family_summary *family)
{
    const tm_language language = document->language;
    char redraws[TM_WRITTEN_SIZE], p[TM_WRITTEN_SIZE];
    tm_write_number(language, (double)family->n_redraws, 0, redraws);
    tm_write_p(language, family->p_omnibus, p);
    const bool bound = p[0] == '<' || p[0] == '>';
    tm_table_add_remark(
        document, table,
        tm_text(
            document->ctx,
            family->exact
                ? tm_say(language,
                         "Family “%s”, no effect at all: p\u00a0%s%s by its largest statistic, over all assignments "
                         "(%s).",
                         "Famille « %s », aucun effet du tout : p\u00a0%s%s d’après sa plus grande statistique, sur "
                         "toutes les assignations (%s).")
                : tm_say(language, "Family “%s”, no effect at all: p\u00a0%s%s by its largest statistic in %s redraws.",
                         "Famille « %s », aucun effet du tout : p\u00a0%s%s d’après sa plus grande statistique en %s "
                         "tirages."),
            family->name, bound ? "" : "=\u00a0", p, redraws));
}

void tm_add_family_remark(const temoin_results *results, tm_document *document, tm_table *table, const char *family)
{
    for (int32_t f = 0; f < results->n_families; f++)
        if (strcmp(results->families[f].name, family) == 0 && !isnan(results->families[f].p_omnibus))
            add_family(document, table, &results->families[f]);
}

/* "In training, wave 12", with what tells it from other effects of the estimate. */
static const char *name_of(const temoin_results *results, tm_document *document, const temoin_clusters *c)
{
    const temoin_row row = {.arm = c->arm, .reference = c->reference};
    const char *wave = tm_wave_text(document, c->wave);
    const char *contrast = results->n_arms > 2 ? tm_contrast_text(results, document, &row) : "";
    const char *subgroup = c->subgroup[0] ? tm_subgroup_text(results, document, c->subgroup) : "";
    if (!wave || !contrast || !subgroup) return NULL;
    tm_sink sink;
    tm_sink_init(&sink, document->ctx);
    tm_sink_put(&sink, tm_measure_text(results, document, c->measure));
    const char *const parts[] = {wave, contrast, subgroup};
    for (int i = 0; i < 3; i++)
        if (parts[i][0]) tm_sink_printf(&sink, ", %s", parts[i]);
    return sink.out_of_memory ? NULL : sink.text;
}

static void add_clusters(const temoin_results *results, tm_document *document, tm_table *table,
                         const temoin_clusters *c)
{
    const temoin_row row = {.measure = c->measure, .estimator = "dim"};
    const double factor = tm_row_factor(results, &row);
    tm_table_cell *cells = tm_table_add_row(document, table);
    if (!cells) return;
    cells[0] = tm_cell_text(name_of(results, document, c));
    cells[1] = tm_cell_count(c->n_clusters);
    cells[2] = tm_cell_masked_count(c->smallest, results->min_cell);
    cells[3] = tm_cell_masked_count(c->largest, results->min_cell);
    cells[4] = tm_cell_number(c->effective, 1);
    cells[4].strong = true;
    cells[5] = tm_cell_number(c->effective_correlated, 1);
    cells[6] = tm_cell_percent(c->partial_high, 0);
    cells[7] =
        tm_cell_interval(c->without_one_low * factor, c->without_one_high * factor, tm_row_decimals(results, &row));
    if (isnan(c->without_one_low) && isnan(c->without_one_high)) cells[7] = tm_cell_number(NAN, 0);
}

static tm_table *add_table(tm_document *document)
{
    const tm_language language = document->language;
    const char *rows = tm_say(language, "Rows in a cluster", "Lignes par grappe");
    const char *effective = tm_say(language, "Effective clusters", "Grappes effectives");
    const tm_column columns[] = {
        {.head = tm_say(language, "Outcome", "Résultat")},
        {tm_say(language, "Clusters", "Grappes"), true, NULL},
        {tm_say(language, "least", "minimum"), true, rows},
        {tm_say(language, "most", "maximum"), true, rows},
        {tm_say(language, "unlike inside", "dissemblables"), true, effective},
        {tm_say(language, "alike inside", "semblables"), true, effective},
        {tm_say(language, "Most of the effect in one", "Plus grande part de l’effet"), true, NULL},
        {tm_say(language, "Effect without one", "Effet sans l’une"), true, NULL},
    };
    return tm_document_add_table(
        document, tm_say(language, "What clustered effects rest on", "Sur quoi reposent les effets par grappes"),
        columns, sizeof columns / sizeof *columns);
}

void tm_add_clusters_table(const temoin_results *results, tm_document *document)
{
    const char *estimate = "";
    if (results->n_clusters == 0) return;
    tm_table *table = add_table(document);
    for (int64_t c = 0; c < results->n_clusters; c++) {
        if (strcmp(estimate, results->clusters[c].estimate) != 0)
            tm_table_add_group(document, table, results->clusters[c].estimate);
        estimate = results->clusters[c].estimate;
        add_clusters(results, document, table, &results->clusters[c]);
    }
    tm_table_add_remark(
        document, table,
        tm_say(
            document->language,
            "Effective clusters: how many equal ones would give the variance as much to go by, were the rows of a "
            "cluster independent or all the same. Most of the effect in one: the largest share that a single cluster "
            "has in it. Effect without one: from the smallest to the largest, leaving out each cluster in turn.",
            "Grappes effectives : combien de grappes égales appuieraient autant la variance, si les lignes d’une "
            "grappe étaient indépendantes ou toutes pareilles. Plus grande part de l’effet : celle d’une seule "
            "grappe. Effet sans l’une : du plus petit au plus grand, chaque grappe étant écartée à son tour."));
}
