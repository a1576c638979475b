/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/plan_reader.h"

enum { EXCERPT_BYTES = 60 };

struct tm_trouble {
    int line;
    int64_t rank; /* as found: keeps the order within a line */
    const char *text;
    tm_trouble *before;
};

void tm_trouble_add(tm_plan_reader *reader, int line, const char *format, ...)
{
    va_list list, again;
    va_start(list, format);
    va_copy(again, list);
    int length = vsnprintf(NULL, 0, format, list);
    tm_trouble *trouble = tm_arena_take(&reader->ctx->scratch, 1, sizeof *trouble);
    char *text = length < 0 ? NULL : tm_arena_take(&reader->ctx->scratch, length + 1, 1);
    if (text) vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(list);
    if (!trouble || !text) {
        reader->out_of_memory = true;
        return;
    }
    *trouble = (tm_trouble){line, reader->n_troubles++, text, reader->last_trouble};
    reader->last_trouble = trouble;
}

static int by_line(const void *a, const void *b)
{
    const tm_trouble *x = *(tm_trouble *const *)a, *y = *(tm_trouble *const *)b;
    if (x->line != y->line) return x->line < y->line ? -1 : 1;
    return x->rank < y->rank ? -1 : x->rank > y->rank;
}

temoin_status tm_troubles_end(tm_plan_reader *reader)
{
    if (reader->out_of_memory) return tm_fail_memory(reader->ctx);
    if (reader->n_troubles == 0) return TEMOIN_OK;
    const tm_trouble **sorted;
    TM_SCRATCH(reader->ctx, sorted, reader->n_troubles);
    for (const tm_trouble *t = reader->last_trouble; t; t = t->before) sorted[t->rank] = t;
    qsort(sorted, (size_t)reader->n_troubles, sizeof *sorted, by_line);
    for (int64_t i = 0; i < reader->n_troubles; i++)
        tm_problem(reader->ctx, "%s: line %d: %s", reader->path, sorted[i]->line, sorted[i]->text);
    return TEMOIN_ERR_PLAN;
}

const char *tm_excerpt(tm_plan_reader *reader, const char *text)
{
    size_t length = strnlen(text, EXCERPT_BYTES + 1);
    bool whole = length <= EXCERPT_BYTES;
    if (!whole) length = EXCERPT_BYTES;
    while (!whole && length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80) length--; /* not inside a character */
    char *excerpt = tm_arena_take(&reader->ctx->scratch, (int64_t)length + 8, 1);
    if (!excerpt) {
        reader->out_of_memory = true;
        return "";
    }
    excerpt[0] = '"';
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        excerpt[i + 1] = c < ' ' || c == 0x7f ? ' ' : text[i];
    }
    strcpy(excerpt + length + 1, whole ? "\"" : "...\"");
    return excerpt;
}
