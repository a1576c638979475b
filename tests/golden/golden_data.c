/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "golden_data.h"

#include <sys/stat.h>

const char *const golden_data_sets[] = {
    "nsw",          "nsw_full",   "penn_bonus",  "achievement_awards", "beat_the_blues", "polyps", "sim_placement",
    "sim_outreach", "edge_small", "tiny_blocks", "tiny_pairs",         "crt_12",         NULL};

void *golden_take(temoin_context *ctx, int64_t n, size_t size)
{
    void *room = tm_arena_take(&ctx->results, n, size);
    assert_non_null(room);
    return room;
}

const char *golden_folder(void)
{
    static char folder[4096];
    struct stat found;
    const char *named = getenv("TEMOIN_REFERENCE");
    if (named)
        snprintf(folder, sizeof folder, "%s", named);
    else
        snprintf(folder, sizeof folder, "%s", source_path("../shared/reference"));
    return stat(folder, &found) == 0 && S_ISDIR(found.st_mode) ? folder : NULL;
}

static const char *file_path(const char *name, const char *file)
{
    static char path[8192];
    snprintf(path, sizeof path, "%s/%s/%s", golden_folder(), name, file);
    return path;
}

static json_t *read_json(const char *name, const char *file)
{
    json_error_t error;
    json_t *root = json_load_file(file_path(name, file), 0, &error);
    if (!root) print_error("%s/%s: %s\n", name, file, error.text);
    assert_non_null(root);
    return root;
}

/* Columns that a result may use as categories keep their texts. */
static const temoin_frame *read_frame(temoin_context *ctx, const char *name, const char *file)
{
    static const char *const texts[] = {"id",    "arm",      "strata", "cluster", "wave", "outcome",
                                        "black", "nodegree", "cohort", "sex",     "half"};
    temoin_column_request requests[sizeof texts / sizeof *texts];
    temoin_csv_opts opts = TEMOIN_CSV_OPTS_INIT;
    const temoin_frame *frame;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        requests[i] = (temoin_column_request){.name = texts[i], .type = TEMOIN_COLUMN_AUTO, .text = true};
    opts.requests = requests;
    opts.n_requests = sizeof texts / sizeof *texts;
    opts.absent_allowed = true;
    check_ok(ctx, temoin_frame_read_csv(ctx, file_path(name, file), &opts, &frame));
    return frame;
}

static const temoin_column *need(const temoin_frame *frame, const char *name)
{
    const temoin_column *column = temoin_frame_find(frame, name);
    assert_non_null(column);
    return column;
}

static int32_t level_of(const temoin_column *column, const char *text)
{
    for (int32_t l = 0; l < column->n_levels; l++)
        if (strcmp(column->level[l], text) == 0) return l;
    return -1;
}

/* Both files' ids have their levels in byte order: one walk matches them. */
static const int64_t *match_clients(temoin_context *ctx, const golden_data *data)
{
    const temoin_column *ids = need(data->clients, "id"), *rows = need(data->outcomes, "id");
    int64_t *of_level = golden_take(ctx, rows->n_levels, sizeof *of_level);
    int64_t *of_id = golden_take(ctx, ids->n_levels, sizeof *of_id);
    int64_t *client = golden_take(ctx, data->outcomes->n_rows, sizeof *client);
    for (int64_t u = 0; u < data->clients->n_rows; u++) of_id[ids->code[u]] = u;
    for (int32_t l = 0, i = 0; l < rows->n_levels; l++) {
        while (i < ids->n_levels && strcmp(ids->level[i], rows->level[l]) != 0) i++;
        assert_true(i < ids->n_levels);
        of_level[l] = of_id[i];
    }
    for (int64_t r = 0; r < data->outcomes->n_rows; r++) client[r] = of_level[rows->code[r]];
    return client;
}

void golden_open(temoin_context *ctx, const char *name, golden_data *out)
{
    *out = (golden_data){.name = name};
    out->clients = read_frame(ctx, name, "clients.csv");
    out->outcomes = read_frame(ctx, name, "outcomes.csv");
    out->client = match_clients(ctx, out);
    json_t *meta = read_json(name, "meta.json");
    out->control = tm_text(ctx, "%s", json_string_value(json_object_get(meta, "control")));
    json_decref(meta);
    out->results = read_json(name, "golden.json");
}

void golden_close(golden_data *data)
{
    json_decref(data->results);
}

int golden_n_results(const golden_data *data)
{
    return (int)json_array_size(data->results);
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static double number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

golden_result golden_result_at(const golden_data *data, int index)
{
    const json_t *r = json_array_get(data->results, (size_t)index);
    return (golden_result){
        .id = text_of(r, "id"),
        .family = text_of(r, "family"),
        .estimator = text_of(r, "estimator"),
        .outcome = text_of(r, "outcome"),
        .wave = text_of(r, "wave"),
        .contrast = text_of(r, "contrast"),
        .term = text_of(r, "term"),
        .formula = text_of(r, "formula"),
        .vcov = text_of(r, "vcov"),
        .weights = text_of(r, "weights"),
        .cluster = text_of(r, "cluster"),
        .strata = text_of(r, "strata"),
        .n = number_of(r, "n"),
        .estimate = number_of(r, "estimate"),
        .se = number_of(r, "se"),
        .df = number_of(r, "df"),
        .t = number_of(r, "t"),
        .p = number_of(r, "p"),
        .ci_low = number_of(r, "ci_low"),
        .ci_high = number_of(r, "ci_high"),
        .level = number_of(r, "level"),
        .rtol = number_of(r, "rtol"),
        .filter = json_object_get(r, "filter"),
        .extra = json_object_get(r, "extra"),
    };
}

golden_result golden_result_find(const golden_data *data, const char *id)
{
    for (int i = 0; i < golden_n_results(data); i++) {
        golden_result result = golden_result_at(data, i);
        if (strcmp(result.id, id) == 0) return result;
    }
    print_error("%s: no result %s\n", data->name, id);
    fail();
    return (golden_result){0};
}

static double *outcome_at(temoin_context *ctx, const golden_data *data, const char *outcome, const char *wave)
{
    const temoin_column *names = need(data->outcomes, "outcome"), *waves = need(data->outcomes, "wave");
    const temoin_column *values = need(data->outcomes, "value");
    int32_t name = level_of(names, outcome), at = wave ? level_of(waves, wave) : -1;
    if (name < 0 || at < 0) return NULL;
    double *y = golden_take(ctx, data->clients->n_rows, sizeof *y);
    for (int64_t u = 0; u < data->clients->n_rows; u++) y[u] = NAN;
    for (int64_t r = 0; r < data->outcomes->n_rows; r++)
        if (names->code[r] == name && waves->code[r] == at) y[data->client[r]] = values->number[r];
    return y;
}

/* The share of ones over the waves at which something was observed. */
static double *share_of(temoin_context *ctx, const golden_data *data, const char *outcome)
{
    const temoin_column *names = need(data->outcomes, "outcome"), *values = need(data->outcomes, "value");
    double *y = golden_take(ctx, data->clients->n_rows, sizeof *y),
           *n = golden_take(ctx, data->clients->n_rows, sizeof *n);
    for (int64_t r = 0; r < data->outcomes->n_rows; r++) {
        if (names->code[r] != level_of(names, outcome) || isnan(values->number[r])) continue;
        y[data->client[r]] += values->number[r];
        n[data->client[r]]++;
    }
    for (int64_t u = 0; u < data->clients->n_rows; u++) y[u] = n[u] > 0 ? y[u] / n[u] : NAN;
    return y;
}

/* A covariate: a column, a column and one of its levels ("languagefr"), or an outcome before treatment ("bdi0"). */
static const double *covariate(temoin_context *ctx, const golden_data *data, const char *name)
{
    const temoin_column *whole = temoin_frame_find(data->clients, name);
    if (whole && whole->number) return whole->number;
    for (int32_t c = 0; c < data->clients->n_columns; c++) {
        const temoin_column *column = &data->clients->columns[c];
        size_t length = strlen(column->name);
        int32_t level = column->code && strncmp(name, column->name, length) == 0 ? level_of(column, name + length) : -1;
        if (level < 0) continue;
        double *x = golden_take(ctx, data->clients->n_rows, sizeof *x);
        for (int64_t u = 0; u < data->clients->n_rows; u++) x[u] = column->code[u] < 0 ? NAN : column->code[u] == level;
        return x;
    }
    size_t length = strlen(name) - 1;
    if (strcmp(name, "aid0") == 0) return outcome_at(ctx, data, "no_social_aid", "0");
    return name[length] == '0' ? outcome_at(ctx, data, tm_text(ctx, "%.*s", (int)length, name), "0") : NULL;
}

const double *golden_values(temoin_context *ctx, const golden_data *data, const char *outcome, const char *wave)
{
    char inner[64];
    int end = 0;
    if (strcmp(outcome, "share of observed months employed") == 0) return share_of(ctx, data, "employed");
    if (!wave) return covariate(ctx, data, outcome);
    bool missing = sscanf(outcome, "missing(%63[^)])%n", inner, &end) == 1 && end && !outcome[end];
    bool logarithm = !missing && sscanf(outcome, "log(%63[^)]) if%n", inner, &end) == 1 && end;
    double *y = outcome_at(ctx, data, missing || logarithm ? inner : outcome, wave);
    for (int64_t u = 0; y && u < data->clients->n_rows; u++) {
        if (missing) y[u] = isnan(y[u]);
        if (logarithm) y[u] = y[u] > 0 ? log(y[u]) : NAN;
    }
    return y;
}

static bool equals(const temoin_column *column, int64_t client, const json_t *value)
{
    if (json_is_number(value)) return column->number && column->number[client] == json_number_value(value);
    return column->code && column->code[client] >= 0 &&
           strcmp(column->level[column->code[client]], json_string_value(value)) == 0;
}

bool golden_keeps(const golden_data *data, const golden_result *result, int64_t client)
{
    for (size_t c = 0; c < json_array_size(result->filter); c++) {
        const json_t *condition = json_array_get(result->filter, c), *values = json_array_get(condition, 2);
        const char *op = json_string_value(json_array_get(condition, 1));
        const temoin_column *column = need(data->clients, json_string_value(json_array_get(condition, 0)));
        bool found = false;
        assert_true(strcmp(op, "==") == 0 || strcmp(op, "in") == 0);
        for (size_t v = 0; v < json_array_size(values); v++) found |= equals(column, client, json_array_get(values, v));
        if (!found) return false;
    }
    return true;
}
