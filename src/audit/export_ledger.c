/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ledger in forms that others read. */
#include <inttypes.h>
#include <string.h>

#include "audit/export_kind.h"
#include "audit/ledger_table.h"
#include "base/nearest.h"
#include "base/sink.h"
#include "temoin/custody.h"

/* What an export is made of: one trial's ledger, its strata taken apart. */
typedef struct ledger_parts {
    const char *trial;
    tm_names strata;
    tm_ledger_table ledger;
    const char *const *value; /* [n_levels of the stratum * strata.n] */
    const char *by;           /* NULL: not told */
} ledger_parts;

typedef struct file_list {
    tm_folder_file *file; /* [room] */
    const char **name;
    int32_t n;
} file_list;

static const char *stratum_value(const ledger_parts *parts, int64_t line, int32_t column)
{
    return parts->value[(int64_t)parts->ledger.column[TM_LEDGER_STRATUM]->code[line] * parts->strata.n + column];
}

/* A canonical text taken apart: values joined by `|`, each `\` and `|` inside of one behind a `\`. */
static temoin_status split_stratum(temoin_context *ctx, const char *text, int32_t n, const char **value)
{
    for (int32_t k = 0; k < n; k++) {
        tm_sink sink;
        tm_sink_init(&sink, ctx);
        for (; *text && *text != '|'; text++) {
            if (*text == '\\' && text[1]) text++;
            tm_sink_put_bytes(&sink, text, 1);
        }
        if (*text == '|') text++;
        TM_TRY(tm_sink_finish(&sink));
        value[k] = sink.length ? sink.text : "";
    }
    return TEMOIN_OK;
}

static temoin_status read_parts(temoin_context *ctx, const char *folder, ledger_parts *out)
{
    const char *text, *why, **value;
    size_t length;
    tm_manifest manifest;
    TM_TRY(tm_bundle_read_manifest(ctx, folder, &text, &length));
    TM_TRY(tm_manifest_read(ctx, text, length, &manifest, &why));
    if (why) TM_FAIL(ctx, TEMOIN_ERR_DATA, "%s/manifest.json: %s", folder, why);
    out->trial = manifest.trial;
    out->strata = manifest.strata;
    TM_TRY(tm_ledger_read(ctx, folder, &out->ledger));
    const temoin_column *stratum = out->ledger.column[TM_LEDGER_STRATUM];
    TM_ALLOC(ctx, value, (int64_t)stratum->n_levels * out->strata.n);
    for (int32_t s = 0; s < stratum->n_levels; s++)
        TM_TRY(split_stratum(ctx, stratum->level[s], out->strata.n, value + (int64_t)s * out->strata.n));
    out->value = value;
    return TEMOIN_OK;
}

static temoin_status add_file(tm_sink *sink, const char *name, file_list *out)
{
    TM_TRY(tm_sink_finish(sink));
    out->name[out->n] = name;
    out->file[out->n++] = (tm_folder_file){name, sink->text, sink->length};
    return TEMOIN_OK;
}

static temoin_status make_list(temoin_context *ctx, int64_t room, file_list *out)
{
    out->n = 0;
    TM_ALLOC(ctx, out->file, room);
    TM_ALLOC(ctx, out->name, room);
    return TEMOIN_OK;
}

/* REDCap. Its table has `redcap_randomization_number`, `redcap_randomization_group`, then the fields that stratify, and
 * its cells are codes of their choices (REDCap's template of an allocation table, version 14.7: the number is what a
 * blinded project reads, the group what an open one does; either may stay where the other counts). A code has letters,
 * digits, `.`,
 * `-` and `_` only; the values of a column with another one among them are numbered in the order of their bytes. */

static bool is_code(const char *text)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    return text[0] && text[strspn(text, good)] == '\0';
}

/* One field: its column's values in byte order, and what stands for each. */
typedef struct redcap_field {
    const char *name;
    const char *const *value;
    const char **code;
    int32_t n;
} redcap_field;

static int32_t find_value(const redcap_field *field, const char *value)
{
    int32_t low = 0, high = field->n;
    while (low < high) {
        const int32_t middle = low + (high - low) / 2;
        if (strcmp(field->value[middle], value) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < field->n && strcmp(field->value[low], value) == 0 ? low : -1;
}

/* Distinct texts in byte order; insertion, for choices are few. */
static void add_value(const char **value, int32_t *n, const char *text)
{
    const redcap_field so_far = {.value = value, .n = *n};
    if (find_value(&so_far, text) >= 0) return;
    int32_t at = (*n)++;
    for (; at > 0 && strcmp(value[at - 1], text) > 0; at--) value[at] = value[at - 1];
    value[at] = text;
}

static temoin_status code_values(temoin_context *ctx, redcap_field *field)
{
    bool codes = true;
    TM_ALLOC(ctx, field->code, field->n);
    for (int32_t v = 0; v < field->n; v++) codes = codes && is_code(field->value[v]);
    for (int32_t v = 0; v < field->n; v++) {
        field->code[v] = codes ? field->value[v] : tm_text(ctx, "%d", (int)v + 1);
        if (!field->code[v]) return tm_fail_memory(ctx);
    }
    return TEMOIN_OK;
}

/* REDCap's names of fields have lower-case letters, digits and `_`, a letter first. */
static temoin_status name_field(temoin_context *ctx, const char *column, const char **out)
{
    char *name;
    TM_ALLOC(ctx, name, (int64_t)strlen(column) + 3);
    size_t n = 0;
    if (!((column[0] >= 'a' && column[0] <= 'z') || (column[0] >= 'A' && column[0] <= 'Z')))
        name[n++] = 'f', name[n++] = '_';
    for (; *column; column++) {
        const char c = *column;
        const bool upper = c >= 'A' && c <= 'Z', plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (upper)
            name[n++] = (char)(c - 'A' + 'a');
        else if (plain || n == 0 || name[n - 1] != '_')
            name[n++] = plain ? c : '_';
    }
    *out = name;
    return TEMOIN_OK;
}

static temoin_status list_fields(temoin_context *ctx, const ledger_parts *parts, redcap_field *fields)
{
    const temoin_column *arm = parts->ledger.column[TM_LEDGER_ARM];
    const int32_t n_levels = parts->ledger.column[TM_LEDGER_STRATUM]->n_levels;
    const char **value;
    TM_ALLOC(ctx, value, arm->n_levels);
    for (int32_t a = 0; a < arm->n_levels; a++)
        if (arm->level[a][0]) add_value(value, &fields[0].n, arm->level[a]); /* not those left out of all arms */
    fields[0].name = "redcap_randomization_group";
    fields[0].value = value;
    TM_TRY(code_values(ctx, &fields[0]));
    for (int32_t k = 0; k < parts->strata.n; k++) {
        redcap_field *field = &fields[k + 1];
        TM_ALLOC(ctx, value, n_levels);
        for (int32_t s = 0; s < n_levels; s++)
            add_value(value, &field->n, parts->value[(int64_t)s * parts->strata.n + k]);
        field->value = value;
        TM_TRY(name_field(ctx, parts->strata.name[k], &field->name));
        TM_TRY(code_values(ctx, field));
    }
    return TEMOIN_OK;
}

static temoin_status put_choices(temoin_context *ctx, const ledger_parts *parts, const redcap_field *fields,
                                 file_list *out)
{
    tm_sink sink;
    tm_sink_init(&sink, ctx);
    tm_sink_put(&sink, "field,column,code,value\n");
    for (int32_t k = 0; k <= parts->strata.n; k++)
        for (int32_t v = 0; v < fields[k].n; v++) {
            tm_sink_printf(&sink, "%s,", fields[k].name);
            tm_sink_csv(&sink, k ? parts->strata.name[k - 1] : "arm");
            tm_sink_printf(&sink, ",%s,", fields[k].code[v]);
            tm_sink_csv(&sink, fields[k].value[v]);
            tm_sink_put(&sink, "\n");
        }
    return add_file(&sink, "redcap_choices.csv", out);
}

static temoin_status build_redcap(temoin_context *ctx, const ledger_parts *parts, file_list *out)
{
    redcap_field *fields;
    tm_sink sink;
    TM_ALLOC(ctx, fields, parts->strata.n + 1);
    TM_TRY(make_list(ctx, 2, out));
    TM_TRY(list_fields(ctx, parts, fields));
    tm_sink_init(&sink, ctx);
    tm_sink_put(&sink, "redcap_randomization_number");
    for (int32_t k = 0; k <= parts->strata.n; k++) tm_sink_printf(&sink, ",%s", fields[k].name);
    tm_sink_put(&sink, "\n");
    for (int64_t line = 0; line < parts->ledger.n; line++) {
        const int32_t arm = find_value(&fields[0], tm_ledger_text(&parts->ledger, TM_LEDGER_ARM, line));
        if (arm < 0) continue;
        tm_sink_printf(&sink, "%s,%s", tm_ledger_text(&parts->ledger, TM_LEDGER_POSITION, line), fields[0].code[arm]);
        for (int32_t k = 0; k < parts->strata.n; k++) {
            const redcap_field *field = &fields[k + 1];
            tm_sink_printf(&sink, ",%s", field->code[find_value(field, stratum_value(parts, line, k))]);
        }
        tm_sink_put(&sink, "\n");
    }
    TM_TRY(add_file(&sink, "redcap_allocation.csv", out));
    return put_choices(ctx, parts, fields, out);
}

/* Sealed lists: one per value of a stratum's column. `code` says which envelope it is and nothing of what is inside:
 * the first eight digits of SHA-256("temoin/1" NUL trial id NUL "envelope" NUL client). */

static void envelope_code(const char *trial, const char *client, char hex[TM_SHA256_HEX_SIZE])
{
    tm_sha256 hash;
    uint8_t digest[TM_SHA256_BYTES];
    tm_sha256_init(&hash);
    tm_sha256_add(&hash, "temoin/1", sizeof "temoin/1");
    tm_sha256_add(&hash, trial, strlen(trial) + 1);
    tm_sha256_add(&hash, "envelope", sizeof "envelope");
    tm_sha256_add(&hash, client, strlen(client));
    tm_sha256_finish(&hash, digest);
    tm_sha256_hex(digest, hex);
    hex[8] = '\0';
}

static temoin_status find_site(temoin_context *ctx, const ledger_parts *parts, int32_t *out)
{
    *out = parts->strata.n > 0 ? 0 : -1;
    if (!parts->by) return TEMOIN_OK;
    for (*out = 0; *out < parts->strata.n; ++*out)
        if (strcmp(parts->strata.name[*out], parts->by) == 0) return TEMOIN_OK;
    tm_sink list;
    tm_sink_init(&list, ctx);
    for (int32_t k = 0; k < parts->strata.n; k++)
        tm_sink_printf(&list, "%s\"%s\"", k ? ", " : "", parts->strata.name[k]);
    TM_TRY(tm_sink_finish(&list));
    TM_FAIL(ctx, TEMOIN_ERR_USAGE, "--by \"%s\": is not among the design's strata: %s", parts->by,
            parts->strata.n ? list.text : "it has none, and so there is one list");
}

/* A file's name from a site's: its number keeps those apart that differ in other signs only. */
static temoin_status name_list(temoin_context *ctx, int32_t number, const char *site, const char **out)
{
    char *plain;
    size_t n = 0;
    TM_ALLOC(ctx, plain, (int64_t)strlen(site) + 1);
    for (; *site && n < 40; site++) {
        const char word[] = {*site, '\0'};
        const bool good = is_code(word) && *site != '.';
        if (good || (n > 0 && plain[n - 1] != '-')) plain[n++] = good ? *site : '-';
    }
    *out = tm_text(ctx, "sealed-%02d%s%s.csv", (int)number, n ? "-" : "", plain);
    return *out ? TEMOIN_OK : tm_fail_memory(ctx);
}

static temoin_status put_list(temoin_context *ctx, const ledger_parts *parts, int32_t column, const char *site,
                              file_list *out)
{
    const bool has_workers = parts->ledger.column[TM_LEDGER_WORKER] != NULL;
    const char *name;
    tm_sink sink;
    int64_t n = 0;
    tm_sink_init(&sink, ctx);
    tm_sink_put(&sink, "envelope,site,code,client,arm");
    tm_sink_put(&sink, has_workers ? ",worker\n" : "\n");
    for (int64_t line = 0; line < parts->ledger.n; line++) {
        const char *client = tm_ledger_text(&parts->ledger, TM_LEDGER_CLIENT, line);
        char hex[TM_SHA256_HEX_SIZE];
        if (column >= 0 && strcmp(stratum_value(parts, line, column), site) != 0) continue;
        envelope_code(parts->trial, client, hex);
        tm_sink_printf(&sink, "%" PRId64 ",", ++n);
        tm_sink_csv(&sink, site);
        tm_sink_printf(&sink, ",%s,", hex);
        tm_sink_csv(&sink, client);
        tm_sink_put(&sink, ",");
        tm_sink_csv(&sink, tm_ledger_text(&parts->ledger, TM_LEDGER_ARM, line));
        if (has_workers) tm_sink_put(&sink, ",");
        if (has_workers) tm_sink_csv(&sink, tm_ledger_text(&parts->ledger, TM_LEDGER_WORKER, line));
        tm_sink_put(&sink, "\n");
    }
    TM_TRY(name_list(ctx, out->n + 1, site, &name));
    return add_file(&sink, name, out);
}

static temoin_status build_sealed(temoin_context *ctx, const ledger_parts *parts, file_list *out)
{
    const int32_t n_levels = parts->ledger.column[TM_LEDGER_STRATUM]->n_levels;
    int32_t column, n_sites = 0;
    const char **site;
    TM_TRY(find_site(ctx, parts, &column));
    TM_ALLOC(ctx, site, n_levels + 1);
    for (int32_t s = 0; column >= 0 && s < n_levels; s++)
        add_value(site, &n_sites, parts->value[(int64_t)s * parts->strata.n + column]);
    if (column < 0) site[n_sites++] = "";
    TM_TRY(make_list(ctx, n_sites, out));
    for (int32_t s = 0; s < n_sites; s++) TM_TRY(put_list(ctx, parts, column, site[s], out));
    return TEMOIN_OK;
}

static temoin_status (*const builders[])(temoin_context *, const ledger_parts *, file_list *) = {build_redcap,
                                                                                                 build_sealed};
const tm_export_kind tm_exports[] = {
    {"redcap", "allocation table for REDCap's randomization module, and the choices that its fields need"},
    {"sealed", "a list per site of what goes on and into each envelope; takes --by"},
};
const int tm_n_exports = sizeof tm_exports / sizeof *tm_exports;

static temoin_status find_export(temoin_context *ctx, const char *format, int *out)
{
    const char *keys[sizeof tm_exports / sizeof *tm_exports];
    for (*out = 0; *out < tm_n_exports; ++*out) {
        if (format && strcmp(tm_exports[*out].key, format) == 0) return TEMOIN_OK;
        keys[*out] = tm_exports[*out].key;
    }
    const char *nearest = format ? tm_nearest(format, keys, (size_t)tm_n_exports) : NULL;
    if (!format) TM_FAIL(ctx, TEMOIN_ERR_USAGE, "an export needs --format; see `temoin list exports`");
    TM_FAIL(ctx, TEMOIN_ERR_USAGE, "there is no export \"%s\"%s%s%s; see `temoin list exports`", format,
            nearest ? ": did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

static temoin_status store(temoin_context *ctx, const file_list *files, temoin_export *out)
{
    tm_folder folder;
    temoin_status status = tm_folder_open(ctx, out->folder, &folder);
    if (status == TEMOIN_OK) status = tm_folder_replace(ctx, &folder, files->file, files->n);
    tm_folder_close(&folder);
    out->files = files->name;
    out->n_files = files->n;
    return status;
}

static temoin_status build_files(temoin_context *ctx, const char *folder, const temoin_export_opts *opts, int kind,
                                 file_list *files, temoin_export *out)
{
    ledger_parts parts = {.by = opts->by};
    int lock;
    TM_TRY(tm_folder_enter(ctx, folder, &lock));
    temoin_status status = read_parts(ctx, folder, &parts);
    tm_folder_leave(lock);
    if (status != TEMOIN_OK) return status;
    TM_TRY(builders[kind](ctx, &parts, files));
    out->folder = opts->output ? opts->output : tm_text(ctx, "%s-%s", parts.trial, tm_exports[kind].key);
    return out->folder ? tm_memory_end(ctx) : tm_fail_memory(ctx);
}

temoin_status temoin_bundle_export(temoin_context *ctx, const char *folder, const temoin_export_opts *opts,
                                   temoin_export *out)
{
    int kind;
    file_list files;
    *out = (temoin_export){0};
    TM_TRY(find_export(ctx, opts->format, &kind));
    TM_TRY(build_files(ctx, folder, opts, kind, &files, out));
    return store(ctx, &files, out);
}
