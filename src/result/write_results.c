/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/number_text.h"
#include "result/record.h"

static const char *text_of(const void *at)
{
    const char *const text = *(const char *const *)at;
    assert(text);
    return text;
}

static void put_csv_field(tm_sink *sink, const tm_field *field, const void *at)
{
    switch (field->kind) {
    case TM_FIELD_TEXT:
        tm_sink_csv(sink, text_of(at));
        break;
    case TM_FIELD_NUMBER:
        tm_sink_number(sink, *(const double *)at);
        break;
    case TM_FIELD_COUNT:
        if (*(const int64_t *)at >= 0) tm_sink_printf(sink, "%" PRId64, *(const int64_t *)at);
        break;
    default:
        assert(!"a row has texts, counts and numbers only");
    }
}

temoin_status temoin_results_render_csv(temoin_context *ctx, const temoin_results *results, const char **text,
                                        size_t *length)
{
    const tm_record *record = &tm_row_record;
    tm_sink sink;
    tm_sink_init(&sink, ctx);
    for (int f = 0; f < record->n_fields; f++) tm_sink_printf(&sink, "%s%s", f ? "," : "", record->fields[f].name);
    tm_sink_put(&sink, "\n");
    for (int64_t r = 0; r < results->n_rows; r++) {
        const char *row = (const char *)&results->rows[r];
        for (int f = 0; f < record->n_fields; f++) {
            if (f) tm_sink_put(&sink, ",");
            put_csv_field(&sink, &record->fields[f], row + record->fields[f].offset);
        }
        tm_sink_put(&sink, "\n");
    }
    TM_TRY(tm_sink_finish(&sink));
    *text = sink.text;
    *length = sink.length;
    return TEMOIN_OK;
}

static void put_json_number(tm_sink *sink, double x)
{
    char digits[TM_NUMBER_TEXT_SIZE];
    if (isnan(x))
        tm_sink_put(sink, "null");
    else if (isinf(x))
        tm_sink_json(sink, tm_number_text(x, digits));
    else
        tm_sink_number(sink, x);
}

static void put_json_field(tm_sink *sink, const tm_field *field, const char *object)
{
    const void *at = object + field->offset;
    tm_sink_json(sink, field->name);
    tm_sink_put(sink, ": ");
    switch (field->kind) {
    case TM_FIELD_TEXT:
        tm_sink_json(sink, text_of(at));
        break;
    case TM_FIELD_LABEL:
        tm_sink_put(sink, "{\"en\": ");
        tm_sink_json(sink, ((const temoin_label *)at)->en);
        tm_sink_put(sink, ", \"fr\": ");
        tm_sink_json(sink, ((const temoin_label *)at)->fr);
        tm_sink_put(sink, "}");
        break;
    case TM_FIELD_COUNT:
        if (*(const int64_t *)at < 0)
            tm_sink_put(sink, "null");
        else
            tm_sink_printf(sink, "%" PRId64, *(const int64_t *)at);
        break;
    case TM_FIELD_INDEX:
        tm_sink_printf(sink, "%" PRId32, *(const int32_t *)at);
        break;
    case TM_FIELD_NUMBER:
        put_json_number(sink, *(const double *)at);
        break;
    case TM_FIELD_FLAG:
        tm_sink_put(sink, *(const bool *)at ? "true" : "false");
        break;
    }
}

static void put_json_list(tm_sink *sink, const tm_record_list *list, const temoin_results *results)
{
    const tm_record *record = list->record;
    const char *object;
    memcpy(&object, (const char *)results + list->offset, sizeof object);
    int64_t n = tm_record_list_count(list, results);
    tm_sink_printf(sink, ",\n  \"%s\": [", list->name);
    for (int64_t i = 0; i < n; i++, object += record->size) {
        tm_sink_put(sink, i ? ",\n    {" : "\n    {");
        for (int f = 0; f < record->n_fields; f++) {
            if (f) tm_sink_put(sink, ", ");
            put_json_field(sink, &record->fields[f], object);
        }
        tm_sink_put(sink, "}");
    }
    tm_sink_put(sink, n ? "\n  ]" : "]");
}

temoin_status temoin_results_render_json(temoin_context *ctx, const temoin_results *results, const char **text,
                                         size_t *length)
{
    tm_sink sink;
    tm_sink_init(&sink, ctx);
    tm_sink_put(&sink, "{\n  \"schema\": \"temoin-results\",\n  \"version\": 1");
    for (int f = 0; f < tm_results_record.n_fields; f++) {
        tm_sink_put(&sink, ",\n  ");
        put_json_field(&sink, &tm_results_record.fields[f], (const char *)results);
    }
    tm_sink_put(&sink, ",\n  \"languages\": [");
    for (int32_t l = 0; l < results->n_languages; l++) {
        if (l) tm_sink_put(&sink, ", ");
        tm_sink_json(&sink, results->languages[l]);
    }
    tm_sink_put(&sink, "]");
    for (int i = 0; i < tm_n_results_lists; i++) put_json_list(&sink, &tm_results_lists[i], results);
    tm_sink_put(&sink, "\n}\n");
    TM_TRY(tm_sink_finish(&sink));
    *text = sink.text;
    *length = sink.length;
    return TEMOIN_OK;
}
