/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is it the programme, or the people who delivered it? */
#include <math.h>

#include "base/sink.h"
#include "sections/dossier.h"
#include "sections/section.h"
#include "sections/wording.h"

static void add_workers_facts(const tm_dossier *d, tm_node *facts)
{
    const temoin_results *results = d->results;
    char n[TM_WRITTEN_SIZE], mean[TM_WRITTEN_SIZE];
    for (int64_t a = 0; a < results->n_provider_arms; a++) {
        const temoin_provider_arm *arm = &results->provider_arms[a];
        const char *label = tm_text(d->document->ctx, tm_dossier_say(d, "Caseworkers, %s", "Intervenants, %s"),
                                    tm_label_text(d->document, &results->arms[arm->arm].label));
        tm_write_number(d->document->language, (double)arm->n_providers, 0, n);
        tm_write_number(d->document->language, arm->mean, 1, mean);
        tm_fact_add(d->document, facts, label, tm_text(d->document->ctx, "%s", n),
                    arm->n_providers > 0
                        ? tm_text(d->document->ctx,
                                  tm_dossier_say(d, "%s clients each, on average", "%s clients chacun, en moyenne"),
                                  mean)
                        : "");
    }
}

static const char *number_text(const tm_dossier *d, double x)
{
    const tm_table_cell cell = tm_cell_number(x, 3);
    return tm_cell_write(d->document->ctx, d->document->language, &cell);
}

static void add_correlation_facts(const tm_dossier *d, tm_node *facts)
{
    const temoin_tipping_point *tip = d->tip;
    if (!tip) return;
    const tm_table_cell interval = tm_cell_interval(tip->icc_low, tip->icc_high, 3);
    const char *written = tm_cell_write(d->document->ctx, d->document->language, &interval);
    const char *outcome = tm_outcome_words(d, tip->measure, tip->wave);
    const char *detail =
        written && outcome
            ? tm_text(d->document->ctx, tm_dossier_say(d, "%s; interval: %s", "%s ; intervalle : %s"), outcome, written)
            : NULL;
    tm_fact_add(d->document, facts, tm_dossier_say(d, "Intraclass correlation", "Corrélation intraclasse"),
                number_text(d, tip->icc), isnan(tip->icc_low) && isnan(tip->icc_high) ? outcome : detail);
    tm_fact_add(d->document, facts, tm_dossier_say(d, "Tipping point", "Point de bascule"), number_text(d, tip->rho),
                isnan(tip->rho) ? tm_note_words(d, tip->note)
                                : tm_dossier_say(d, "correlation at which the interval of the effect touches zero",
                                                 "corrélation à laquelle l’intervalle de l’effet touche zéro"));
}

/* How workers and arms hang together: the reason of the verdict, and what the graph shows. */
static void add_graph(const tm_dossier *d)
{
    const temoin_provider_structure *s = d->structure;
    const tm_language language = d->document->language;
    char n[TM_WRITTEN_SIZE];
    tm_sink sink;
    tm_sink_init(&sink, d->document->ctx);
    const char *reason = tm_note_words(d, s->reason);
    tm_sink_put(&sink, reason ? reason : "");
    if (s->n_crossed > 0) {
        tm_write_number(language, (double)s->n_crossed, 0, n);
        tm_sink_printf(&sink,
                       tm_dossier_say(d, " Caseworkers with clients in several arms: %s.",
                                      " Intervenants dont les clients sont de plusieurs groupes : %s."),
                       n);
        tm_write_number(language, (double)s->n_components, 0, n);
        if (s->n_components > 1)
            tm_sink_printf(&sink,
                           tm_dossier_say(d, " Sets of arms that no caseworker connects: %s.",
                                          " Ensembles de groupes qu’aucun intervenant ne relie : %s."),
                           n);
    }
    if (s->n_changed >= 0) {
        const tm_table_cell changed = tm_cell_masked_count(s->n_changed, d->results->min_cell);
        const char *text = tm_cell_write(d->document->ctx, language, &changed);
        tm_sink_printf(&sink,
                       tm_dossier_say(d, " Clients who had more than one caseworker over time: %s.",
                                      " Clients qui ont eu plus d’un intervenant au fil du temps : %s."),
                       text ? text : "");
    }
    tm_document_add_paragraph(d->document, reason && !sink.out_of_memory ? sink.text : NULL);
}

static void heading(const tm_dossier *d, const char *en, const char *fr)
{
    tm_document_add_heading(d->document, 3, tm_dossier_say(d, en, fr));
}

static void add_effects(const tm_dossier *d)
{
    const temoin_results *results = d->results;
    if (results->n_provider_rows > 0) {
        heading(d, "The effect when caseworkers count", "L’effet compte tenu des intervenants");
        tm_add_methods_table(d);
    }
    if (results->n_tipping_points > 0) {
        heading(d, "Could caseworkers explain the effect?", "Les intervenants pourraient-ils expliquer l’effet ?");
        const char *shift = tm_shift_words(d);
        if (!shift || shift[0]) tm_document_add_paragraph(d->document, shift);
        tm_add_tipping_figure(d);
        tm_add_tipping_table(d);
    }
    if (results->n_influence > 0) {
        heading(d, "Does the effect hang on one person?", "L’effet tient-il à une personne ?");
        tm_add_influence_figure(d);
        tm_add_influence_table(d);
    }
}

static temoin_status build(const temoin_results *results, tm_document *document)
{
    tm_dossier d;
    tm_dossier_init(&d, results, document);
    tm_document_add_lead(document, tm_verdict_words(&d));
    tm_node *facts = tm_document_add_facts(document);
    add_workers_facts(&d, facts);
    add_correlation_facts(&d, facts);
    heading(&d, "In plain words", "En clair");
    tm_document_add_quotable(document, tm_provider_paragraph(&d));
    heading(&d, "Who works with whom", "Qui travaille avec qui");
    add_graph(&d);
    tm_add_structure_table(&d);
    tm_add_places_table(&d);
    if (results->n_icc > 0 || results->n_provider_means > 0) {
        heading(&d, "How much caseworkers differ", "À quel point les intervenants diffèrent");
        tm_add_caterpillar(&d);
        tm_add_icc_tables(&d);
    }
    add_effects(&d);
    if (results->n_provider_tests > 0 || results->n_provider_selection > 0) {
        heading(&d, "Tests with caseworkers and clients", "Tests sur les intervenants et les clients");
        tm_add_worker_tests_table(&d);
        tm_add_selection_table(&d);
    }
    return TEMOIN_OK;
}

static bool applies(const temoin_results *results)
{
    return results->n_provider_structure > 0;
}

const tm_section tm_section_caseworkers = {
    .key = "caseworkers", .title = {"Caseworkers", "Intervenants"}, .order = 35, .applies = applies, .build = build};
