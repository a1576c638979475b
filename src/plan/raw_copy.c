/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From what libcyaml loaded to what the plan keeps, and names checked against each other. */
#include <string.h>

#include "plan/schema.h"
#include "plan/share_text.h"

enum { MOST_SHOWN = 12 };

temoin_status tm_raw_text_copy(temoin_context *ctx, const char *raw, const char **out)
{
    *out = raw ? tm_text_copy(ctx, raw, strlen(raw)) : NULL;
    if (raw && !*out) return tm_fail_memory(ctx);
    return TEMOIN_OK;
}

temoin_status tm_raw_names_copy(temoin_context *ctx, char *const *raw, unsigned n, tm_names *out)
{
    const char **name;
    TM_ALLOC(ctx, name, n);
    for (unsigned i = 0; i < n; i++) TM_TRY(tm_raw_text_copy(ctx, raw[i], &name[i]));
    *out = (tm_names){name, (int32_t)n};
    return TEMOIN_OK;
}

temoin_status tm_raw_label_copy(temoin_context *ctx, const tm_raw_label *raw, const char *fallback, tm_label *out)
{
    const char *en = raw->en ? raw->en : raw->fr ? raw->fr : fallback;
    const char *fr = raw->fr ? raw->fr : raw->en ? raw->en : fallback;
    TM_TRY(tm_raw_text_copy(ctx, en, &out->en));
    return tm_raw_text_copy(ctx, fr, &out->fr);
}

/* "estimates[2].waves" → "estimates.waves": readers of a message count lines, not items. */
static const char *without_indices(tm_plan_reader *r, const char *where)
{
    char *text = tm_arena_take(&r->ctx->scratch, (int64_t)strlen(where) + 1, 1), *to = text;
    if (!text) {
        r->out_of_memory = true;
        return where;
    }
    for (; *where; where++) {
        if (*where == '[')
            where = strchr(where, ']');
        else
            *to++ = *where;
    }
    return text;
}

int64_t tm_raw_whole(tm_plan_reader *r, const char *text, int64_t least, int64_t most, int64_t fallback,
                     const char *where)
{
    if (!text) return fallback;
    int64_t x = 0;
    size_t n = strspn(text, "0123456789");
    for (size_t i = 0; i < n && x <= most; i++) x = x * 10 + (text[i] - '0');
    if (n > 0 && text[n] == '\0' && x >= least && x <= most) return x;
    const tm_plan_node *node = tm_plan_node_at(r->document, "%s", where);
    tm_trouble_add(r, node ? node->line : 0, "\"%s\" must be a whole number from %lld to %lld, found %s",
                   without_indices(r, where), (long long)least, (long long)most, tm_excerpt(r, text));
    return fallback;
}

void tm_raw_shares(tm_plan_reader *r, const char *const *text, int64_t *share, int32_t n, const char *where,
                   int64_t *sum)
{
    bool readable = true;
    for (int32_t i = 0; i < n; i++) {
        if (tm_share_validate(text[i])) continue;
        const tm_plan_node *item = tm_plan_node_at(r->document, "%s[%d]", where, i);
        const tm_plan_node *own = item ? tm_plan_node_find(item, "share") : NULL;
        readable = false;
        tm_trouble_add(r,
                       own    ? own->line
                       : item ? item->line
                              : 0,
                       "a share cannot be %s; write a positive decimal with at most 18 digits, such as 1, .5 or 0.7",
                       tm_excerpt(r, text[i]));
    }
    if (!readable || tm_shares_read(text, share, n, sum)) return;
    memset(share, 0, (size_t)n * sizeof *share);
    const tm_plan_node *list = tm_plan_node_at(r->document, "%s", where);
    tm_trouble_add(r, list ? list->line : 0,
                   "the shares come to more than %d parts when written as whole numbers; round them",
                   (int)TM_SHARE_SUM_MOST);
}

void tm_names_check_unique(tm_plan_reader *r, const tm_names *names, const char *where)
{
    for (int32_t i = 0; i < names->n; i++)
        for (int32_t before = 0; before < i; before++)
            if (strcmp(names->name[i], names->name[before]) == 0) {
                tm_trouble_add(r, tm_plan_node_at(r->document, "%s[%d]", where, i)->line,
                               "%s stands twice in \"%s\"; name it once", tm_excerpt(r, names->name[i]),
                               without_indices(r, where));
                break;
            }
}

/* "a", "b", … for a name that is not among them. */
const char *tm_declared(tm_plan_reader *r, const char *const *name, int32_t n)
{
    int32_t shown = n < MOST_SHOWN ? n : MOST_SHOWN;
    char *text = tm_arena_take(&r->ctx->scratch, shown + 1, TM_EXCERPT_SIZE), *to = text;
    if (!text) {
        r->out_of_memory = true;
        return "";
    }
    for (int32_t i = 0; i < shown; i++) to = stpcpy(stpcpy(to, i ? ", " : ""), tm_excerpt(r, name[i]));
    if (shown < n) strcpy(to, ", ...");
    return n ? text : "none";
}

int32_t tm_plan_arm_find(tm_plan_reader *r, const temoin_plan *plan, const char *name, int line)
{
    const char **arms;
    for (int32_t a = 0; a < plan->n_arms; a++)
        if (strcmp(plan->arms[a].name, name) == 0) return a;
    arms = tm_arena_take(&r->ctx->scratch, plan->n_arms, sizeof *arms);
    if (!arms) {
        r->out_of_memory = true;
        return -1;
    }
    for (int32_t a = 0; a < plan->n_arms; a++) arms[a] = plan->arms[a].name;
    tm_trouble_add(r, line, "found the arm %s; the plan declares %s", tm_excerpt(r, name),
                   tm_declared(r, arms, plan->n_arms));
    return -1;
}
