/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The raw plan → the plan, first part: trial, files, columns, arms, design, providers, randomization, report. */
#include <string.h>

#include "plan/schema.h"
#include "plan/share_text.h"

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

static temoin_status resolve_file(tm_plan_reader *r, const tm_raw_file *raw, const tm_plan_node *section,
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
        TM_TRY(resolve_file(r, file, tm_plan_node_at(r->document, "outcomes[%u]", i), &outcomes[i]));
        if (!file->measure == !file->value) continue;
        tm_trouble_add(r, LINE("outcomes[%u].%s", i, file->measure ? "measure" : "value"),
                       "\"outcomes\" has \"%s\" without \"%s\"; a tall file needs both, any other file neither",
                       file->measure ? "measure" : "value", file->measure ? "value" : "measure");
    }
    plan->outcomes = outcomes;
    plan->n_outcomes = (int32_t)raw->outcomes_count;
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

static bool check_share(tm_plan_reader *r, const char *text, int line)
{
    if (tm_share_validate(text)) return true;
    tm_trouble_add(r, line,
                   "a share cannot be %s; write a positive decimal with at most 18 digits, such as 1, .5 or 0.7",
                   tm_excerpt(r, text));
    return false;
}

/* Texts → integers in the same proportion; a problem leaves them zero. */
static void resolve_shares(tm_plan_reader *r, const char *const *text, int64_t *share, int32_t n, int line,
                           int64_t *sum)
{
    if (tm_shares_read(text, share, n, sum)) return;
    memset(share, 0, (size_t)n * sizeof *share);
    tm_trouble_add(r, line, "the shares come to more than %d parts when written as whole numbers; round them",
                   (int)TM_SHARE_SUM_MOST);
}

static void check_arm_name(tm_plan_reader *r, const temoin_plan *plan, const tm_raw_plan *raw, unsigned a)
{
    for (unsigned before = 0; before < a; before++)
        if (strcmp(raw->arms[a].name, raw->arms[before].name) == 0) {
            tm_trouble_add(r, LINE("arms[%u].name", a), "arm %s is declared a second time; the first is on line %d",
                           tm_excerpt(r, raw->arms[a].name), LINE("arms[%u].name", before));
            return;
        }
}

static temoin_status resolve_arms(tm_plan_reader *r, const tm_raw_plan *raw, temoin_plan *plan)
{
    int32_t n = (int32_t)raw->arms_count;
    bool readable = true;
    tm_plan_arm *arms;
    const char **text;
    int64_t *share;
    TM_ALLOC(r->ctx, arms, n);
    TM_SCRATCH(r->ctx, text, n);
    TM_SCRATCH(r->ctx, share, n);
    for (int32_t a = 0; a < n; a++) {
        TM_TRY(tm_raw_text_copy(r->ctx, raw->arms[a].name, &arms[a].name));
        TM_TRY(tm_raw_label_copy(r->ctx, &raw->arms[a].label, raw->arms[a].name, &arms[a].label));
        check_arm_name(r, plan, raw, (unsigned)a);
        text[a] = raw->arms[a].share ? raw->arms[a].share : "1";
        readable &= check_share(r, text[a], LINE("arms[%d].share", a));
    }
    if (readable) resolve_shares(r, text, share, n, LINE("arms"), &plan->share_sum);
    for (int32_t a = 0; a < n; a++) arms[a].share = share[a];
    plan->arms = arms;
    plan->n_arms = n;
    return TEMOIN_OK;
}

static temoin_status resolve_one_stratum(tm_plan_reader *r, const tm_raw_stratum_shares *raw, const temoin_plan *plan,
                                         unsigned s, tm_plan_stratum_shares *out)
{
    int64_t *shares, sum;
    TM_ALLOC(r->ctx, shares, plan->n_arms);
    out->shares = shares;
    TM_TRY(tm_raw_names_copy(r->ctx, raw->stratum, raw->stratum_count, &out->stratum));
    if (out->stratum.n != plan->design.strata.n)
        tm_trouble_add(
            r, LINE("design.stratum_shares[%u].stratum", s),
            "values in \"design.stratum_shares.stratum\": %d; columns in \"design.strata\": %d; give one value "
            "for each column, in the same order",
            out->stratum.n, plan->design.strata.n);
    if ((int32_t)raw->shares_count != plan->n_arms) {
        tm_trouble_add(r, LINE("design.stratum_shares[%u].shares", s),
                       "shares in \"design.stratum_shares.shares\": %u; arms: %d; give one share for each arm",
                       raw->shares_count, plan->n_arms);
        return TEMOIN_OK;
    }
    bool readable = true;
    for (unsigned a = 0; a < raw->shares_count; a++)
        readable &= check_share(r, raw->shares[a], LINE("design.stratum_shares[%u].shares[%u]", s, a));
    if (readable)
        resolve_shares(r, (const char *const *)raw->shares, shares, plan->n_arms,
                       LINE("design.stratum_shares[%u].shares", s), &sum);
    return TEMOIN_OK;
}

static bool same_names(const tm_names *a, const tm_names *b)
{
    if (a->n != b->n) return false;
    for (int32_t i = 0; i < a->n; i++)
        if (strcmp(a->name[i], b->name[i]) != 0) return false;
    return true;
}

static temoin_status resolve_stratum_shares(tm_plan_reader *r, const tm_raw_design *raw, temoin_plan *plan)
{
    tm_plan_stratum_shares *list;
    TM_ALLOC(r->ctx, list, raw->stratum_shares_count);
    for (unsigned s = 0; s < raw->stratum_shares_count; s++) {
        TM_TRY(resolve_one_stratum(r, &raw->stratum_shares[s], plan, s, &list[s]));
        for (unsigned before = 0; before < s; before++)
            if (same_names(&list[s].stratum, &list[before].stratum)) {
                tm_trouble_add(r, LINE("design.stratum_shares[%u]", s),
                               "this stratum has its shares already on line %d",
                               LINE("design.stratum_shares[%u]", before));
                break;
            }
    }
    plan->design.stratum_shares = list;
    plan->design.n_stratum_shares = (int32_t)raw->stratum_shares_count;
    return TEMOIN_OK;
}

static void check_design(tm_plan_reader *r, const temoin_plan *plan)
{
    const tm_plan_design *d = &plan->design;
    if (d->seed && d->assigned)
        tm_trouble_add(r, LINE("design.assigned"),
                       "\"design\" has both \"seed\" and \"assigned\"; keep \"seed\" if temoin "
                       "draws the arms, \"assigned\" if they were drawn elsewhere");
    if (!d->seed && !d->assigned)
        tm_trouble_add(r, LINE("design"),
                       "\"design\" needs \"seed\" (any text, if temoin draws the arms) or \"assigned\" "
                       "(the column that holds the arms, if they were drawn elsewhere)");
    if (d->probability && !d->assigned)
        tm_trouble_add(r, LINE("design.probability"),
                       "\"design.probability\" needs \"design.assigned\": where temoin draws, "
                       "it knows the probabilities");
    if (strcmp(d->kind, "complete") == 0 && d->strata.n > 0)
        tm_trouble_add(r, LINE("design.strata"),
                       "a \"complete\" design has no strata; write \"kind: blocked\" to draw "
                       "within strata, or take \"strata\" out");
    if (strcmp(d->kind, "blocked") == 0 && d->strata.n == 0)
        tm_trouble_add(r, LINE("design.kind"),
                       "a \"blocked\" design needs strata; write \"strata: [column]\" to draw "
                       "within them, or \"kind: complete\"");
}

static temoin_status resolve_design(tm_plan_reader *r, const tm_raw_design *raw, temoin_plan *plan)
{
    tm_plan_design *d = &plan->design;
    TM_TRY(tm_raw_text_copy(r->ctx, raw->kind ? raw->kind : "complete", &d->kind));
    TM_TRY(tm_raw_names_copy(r->ctx, raw->strata, raw->strata_count, &d->strata));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->seed, &d->seed));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->assigned, &d->assigned));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->probability, &d->probability));
    tm_names_check_unique(r, &d->strata, "design.strata");
    check_design(r, plan);
    return resolve_stratum_shares(r, raw, plan);
}

static temoin_status resolve_providers(tm_plan_reader *r, const tm_raw_providers *raw, temoin_plan *plan)
{
    tm_plan_providers *p = &plan->providers;
    p->arm = -1;
    if (!raw->column) return TEMOIN_OK; /* the section is absent */
    p->structure = (tm_structure)raw->structure;
    TM_TRY(tm_raw_text_copy(r->ctx, raw->column, &p->column));
    bool one_arm = p->structure == TM_STRUCTURE_ONE_ARM;
    if (one_arm && !raw->arm)
        tm_trouble_add(r, LINE("providers.structure"),
                       "\"structure: one_arm\" needs \"arm\": the arm that has providers");
    if (!one_arm && raw->arm)
        tm_trouble_add(r, LINE("providers.arm"),
                       "\"providers.arm\" belongs to \"structure: one_arm\" only; take it out");
    if (!one_arm || !raw->arm) return TEMOIN_OK;
    p->arm = tm_plan_arm_find(r, plan, raw->arm, LINE("providers.arm"));
    return TEMOIN_OK;
}

/* A whole number from 0 to `most`; absent: `fallback`. */
static int64_t resolve_whole(tm_plan_reader *r, const char *text, int64_t most, int64_t fallback, const char *where)
{
    if (!text) return fallback;
    int64_t x = 0;
    size_t n = strspn(text, "0123456789");
    for (size_t i = 0; i < n && x <= most; i++) x = x * 10 + (text[i] - '0');
    if (n > 0 && text[n] == '\0' && x <= most) return x;
    const tm_plan_node *node = tm_plan_node_at(r->document, "%s", where);
    tm_trouble_add(r, node ? node->line : 0, "\"%s\" must be a whole number from 0 to %lld, found %s", where,
                   (long long)most, tm_excerpt(r, text));
    return fallback;
}

static temoin_status resolve_report(tm_plan_reader *r, const tm_raw_plan *raw, temoin_plan *plan)
{
    static const char *const language[] = {"en", "fr"};
    enum { MOST_DRAWS = 1000000000, MOST_MIN_CELL = 1000000 };
    unsigned n = raw->report.languages_count ? raw->report.languages_count : 1;
    const char **name;
    TM_ALLOC(r->ctx, name, n);
    name[0] = language[0];
    for (unsigned i = 0; i < raw->report.languages_count; i++) name[i] = language[raw->report.languages[i]];
    plan->languages = (tm_names){name, (int32_t)n};
    tm_names_check_unique(r, &plan->languages, "report.languages");
    plan->min_cell = (int32_t)resolve_whole(r, raw->report.min_cell, MOST_MIN_CELL, 0, "report.min_cell");
    plan->randomization_draws = resolve_whole(r, raw->randomization.draws, MOST_DRAWS, 0, "randomization.draws");
    const char *statistic = raw->randomization.statistic ? raw->randomization.statistic : "studentized";
    return tm_raw_text_copy(r->ctx, statistic, &plan->randomization_statistic);
}

temoin_status tm_plan_resolve(tm_plan_reader *r, const tm_raw_plan *raw, temoin_plan *plan)
{
    TM_TRY(resolve_trial(r, &raw->trial, plan));
    TM_TRY(resolve_file(r, &raw->clients, tm_plan_node_find(r->document, "clients"), &plan->clients));
    TM_TRY(resolve_outcomes(r, raw, plan));
    TM_TRY(resolve_columns(r, raw, plan));
    TM_TRY(resolve_arms(r, raw, plan));
    TM_TRY(resolve_design(r, &raw->design, plan));
    TM_TRY(resolve_providers(r, &raw->providers, plan));
    TM_TRY(tm_plan_resolve_estimates(r, raw, plan));
    return resolve_report(r, raw, plan);
}
