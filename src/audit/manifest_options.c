/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit/manifest_options.h"

#include <inttypes.h>
#include <string.h>

static void put_texts(tm_sink *sink, const tm_names *texts)
{
    tm_sink_put(sink, "[");
    for (int32_t i = 0; i < texts->n; i++) {
        tm_sink_put(sink, i ? ", " : "");
        tm_sink_json(sink, texts->name[i]);
    }
    tm_sink_put(sink, "]");
}

static void put_pair(tm_sink *sink, bool first, const char *key, const char *text, const char *number_key,
                     double number)
{
    tm_sink_printf(sink, "%s{\"%s\": ", first ? "" : ", ", key);
    tm_sink_json(sink, text);
    tm_sink_printf(sink, ", \"%s\": ", number_key);
    tm_sink_number(sink, number);
    tm_sink_put(sink, "}");
}

static void put_block_sizes(tm_sink *sink, const tm_plan_options *o)
{
    tm_sink_put(sink, "[");
    for (int32_t i = 0; i < o->n_block_sizes; i++) tm_sink_printf(sink, "%s%" PRId64, i ? ", " : "", o->block_sizes[i]);
    tm_sink_put(sink, "]");
}

static void put_factors(tm_sink *sink, const tm_plan_options *o)
{
    tm_sink_put(sink, "[");
    for (int32_t f = 0; f < o->n_factors; f++)
        put_pair(sink, f == 0, "column", o->factors[f].column, "weight", o->factors[f].weight);
    tm_sink_put(sink, "]");
}

static void put_tiers(tm_sink *sink, const tm_plan_options *o)
{
    tm_sink_put(sink, "[");
    for (int32_t t = 0; t < o->n_tiers; t++) {
        tm_sink_put(sink, t ? ", {\"covariates\": " : "{\"covariates\": ");
        put_texts(sink, &o->tiers[t].covariates);
        tm_sink_put(sink, ", \"accept\": ");
        tm_sink_number(sink, o->tiers[t].accept);
        tm_sink_put(sink, "}");
    }
    tm_sink_put(sink, "]");
}

static void put_limits(tm_sink *sink, const tm_plan_options *o)
{
    tm_sink_put(sink, "[");
    for (int32_t i = 0; i < o->n_limits; i++)
        put_pair(sink, i == 0, "covariate", o->limits[i].covariate, "largest", o->limits[i].largest);
    tm_sink_put(sink, "]");
}

static void put_urn(tm_sink *sink, const tm_plan_options *o)
{
    const bool start = o->urn_start == o->urn_start, add = o->urn_add == o->urn_add; /* not NaN */
    tm_sink_put(sink, start ? "{\"start\": " : "{");
    tm_sink_number(sink, o->urn_start);
    if (add) tm_sink_put(sink, start ? ", \"add\": " : "\"add\": ");
    tm_sink_number(sink, o->urn_add);
    tm_sink_put(sink, "}");
}

static const char *text_option(const tm_plan_options *o, const char *key)
{
    const struct {
        const char *key, *text;
    } texts[] = {{"misfits", o->misfits},
                 {"cluster", o->cluster},
                 {"arrival", o->arrival},
                 {"pair", o->pair},
                 {"matching", o->matching}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(texts[i].key, key) == 0) return texts[i].text;
    return NULL;
}

/* True: the key is a number. */
static bool number_option(const tm_plan_options *o, const char *key, double *number)
{
    const struct {
        const char *key;
        double number;
    } numbers[] = {{"coin", o->coin},
                   {"accept", o->accept},
                   {"fraction", o->fraction},
                   {"group_size", o->group_size},
                   {"candidates", (double)o->candidates}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (strcmp(numbers[i].key, key) != 0) continue;
        *number = numbers[i].number;
        return true;
    }
    return false;
}

static const struct {
    const char *key;
    void (*put)(tm_sink *sink, const tm_plan_options *o);
} lists[] = {{"block_sizes", put_block_sizes},
             {"factors", put_factors},
             {"tiers", put_tiers},
             {"limits", put_limits},
             {"urn", put_urn}};

static bool put_value(tm_sink *sink, const char *start, const tm_plan_options *o, const char *key)
{
    const char *text = text_option(o, key);
    double number;
    const bool is_number = number_option(o, key, &number), is_names = strcmp(key, "covariates") == 0;
    size_t i = 0;
    while (i < sizeof lists / sizeof *lists && strcmp(lists[i].key, key) != 0) i++;
    const bool is_list = i < sizeof lists / sizeof *lists;
    if (!text && !is_number && !is_names && !is_list) return false;
    tm_sink_printf(sink, "%s\"%s\": ", start, key);
    if (text) tm_sink_json(sink, text);
    if (is_number) tm_sink_number(sink, number);
    if (is_names) put_texts(sink, &o->covariates);
    if (is_list) lists[i].put(sink, o);
    return true;
}

void tm_manifest_put_options(tm_sink *sink, const temoin_plan *plan)
{
    const char *key;
    bool any = false;
    int line;
    for (int32_t i = 0; (key = tm_plan_option(plan, i, &line)); i++)
        any |= put_value(sink, any ? ", " : ",\n    \"options\": {", &plan->design.options, key);
    tm_sink_put(sink, any ? "}" : "");
}
