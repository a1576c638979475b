/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who was assigned, how, and of whom something is known at each wave. */
#include <inttypes.h>
#include <string.h>

#include "base/sink.h"
#include "sections/section.h"
#include "sections/wording.h"

static const struct {
    const char *key;
    temoin_label words;
} design_words[] = {
    {"complete", {"at random, with fixed numbers per arm", "au hasard, avec un nombre fixe de clients par groupe"}},
    {"blocked",
     {"at random within strata, with fixed numbers per arm in each stratum",
      "au hasard à l’intérieur de strates, avec un nombre fixe de clients par groupe dans chaque strate"}},
};

static const char *words_of_design(const temoin_results *results, const tm_document *document)
{
    for (size_t d = 0; d < sizeof design_words / sizeof *design_words; d++)
        if (strcmp(design_words[d].key, results->design) == 0) return tm_label_text(document, &design_words[d].words);
    return tm_text(document->ctx, tm_say(document->language, "by the design “%s”", "selon le plan « %s »"),
                   results->design);
}

static void add_design(const temoin_results *results, tm_document *document)
{
    tm_sink sink;
    tm_sink_init(&sink, document->ctx);
    char units[TM_WRITTEN_SIZE], arms[TM_WRITTEN_SIZE], strata[TM_WRITTEN_SIZE];
    const char *words = words_of_design(results, document);
    tm_write_number(document->language, (double)results->n_units, 0, units);
    tm_write_number(document->language, results->n_arms, 0, arms);
    tm_write_number(document->language, results->n_strata, 0, strata);
    tm_sink_printf(&sink,
                   tm_say(document->language, "%s clients were assigned to %s arms %s",
                          "%s clients ont été répartis en %s groupes %s"),
                   units, arms, words ? words : "");
    if (results->n_strata > 1)
        tm_sink_printf(&sink, tm_say(document->language, " (%s strata)", " (%s strates)"), strata);
    tm_sink_put(&sink, ". ");
    if (results->drawn && !results->seed[0])
        tm_sink_put(
            &sink,
            tm_say(document->language,
                   "The draw follows from a seed that is kept secret and that the plan committed to beforehand; "
                   "whoever is given it can repeat the draw.",
                   "Le tirage découle d’une graine tenue secrète, sur laquelle le plan s’était engagé au préalable ; "
                   "quiconque la reçoit peut refaire le tirage."));
    else if (results->drawn)
        tm_sink_printf(&sink,
                       tm_say(document->language,
                              "The draw follows from the published seed “%s” and can be repeated by anyone.",
                              "Le tirage découle de la graine publiée « %s » ; chacun peut le refaire."),
                       results->seed);
    else
        tm_sink_put(&sink, tm_say(document->language, "The arms came with the data; they were drawn elsewhere.",
                                  "Les groupes viennent avec les données ; ils ont été tirés ailleurs."));
    tm_document_add_paragraph(document, words && !sink.out_of_memory ? sink.text : NULL);
}

static void add_assigned(const temoin_results *results, tm_document *document)
{
    const tm_column columns[] = {
        {.head = tm_say(document->language, "Arm", "Groupe")},
        {.head = tm_say(document->language, "Assigned", "Assignés"), .number = true},
        {.head = tm_say(document->language, "Share", "Part"), .number = true},
    };
    tm_table *table = tm_document_add_table(
        document, tm_say(document->language, "Clients assigned to each arm", "Clients assignés à chaque groupe"),
        columns, 3);
    for (int32_t a = 0; a < results->n_arms; a++) {
        tm_table_cell *cells = tm_table_add_row(document, table);
        if (!cells) return;
        cells[0] = tm_cell_text(tm_label_text(document, &results->arms[a].label));
        cells[1] = tm_cell_count(results->arms[a].n_assigned);
        if (results->n_units > 0)
            cells[2] = tm_cell_percent((double)results->arms[a].n_assigned / (double)results->n_units, 1);
    }
}

/* True for the first row of its measure and wave (or of its measure, with `wave` NULL). */
static bool opens(const temoin_results *results, int64_t f, bool by_wave)
{
    for (int64_t g = 0; g < f; g++)
        if (strcmp(results->flow[g].measure, results->flow[f].measure) == 0 &&
            (!by_wave || strcmp(results->flow[g].wave, results->flow[f].wave) == 0))
            return false;
    return true;
}

/* The row's cells: for each arm seen and observed. Says whether a count was masked. */
static bool fill_flow(const temoin_results *results, int64_t first, tm_table_cell *cells)
{
    bool masked = false;
    for (int64_t f = first; f < results->n_flow; f++) {
        const temoin_flow_row *flow = &results->flow[f];
        if (strcmp(flow->measure, results->flow[first].measure) != 0 ||
            strcmp(flow->wave, results->flow[first].wave) != 0)
            continue;
        tm_table_cell *cell = cells + 2 * flow->arm;
        cell[0] = tm_cell_masked_count(flow->n_seen, results->min_cell);
        cell[1] = tm_cell_masked_count(flow->n_observed, results->min_cell);
        masked |= cell[0].kind == TM_CELL_BELOW || cell[1].kind == TM_CELL_BELOW;
    }
    return masked;
}

static tm_table *add_flow_table(const temoin_results *results, tm_document *document)
{
    const int n_columns = 1 + 2 * results->n_arms;
    tm_column *columns = tm_arena_take(&document->ctx->results, n_columns, sizeof *columns);
    if (!columns) {
        document->out_of_memory = true;
        return NULL;
    }
    columns[0] = (tm_column){.head = tm_say(document->language, "Outcome and wave", "Résultat et vague")};
    for (int32_t a = 0; a < results->n_arms; a++) {
        const char *arm = tm_label_text(document, &results->arms[a].label);
        columns[1 + 2 * a] = (tm_column){tm_say(document->language, "Seen", "Vus"), true, arm};
        columns[2 + 2 * a] = (tm_column){tm_say(document->language, "With a value", "Avec valeur"), true, arm};
    }
    return tm_document_add_table(document,
                                 tm_say(document->language,
                                        "Clients seen at each wave, and with a value of each outcome",
                                        "Clients vus à chaque vague, et dont chaque résultat est connu"),
                                 columns, n_columns);
}

static void add_flow(const temoin_results *results, tm_document *document)
{
    tm_table *table = add_flow_table(results, document);
    bool masked = false;
    for (int64_t m = 0; m < results->n_flow; m++) {
        if (!opens(results, m, false)) continue;
        const char *measure = tm_measure_text(results, document, results->flow[m].measure);
        const bool waves = results->flow[m].wave[0] != '\0';
        if (waves) tm_table_add_group(document, table, measure);
        for (int64_t f = m; f < results->n_flow; f++) {
            if (strcmp(results->flow[f].measure, results->flow[m].measure) != 0 || !opens(results, f, true)) continue;
            tm_table_cell *cells = tm_table_add_row(document, table);
            if (!cells) return;
            cells[0] = tm_cell_text(waves ? tm_wave_text(document, results->flow[f].wave) : measure);
            masked |= fill_flow(results, f, cells + 1);
        }
    }
    char least[TM_WRITTEN_SIZE];
    tm_write_number(document->language, (double)results->min_cell, 0, least);
    if (masked)
        tm_table_add_remark(document, table,
                            tm_text(document->ctx,
                                    tm_say(document->language, "Counts from 1 to below %s are not shown.",
                                           "Les effectifs de 1 à moins de %s ne sont pas montrés."),
                                    least));
}

static temoin_status build(const temoin_results *results, tm_document *document)
{
    add_design(results, document);
    add_assigned(results, document);
    if (results->n_flow > 0) add_flow(results, document);
    return TEMOIN_OK;
}

const tm_section tm_section_participants = {
    .key = "participants", .title = {"Participants", "Participants"}, .order = 10, .build = build};
