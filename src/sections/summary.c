/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first screen: what was asked, of how many, and what came out. */
#include <math.h>
#include <string.h>

#include "base/sink.h"
#include "sections/section.h"
#include "sections/wording.h"

enum { MOST_EFFECTS = 6 };

/* Names each measure of the primary estimate once; `sink` NULL: only counts them. */
static int put_measures(const temoin_results *results, const tm_document *document, const char *primary, tm_sink *sink)
{
    int n = 0;
    for (int64_t r = 0; r < results->n_rows; r++) {
        const temoin_row *row = &results->rows[r];
        bool seen = strcmp(row->estimate, primary) != 0;
        for (int64_t s = 0; s < r && !seen; s++)
            seen =
                strcmp(results->rows[s].estimate, primary) == 0 && strcmp(results->rows[s].measure, row->measure) == 0;
        if (seen) continue;
        if (sink) tm_sink_printf(sink, "%s%s", n ? ", " : "", tm_measure_text(results, document, row->measure));
        n++;
    }
    return n;
}

/* One treatment arm is named; several are "the arms". */
static void add_question(const temoin_results *results, tm_document *document, const char *primary)
{
    tm_sink sink;
    tm_sink_init(&sink, document->ctx);
    const temoin_label *reference = &results->arms[0].label;
    const char *outcomes = put_measures(results, document, primary, NULL) > 1
                               ? tm_say(document->language, "Primary outcomes", "Résultats principaux")
                               : tm_say(document->language, "Primary outcome", "Résultat principal");
    if (results->n_arms == 2)
        tm_sink_printf(&sink,
                       tm_say(document->language, "What difference does “%s” make, compared with “%s”? %s: ",
                              "Que change « %s » par rapport à « %s » ? %s : "),
                       tm_label_text(document, &results->arms[1].label), tm_label_text(document, reference), outcomes);
    else
        tm_sink_printf(&sink,
                       tm_say(document->language, "What difference do the arms make, compared with “%s”? %s: ",
                              "Que changent les groupes par rapport à « %s » ? %s : "),
                       tm_label_text(document, reference), outcomes);
    put_measures(results, document, primary, &sink);
    tm_sink_put(&sink, ".");
    tm_document_add_lead(document, sink.out_of_memory ? NULL : sink.text);
}

static void add_arms(const temoin_results *results, tm_document *document)
{
    tm_node *facts = tm_document_add_facts(document);
    char number[TM_WRITTEN_SIZE];
    for (int32_t a = 0; a < results->n_arms; a++) {
        const temoin_arm_summary *arm = &results->arms[a];
        tm_write_number(document->language, (double)arm->n_assigned, 0, number);
        tm_fact_add(document, facts, tm_label_text(document, &arm->label), tm_text(document->ctx, "%s", number),
                    tm_say(document->language, "clients assigned", "clients assignés"));
    }
}

static void add_effect(const temoin_results *results, tm_document *document, tm_node *facts, const temoin_row *row)
{
    const char *wave = tm_wave_text(document, row->wave);
    const char *measure = tm_measure_text(results, document, row->measure);
    const char *contrast = results->n_arms > 2 ? tm_contrast_text(results, document, row) : "";
    const char *label = wave && contrast ? tm_text(document->ctx, "%s%s%s%s%s", measure, wave[0] ? ", " : "", wave,
                                                   contrast[0] ? " · " : "", contrast)
                                         : NULL;
    const char *detail = tm_uncertainty_text(results, document, row);
    if (detail && !detail[0]) detail = tm_reasons_text(results, document, row, true);
    tm_fact_add(document, facts, label, tm_effect_text(results, document, row), detail);
}

static void add_effects(const temoin_results *results, tm_document *document, const char *primary)
{
    tm_node *facts = tm_document_add_facts(document);
    int shown = 0;
    if (facts) facts->strong = true;
    for (int64_t r = 0; r < results->n_rows && shown < MOST_EFFECTS; r++) {
        if (strcmp(results->rows[r].estimate, primary) != 0 || results->rows[r].subgroup[0]) continue;
        add_effect(results, document, facts, &results->rows[r]);
        shown++;
    }
}

static temoin_status build(const temoin_results *results, tm_document *document)
{
    const char *primary = tm_primary_estimate(results);
    if (primary && results->n_arms > 0) add_question(results, document, primary);
    add_arms(results, document);
    if (primary) add_effects(results, document, primary);
    return TEMOIN_OK;
}

const tm_section tm_section_summary = {.key = "summary", .title = {"", ""}, .order = 0, .build = build};
