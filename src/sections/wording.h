/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How sections name things and write effects. Texts are in the result arena; NULL when memory is out, which the
 * document accepts and remembers. */
#ifndef TM_WORDING_H
#define TM_WORDING_H

#include "document/document.h"
#include "temoin/result.h"

/* NULL when the results do not describe the measure. */
const temoin_measure_summary *tm_measure_find(const temoin_results *results, const char *name);
bool tm_measure_is_binary(const temoin_results *results, const char *name);

/* Labels in the document's language; the name itself where there is none. */
const char *tm_label_text(const tm_document *document, const temoin_label *label);
const char *tm_arm_text(const temoin_results *results, const tm_document *document, const char *name);
const char *tm_measure_text(const temoin_results *results, const tm_document *document, const char *name);
/* "wave 12" / "vague 12"; "" for the only wave. */
const char *tm_wave_text(const tm_document *document, const char *wave);
/* "District: north", by the column's label, flags with yes or no; everybody for "". */
const char *tm_subgroup_text(const temoin_results *results, const tm_document *document, const char *subgroup);
/* The label of a client's characteristic; the name itself where there is none. */
const char *tm_variable_text(const temoin_results *results, const tm_document *document, const char *name);
/* "OCM − Control"; the name of a general contrast. */
const char *tm_contrast_text(const temoin_results *results, const tm_document *document, const temoin_row *row);

/* Two significant digits of a spread, as decimals from 0 to 4. */
int tm_decimals_for(double spread);
/* Decimals for all effects on a measure: the same in every row, fit for the smallest standard error. Binary: 1, in
 * points. */
int tm_effect_decimals(const temoin_results *results, const char *measure);

/* "+12.5 points", "−144 EUR per month". */
/* The same for a row's effect; three for one in no unit of the measure (a logarithm of a ratio, a pure number). */
int tm_row_decimals(const temoin_results *results, const temoin_row *row);
/* What value and interval are multiplied by before they are written: 100 for differences of a binary measure. */
double tm_row_factor(const temoin_results *results, const temoin_row *row);
const char *tm_effect_text(const temoin_results *results, const tm_document *document, const temoin_row *row);
/* "95% CI −1.2 to 26.2, p = 0.074", without what is not known; "" if nothing is. */
const char *tm_uncertainty_text(const temoin_results *results, const tm_document *document, const temoin_row *row);
/* All that the row's notes say about refused numbers (`refusals`) or else all that inform, one blank between. */
const char *tm_reasons_text(const temoin_results *results, const tm_document *document, const temoin_row *row,
                            bool refusals);

/* The estimate that a report leads with: the one named "primary", else the first. NULL without rows. */
const char *tm_primary_estimate(const temoin_results *results);
/* The first row of each estimate's name: walks the estimates in order. */
bool tm_row_opens_estimate(const temoin_results *results, int64_t row);

#endif
