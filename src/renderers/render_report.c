/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "temoin/report.h"

#include <string.h>

#include "renderers/renderer.h"
#include "sections/section.h"
#include "sections/wording.h"

const tm_renderer *tm_renderer_find(const char *key)
{
    for (int r = 0; r < tm_n_renderers; r++)
        if (strcmp(tm_renderers[r]->key, key) == 0) return tm_renderers[r];
    return NULL;
}

static temoin_status fail_format(temoin_context *ctx, const char *format)
{
    tm_sink keys;
    tm_sink_init(&keys, ctx);
    for (int r = 0; r < tm_n_renderers; r++) tm_sink_printf(&keys, "%s\"%s\"", r ? ", " : "", tm_renderers[r]->key);
    TM_TRY(tm_sink_finish(&keys));
    TM_FAIL(ctx, TEMOIN_ERR_USAGE, "report format: found \"%s\"; there are %s", format, keys.text);
}

static const char *subtitle_of(temoin_context *ctx, const temoin_results *results)
{
    return tm_text(ctx, "%s%s%s", results->trial, results->registry[0] ? " · " : "", results->registry);
}

temoin_status temoin_report_render(temoin_context *ctx, const temoin_results *results, const temoin_report_opts *opts,
                                   const char **text, size_t *length)
{
    tm_language language;
    if (!tm_language_find(opts->language, &language))
        TM_FAIL(ctx, TEMOIN_ERR_USAGE, "report language: found \"%s\"; there are \"en\", \"fr\"", opts->language);
    const tm_renderer *renderer = tm_renderer_find(opts->format);
    if (!renderer) return fail_format(ctx, opts->format);
    tm_document document;
    tm_document_init(&document, ctx, language, tm_say(language, results->title.en, results->title.fr),
                     subtitle_of(ctx, results));
    TM_TRY(tm_sections_build(results, &document));
    tm_sink sink;
    tm_sink_init(&sink, ctx);
    TM_TRY(renderer->render(&document, opts, &sink));
    TM_TRY(tm_sink_finish(&sink));
    *text = sink.text;
    *length = sink.length;
    return TEMOIN_OK;
}
