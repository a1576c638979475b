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
#include "statistics/statistic.h"
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

static bool any_randomized(const temoin_results *results)
{
    bool any = false;
    for (int64_t r = 0; r < results->n_rows; r++) any |= !isnan(results->rows[r].p_randomization);
    return any;
}

static bool any_bootstrapped(const temoin_results *results)
{
    bool any = false;
    for (int64_t r = 0; r < results->n_rows; r++) any |= !isnan(results->rows[r].p_bootstrap);
    return any;
}

/* The statistic of an estimate's randomization test; "–" without a test. */
static const char *statistic_words(const tm_document *document, const temoin_row *row)
{
    const tm_statistic *statistic = tm_statistic_find(row->randomization_statistic);
    if (!statistic) return "–";
    return with_key(document, statistic->key, pick(document, statistic->title_en, statistic->title_fr));
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
        {.head = pick(document, "Statistic of the randomization test", "Statistique du test de randomisation")},
    };
    const int n_columns = any_randomized(results) ? 4 : 3;
    tm_table *table = tm_document_add_table(
        document, pick(document, "How each estimate is made", "Comment chaque estimation est faite"), columns,
        n_columns);
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
        if (n_columns == 4) cells[3] = tm_cell_text(statistic_words(document, row));
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
    for (int64_t r = 0; r < results->n_rows; r++) {
        const tm_statistic *statistic = tm_statistic_find(results->rows[r].randomization_statistic);
        if (statistic) cite_all(document, citations, statistic->cites);
    }
    if (any_bootstrapped(results)) cite_all(document, citations, tm_bootstrap_cites);
    for (int a = 0; a < tm_n_adjustments; a++) {
        bool used = false;
        for (int64_t r = 0; r < results->n_rows; r++)
            used |= !isnan(tm_adjustment_value(tm_adjustments[a], &results->rows[r]));
        if (used) cite_all(document, citations, tm_adjustments[a]->cites);
    }
}

static void add_reading(const temoin_results *results, tm_document *document)
{
    tm_document_add_paragraph(
        document,
        pick(document,
             "The p values are two-sided, from Student’s t with the degrees of freedom that belong to the variance. A "
             "number that the data do not identify is not printed: a dash stands in its place, with the reason under "
             "the table.",
             "Les valeurs p sont bilatérales, d’après la loi de Student avec les degrés de liberté propres à la "
             "variance. Un nombre que les données n’identifient pas n’est pas imprimé : un tiret tient sa place, et "
             "la raison figure sous le tableau."));
    if (any_randomized(results))
        tm_document_add_paragraph(
            document,
            pick(
                document,
                "The randomization test draws the arms again by the trial’s own design and asks how often the draw "
                "alone would set them as far apart. It needs no large sample; its interval holds the effects, the same "
                "for everybody, that it does not reject.",
                "Le test de randomisation refait le tirage des groupes selon le plan même de l’essai et compte combien "
                "de fois le tirage seul les écarterait autant. Il n’exige pas de grand échantillon ; son intervalle "
                "contient les effets, les mêmes pour tous, qu’il ne rejette pas."));
    if (any_bootstrapped(results))
        tm_document_add_paragraph(
            document,
            pick(document,
                 "The wild cluster bootstrap changes the signs of whole clusters’ residuals and asks how often the "
                 "effect, divided by its standard error, comes out as large. It is for few clusters; with fewer than "
                 "six "
                 "in an arm it tells little.",
                 "Le bootstrap par grappes change le signe des résidus de grappes entières et compte combien de fois "
                 "l’effet divisé par son erreur type atteint cette taille. Il est fait pour un petit nombre de grappes "
                 "; "
                 "avec moins de six dans un groupe, il dit peu."));
}

/* How to read what is said of caseworkers, where there are any. */
static void add_caseworkers(const temoin_results *results, tm_document *document)
{
    if (results->n_provider_structure == 0) return;
    tm_document_add_paragraph(
        document,
        pick(
            document,
            "Caseworkers: the intraclass correlation is the share of an outcome’s variance that lies between "
            "caseworkers of an arm. Shrunken means are drawn towards the mean of the arm in proportion to the chance "
            "in them. The tipping point is the correlation ρ at which the interval of an effect with variance "
            "Σ s²/n [1 + (m − 1) ρ] touches zero, the sum being over the two arms and m the caseload of a client’s "
            "caseworker. The estimate recommended is the one that suits how caseworkers stand to the arms; the others "
            "show how much hangs on that choice.",
            "Intervenants : la corrélation intraclasse est la part de la variance d’un résultat qui tient aux "
            "intervenants d’un groupe. Les moyennes ramenées sont rapprochées de celle du groupe à la mesure du hasard "
            "qu’elles contiennent. Le point de bascule est la corrélation ρ à laquelle touche zéro l’intervalle d’un "
            "effet de variance Σ s²/n [1 + (m − 1) ρ], somme sur les deux groupes, m étant le nombre de clients de "
            "l’intervenant d’un client. L’estimation recommandée est celle qui convient à la façon dont les "
            "intervenants se répartissent entre les groupes ; les autres montrent ce qui dépend de ce choix."));
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
        add_reading(results, document);
        add_caseworkers(results, document);
        tm_document_add_heading(document, 3, pick(document, "Sources of the methods", "Sources des méthodes"));
        add_citations(results, document);
    }
    add_verification(results, document);
    return TEMOIN_OK;
}

const tm_section tm_section_methods = {.key = "methods", .title = {"Methods", "Méthodes"}, .order = 40, .build = build};
