/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options of designs: read and held to their ranges. Whether the kind takes them is said by src/designs. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number_text.h"
#include "plan/schema.h"

/* above < x <= most, or above <= x where `closed`. */
typedef struct range {
    double above, most;
    bool closed;
    const char *words;
} range;

static const range chance = {0, 1, false, "above 0 and at most 1"};
static const range favour = {0.5, 1 - DBL_EPSILON / 2, false, "above 0.5 and below 1"};
static const range positive = {0, DBL_MAX, false, "above 0"};
static const range balls = {0, 1e6, true, "from 0 to 1000000"};

static const char *without_index(const char *where, char text[64])
{
    size_t n = strcspn(where, "[");
    const char *rest = strchr(where, ']');
    snprintf(text, 64, "%.*s%s", (int)n, where, rest ? rest + 1 : "");
    return text;
}

/* NaN where the plan says nothing, or something else. */
static double resolve_number(tm_plan_reader *r, const char *text, const range *in, const char *where)
{
    double x;
    char shown[64];
    if (!text) return NAN;
    if (tm_number_read(text, strlen(text), '.', &x) && (in->closed ? x >= in->above : x > in->above) && x <= in->most)
        return x;
    tm_trouble_add(r, tm_plan_node_at(r->document, "%s", where)->line, "\"%s\" must be a number %s, found %s",
                   without_index(where, shown), in->words, tm_excerpt(r, text));
    return NAN;
}

static temoin_status resolve_block_sizes(tm_plan_reader *r, const tm_raw_design *raw, tm_plan_options *out)
{
    enum { MOST_BLOCK = 1000000 };
    int64_t *size;
    TM_ALLOC(r->ctx, size, raw->block_sizes_count);
    for (unsigned i = 0; i < raw->block_sizes_count; i++) {
        char where[64];
        snprintf(where, sizeof where, "design.block_sizes[%u]", i);
        size[i] = tm_raw_whole(r, raw->block_sizes[i], 1, MOST_BLOCK, 0, where);
        for (unsigned before = 0; before < i; before++)
            if (size[i] && size[i] == size[before]) {
                tm_trouble_add(r, tm_plan_node_at(r->document, "%s", where)->line,
                               "%s stands twice in \"design.block_sizes\"; name it once",
                               tm_excerpt(r, raw->block_sizes[i]));
                break;
            }
    }
    out->block_sizes = size;
    out->n_block_sizes = (int32_t)raw->block_sizes_count;
    return TEMOIN_OK;
}

/* Reports the second of two items of a list that name the same column. */
static void check_new(tm_plan_reader *r, const char *list, const char *key, const char *name, const char *const *before,
                      unsigned i)
{
    for (unsigned k = 0; k < i; k++) {
        if (strcmp(name, before[k]) != 0) continue;
        tm_trouble_add(r, tm_plan_node_at(r->document, "design.%s[%u].%s", list, i, key)->line,
                       "%s stands twice in \"design.%s\"; name it once", tm_excerpt(r, name), list);
        return;
    }
}

static temoin_status resolve_factors(tm_plan_reader *r, const tm_raw_design *raw, tm_plan_options *out)
{
    tm_plan_factor *factors;
    const char **name;
    TM_ALLOC(r->ctx, factors, raw->factors_count);
    TM_SCRATCH(r->ctx, name, raw->factors_count);
    for (unsigned f = 0; f < raw->factors_count; f++) {
        char where[64];
        snprintf(where, sizeof where, "design.factors[%u].weight", f);
        TM_TRY(tm_raw_text_copy(r->ctx, raw->factors[f].column, &factors[f].column));
        factors[f].weight = raw->factors[f].weight ? resolve_number(r, raw->factors[f].weight, &positive, where) : 1;
        name[f] = factors[f].column;
        check_new(r, "factors", "column", name[f], name, f);
    }
    out->factors = factors;
    out->n_factors = (int32_t)raw->factors_count;
    return TEMOIN_OK;
}

static temoin_status resolve_tiers(tm_plan_reader *r, const tm_raw_design *raw, tm_plan_options *out)
{
    tm_plan_tier *tiers;
    TM_ALLOC(r->ctx, tiers, raw->tiers_count);
    for (unsigned t = 0; t < raw->tiers_count; t++) {
        char where[64];
        snprintf(where, sizeof where, "design.tiers[%u].covariates", t);
        TM_TRY(
            tm_raw_names_copy(r->ctx, raw->tiers[t].covariates, raw->tiers[t].covariates_count, &tiers[t].covariates));
        tm_names_check_unique(r, &tiers[t].covariates, where);
        snprintf(where, sizeof where, "design.tiers[%u].accept", t);
        tiers[t].accept = resolve_number(r, raw->tiers[t].accept, &chance, where);
    }
    out->tiers = tiers;
    out->n_tiers = (int32_t)raw->tiers_count;
    return TEMOIN_OK;
}

static temoin_status resolve_limits(tm_plan_reader *r, const tm_raw_design *raw, tm_plan_options *out)
{
    tm_plan_limit *limits;
    const char **name;
    TM_ALLOC(r->ctx, limits, raw->limits_count);
    TM_SCRATCH(r->ctx, name, raw->limits_count);
    for (unsigned i = 0; i < raw->limits_count; i++) {
        char where[64];
        snprintf(where, sizeof where, "design.limits[%u].largest", i);
        TM_TRY(tm_raw_text_copy(r->ctx, raw->limits[i].covariate, &limits[i].covariate));
        limits[i].largest = resolve_number(r, raw->limits[i].largest, &positive, where);
        name[i] = limits[i].covariate;
        check_new(r, "limits", "covariate", name[i], name, i);
    }
    out->limits = limits;
    out->n_limits = (int32_t)raw->limits_count;
    return TEMOIN_OK;
}

static void resolve_urn(tm_plan_reader *r, const tm_raw_design *raw, tm_plan_options *out)
{
    out->urn_start = resolve_number(r, raw->urn.start, &balls, "design.urn.start");
    out->urn_add = resolve_number(r, raw->urn.add, &balls, "design.urn.add");
    if (out->urn_start == 0 && out->urn_add == 0)
        tm_trouble_add(r, tm_plan_node_at(r->document, "design.urn")->line,
                       "an urn without balls: one of \"start\" and \"add\" must be above 0");
}

temoin_status tm_plan_resolve_options(tm_plan_reader *r, const tm_raw_design *raw, tm_plan_options *out)
{
    enum { MOST_GROUP = 1000000, MOST_CANDIDATES = 1000000000 };
    TM_TRY(tm_raw_text_copy(r->ctx, raw->misfits ? raw->misfits : "pivotal", &out->misfits));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->cluster, &out->cluster));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->arrival, &out->arrival));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->pair, &out->pair));
    TM_TRY(tm_raw_names_copy(r->ctx, raw->covariates, raw->covariates_count, &out->covariates));
    tm_names_check_unique(r, &out->covariates, "design.covariates");
    out->matching = raw->matching ? "greedy" : "optimal";
    out->group_size = (int32_t)tm_raw_whole(r, raw->group_size, 2, MOST_GROUP, 2, "design.group_size");
    out->coin = resolve_number(r, raw->coin, &favour, "design.coin");
    out->accept = resolve_number(r, raw->accept, &chance, "design.accept");
    out->fraction = resolve_number(r, raw->fraction, &chance, "design.fraction");
    out->candidates = tm_raw_whole(r, raw->candidates, 1, MOST_CANDIDATES, 0, "design.candidates");
    resolve_urn(r, raw, out);
    TM_TRY(resolve_block_sizes(r, raw, out));
    TM_TRY(resolve_factors(r, raw, out));
    TM_TRY(resolve_tiers(r, raw, out));
    return resolve_limits(r, raw, out);
}
