/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sections/wording.h"

#include <math.h>
#include <string.h>

#include "base/sink.h"
#include "estimators/estimator.h"
#include "result/notes.h"

const temoin_measure_summary *tm_measure_find(const temoin_results *results, const char *name)
{
    for (int32_t m = 0; m < results->n_measures; m++)
        if (strcmp(results->measures[m].name, name) == 0) return &results->measures[m];
    return NULL;
}

bool tm_measure_is_binary(const temoin_results *results, const char *name)
{
    const temoin_measure_summary *measure = tm_measure_find(results, name);
    return measure && strcmp(measure->kind, "binary") == 0;
}

const char *tm_label_text(const tm_document *document, const temoin_label *label)
{
    return tm_say(document->language, label->en, label->fr);
}

const char *tm_arm_text(const temoin_results *results, const tm_document *document, const char *name)
{
    for (int32_t a = 0; a < results->n_arms; a++)
        if (strcmp(results->arms[a].name, name) == 0) return tm_label_text(document, &results->arms[a].label);
    return name;
}

const char *tm_measure_text(const temoin_results *results, const tm_document *document, const char *name)
{
    const temoin_measure_summary *measure = tm_measure_find(results, name);
    return measure ? tm_label_text(document, &measure->label) : name;
}

const char *tm_wave_text(const tm_document *document, const char *wave)
{
    if (!wave[0]) return "";
    return tm_text(document->ctx, tm_say(document->language, "wave %s", "vague %s"), wave);
}

/* The characteristic whose name is the first `length` bytes; NULL: it is not described. */
static const temoin_baseline_row *find_variable(const temoin_results *results, const char *name, size_t length)
{
    for (int64_t b = 0; b < results->n_baseline; b++)
        if (strncmp(results->baseline[b].variable, name, length) == 0 && !results->baseline[b].variable[length])
            return &results->baseline[b];
    return NULL;
}

const char *tm_variable_text(const temoin_results *results, const tm_document *document, const char *name)
{
    const temoin_baseline_row *variable = find_variable(results, name, strlen(name));
    return variable ? tm_label_text(document, &variable->label) : name;
}

/* A level may hold an equals sign, and so may a column: the longest column that is described is meant. */
const char *tm_subgroup_text(const temoin_results *results, const tm_document *document, const char *subgroup)
{
    const tm_language language = document->language;
    const temoin_baseline_row *variable = NULL;
    const char *level = NULL;
    if (!subgroup[0]) return tm_say(language, "Everybody", "Tous");
    for (const char *at = strchr(subgroup, '='); at; at = strchr(at + 1, '=')) {
        const temoin_baseline_row *found = find_variable(results, subgroup, (size_t)(at - subgroup));
        if (!found) continue;
        variable = found;
        level = at + 1;
    }
    if (!variable) return subgroup;
    if (!variable->level[0] && strcmp(level, "1") == 0) level = tm_say(language, "yes", "oui");
    if (!variable->level[0] && strcmp(level, "0") == 0) level = tm_say(language, "no", "non");
    return tm_text(document->ctx, tm_say(language, "%s: %s", "%s\u00a0: %s"), tm_label_text(document, &variable->label),
                   level);
}

const char *tm_contrast_text(const temoin_results *results, const tm_document *document, const temoin_row *row)
{
    const char *arm = tm_arm_text(results, document, row->arm);
    if (!row->reference[0]) return arm;
    return tm_text(document->ctx, "%s \u2212 %s", arm, tm_arm_text(results, document, row->reference));
}

int tm_decimals_for(double spread)
{
    if (!(spread > 0) || isinf(spread)) return 2;
    int decimals = 1; /* two digits of the spread, between none and four decimals */
    while (decimals > 0 && spread >= 10) decimals--, spread /= 10;
    while (decimals < 4 && spread < 1) decimals++, spread *= 10;
    return decimals;
}

int tm_effect_decimals(const temoin_results *results, const char *measure)
{
    if (tm_measure_is_binary(results, measure)) return 1;
    double smallest = NAN;
    for (int64_t r = 0; r < results->n_rows; r++)
        if (strcmp(results->rows[r].measure, measure) == 0 && results->rows[r].se > 0)
            smallest = fmin(smallest, results->rows[r].se);
    return tm_decimals_for(smallest);
}

static tm_unit unit_of(const temoin_row *row)
{
    const tm_estimator *estimator = tm_estimator_find(row->estimator);
    return estimator ? estimator->unit : TM_UNIT_OF_MEASURE;
}

int tm_row_decimals(const temoin_results *results, const temoin_row *row)
{
    return unit_of(row) == TM_UNIT_OF_MEASURE ? tm_effect_decimals(results, row->measure) : 3;
}

double tm_row_factor(const temoin_results *results, const temoin_row *row)
{
    return unit_of(row) == TM_UNIT_OF_MEASURE && tm_measure_is_binary(results, row->measure) ? 100 : 1;
}

const char *tm_effect_text(const temoin_results *results, const tm_document *document, const temoin_row *row)
{
    const temoin_measure_summary *measure = tm_measure_find(results, row->measure);
    const double factor = tm_row_factor(results, row);
    const tm_unit of = unit_of(row);
    char number[TM_WRITTEN_SIZE];
    if (isnan(row->value)) return "–";
    tm_write_number(document->language, row->value * factor, tm_row_decimals(results, row), number);
    const bool rises = row->value > 0 && strpbrk(number, "123456789");
    const char *unit = of == TM_UNIT_LOG_RATIO ? tm_say(document->language, "(log ratio)", "(log du rapport)")
                       : of == TM_UNIT_NONE    ? ""
                       : factor == 100         ? "points"
                       : measure               ? measure->unit
                                               : "";
    return tm_text(document->ctx, "%s%s%s%s", rises ? "+" : "", number, unit[0] ? "\u00a0" : "", unit);
}

static void put_interval(const temoin_results *results, const tm_document *document, const temoin_row *row,
                         tm_sink *sink)
{
    const double factor = tm_row_factor(results, row);
    const tm_table_cell interval =
        tm_cell_interval(row->ci_low * factor, row->ci_high * factor, tm_row_decimals(results, row));
    const char *text = tm_cell_write(document->ctx, document->language, &interval);
    char level[TM_WRITTEN_SIZE];
    tm_write_percent(document->language, row->level, fabs(row->level * 100 - round(row->level * 100)) < 1e-9 ? 0 : 1,
                     level);
    tm_sink_printf(sink, tm_say(document->language, "%s CI %s", "IC à %s : %s"), level, text ? text : "");
}

const char *tm_uncertainty_text(const temoin_results *results, const tm_document *document, const temoin_row *row)
{
    tm_sink sink;
    tm_sink_init(&sink, document->ctx);
    tm_sink_put(&sink, "");
    const bool interval = !isnan(row->ci_low) && !isnan(row->ci_high);
    if (interval) put_interval(results, document, row, &sink);
    if (!isnan(row->p)) {
        char p[TM_WRITTEN_SIZE];
        tm_write_p(document->language, row->p, p);
        const bool bound = p[0] == '<' || p[0] == '>';
        tm_sink_printf(&sink, "%sp\u00a0%s%s", interval ? tm_say(document->language, ", ", " ; ") : "",
                       bound ? "" : "=\u00a0", p);
    }
    return sink.text;
}

const char *tm_reasons_text(const temoin_results *results, const tm_document *document, const temoin_row *row,
                            bool refusals)
{
    tm_sink sink;
    tm_sink_init(&sink, document->ctx);
    tm_sink_put(&sink, "");
    const char *rest = row->note, *sentence;
    const tm_note *note;
    while (*rest) {
        if (tm_notes_explain_next(document->ctx, results, document->language, &rest, &note, &sentence) != TEMOIN_OK)
            return NULL;
        if ((note && note->refuses) == refusals) tm_sink_printf(&sink, "%s%s", sink.length ? " " : "", sentence);
    }
    return sink.out_of_memory ? NULL : sink.text;
}

const char *tm_primary_estimate(const temoin_results *results)
{
    for (int64_t r = 0; r < results->n_rows; r++)
        if (strcmp(results->rows[r].estimate, "primary") == 0) return "primary";
    return results->n_rows ? results->rows[0].estimate : NULL;
}

bool tm_row_opens_estimate(const temoin_results *results, int64_t row)
{
    for (int64_t r = 0; r < row; r++)
        if (strcmp(results->rows[r].estimate, results->rows[row].estimate) == 0) return false;
    return true;
}
