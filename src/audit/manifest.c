/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "audit/bundle.h"
#include "audit/manifest_options.h"
#include "base/digest.h"
#include "base/sink.h"

const char *tm_text_digest(temoin_context *ctx, const char *text, size_t length)
{
    tm_sha256 hash;
    uint8_t digest[TM_SHA256_BYTES];
    char hex[TM_SHA256_HEX_SIZE];
    tm_sha256_init(&hash);
    tm_sha256_add(&hash, text, length);
    tm_sha256_finish(&hash, digest);
    return tm_text(ctx, "%s", tm_sha256_hex(digest, hex));
}

static void put_member(tm_sink *sink, const char *indent, const char *key, const char *value)
{
    tm_sink_printf(sink, "%s\"%s\": ", indent, key);
    tm_sink_json(sink, value);
    tm_sink_put(sink, ",\n");
}

static void put_names(tm_sink *sink, const tm_names *names)
{
    tm_sink_put(sink, "[");
    for (int32_t i = 0; i < names->n; i++) {
        tm_sink_put(sink, i ? ", " : "");
        tm_sink_json(sink, names->name[i]);
    }
    tm_sink_put(sink, "]");
}

static void put_shares(tm_sink *sink, const int64_t *shares, int32_t n)
{
    tm_sink_put(sink, "[");
    for (int32_t a = 0; a < n; a++) tm_sink_printf(sink, "%s%" PRId64, a ? ", " : "", shares[a]);
    tm_sink_put(sink, "]");
}

/* One line per stratum with shares of its own is enough: without any, `shares` of the arms holds everywhere. */
static void put_design(tm_sink *sink, const temoin_assignment *assignment)
{
    const temoin_trial *trial = assignment->trial;
    const tm_plan_design *design = &trial->plan->design;
    tm_sink_put(sink, "  \"design\": {\n");
    put_member(sink, "    ", "kind", design->kind);
    if (!assignment->drawn)
        put_member(sink, "    ", "assigned", design->assigned);
    else if (!tm_plan_hides_seed(trial->plan))
        put_member(sink, "    ", "seed", design->seed);
    if (design->commitment) put_member(sink, "    ", "seed_commitment", design->commitment);
    tm_sink_put(sink, "    \"strata\": ");
    put_names(sink, &design->strata);
    tm_manifest_put_options(sink, trial->plan);
    tm_sink_printf(sink, ",\n    \"n_units\": %" PRId64 ",\n    \"n_strata\": %" PRId32 ",\n    \"arms\": [\n",
                   trial->n_units, trial->n_strata);
    for (int32_t a = 0; a < trial->n_arms; a++) {
        tm_sink_put(sink, "      {\"name\": ");
        tm_sink_json(sink, trial->plan->arms[a].name);
        tm_sink_printf(sink, ", \"share\": %" PRId64 ", \"n\": %" PRId64 "}%s\n", trial->plan->arms[a].share,
                       assignment->n_in_arm[a], a + 1 < trial->n_arms ? "," : "");
    }
    tm_sink_put(sink, "    ],\n");
    if (assignment->error > 0) {
        tm_sink_put(sink, "    \"probability_error\": ");
        tm_sink_number(sink, assignment->error);
        tm_sink_put(sink, ",\n");
    }
    tm_sink_put(sink, "    \"stratum_shares\": {");
    bool first = true;
    for (int32_t s = 0; design->n_stratum_shares > 0 && s < trial->n_strata; s++) {
        tm_sink_put(sink, first ? "\n      " : ",\n      ");
        first = false;
        tm_sink_json(sink, trial->stratum_text[s]);
        tm_sink_put(sink, ": ");
        put_shares(sink, trial->shares + (int64_t)s * trial->n_arms, trial->n_arms);
    }
    tm_sink_put(sink, first ? "}\n  },\n" : "\n    }\n  },\n");
}

static temoin_status put_files(temoin_context *ctx, tm_sink *sink, const char *key, const tm_bundle_file *files,
                               int32_t n)
{
    tm_sink_printf(sink, "  \"%s\": [\n", key);
    for (int32_t f = 0; f < n; f++) {
        const char *digest = tm_text_digest(ctx, files[f].text, files[f].length);
        if (!digest) return tm_fail_memory(ctx);
        tm_sink_put(sink, "    {");
        if (files[f].role[0]) tm_sink_printf(sink, "\"role\": \"%s\", ", files[f].role);
        tm_sink_put(sink, "\"file\": ");
        tm_sink_json(sink, files[f].name);
        tm_sink_printf(sink, ", \"bytes\": %zu, \"sha256\": \"%s\"}%s\n", files[f].length, digest,
                       f + 1 < n ? "," : "");
    }
    tm_sink_put(sink, "  ]");
    return TEMOIN_OK;
}

static temoin_status put_seal(temoin_context *ctx, tm_sink *sink)
{
    const char *seal;
    TM_TRY(tm_sink_finish(sink));
    seal = tm_text_digest(ctx, sink->text, sink->length);
    if (!seal) return tm_fail_memory(ctx);
    tm_sink_printf(sink, "  \"seal\": \"%s\"\n}\n", seal);
    return tm_sink_finish(sink);
}

temoin_status tm_manifest_render(temoin_context *ctx, const temoin_assignment *assignment, bool analysis,
                                 const char *engine, tm_bundle *bundle)
{
    const temoin_plan *plan = assignment->trial->plan;
    tm_sink sink;
    tm_sink_init(&sink, ctx);
    tm_sink_put(&sink, "{\n  \"schema\": \"temoin-bundle\",\n  \"version\": 1,\n");
    put_member(&sink, "  ", "engine", engine);
    put_member(&sink, "  ", "trial", plan->id);
    if (plan->registry) put_member(&sink, "  ", "registry", plan->registry);
    put_member(&sink, "  ", "stage", analysis ? "analysis" : "assignment");
    put_design(&sink, assignment);
    if (assignment->drawn) { /* the ledger is the first output and its last digest ends it */
        const tm_bundle_file *ledger = &bundle->outputs[0];
        tm_sink_printf(&sink, "  \"ledger_head\": \"%.*s\",\n", TM_SHA256_HEX_SIZE - 1,
                       ledger->text + ledger->length - TM_SHA256_HEX_SIZE);
    }
    TM_TRY(put_files(ctx, &sink, "inputs", bundle->inputs, bundle->n_inputs));
    tm_sink_put(&sink, ",\n");
    TM_TRY(put_files(ctx, &sink, "outputs", bundle->outputs, bundle->n_outputs));
    tm_sink_put(&sink, ",\n");
    TM_TRY(put_seal(ctx, &sink));
    bundle->manifest = (tm_bundle_file){"", "manifest.json", sink.text, sink.length};
    return TEMOIN_OK;
}

static const char *text_of(temoin_context *ctx, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? tm_text(ctx, "%s", text) : NULL;
}

static bool is_inside(const char *name)
{
    return strncmp(name, "inputs/", 7) == 0 && !strchr(name + 7, '/') && name[7] != '.' && name[7] != '\0';
}

static temoin_status read_inputs(temoin_context *ctx, const json_t *list, tm_manifest *out, const char **why)
{
    tm_bundle_file *inputs;
    const char **digests;
    out->n_inputs = (int32_t)json_array_size(list);
    TM_ALLOC(ctx, inputs, out->n_inputs);
    TM_ALLOC(ctx, digests, out->n_inputs);
    for (int32_t f = 0; f < out->n_inputs; f++) {
        const json_t *item = json_array_get(list, (size_t)f);
        inputs[f].role = text_of(ctx, item, "role");
        inputs[f].name = text_of(ctx, item, "file");
        digests[f] = text_of(ctx, item, "sha256");
        if (!inputs[f].role || !inputs[f].name || !digests[f] || !is_inside(inputs[f].name))
            *why = "an entry of \"inputs\" lacks its role, file or sha256, or names a file outside of inputs/";
    }
    if (out->n_inputs < 2 && !*why) *why = "\"inputs\" must list the plan and the client file";
    out->inputs = inputs;
    out->input_digest = digests;
    return TEMOIN_OK;
}

static temoin_status read_strata(temoin_context *ctx, const json_t *list, tm_names *out)
{
    const char **name;
    out->n = 0;
    TM_ALLOC(ctx, name, (int64_t)json_array_size(list));
    for (size_t s = 0; s < json_array_size(list); s++) {
        const char *text = json_string_value(json_array_get(list, s));
        name[out->n] = text ? tm_text(ctx, "%s", text) : NULL;
        out->n += name[out->n] != NULL;
    }
    out->name = name;
    return TEMOIN_OK;
}

static temoin_status read_object(temoin_context *ctx, const json_t *root, tm_manifest *out, const char **why)
{
    const char *schema = text_of(ctx, root, "schema"), *stage = text_of(ctx, root, "stage");
    const json_t *design = json_object_get(root, "design");
    const char *seed = text_of(ctx, design, "seed"), *engine = text_of(ctx, root, "engine");
    out->trial = text_of(ctx, root, "trial");
    out->seed = seed ? seed : "";
    out->commitment = text_of(ctx, design, "seed_commitment");
    out->head = text_of(ctx, root, "ledger_head");
    TM_TRY(read_strata(ctx, json_object_get(design, "strata"), &out->strata));
    out->engine = engine ? engine : "";
    if (!schema || strcmp(schema, "temoin-bundle") != 0 || json_integer_value(json_object_get(root, "version")) != 1)
        *why = "it is not a \"temoin-bundle\" of version 1";
    else if (!out->trial || !stage)
        *why = "\"trial\" or \"stage\" is missing";
    else
        out->analysis = strcmp(stage, "analysis") == 0;
    return *why ? TEMOIN_OK : read_inputs(ctx, json_object_get(root, "inputs"), out, why);
}

/* Whether the text ends in the line of its seal. */
static temoin_status check_seal(temoin_context *ctx, const char *text, size_t length, bool *sealed)
{
    static const char start[] = "  \"seal\": \"", end[] = "\"\n}\n";
    const size_t line = sizeof start - 1 + TM_SHA256_HEX_SIZE - 1 + sizeof end - 1;
    *sealed = false;
    if (length < line) return TEMOIN_OK;
    const char *want = tm_text_digest(ctx, text, length - line), *at = text + length - line;
    if (!want) return tm_fail_memory(ctx);
    *sealed = memcmp(at, start, sizeof start - 1) == 0 &&
              memcmp(at + sizeof start - 1, want, TM_SHA256_HEX_SIZE - 1) == 0 &&
              memcmp(text + length - (sizeof end - 1), end, sizeof end - 1) == 0;
    return TEMOIN_OK;
}

temoin_status tm_manifest_read(temoin_context *ctx, const char *text, size_t length, tm_manifest *out, const char **why)
{
    json_error_t error;
    *out = (tm_manifest){0};
    *why = NULL;
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        *why = tm_text(ctx, "line %d, column %d: %s", error.line, error.column, error.text);
        return *why ? TEMOIN_OK : tm_fail_memory(ctx);
    }
    temoin_status status = read_object(ctx, root, out, why);
    json_decref(root);
    if (status == TEMOIN_OK) status = check_seal(ctx, text, length, &out->sealed);
    return status == TEMOIN_OK ? tm_memory_end(ctx) : status; /* a text that found no memory is not a missing key */
}
