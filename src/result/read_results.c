/* SPDX-License-Identifier: GPL-3.0-or-later */
/* results.json back into structs. The parser is jansson's; every value is then checked against the record tables, so
 * that a later stage can trust what it is given. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/files.h"
#include "result/record.h"

/* Where we are, for messages: `rows[12]`. */
typedef struct place {
    temoin_context *ctx;
    const char *path;
    const char *list; /* NULL: at the top */
    int64_t index;
} place;

static temoin_status reject(const place *at, const char *key, const char *allowed)
{
    if (at->list)
        TM_FAIL(at->ctx, TEMOIN_ERR_DATA, "%s: %s[%" PRId64 "].%s: found no %s there; run `temoin analyze` again",
                at->path, at->list, at->index, key, allowed);
    TM_FAIL(at->ctx, TEMOIN_ERR_DATA, "%s: \"%s\": found no %s there; run `temoin analyze` again", at->path, key,
            allowed);
}

static temoin_status read_text(const place *at, const char *key, const json_t *json, const char **out)
{
    if (!json_is_string(json)) return reject(at, key, "text");
    *out = tm_text_copy(at->ctx, json_string_value(json), json_string_length(json));
    return *out ? TEMOIN_OK : tm_fail_memory(at->ctx);
}

static temoin_status read_count(const place *at, const char *key, const json_t *json, int64_t *out)
{
    if (json_is_null(json)) {
        *out = -1;
        return TEMOIN_OK;
    }
    if (!json_is_integer(json) || json_integer_value(json) < 0) return reject(at, key, "count");
    *out = json_integer_value(json);
    return TEMOIN_OK;
}

static temoin_status read_index(const place *at, const char *key, const json_t *json, int32_t *out)
{
    if (!json_is_integer(json) || json_integer_value(json) < 0 || json_integer_value(json) > INT32_MAX)
        return reject(at, key, "small whole number");
    *out = (int32_t)json_integer_value(json);
    return TEMOIN_OK;
}

static temoin_status read_number(const place *at, const char *key, const json_t *json, double *out)
{
    const char *word = json_is_string(json) ? json_string_value(json) : "";
    if (json_is_number(json))
        *out = json_number_value(json);
    else if (json_is_null(json))
        *out = NAN;
    else if (strcmp(word, "inf") == 0)
        *out = INFINITY;
    else if (strcmp(word, "-inf") == 0)
        *out = -INFINITY;
    else
        return reject(at, key, "number, null or \"inf\"");
    return TEMOIN_OK;
}

static temoin_status read_label(const place *at, const char *key, const json_t *json, temoin_label *out)
{
    TM_TRY(read_text(at, key, json_object_get(json, "en"), &out->en));
    return read_text(at, key, json_object_get(json, "fr"), &out->fr);
}

static temoin_status read_field(const place *at, const tm_field *field, const json_t *json, void *to)
{
    switch (field->kind) {
    case TM_FIELD_TEXT:
        return read_text(at, field->name, json, to);
    case TM_FIELD_LABEL:
        return read_label(at, field->name, json, to);
    case TM_FIELD_COUNT:
        return read_count(at, field->name, json, to);
    case TM_FIELD_INDEX:
        return read_index(at, field->name, json, to);
    case TM_FIELD_NUMBER:
        return read_number(at, field->name, json, to);
    case TM_FIELD_FLAG:
        break;
    }
    if (!json_is_boolean(json)) return reject(at, field->name, "true or false");
    *(bool *)to = json_is_true(json);
    return TEMOIN_OK;
}

static temoin_status read_record(const place *at, const tm_record *record, const json_t *json, char *object)
{
    for (int f = 0; f < record->n_fields; f++) {
        const tm_field *field = &record->fields[f];
        TM_TRY(read_field(at, field, json_object_get(json, field->name), object + field->offset));
    }
    return TEMOIN_OK;
}

static temoin_status read_list(const place *top, const tm_record_list *list, const json_t *json,
                               temoin_results *results)
{
    const json_t *array = json_object_get(json, list->name);
    if (!json_is_array(array)) return reject(top, list->name, "list");
    int64_t n = (int64_t)json_array_size(array);
    if (!list->wide_count && n > INT32_MAX) return reject(top, list->name, "list of that length allowed");
    char *objects = tm_arena_take(&top->ctx->results, n, list->record->size);
    if (!objects) return tm_fail_memory(top->ctx);
    for (int64_t i = 0; i < n; i++) {
        const place at = {top->ctx, top->path, list->name, i};
        TM_TRY(
            read_record(&at, list->record, json_array_get(array, (size_t)i), objects + (size_t)i * list->record->size));
    }
    memcpy((char *)results + list->offset, &objects, sizeof objects);
    const int32_t narrow = (int32_t)n;
    if (list->wide_count)
        memcpy((char *)results + list->count_offset, &n, sizeof n);
    else
        memcpy((char *)results + list->count_offset, &narrow, sizeof narrow);
    return TEMOIN_OK;
}

static temoin_status read_languages(const place *top, const json_t *json, temoin_results *results)
{
    const json_t *array = json_object_get(json, "languages");
    if (!json_is_array(array) || json_array_size(array) > 100) return reject(top, "languages", "list of languages");
    const char **languages;
    TM_ALLOC(top->ctx, languages, (int64_t)json_array_size(array));
    for (size_t l = 0; l < json_array_size(array); l++)
        TM_TRY(read_text(top, "languages", json_array_get(array, l), &languages[l]));
    results->languages = languages;
    results->n_languages = (int32_t)json_array_size(array);
    return TEMOIN_OK;
}

static temoin_status validate_arms(const place *top, const temoin_results *results)
{
    for (int64_t i = 0; i < results->n_flow; i++)
        if (results->flow[i].arm >= results->n_arms)
            return reject(&(place){top->ctx, top->path, "flow", i}, "arm", "number of an arm");
    for (int64_t i = 0; i < results->n_baseline; i++)
        if (results->baseline[i].arm >= results->n_arms)
            return reject(&(place){top->ctx, top->path, "baseline", i}, "arm", "number of an arm");
    return TEMOIN_OK;
}

static temoin_status read_results(const place *top, const json_t *json, const temoin_results **out)
{
    const char *schema = json_string_value(json_object_get(json, "schema"));
    const json_t *version = json_object_get(json, "version");
    if (!schema || strcmp(schema, "temoin-results") != 0) return reject(top, "schema", "\"temoin-results\"");
    if (!json_is_integer(version) || json_integer_value(version) != 1) return reject(top, "version", "version 1");
    temoin_results *results;
    TM_ALLOC(top->ctx, results, 1);
    TM_TRY(read_record(top, &tm_results_record, json, (char *)results));
    TM_TRY(read_languages(top, json, results));
    for (int i = 0; i < tm_n_results_lists; i++) TM_TRY(read_list(top, &tm_results_lists[i], json, results));
    TM_TRY(validate_arms(top, results));
    *out = results;
    return TEMOIN_OK;
}

temoin_status tm_results_parse(temoin_context *ctx, const char *path, const char *bytes, size_t length,
                               const temoin_results **out)
{
    json_error_t error;
    json_t *json = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &error);
    if (!json && json_error_code(&error) == json_error_out_of_memory) return tm_fail_memory(ctx);
    if (!json)
        TM_FAIL(ctx, TEMOIN_ERR_DATA,
                "%s: line %d, column %d: %s; results.json must be JSON as `temoin analyze` writes it", path, error.line,
                error.column, error.text);
    temoin_status status = read_results(&(place){ctx, path, NULL, 0}, json, out);
    json_decref(json);
    return status;
}

temoin_status temoin_results_read_json(temoin_context *ctx, const char *path, const temoin_results **out)
{
    const char *bytes;
    size_t length;
    if (!tm_file_exists(path))
        TM_FAIL(ctx, TEMOIN_ERR_IO, "%s: there is no such file; name a folder that `temoin analyze` wrote", path);
    TM_TRY(tm_file_read(ctx, path, &bytes, &length));
    return tm_results_parse(ctx, path, bytes, length, out);
}
