/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What caseworkers leave of the named effects, in a line each for a terminal. */
#include <math.h>
#include <string.h>

#include "base/language.h"
#include "base/sink.h"
#include "temoin/result.h"

typedef struct saying {
    const char *key;
    temoin_label words;
} saying;

static const saying verdicts[] = {
    {"not_identifiable", {"they cannot be told apart from the effect", "on ne peut pas les distinguer de l’effet"}},
    {"randomized_workers", {"drawn for the arms", "tirés au sort entre les groupes"}},
    {"crossed", {"some of them serve both arms", "certains servent les deux groupes"}},
    {"one_arm", {"one arm only has them", "un seul groupe en a"}},
    {"weak", {"few", "peu nombreux"}},
    {"adequate", {"enough", "assez nombreux"}},
    {NULL, {"", ""}},
};

static const saying reasons[] = {
    {"touches_zero",
     {"the interval touches zero even if they are all alike", "l’intervalle touche zéro même s’ils sont tous pareils"}},
    {"holds_everywhere",
     {"the interval leaves zero out however much they differ",
      "l’intervalle exclut zéro, aussi différents soient-ils"}},
    {"every_worker_one_client",
     {"the interval does not depend on how much they differ", "l’intervalle ne dépend pas de leurs différences"}},
    {NULL, {"", ""}},
};

typedef struct line {
    const temoin_results *results;
    tm_language language;
    tm_sink sink;
} line;

static const char *in_language(const line *l, const temoin_label *label)
{
    return tm_say(l->language, label->en, label->fr);
}

static const char *measure_label(const line *l, const char *name)
{
    for (int32_t m = 0; m < l->results->n_measures; m++)
        if (strcmp(l->results->measures[m].name, name) == 0) return in_language(l, &l->results->measures[m].label);
    return name;
}

static const char *arm_label(const line *l, const char *name)
{
    for (int32_t a = 0; a < l->results->n_arms; a++)
        if (strcmp(l->results->arms[a].name, name) == 0) return in_language(l, &l->results->arms[a].label);
    return name;
}

static const char *verdict_of(const line *l, const temoin_tipping_point *point)
{
    const saying *at = verdicts;
    for (int64_t r = 0; r < l->results->n_rows; r++) {
        const temoin_row *row = &l->results->rows[r];
        if (strcmp(row->estimate, point->estimate) != 0 || strcmp(row->arm, point->arm) != 0 ||
            strcmp(row->reference, point->reference) != 0)
            continue;
        for (at = verdicts; at->key && strcmp(at->key, row->provider_verdict) != 0;) at++;
        break;
    }
    return in_language(l, &at->words);
}

static void put_workers(line *l, const char *arm, int64_t n)
{
    char text[TM_WRITTEN_SIZE];
    tm_sink_printf(&l->sink, "%s %s, ", arm_label(l, arm), tm_write_number(l->language, (double)n, 0, text));
}

static void put_line(line *l, const temoin_tipping_point *point)
{
    char text[TM_WRITTEN_SIZE];
    tm_sink_printf(&l->sink, tm_say(l->language, "caseworkers: %s%s%s: ", "intervenants : %s%s%s : "),
                   measure_label(l, point->measure), point->wave[0] ? tm_say(l->language, ", wave ", ", vague ") : "",
                   point->wave);
    put_workers(l, point->arm, point->n_providers_arm);
    put_workers(l, point->reference, point->n_providers_reference);
    tm_sink_put(&l->sink, verdict_of(l, point));
    if (!isnan(point->rho))
        tm_sink_printf(&l->sink,
                       tm_say(l->language, "; the interval touches zero at an intraclass correlation of %s",
                              " ; l’intervalle touche zéro à une corrélation intraclasse de %s"),
                       tm_write_number(l->language, point->rho, point->rho < 0.1 ? 3 : 2, text));
    for (const saying *reason = reasons; reason->key; reason++)
        if (strstr(point->note, reason->key))
            tm_sink_printf(&l->sink, "%s%s", tm_say(l->language, "; ", " ; "), in_language(l, &reason->words));
    tm_sink_put(&l->sink, "\n");
}

temoin_status temoin_results_render_providers(temoin_context *ctx, const temoin_results *results, const char *language,
                                              const char **text, size_t *length)
{
    line l = {.results = results};
    if (!tm_language_find(language, &l.language))
        TM_FAIL(ctx, TEMOIN_ERR_USAGE, "language: found \"%s\"; there are \"en\", \"fr\"", language);
    tm_sink_init(&l.sink, ctx);
    for (int64_t i = 0; i < results->n_tipping_points; i++) put_line(&l, &results->tipping_points[i]);
    TM_TRY(tm_sink_finish(&l.sink));
    *text = l.sink.text ? l.sink.text : "";
    *length = l.sink.length;
    return TEMOIN_OK;
}
