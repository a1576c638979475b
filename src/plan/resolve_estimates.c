/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measures, estimates and families. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number_text.h"
#include "plan/schema.h"

#define LINE(...) tm_plan_line(plan, __VA_ARGS__)

static int32_t index_of(const tm_names *names, const char *name)
{
    for (int32_t i = 0; i < names->n; i++)
        if (strcmp(names->name[i], name) == 0) return i;
    return -1;
}

static void check_declared_once(tm_plan_reader *r, const tm_names *names, const char *section, const char *what)
{
    for (int32_t i = 0; i < names->n; i++) {
        int32_t first = index_of(names, names->name[i]);
        if (first == i) continue;
        tm_trouble_add(r, tm_plan_node_at(r->document, "%s[%d].name", section, i)->line,
                       "%s %s is declared a second time; the first is on line %d", what, tm_excerpt(r, names->name[i]),
                       tm_plan_node_at(r->document, "%s[%d].name", section, first)->line);
    }
}

static temoin_status resolve_wide(tm_plan_reader *r, const tm_raw_measure *raw, const temoin_plan *plan, unsigned m,
                                  tm_plan_measure *out)
{
    tm_plan_wide *wide;
    TM_ALLOC(r->ctx, wide, raw->wide_count);
    for (unsigned i = 0; i < raw->wide_count; i++) {
        TM_TRY(tm_raw_text_copy(r->ctx, raw->wide[i].wave, &wide[i].wave));
        TM_TRY(tm_raw_text_copy(r->ctx, raw->wide[i].column, &wide[i].column));
        for (unsigned before = 0; before < i; before++)
            if (strcmp(wide[i].wave, wide[before].wave) == 0) {
                tm_trouble_add(r, LINE("measures[%u].wide[%u].wave", m, i),
                               "measure %s has its column for wave %s already", tm_excerpt(r, raw->name),
                               tm_excerpt(r, wide[i].wave));
                break;
            }
    }
    out->wide = wide;
    out->n_wide = (int32_t)raw->wide_count;
    return TEMOIN_OK;
}

/* A time has an event, which is a binary measure; nothing else has one. */
static void resolve_events(tm_plan_reader *r, const tm_raw_plan *raw, const temoin_plan *plan, const tm_names *names,
                           tm_plan_measure *measures)
{
    for (int32_t m = 0; m < names->n; m++) {
        const char *event = raw->measures[m].event;
        measures[m].event = -1;
        if (measures[m].kind != TM_MEASURE_TIME) {
            if (event)
                tm_trouble_add(r, LINE("measures[%d].event", (int)m),
                               "\"event\" belongs to a measure of kind time; declare %s as one, or leave it out",
                               tm_excerpt(r, names->name[m]));
            continue;
        }
        if (!event) {
            tm_trouble_add(
                r, LINE("measures[%d]", (int)m),
                "the time %s needs \"event\": the binary measure that is 1 where the event happened and 0 where "
                "the client was last seen without it",
                tm_excerpt(r, names->name[m]));
            continue;
        }
        measures[m].event = index_of(names, event);
        if (measures[m].event < 0)
            tm_trouble_add(r, LINE("measures[%d].event", (int)m), "found the measure %s; the plan declares %s",
                           tm_excerpt(r, event), tm_declared(r, names->name, names->n));
        else if (measures[measures[m].event].kind != TM_MEASURE_BINARY)
            tm_trouble_add(r, LINE("measures[%d].event", (int)m), "the event %s must be a measure of kind binary",
                           tm_excerpt(r, event));
    }
}

static temoin_status resolve_measures(tm_plan_reader *r, const tm_raw_plan *raw, temoin_plan *plan, tm_names *names)
{
    tm_plan_measure *measures;
    const char **name;
    TM_ALLOC(r->ctx, measures, raw->measures_count);
    TM_SCRATCH(r->ctx, name, raw->measures_count);
    for (unsigned m = 0; m < raw->measures_count; m++) {
        const tm_raw_measure *from = &raw->measures[m];
        TM_TRY(tm_raw_text_copy(r->ctx, from->name, &measures[m].name));
        TM_TRY(tm_raw_label_copy(r->ctx, &from->label, from->name, &measures[m].label));
        TM_TRY(tm_raw_text_copy(r->ctx, from->unit, &measures[m].unit));
        TM_TRY(tm_raw_text_copy(r->ctx, from->baseline, &measures[m].baseline));
        TM_TRY(resolve_wide(r, from, plan, m, &measures[m]));
        measures[m].kind = (tm_measure_kind)from->kind;
        name[m] = measures[m].name;
    }
    *names = (tm_names){name, (int32_t)raw->measures_count};
    check_declared_once(r, names, "measures", "measure");
    resolve_events(r, raw, plan, names, measures);
    plan->measures = measures;
    plan->n_measures = names->n;
    return TEMOIN_OK;
}

temoin_status tm_plan_resolve_references(tm_plan_reader *r, char *const *raw, unsigned n, const tm_names *names,
                                         const char *where, const char *what, const int32_t **out)
{
    int32_t *index;
    tm_names given;
    TM_ALLOC(r->ctx, index, n);
    TM_TRY(tm_raw_names_copy(r->ctx, raw, n, &given));
    for (unsigned i = 0; i < n; i++) {
        index[i] = index_of(names, raw[i]);
        if (index[i] >= 0) continue;
        tm_trouble_add(r, tm_plan_node_at(r->document, "%s[%u]", where, i)->line,
                       "found the %s %s; the plan declares %s", what, tm_excerpt(r, raw[i]),
                       tm_declared(r, names->name, names->n));
    }
    tm_names_check_unique(r, &given, where);
    *out = index;
    return TEMOIN_OK;
}

static temoin_status resolve_weights(tm_plan_reader *r, const char *raw, tm_plan_estimate *out)
{
    out->weighting = TM_WEIGHTS_AUTO;
    if (!raw || strcmp(raw, "auto") == 0) return TEMOIN_OK;
    out->weighting = TM_WEIGHTS_NONE;
    if (strcmp(raw, "none") == 0) return TEMOIN_OK;
    out->weighting = TM_WEIGHTS_PROBABILITY;
    if (strcmp(raw, "probability") == 0) return TEMOIN_OK;
    out->weighting = TM_WEIGHTS_COLUMN;
    return tm_raw_text_copy(r->ctx, raw, &out->weight_column);
}

static void check_baseline(tm_plan_reader *r, const temoin_plan *plan, const tm_plan_estimate *estimate, unsigned e)
{
    int32_t j = index_of(&estimate->covariates, "baseline");
    if (j < 0) return;
    for (int32_t m = 0; m < estimate->n_measures; m++) {
        if (estimate->measures[m] < 0) continue;
        const tm_plan_measure *measure = &plan->measures[estimate->measures[m]];
        if (measure->baseline) continue;
        tm_trouble_add(
            r, LINE("estimates[%u].covariates[%d]", e, j),
            "the covariate \"baseline\" needs a baseline wave of measure %s; add \"baseline: WAVE\" to it, or "
            "leave \"baseline\" out",
            tm_excerpt(r, measure->name));
    }
}

static void check_estimate(tm_plan_reader *r, const temoin_plan *plan, const tm_plan_estimate *estimate, unsigned e)
{
    char where[64];
    snprintf(where, sizeof where, "estimates[%u].waves", e);
    tm_names_check_unique(r, &estimate->waves, where);
    snprintf(where, sizeof where, "estimates[%u].covariates", e);
    tm_names_check_unique(r, &estimate->covariates, where);
    snprintf(where, sizeof where, "estimates[%u].subgroups", e);
    tm_names_check_unique(r, &estimate->subgroups, where);
    check_baseline(r, plan, estimate, e);
    if (estimate->cluster && strcmp(estimate->cluster, "provider") == 0 &&
        plan->providers.structure == TM_STRUCTURE_NONE)
        tm_trouble_add(r, LINE("estimates[%u].cluster", e),
                       "\"cluster: provider\" needs the section \"providers\"; add it, or name a column");
    if (!(estimate->level > 0 && estimate->level < 1)) {
        char text[TM_NUMBER_TEXT_SIZE];
        tm_trouble_add(r, LINE("estimates[%u].level", e),
                       "\"estimates.level\" must lie between 0 and 1, such as 0.95; "
                       "found %s",
                       tm_number_text(estimate->level, text));
    }
}

static void resolve_quantile(tm_plan_reader *r, const temoin_plan *plan, const tm_raw_estimate *raw, unsigned e,
                             tm_plan_estimate *out)
{
    char where[64];
    out->quantile = NAN;
    if (raw->quantile && (!tm_number_read(raw->quantile, strlen(raw->quantile), '.', &out->quantile) ||
                          !(out->quantile > 0 && out->quantile < 1)))
        tm_trouble_add(r, LINE("estimates[%u].quantile", e),
                       "\"estimates.quantile\" must lie between 0 and 1, such as 0.5 for the median; found %s",
                       tm_excerpt(r, raw->quantile));
    snprintf(where, sizeof where, "estimates[%u].quantile_type", e);
    int64_t type = tm_raw_whole(r, raw->quantile_type, 1, 7, 0, where);
    out->quantile_type = (int32_t)type;
    if (type >= 3 && type <= 5)
        tm_trouble_add(r, LINE("estimates[%u].quantile_type", e),
                       "\"estimates.quantile_type\" must be 1, 2, 6 or 7, found %d", (int)type);
}

static temoin_status resolve_estimate(tm_plan_reader *r, const temoin_plan *plan, const tm_raw_estimate *raw,
                                      unsigned e, const tm_names *measures, tm_plan_estimate *out)
{
    char where[64];
    snprintf(where, sizeof where, "estimates[%u].measures", e);
    const char *estimator = raw->estimator ? raw->estimator : "dim";
    TM_TRY(
        tm_plan_resolve_references(r, raw->measures, raw->measures_count, measures, where, "measure", &out->measures));
    out->n_measures = (int32_t)raw->measures_count;
    TM_TRY(tm_raw_text_copy(r->ctx, raw->name, &out->name));
    TM_TRY(tm_raw_names_copy(r->ctx, raw->waves, raw->waves_count, &out->waves));
    TM_TRY(tm_raw_text_copy(r->ctx, estimator, &out->estimator));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->variance, &out->variance));
    TM_TRY(tm_raw_names_copy(r->ctx, raw->covariates, raw->covariates_count, &out->covariates));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->cluster, &out->cluster));
    TM_TRY(resolve_weights(r, raw->weights, out));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->received, &out->received));
    TM_TRY(tm_raw_names_copy(r->ctx, raw->subgroups, raw->subgroups_count, &out->subgroups));
    resolve_quantile(r, plan, raw, e, out);
    TM_TRY(tm_plan_resolve_contrasts(r, plan, raw, e, out));
    out->strata = raw->strata == 0;
    const char *statistic = raw->randomization ? raw->randomization : plan->randomization_statistic;
    if (raw->randomization && strcmp(statistic, "none") != 0 && plan->randomization_draws == 0)
        tm_trouble_add(r, LINE("estimates[%u].randomization", e),
                       "the statistic %s needs the section \"randomization\", which says how many draws; add it, "
                       "such as \"randomization: {draws: 10000}\"",
                       tm_excerpt(r, statistic));
    if (plan->randomization_draws > 0 && strcmp(statistic, "none") != 0)
        TM_TRY(tm_raw_text_copy(r->ctx, statistic, &out->randomization));
    out->bootstrap = raw->bootstrap == 0;
    out->missing = (tm_missing)raw->missing;
    out->missing_cluster_allowed = raw->missing_cluster == 1;
    out->level = 0.95;
    if (raw->level && !tm_number_read(raw->level, strlen(raw->level), '.', &out->level)) out->level = 0;
    if (raw->horizon &&
        (!tm_number_read(raw->horizon, strlen(raw->horizon), '.', &out->horizon) || !(out->horizon > 0)))
        tm_trouble_add(r, LINE("estimates[%u].horizon", e), "\"horizon\" is a time, in units of the measure; found %s",
                       tm_excerpt(r, raw->horizon));
    check_estimate(r, plan, out, e);
    return TEMOIN_OK;
}

static temoin_status resolve_families(tm_plan_reader *r, const tm_raw_plan *raw, temoin_plan *plan,
                                      const tm_names *estimates)
{
    static char holm[] = "holm", *const by_default[] = {holm};
    tm_plan_family *families;
    tm_names names;
    const char **name;
    TM_ALLOC(r->ctx, families, raw->families_count);
    TM_SCRATCH(r->ctx, name, raw->families_count);
    for (unsigned f = 0; f < raw->families_count; f++) {
        const tm_raw_family *from = &raw->families[f];
        char where[64];
        snprintf(where, sizeof where, "families[%u].estimates", f);
        TM_TRY(tm_plan_resolve_references(r, from->estimates, from->estimates_count, estimates, where, "estimate",
                                          &families[f].estimates));
        families[f].n_estimates = (int32_t)from->estimates_count;
        TM_TRY(tm_raw_text_copy(r->ctx, from->name, &families[f].name));
        TM_TRY(tm_raw_names_copy(r->ctx, from->adjust_count ? from->adjust : by_default,
                                 from->adjust_count ? from->adjust_count : 1, &families[f].adjust));
        snprintf(where, sizeof where, "families[%u].adjust", f);
        tm_names_check_unique(r, &families[f].adjust, where);
        name[f] = families[f].name;
    }
    names = (tm_names){name, (int32_t)raw->families_count};
    check_declared_once(r, &names, "families", "family");
    plan->families = families;
    plan->n_families = names.n;
    return TEMOIN_OK;
}

temoin_status tm_plan_resolve_estimates(tm_plan_reader *r, const tm_raw_plan *raw, temoin_plan *plan)
{
    tm_names measures, names;
    tm_plan_estimate *estimates;
    const char **name;
    TM_TRY(resolve_measures(r, raw, plan, &measures));
    TM_ALLOC(r->ctx, estimates, raw->estimates_count);
    TM_SCRATCH(r->ctx, name, raw->estimates_count);
    for (unsigned e = 0; e < raw->estimates_count; e++) {
        TM_TRY(resolve_estimate(r, plan, &raw->estimates[e], e, &measures, &estimates[e]));
        name[e] = estimates[e].name;
    }
    names = (tm_names){name, (int32_t)raw->estimates_count};
    check_declared_once(r, &names, "estimates", "estimate");
    plan->estimates = estimates;
    plan->n_estimates = names.n;
    return resolve_families(r, raw, plan, &names);
}
