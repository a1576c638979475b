/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "designs/design_options.h"

#include <string.h>

#include "base/sink.h"

/* Is the key one of those words, which blanks and bars set apart? */
static bool has_word(const char *words, const char *key)
{
    const size_t n = strlen(key);
    for (const char *at = words; at && *at; at += strspn(at, " |")) {
        const size_t length = strcspn(at, " |");
        if (length == n && memcmp(at, key, n) == 0) return true;
        at += length;
    }
    return false;
}

/* "strata misfits" → `"strata", "misfits"`; "accept|tiers" → `"accept" or "tiers"`. */
static void put_words(tm_sink *sink, const char *words, size_t n)
{
    for (size_t at = 0; at < n;) {
        const size_t length = strcspn(words + at, " |");
        tm_sink_put(sink, "\"");
        tm_sink_put_bytes(sink, words + at, at + length < n ? length : n - at);
        tm_sink_put(sink, "\"");
        at += length;
        if (at < n) tm_sink_put(sink, words[at] == '|' ? " or " : ", ");
        at += 1;
    }
}

static temoin_status refuse_option(temoin_context *ctx, const temoin_plan *plan, const tm_design *design,
                                   const char *key, int line)
{
    tm_sink sink;
    tm_sink_init(&sink, ctx);
    if (design->options)
        put_words(&sink, design->options, strlen(design->options));
    else
        tm_sink_put(&sink, "no options");
    bool taken = false;
    for (int d = 0; d < tm_n_designs; d++) {
        if (!has_word(tm_designs[d]->options, key)) continue;
        tm_sink_printf(&sink, "%s%s", taken ? ", " : "; kinds that take it: ", tm_designs[d]->key);
        taken = true;
    }
    TM_TRY(tm_sink_finish(&sink));
    tm_problem(ctx, "%s: line %d: a \"%s\" design takes no \"%s\"; it takes %s", plan->path, line, design->key, key,
               sink.text);
    return TEMOIN_OK;
}

/* One of the alternatives "a|b|c" has to be there. */
static temoin_status check_need(temoin_context *ctx, const temoin_plan *plan, const tm_design *design, const char *need,
                                size_t length)
{
    const char *key, *word = tm_text_copy(ctx, need, length);
    int line;
    tm_sink sink;
    if (!word) return tm_fail_memory(ctx);
    for (int32_t i = 0; (key = tm_plan_option(plan, i, &line)); i++)
        if (has_word(word, key)) return TEMOIN_OK;
    tm_sink_init(&sink, ctx);
    put_words(&sink, word, length);
    tm_sink_put(&sink, "; it takes ");
    put_words(&sink, design->options, strlen(design->options));
    TM_TRY(tm_sink_finish(&sink));
    tm_problem(ctx, "%s: line %d: a \"%s\" design needs %s", plan->path, tm_plan_line(plan, "design.kind"), design->key,
               sink.text);
    return TEMOIN_OK;
}

temoin_status tm_design_validate_options(temoin_context *ctx, const temoin_plan *plan, const tm_design *design)
{
    const size_t mark = tm_problems_mark(ctx);
    const char *key;
    int line;
    for (int32_t i = 0; (key = tm_plan_option(plan, i, &line)); i++)
        if (!has_word(design->options, key)) TM_TRY(refuse_option(ctx, plan, design, key, line));
    for (const char *need = design->needs; need && *need; need += strspn(need, " ")) {
        const size_t length = strcspn(need, " ");
        TM_TRY(check_need(ctx, plan, design, need, length));
        need += length;
    }
    return tm_problems_end(ctx, mark, TEMOIN_ERR_PLAN);
}
