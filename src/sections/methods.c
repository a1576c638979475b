/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the numbers were made, and how anyone can make them again. */
#include <math.h>
#include <string.h>

#include "adjustments/adjustment.h"
#include "base/sink.h"
#include "estimators/estimator.h"
#include "inference/bootstrap.h"
#include "sections/section.h"
#include "sections/wording.h"
#include "temoin/version.h"
#include "variances/variance.h"

static const char *pick(const tm_document *document, const char *en, const char *fr)
{
    return tm_say(document->language, en, fr);
}

/* "lin: regression with …", or the key alone when the registry does not know it. */
static const char *with_key(const tm_document *document, const char *key, const char *words)
{
    if (strcmp(key, words) == 0) return key;
    return tm_text(document->ctx, pick(document, "%s: %s", "%s : %s"), key, words);
}

static const char *estimator_words(const tm_document *document, const char *key)
{
    const tm_estimator *estimator = tm_estimator_find(key);
    return estimator ? pick(document, estimator->title_en, estimator->title_fr) : key;
}

static const char *variance_words(const tm_document *document, const char *key)
{
    const tm_variance *variance = tm_variance_find(key);
    return variance ? pick(document, variance->title_en, variance->title_fr) : key;
}

static const char *cluster_words(const tm_document *document, const temoin_row *row)
{
    if (!row->cluster[0]) return "";
    return tm_text(document->ctx, pick(document, "; clusters: %s", " ; grappes : %s"), row->cluster);
}

static void add_methods_of_estimates(const temoin_results *results, tm_document *document)
{
    const tm_column columns[] = {
        {.head = pick(document, "Estimate", "Estimation")},
        {.head = pick(document, "Effect", "Effet")},
        {.head = pick(document, "Standard error", "Erreur type")},
    };
    tm_table *table = tm_document_add_table(
        document, pick(document, "How each estimate is made", "Comment chaque estimation est faite"), columns, 3);
    for (int64_t r = 0; r < results->n_rows; r++) {
        const temoin_row *row = &results->rows[r];
        if (!tm_row_opens_estimate(results, r)) continue;
        tm_table_cell *cells = tm_table_add_row(document, table);
        const char *cluster = cluster_words(document, row);
        const char *effect = with_key(document, row->estimator, estimator_words(document, row->estimator));
        const char *words = with_key(document, row->variance, variance_words(document, row->variance));
        const char *error = words && cluster ? tm_text(document->ctx, "%s%s", words, cluster) : NULL;
        if (!cells || !effect || !error) {
            document->out_of_memory = true;
            return;
        }
        cells[0] = tm_cell_text(row->estimate);
        cells[1] = tm_cell_text(effect);
        cells[2] = tm_cell_text(error);
    }
}

/* "Neyman 1923; Imbens & Rubin 2015": each once. */
static void cite_all(tm_document *document, tm_node *citations, const char *cites)
{
    while (cites && *cites) {
        const size_t length = strcspn(cites, ";");
        tm_citation_add(document, citations, tm_text_copy(document->ctx, cites, length));
        cites += length;
        cites += strspn(cites, "; ");
    }
}

static void add_citations(const temoin_results *results, tm_document *document)
{
    tm_node *citations = tm_document_add_citations(document);
    for (int64_t r = 0; r < results->n_rows; r++) {
        const tm_estimator *estimator = tm_estimator_find(results->rows[r].estimator);
        const tm_variance *variance = tm_variance_find(results->rows[r].variance);
        if (estimator) cite_all(document, citations, estimator->cites);
        if (variance) cite_all(document, citations, variance->cites);
    }
    bool bootstrap = false;
    for (int64_t r = 0; r < results->n_rows; r++) bootstrap |= results->rows[r].n_bootstrap >= 0;
    if (bootstrap) cite_all(document, citations, tm_bootstrap_cites);
    for (int a = 0; a < tm_n_adjustments; a++) {
        bool used = false;
        for (int64_t r = 0; r < results->n_rows; r++)
            used |= !isnan(tm_adjustment_value(tm_adjustments[a], &results->rows[r]));
        if (used) cite_all(document, citations, tm_adjustments[a]->cites);
    }
}

static void add_reading(tm_document *document)
{
    tm_document_add_paragraph(
        document,
        pick(document,
             "The p values are two-sided, from Student’s t with the degrees of freedom that belong to the variance. A "
             "number that "
             "the data do not identify is not printed: a dash stands in its place, with the reason under the table.",
             "Les valeurs p sont bilatérales, d’après la loi de Student avec les degrés de liberté propres à la "
             "variance. Un "
             "nombre que les données n’identifient pas n’est pas imprimé : un tiret tient sa place, et la raison "
             "figure sous le "
             "tableau."));
}

static void add_verification(const temoin_results *results, tm_document *document)
{
    tm_document_add_heading(document, 3, pick(document, "How to verify", "Comment vérifier"));
    tm_document_add_paragraph(
        document,
        results->drawn
            ? pick(document,
                   "This report is part of a bundle with the plan, the ledger of the allocation and the results. "
                   "“temoin verify” on "
                   "that folder draws the allocation again from the seed, computes every number again and compares "
                   "every byte; it "
                   "names the first line that differs.",
                   "Ce rapport fait partie d’un dossier qui contient le plan, le registre de la répartition et les "
                   "résultats. "
                   "« temoin verify » sur ce dossier refait le tirage à partir de la graine, recalcule chaque nombre "
                   "et compare "
                   "chaque octet ; il nomme la première ligne qui diffère.")
            : pick(document,
                   "This report is part of a bundle with the plan and the results. “temoin verify” on that folder "
                   "computes every "
                   "number again and compares every byte; it names the first line that differs.",
                   "Ce rapport fait partie d’un dossier qui contient le plan et les résultats. « temoin verify » sur "
                   "ce dossier "
                   "recalcule chaque nombre et compare chaque octet ; il nomme la première ligne qui diffère."));
    tm_document_add_paragraph(
        document,
        tm_text(document->ctx, pick(document, "Computed by temoin %s.", "Calculé par temoin %s."), results->engine));
}

static temoin_status build(const temoin_results *results, tm_document *document)
{
    if (results->n_rows > 0) {
        add_methods_of_estimates(results, document);
        add_reading(document);
        tm_document_add_heading(document, 3, pick(document, "Sources of the methods", "Sources des méthodes"));
        add_citations(results, document);
    }
    add_verification(results, document);
    return TEMOIN_OK;
}

const tm_section tm_section_methods = {.key = "methods", .title = {"Methods", "Méthodes"}, .order = 40, .build = build};
