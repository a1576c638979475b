/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of the section on caseworkers. One effect is shown in full, the first whose tipping point was sought;
 * the others are lines of tables. */
#ifndef TM_DOSSIER_H
#define TM_DOSSIER_H

#include "document/document.h"
#include "temoin/result.h"

typedef struct tm_dossier {
    const temoin_results *results;
    tm_document *document;
    const temoin_provider_structure *structure;
    const temoin_tipping_point *tip; /* of the effect in full; NULL: none was sought */
    const temoin_row *recommended;   /* the same effect by the way recommended; NULL: there is none */
} tm_dossier;

/* Results without caseworkers have no dossier: `structure` is NULL. */
void tm_dossier_init(tm_dossier *dossier, const temoin_results *results, tm_document *document);
const char *tm_dossier_say(const tm_dossier *dossier, const char *en, const char *fr)
#if defined(__GNUC__)
    __attribute__((format_arg(2), format_arg(3)))
#endif
    ;

/* provider_words.c: how things are said. */

/* "five caseworkers", "one caseworker", "no caseworkers": words up to ten. */
const char *tm_workers_words(const tm_dossier *dossier, int64_t n);
/* "51 clients", "fewer than 5 clients". */
const char *tm_clients_words(const tm_dossier *dossier, int64_t n);
/* A share as a reader says it: "8%", "2.5%", "less than 0.1%"; `about`: no decimals from 2% on. */
const char *tm_share_words(const tm_dossier *dossier, double share, bool about);
/* "+12.3 percentage points" of the effect in full, for sentences; `size`: without a plus. */
const char *tm_effect_words(const tm_dossier *dossier, double value, bool size);
/* The factor and the decimals in which that effect is written. */
double tm_dossier_factor(const tm_dossier *dossier);
int tm_dossier_decimals(const tm_dossier *dossier);
/* "“In training” (wave 12)". */
const char *tm_outcome_words(const tm_dossier *dossier, const char *measure, const char *wave);
/* One sentence: what the data can tell about caseworkers at all. */
const char *tm_verdict_words(const tm_dossier *dossier);
/* "adequate", "partly nested", …: the verdict in a table. */
const char *tm_verdict_name(const tm_document *document, const char *verdict);
/* "ols, cr2 — …": how an effect was estimated. */
const char *tm_method_words(const tm_dossier *dossier, const temoin_row *row);
/* "Searle", "bootstrap". */
const char *tm_interval_words(const tm_document *document, const char *interval);
const char *tm_icc_method_words(const tm_document *document, const char *method);
/* What the first note of a list says, and whether it refuses a number; "" without notes. */
const char *tm_note_words(const tm_dossier *dossier, const char *notes);
/* That note as a footnote of the cell. */
void tm_put_note(const tm_dossier *dossier, tm_table *table, tm_table_cell *cell, const char *note);
/* "In training, wave 12", the contrast behind it when there are several. */
const char *tm_effect_title(const tm_dossier *dossier, const temoin_row *row);
/* "95%". */
const char *tm_level_words(const tm_dossier *dossier, double level);
/* Does it suit how caseworkers stand to the arms? */
bool tm_row_is_recommended(const temoin_row *row);
/* Is this the effect in full? */
bool tm_dossier_is_main(const tm_dossier *dossier, const char *estimate, const char *measure, const char *wave,
                        const char *arm, const char *reference);

/* provider_paragraph.c: what can be claimed, what cannot, and what would settle it; to be copied. NULL when memory is
 * out. */
const char *tm_provider_paragraph(const tm_dossier *dossier);

/* provider_figures.c, influence_figure.c: false where there is nothing to show. */
/* What caseworkers alone would have to be to make the whole effect, and how rare that is; "" where it is not known. */
const char *tm_shift_words(const tm_dossier *dossier);

bool tm_add_caterpillar(const tm_dossier *dossier);
bool tm_add_tipping_figure(const tm_dossier *dossier);
bool tm_add_influence_figure(const tm_dossier *dossier);

/* provider_tables.c, provider_checks.c: nothing where there is nothing to show. */
void tm_add_structure_table(const tm_dossier *dossier);
void tm_add_icc_tables(const tm_dossier *dossier);
void tm_add_methods_table(const tm_dossier *dossier);
void tm_add_tipping_table(const tm_dossier *dossier);
void tm_add_influence_table(const tm_dossier *dossier);
void tm_add_worker_tests_table(const tm_dossier *dossier);
void tm_add_selection_table(const tm_dossier *dossier);
void tm_add_places_table(const tm_dossier *dossier);

#endif
