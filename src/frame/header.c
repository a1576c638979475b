/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the header line says: the delimiter and the names. */
#include <string.h>

#include "frame/cells.h"

static const char delimiters[3] = {',', ';', '\t'};
static const char *const delimiter_names[3] = {"comma", "semicolon", "tab"};

typedef struct header_line {
    const char *text;
    size_t length;
    long long line;
    size_t n[3]; /* how often each delimiter stands in it outside of quotes */
} header_line;

/* The first line that is not blank. */
static header_line find_header(const char *text, size_t length)
{
    header_line h = {.line = 1};
    size_t at = 0, ahead = 0;
    for (; ahead < length && memchr(" \t\r\n", text[ahead], 4); ahead++) {
        if (text[ahead] != '\n' && text[ahead] != '\r') continue;
        h.line += text[ahead] == '\n' || ahead + 1 == length || text[ahead + 1] != '\n';
        at = ahead + 1;
    }
    h.text = text + at;
    bool quoted = false;
    for (; at < length && (quoted || (text[at] != '\n' && text[at] != '\r')); at++) {
        if (text[at] == '"') quoted = !quoted;
        for (int d = 0; d < 3 && !quoted; d++) h.n[d] += text[at] == delimiters[d];
    }
    h.length = (size_t)(text + at - h.text);
    return h;
}

temoin_status tm_delimiter_find(temoin_context *ctx, const char *path, const char *text, size_t length, char declared,
                                char *delimiter)
{
    header_line h = find_header(text, length);
    int best = 0, given = 0;
    for (int d = 1; d < 3; d++)
        if (h.n[d] > h.n[best]) best = d;
    *delimiter = declared ? declared : delimiters[best];
    if (!declared) return TEMOIN_OK;
    while (given < 3 && delimiters[given] != declared) given++;
    if (given == 3)
        TM_FAIL(ctx, TEMOIN_ERR_USAGE, "%s: a delimiter is a comma, a semicolon or a tab; declare one of these", path);
    if (h.n[given] > 0 || h.n[best] == 0) return TEMOIN_OK;
    char shown[TM_SHOWN_SIZE];
    TM_FAIL(ctx, TEMOIN_ERR_DATA,
            "%s: line %lld: found one column, %s, with the declared delimiter (%s); declare \"delimiter: %s\" or "
            "\"delimiter: auto\", or put the name in quotes if there is only one column",
            path, h.line, tm_shown(h.text, h.length, shown), delimiter_names[given], delimiter_names[best]);
}

temoin_status tm_header_check(temoin_context *ctx, const char *path, int64_t line, const tm_raw *name,
                              int32_t n_columns)
{
    tm_distinct names;
    int32_t *place; /* [names.n] column where a name stood first */
    TM_TRY(tm_distinct_init(&names, ctx, name, 1, n_columns));
    TM_SCRATCH(ctx, place, n_columns);
    for (int32_t j = 0; j < n_columns && !tm_problems_full(ctx); j++) {
        if (name[j].length == 0) {
            tm_problem(ctx, "%s: line %lld, column %d: the header has no name here; name every column%s", path,
                       (long long)line, j + 1,
                       j == n_columns - 1 ? ", or take away the delimiter at the end of the lines" : "");
            continue;
        }
        int32_t index, n_before = names.n;
        TM_TRY(tm_distinct_add(&names, j, &index));
        char shown[TM_SHOWN_SIZE];
        if (names.n > n_before)
            place[index] = j;
        else
            tm_problem(ctx, "%s: line %lld: columns %d and %d are both named %s; give every column its own name", path,
                       (long long)line, place[index] + 1, j + 1, tm_shown(name[j].text, name[j].length, shown));
    }
    return TEMOIN_OK;
}
