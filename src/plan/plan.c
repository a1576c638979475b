/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/files.h"
#include "plan/schema.h"

/* The first error that libcyaml writes to its log. */
typedef struct first_error {
    char text[256];
} first_error;

static void keep_first_error(cyaml_log_t level, void *data, const char *format, va_list list)
{
    first_error *first = data;
    if (level < CYAML_LOG_ERROR || first->text[0]) return;
    vsnprintf(first->text, sizeof first->text, format, list);
    first->text[strcspn(first->text, "\n")] = '\0';
}

/* libcyaml's memory is released here; the plan keeps copies. */
static temoin_status load_and_resolve(tm_plan_reader *reader, const char *bytes, size_t length, temoin_plan *plan)
{
    first_error first = {""};
    const cyaml_config_t config = {.log_fn = keep_first_error,
                                   .log_ctx = &first,
                                   .mem_fn = cyaml_mem,
                                   .log_level = CYAML_LOG_ERROR,
                                   .flags = CYAML_CFG_NO_ALIAS};
    cyaml_data_t *raw = NULL;
    cyaml_err_t error = cyaml_load_data((const uint8_t *)bytes, length, &config, &tm_plan_schema, &raw, NULL);
    temoin_status status;
    if (error == CYAML_ERR_OOM)
        status = tm_fail_memory(reader->ctx);
    else if (error != CYAML_OK || !raw)
        status = tm_fail(reader->ctx, TEMOIN_ERR_PLAN, "%s: cannot be read: %s (%s)", reader->path,
                         cyaml_strerror(error), first.text);
    else
        status = tm_plan_resolve(reader, raw, plan);
    if (raw) cyaml_free(&config, &tm_plan_schema, raw, 0);
    return status;
}

static temoin_status parse(tm_plan_reader *reader, const char *bytes, size_t length, const temoin_plan **out)
{
    const char *text = bytes;
    size_t text_length = length;
    if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark, as Windows editors write */
        text += 3;
        text_length -= 3;
    }
    TM_TRY(tm_plan_document_read(reader, text, text_length));
    if (reader->document) tm_plan_conform(reader);
    TM_TRY(tm_troubles_end(reader));
    temoin_plan *plan;
    TM_ALLOC(reader->ctx, plan, 1);
    plan->document = reader->document;
    plan->text = bytes;
    plan->text_length = length;
    TM_TRY(tm_raw_text_copy(reader->ctx, reader->path, &plan->path));
    TM_TRY(load_and_resolve(reader, text, text_length, plan));
    TM_TRY(tm_troubles_end(reader));
    *out = plan;
    return TEMOIN_OK;
}

temoin_status tm_plan_parse(temoin_context *ctx, const char *path, const char *bytes, size_t length,
                            const temoin_plan **out)
{
    *out = NULL;
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    tm_plan_reader reader = {.ctx = ctx, .path = path};
    temoin_status status = parse(&reader, bytes, length, out);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status read_plan(temoin_context *ctx, const char *path, bool again, const temoin_plan **out)
{
    const char *bytes;
    size_t length;
    const temoin_plan *plan;
    *out = NULL;
    TM_TRY(tm_file_read(ctx, path, &bytes, &length));
    TM_TRY(tm_plan_parse(ctx, path, bytes, length, &plan));
    return tm_plan_take_seed(ctx, plan, again, out);
}

temoin_status temoin_plan_read(temoin_context *ctx, const char *path, const temoin_plan **out)
{
    return read_plan(ctx, path, false, out);
}

temoin_status tm_plan_read_again(temoin_context *ctx, const char *path, const temoin_plan **out)
{
    return read_plan(ctx, path, true, out);
}

const char *temoin_plan_id(const temoin_plan *plan)
{
    return plan->id;
}

const char *tm_plan_option(const temoin_plan *plan, int32_t i, int *line)
{
    static const char *const common[] = {"kind",     "seed",        "seed_file",     "seed_env", "seed_commitment",
                                         "assigned", "probability", "stratum_shares"};
    const tm_plan_node *design = plan->document ? tm_plan_node_find(plan->document, "design") : NULL;
    for (int32_t c = 0; design && c < design->n_children; c++) {
        const tm_plan_node *node = design->child[c];
        bool option = node->kind != TM_NODE_LIST || node->n_children > 0;
        for (size_t k = 0; k < sizeof common / sizeof *common; k++) option &= strcmp(node->key, common[k]) != 0;
        if (!option || i-- > 0) continue;
        *line = node->line;
        return node->key;
    }
    return NULL;
}
