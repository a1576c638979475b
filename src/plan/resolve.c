/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The raw plan → the plan: trial, files, columns, randomization and report here, the rest by its own files.
 */
#include <stdio.h>
#include <string.h>

#include "base/number_text.h"
#include "plan/schema.h"

/* Where a value stands, for tm_trouble_add. */
#define LINE(...) tm_plan_line(plan, __VA_ARGS__)

static temoin_status resolve_trial(tm_plan_reader *r, const tm_raw_trial *raw, temoin_plan *plan)
{
    if (raw->id[strspn(raw->id, "abcdefghijklmnopqrstuvwxyz0123456789-")])
        tm_trouble_add(r, LINE("trial.id"), "\"trial.id\" cannot be %s; use a to z, 0 to 9 and -, such as job-search-2",
                       tm_excerpt(r, raw->id));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->id, &plan->id));
    TM_TRY(tm_raw_label_copy(r->ctx, &raw->title, raw->id, &plan->title));
    return tm_raw_text_copy(r->ctx, raw->registry, &plan->registry);
}

static temoin_status resolve_format(tm_plan_reader *r, const tm_raw_format *raw, const tm_plan_node *section,
                                    temoin_csv_opts *out)
{
    *out = (temoin_csv_opts)TEMOIN_CSV_OPTS_INIT;
    const tm_plan_node *format = tm_plan_node_find(section, "format");
    if (!format) return TEMOIN_OK;
    out->delimiter = (char)raw->delimiter;
    if (raw->decimal) out->decimal = (char)raw->decimal;
    out->encoding = tm_encodings[raw->encoding].str;
    if (!tm_plan_node_find(format, "missing")) return TEMOIN_OK; /* an empty list is stated: nothing is missing */
    tm_names missing;
    TM_TRY(tm_raw_names_copy(r->ctx, raw->missing, raw->missing_count, &missing));
    out->missing = missing.name;
    out->n_missing = missing.n;
    return TEMOIN_OK;
}

temoin_status tm_plan_resolve_file(tm_plan_reader *r, const tm_raw_file *raw, const tm_plan_node *section,
                                   tm_plan_file *out)
{
    TM_TRY(tm_raw_text_copy(r->ctx, raw->file, &out->file));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->id, &out->id));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->wave, &out->wave));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->measure, &out->measure));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->value, &out->value));
    return resolve_format(r, &raw->format, section, &out->format);
}

static temoin_status resolve_outcomes(tm_plan_reader *r, const tm_raw_plan *raw, temoin_plan *plan)
{
    tm_plan_file *outcomes;
    TM_ALLOC(r->ctx, outcomes, raw->outcomes_count);
    for (unsigned i = 0; i < raw->outcomes_count; i++) {
        const tm_raw_file *file = &raw->outcomes[i];
        TM_TRY(tm_plan_resolve_file(r, file, tm_plan_node_at(r->document, "outcomes[%u]", i), &outcomes[i]));
        if (!file->measure == !file->value) continue;
        tm_trouble_add(r, LINE("outcomes[%u].%s", i, file->measure ? "measure" : "value"),
                       "\"outcomes\" has \"%s\" without \"%s\"; a tall file needs both, any other file neither",
                       file->measure ? "measure" : "value", file->measure ? "value" : "measure");
    }
    plan->outcomes = outcomes;
    plan->n_outcomes = (int32_t)raw->outcomes_count;
    return TEMOIN_OK;
}

/* A flag made of others. */
static temoin_status resolve_derived(tm_plan_reader *r, const tm_raw_plan *raw, const temoin_plan *plan, unsigned i,
                                     tm_plan_column *out)
{
    const tm_raw_column *column = &raw->columns[i];
    char where[40];
    TM_TRY(tm_raw_names_copy(r->ctx, column->of, column->of_count, &out->of));
    if (!column->at_least != !column->of_count) {
        tm_trouble_add(r, LINE("columns[%u].%s", i, column->at_least ? "at_least" : "of"),
                       "\"at_least\" says how many of the flags in \"of\" must be 1; a derived column needs both");
        return TEMOIN_OK;
    }
    if (!column->of_count) return TEMOIN_OK;
    snprintf(where, sizeof where, "columns[%u].at_least", i);
    out->at_least = (int32_t)tm_raw_whole(r, column->at_least, 1, column->of_count, 1, where);
    snprintf(where, sizeof where, "columns[%u].of", i);
    tm_names_check_unique(r, &out->of, where);
    if (out->type != TEMOIN_COLUMN_AUTO && out->type != TEMOIN_COLUMN_FLAG)
        tm_trouble_add(r, LINE("columns[%u].type", i), "a column with \"of\" is a flag; leave its type out");
    out->type = TEMOIN_COLUMN_FLAG;
    for (unsigned k = 0; k < column->of_count; k++)
        for (unsigned c = 0; c < raw->columns_count; c++)
            if (raw->columns[c].of_count && strcmp(raw->columns[c].name, column->of[k]) == 0)
                tm_trouble_add(r, LINE("columns[%u].of[%u]", i, k),
                               "%s is itself derived; name columns of the client file", tm_excerpt(r, column->of[k]));
    return TEMOIN_OK;
}

static temoin_status resolve_columns(tm_plan_reader *r, const tm_raw_plan *raw, temoin_plan *plan)
{
    tm_plan_column *columns;
    TM_ALLOC(r->ctx, columns, raw->columns_count);
    for (unsigned i = 0; i < raw->columns_count; i++) {
        const tm_raw_column *column = &raw->columns[i];
        TM_TRY(tm_raw_text_copy(r->ctx, column->name, &columns[i].name));
        TM_TRY(tm_raw_label_copy(r->ctx, &column->label, column->name, &columns[i].label));
        columns[i].type = (temoin_column_type)column->type;
        TM_TRY(resolve_derived(r, raw, plan, i, &columns[i]));
        for (unsigned before = 0; before < i; before++)
            if (strcmp(column->name, columns[before].name) == 0) {
                tm_trouble_add(r, LINE("columns[%u].name", i),
                               "column %s is declared a second time; the first is on line %d",
                               tm_excerpt(r, column->name), LINE("columns[%u].name", before));
                break;
            }
    }
    plan->columns = columns;
    plan->n_columns = (int32_t)raw->columns_count;
    return TEMOIN_OK;
}

static temoin_status resolve_workers(tm_plan_reader *r, const tm_raw_file *raw, temoin_plan *plan)
{
    if (!raw->file) return TEMOIN_OK; /* the section is absent */
    if (plan->design.assigned)
        tm_trouble_add(
            r, LINE("design.workers"),
            "\"design.workers\" are drawn together with the clients, but \"design.assigned\" says that the trial "
            "was drawn elsewhere; take \"workers\" out, write \"kind: blocked\", and name them by "
            "\"providers.column\"");
    return tm_plan_resolve_file(r, raw, tm_plan_node_at(r->document, "design.workers"), &plan->design.options.workers);
}

static temoin_status resolve_report(tm_plan_reader *r, const tm_raw_plan *raw, temoin_plan *plan)
{
    static const char *const language[] = {"en", "fr"};
    enum { MOST_MIN_CELL = 1000000 };
    unsigned n = raw->report.languages_count ? raw->report.languages_count : 1;
    const char **name;
    TM_ALLOC(r->ctx, name, n);
    name[0] = language[0];
    for (unsigned i = 0; i < raw->report.languages_count; i++) name[i] = language[raw->report.languages[i]];
    plan->languages = (tm_names){name, (int32_t)n};
    tm_names_check_unique(r, &plan->languages, "report.languages");
    plan->min_cell = (int32_t)tm_raw_whole(r, raw->report.min_cell, 0, MOST_MIN_CELL, 0, "report.min_cell");
    return TEMOIN_OK;
}

static temoin_status resolve_randomization(tm_plan_reader *r, const tm_raw_randomization *raw, temoin_plan *plan)
{
    enum { MOST_DRAWS = 1000000000, USUAL_DRAWS = 10000, USUAL_EXCEEDANCES = 10 };
    const bool asked = tm_plan_node_find(r->document, "randomization");
    plan->randomization_draws =
        tm_raw_whole(r, raw->draws, 0, MOST_DRAWS, asked ? USUAL_DRAWS : 0, "randomization.draws");
    const int64_t exceedances =
        tm_raw_whole(r, raw->exceedances, 1, MOST_DRAWS, USUAL_EXCEEDANCES, "randomization.exceedances");
    plan->randomization_stop_at = raw->stop ? exceedances : 0;
    if (raw->exceedances && !raw->stop)
        tm_trouble_add(
            r, LINE("randomization.exceedances"),
            "\"exceedances\" belongs to \"stop: besag_clifford\", which ends the draws after so many that are as "
            "extreme; add it, or take \"exceedances\" out");
    plan->randomization_tolerance = 1e-9;
    if (raw->tolerance &&
        (!tm_number_read(raw->tolerance, strlen(raw->tolerance), '.', &plan->randomization_tolerance) ||
         !(plan->randomization_tolerance >= 0 && plan->randomization_tolerance < 1)))
        tm_trouble_add(r, LINE("randomization.tolerance"),
                       "\"randomization.tolerance\" must be a number from 0 to less than 1, found %s",
                       tm_excerpt(r, raw->tolerance));
    return tm_raw_text_copy(r->ctx, raw->statistic ? raw->statistic : "studentized", &plan->randomization_statistic);
}

temoin_status tm_plan_resolve(tm_plan_reader *r, const tm_raw_plan *raw, temoin_plan *plan)
{
    TM_TRY(resolve_trial(r, &raw->trial, plan));
    TM_TRY(tm_plan_resolve_file(r, &raw->clients, tm_plan_node_find(r->document, "clients"), &plan->clients));
    TM_TRY(resolve_outcomes(r, raw, plan));
    TM_TRY(resolve_columns(r, raw, plan));
    TM_TRY(tm_plan_resolve_arms(r, raw, plan));
    if (!plan->n_arms) return TEMOIN_OK; /* a problem is there already; without arms the rest would only add noise */
    TM_TRY(tm_plan_resolve_design(r, &raw->design, plan));
    TM_TRY(resolve_workers(r, &raw->design.workers, plan));
    TM_TRY(tm_plan_resolve_capacity(r, &raw->capacity, plan));
    TM_TRY(tm_plan_resolve_providers(r, &raw->providers, plan));
    TM_TRY(resolve_randomization(r, &raw->randomization, plan));
    TM_TRY(tm_plan_resolve_estimates(r, raw, plan));
    TM_TRY(tm_plan_resolve_dossier(r, &raw->providers, plan));
    TM_TRY(tm_plan_resolve_bootstrap(r, &raw->bootstrap, plan));
    return resolve_report(r, raw, plan);
}
