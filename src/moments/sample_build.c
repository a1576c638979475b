/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moments/sample_build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number_text.h"
#include "moments/covariates.h"

/* What is being built, and which units are still in. */
typedef struct building {
    const temoin_assignment *assignment;
    const temoin_trial *trial;
    const tm_plan_estimate *estimate;
    int index;                    /* of the estimate in the plan, for its lines; 0 at first */
    const char *cluster;          /* NULL: none */
    const tm_sample_waves *waves; /* NULL: one wave */
    const tm_subgroup *subgroup;  /* NULL: everybody */
    int32_t n_waves;
    const double **y;       /* [n_waves] → [n_units], NULL: nobody has a value there */
    const double *weight;   /* [n_units] NULL: all one */
    const double *received; /* [n_units] NULL: not asked for */
    const double *event;    /* [n_units] NULL: the outcome is no time */
    bool *in;               /* [n_units] */
    int64_t *unit;          /* [n] the unit and the wave of each row */
    int32_t *wave;
    tm_notes *notes;
} building;

static temoin_status check_weights(temoin_context *ctx, const building *b, const temoin_column *column)
{
    const temoin_frame *frame = b->trial->clients;
    if (!column || !column->number)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "%s: line %d: weights \"%s\" is not a column of numbers in %s; name one, or say `weights: none`",
                b->trial->plan->path, tm_plan_line(b->trial->plan, "estimates[%d].weights", b->index),
                b->estimate->weight_column, frame->path);
    size_t mark = tm_problems_mark(ctx);
    for (int64_t u = 0; u < b->trial->n_units && !tm_problems_full(ctx); u++) {
        double w = column->number[u];
        char text[TM_NUMBER_TEXT_SIZE];
        const char *where = frame->path;
        if (isnan(w))
            tm_problem(ctx,
                       "%s: line %lld, column \"%s\": empty; every client needs a weight, 0 to leave the client out",
                       where, (long long)frame->line[u], column->name);
        else if (w < 0 || isinf(w))
            tm_problem(ctx, "%s: line %lld, column \"%s\": found %s; a weight must be a finite number of 0 or more",
                       where, (long long)frame->line[u], column->name, tm_number_text(w, text));
    }
    return tm_problems_end(ctx, mark, TEMOIN_ERR_DATA);
}

static temoin_status choose_weights(temoin_context *ctx, building *b, bool weigh_by_probability)
{
    const tm_plan_estimate *estimate = b->estimate;
    if (estimate->weighting == TM_WEIGHTS_COLUMN) {
        const temoin_column *column = temoin_frame_find(b->trial->clients, estimate->weight_column);
        TM_TRY(check_weights(ctx, b, column));
        b->weight = column->number;
        return TEMOIN_OK;
    }
    bool wanted = estimate->weighting == TM_WEIGHTS_PROBABILITY ||
                  (estimate->weighting == TM_WEIGHTS_AUTO && (weigh_by_probability || b->assignment->by_turn) &&
                   b->assignment->probabilities_differ);
    if (!wanted) return TEMOIN_OK;
    double *weight;
    TM_SCRATCH(ctx, weight, b->trial->n_units);
    for (int64_t u = 0; u < b->trial->n_units; u++) weight[u] = 1 / b->assignment->chance[u];
    b->weight = weight;
    tm_notes_add(b->notes, "probability_weights");
    return TEMOIN_OK;
}

/* The reader made sure that it is a column of 0 and 1, in whatever words, unless nobody has a value. */
static temoin_status find_receipt(temoin_context *ctx, building *b)
{
    const temoin_frame *frame = b->trial->clients;
    const temoin_column *column = temoin_frame_find(frame, b->estimate->received);
    if (!column || !column->number)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: received \"%s\" is not a column of 0 and 1 in %s",
                b->trial->plan->path, tm_plan_line(b->trial->plan, "estimates[%d].received", b->index),
                b->estimate->received, frame->path);
    b->received = column->number;
    return TEMOIN_OK;
}

static bool has_value(const building *b, int64_t u, int32_t k)
{
    return b->y[k] && !isnan(b->y[k][u]);
}

static int32_t count_values(const building *b, int64_t u)
{
    int32_t n = 0;
    for (int32_t k = 0; k < b->n_waves; k++) n += has_value(b, u, k);
    return n;
}

/* Who has a value at some waves only, by arm. */
static temoin_status note_missing_waves(temoin_context *ctx, const building *b)
{
    const temoin_trial *trial = b->trial;
    int64_t *n_partly;
    TM_SCRATCH(ctx, n_partly, trial->n_arms);
    for (int64_t u = 0; u < trial->n_units; u++)
        if (b->in[u] && count_values(b, u) < b->n_waves) n_partly[b->assignment->arm[u]]++;
    for (int32_t a = 0; a < trial->n_arms; a++)
        if (n_partly[a]) tm_notes_add_name_count(b->notes, "missing_waves", trial->plan->arms[a].name, n_partly[a]);
    return TEMOIN_OK;
}

static temoin_status leave_out(temoin_context *ctx, building *b)
{
    const temoin_trial *trial = b->trial;
    int64_t n_unassigned = 0, n_zero = 0, n_unknown = 0, n_levelless = 0;
    int64_t *n_missing;
    TM_SCRATCH(ctx, n_missing, trial->n_arms);
    TM_SCRATCH(ctx, b->in, trial->n_units);
    for (int64_t u = 0; u < trial->n_units; u++) {
        int32_t arm = b->assignment->arm[u];
        const int32_t level = b->subgroup ? tm_subgroup_level(b->subgroup, u) : -1;
        if (b->subgroup && level != b->subgroup->level)
            n_levelless += level < 0 && arm >= 0;
        else if (arm < 0)
            n_unassigned++;
        else if (count_values(b, u) == 0 || (b->event && isnan(b->event[u])))
            n_missing[arm]++;
        else if (b->weight && b->weight[u] == 0)
            n_zero++;
        else if (b->received && isnan(b->received[u]))
            n_unknown++;
        else
            b->in[u] = true;
    }
    if (n_unassigned) tm_notes_add_count(b->notes, "unassigned", n_unassigned);
    for (int32_t a = 0; a < trial->n_arms; a++)
        if (n_missing[a]) tm_notes_add_name_count(b->notes, "missing_outcome", trial->plan->arms[a].name, n_missing[a]);
    if (n_zero) tm_notes_add_count(b->notes, "zero_weight", n_zero);
    if (n_levelless) tm_notes_add_count(b->notes, "missing_subgroup", n_levelless);
    if (n_unknown) tm_notes_add_count(b->notes, "missing_received", n_unknown);
    return TEMOIN_OK;
}

static temoin_status list_rows(temoin_context *ctx, building *b, int64_t *n)
{
    const int64_t room = b->trial->n_units * b->n_waves;
    *n = 0;
    TM_SCRATCH(ctx, b->unit, room);
    TM_SCRATCH(ctx, b->wave, room);
    for (int64_t u = 0; u < b->trial->n_units; u++)
        for (int32_t k = 0; k < b->n_waves; k++) {
            if (!b->in[u] || !has_value(b, u, k)) continue;
            b->unit[*n] = u;
            b->wave[(*n)++] = k;
        }
    return TEMOIN_OK;
}

/* Codes of the cluster of every unit, -1 missing; NULL: every unit is its own. */
static temoin_status find_clusters(temoin_context *ctx, const building *b, const int32_t **code, int32_t *n_codes)
{
    const char *name = b->cluster;
    *code = NULL;
    *n_codes = 0;
    if (strcmp(name, "client") == 0) return TEMOIN_OK;
    if (strcmp(name, "provider") == 0) {
        *code = tm_assignment_provider(b->assignment, n_codes);
        return TEMOIN_OK;
    }
    const temoin_column *column = temoin_frame_find(b->trial->clients, name);
    if (!column || !column->code)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "%s: line %d: cluster \"%s\" is not a column of %s; name one, `provider` or `client`",
                b->trial->plan->path, tm_plan_line(b->trial->plan, "estimates[%d].cluster", b->index), name,
                b->trial->clients->path);
    *code = column->code;
    *n_codes = column->n_levels;
    return TEMOIN_OK;
}

static bool may_stand_alone(const building *b, int64_t u)
{
    const tm_plan_providers *providers = &b->trial->plan->providers;
    return strcmp(b->cluster, "provider") == 0 && providers->structure == TM_STRUCTURE_ONE_ARM &&
           b->assignment->arm[u] != providers->arm;
}

/* Clusters are numbered in the order in which canonical order meets them, so that none is empty. */
static temoin_status number_clusters(temoin_context *ctx, const building *b, tm_sample *out)
{
    const int32_t *code;
    int32_t n_codes, *number, *cluster;
    int64_t n_alone = 0;
    TM_TRY(find_clusters(ctx, b, &code, &n_codes));
    TM_SCRATCH(ctx, number, n_codes);
    TM_SCRATCH(ctx, cluster, out->n);
    for (int32_t c = 0; c < n_codes; c++) number[c] = -1;
    bool by_provider = strcmp(b->cluster, "provider") == 0;
    const char *column = by_provider ? b->trial->plan->providers.column : b->cluster;
    size_t mark = tm_problems_mark(ctx);
    for (int64_t i = 0; i < out->n; i++) {
        int64_t u = b->unit[i];
        if (i > 0 && b->unit[i - 1] == u) {
            cluster[i] = cluster[i - 1];
            continue;
        }
        if (code && code[u] >= 0) {
            if (number[code[u]] < 0) number[code[u]] = out->n_clusters++;
            cluster[i] = number[code[u]];
            continue;
        }
        cluster[i] = out->n_clusters++;
        if (!code || may_stand_alone(b, u)) continue;
        n_alone++;
        if (!b->estimate->missing_cluster_allowed && !tm_problems_full(ctx))
            tm_problem(
                ctx,
                "%s: line %lld, column \"%s\": empty, so client \"%s\" has no cluster, which estimate \"%s\" needs; "
                "fill it in, or say missing_cluster: own in the estimate to let such a client be a cluster of one",
                b->trial->clients->path, (long long)b->trial->clients->line[u], column, b->trial->id[u],
                b->estimate->name);
    }
    TM_TRY(tm_problems_end(ctx, mark, TEMOIN_ERR_DATA));
    if (n_alone) tm_notes_add_count(b->notes, "missing_cluster_own", n_alone);
    out->cluster = cluster;
    return TEMOIN_OK;
}

/* Sites, where the plan says which column has them, numbered as clusters are; a provider whose site is blank is at one
 * of its own. */
static temoin_status number_sites(temoin_context *ctx, const building *b, tm_sample *out)
{
    const char *name = b->trial->plan->providers.site;
    const temoin_column *column = name ? temoin_frame_find(b->trial->clients, name) : NULL;
    int32_t *number, *alone, *site;
    if (!column || !column->code || strcmp(b->cluster, "provider") != 0) return TEMOIN_OK;
    TM_SCRATCH(ctx, number, column->n_levels); /* 0: not met yet; else 1 + the site */
    TM_SCRATCH(ctx, alone, out->n_clusters);
    TM_SCRATCH(ctx, site, out->n);
    for (int64_t i = 0; i < out->n; i++) {
        const int32_t code = column->code[b->unit[i]];
        int32_t *of = code < 0 ? &alone[out->cluster[i]] : &number[code];
        if (!*of) *of = ++out->n_sites;
        site[i] = *of - 1;
    }
    out->site = site;
    return TEMOIN_OK;
}

/* A row as part of its cluster. */
typedef struct part {
    int32_t cluster, code;
    int64_t row;
} part;

static int by_part(const void *a, const void *b)
{
    const part *p = a, *q = b;
    if (p->cluster != q->cluster) return p->cluster < q->cluster ? -1 : 1;
    if (p->code != q->code) return p->code < q->code ? -1 : 1;
    return (p->row > q->row) - (p->row < q->row);
}

/* Codes of the parts of clusters, -1 missing; NULL: every unit is its own. */
static temoin_status find_subclusters(temoin_context *ctx, const building *b, const int32_t **code)
{
    const char *name = b->trial->plan->bootstrap.subclusters;
    *code = NULL;
    if (strcmp(name, "client") == 0) return TEMOIN_OK;
    const temoin_column *column = temoin_frame_find(b->trial->clients, name);
    if (!column || !column->code)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: subclusters \"%s\" is not a category of %s; name one, or `client`",
                b->trial->plan->path, tm_plan_line(b->trial->plan, "bootstrap.subclusters"), name,
                b->trial->clients->path);
    *code = column->code;
    return TEMOIN_OK;
}

/* Parts are numbered, as clusters are, in the order in which canonical order meets them; a client without a code is a
 * part of one. */
static temoin_status number_subclusters(temoin_context *ctx, const building *b, tm_sample *out)
{
    const int32_t *code;
    int32_t *number, *subcluster;
    part *parts;
    TM_TRY(find_subclusters(ctx, b, &code));
    TM_SCRATCH(ctx, number, out->n);
    TM_SCRATCH(ctx, subcluster, out->n);
    TM_SCRATCH(ctx, parts, out->n);
    for (int64_t i = 0; i < out->n; i++) parts[i] = (part){out->cluster[i], code ? code[b->unit[i]] : -1, i};
    qsort(parts, (size_t)out->n, sizeof *parts, by_part);
    int64_t first = 0; /* the row that stands for a part */
    for (int64_t k = 0; k < out->n; k++) {
        bool same = k > 0 && parts[k].code == parts[k - 1].code && parts[k].cluster == parts[k - 1].cluster &&
                    (parts[k].code >= 0 || b->unit[parts[k].row] == b->unit[parts[k - 1].row]);
        if (!same) first = parts[k].row;
        subcluster[parts[k].row] = (int32_t)first;
    }
    for (int64_t i = 0; i < out->n; i++) {
        if (subcluster[i] == i) number[i] = out->n_subclusters++;
        subcluster[i] = number[subcluster[i]];
    }
    out->subcluster = subcluster;
    return TEMOIN_OK;
}

static temoin_status gather(temoin_context *ctx, const building *b, tm_sample *out)
{
    double *y, *weight = NULL, *received = NULL, *event = NULL;
    int32_t *arm, *stratum;
    TM_SCRATCH(ctx, y, out->n);
    TM_SCRATCH(ctx, arm, out->n);
    TM_SCRATCH(ctx, stratum, out->n);
    if (b->weight) TM_SCRATCH(ctx, weight, out->n);
    if (b->received) TM_SCRATCH(ctx, received, out->n);
    if (b->event) TM_SCRATCH(ctx, event, out->n);
    for (int64_t i = 0; i < out->n; i++) {
        int64_t u = b->unit[i];
        y[i] = b->y[b->wave[i]][u];
        arm[i] = b->assignment->arm[u];
        stratum[i] = b->estimate->strata ? b->trial->stratum[u] : 0;
        if (weight) weight[i] = b->weight[u];
        if (received) received[i] = b->received[u];
        if (event) event[i] = b->event[u];
    }
    out->y = y;
    out->arm = arm;
    out->stratum = stratum;
    out->weight = weight;
    out->received = received;
    out->event = event;
    out->horizon = b->estimate->horizon;
    return TEMOIN_OK;
}

static temoin_status build_panel(temoin_context *ctx, const building *b, tm_sample *out)
{
    tm_panel *panel;
    TM_SCRATCH(ctx, panel, 1);
    *panel = (tm_panel){.n_waves = b->n_waves, .wave = b->wave, .before = b->waves->before};
    out->panel = panel;
    return note_missing_waves(ctx, b);
}

static temoin_status build_sample(temoin_context *ctx, building *b, int32_t measure, const int32_t *wave,
                                  bool weigh_by_probability, tm_sample *out)
{
    const temoin_trial *trial = b->trial;
    const tm_plan_estimate *estimate = b->estimate;
    for (int e = 0; e < trial->plan->n_estimates; e++) /* it may be a copy */
        if (strcmp(trial->plan->estimates[e].name, estimate->name) == 0) b->index = e;
    b->cluster = tm_estimate_cluster(estimate, b->waves != NULL);
    TM_SCRATCH(ctx, b->y, b->n_waves);
    for (int32_t k = 0; k < b->n_waves; k++) b->y[k] = tm_trial_value(trial, measure, wave[k]);
    if (!b->waves && trial->plan->measures[measure].event >= 0) {
        b->event = tm_trial_value(trial, trial->plan->measures[measure].event, wave[0]);
        if (!b->event) b->y[0] = NULL; /* nobody's event is known at this wave */
    }
    *out = (tm_sample){.n_arms = trial->n_arms, .n_strata = estimate->strata ? trial->n_strata : 1};
    out->quantile = isnan(estimate->quantile) ? 0.5 : estimate->quantile;
    out->quantile_type = estimate->quantile_type ? estimate->quantile_type : 2;
    TM_TRY(choose_weights(ctx, b, weigh_by_probability));
    if (estimate->received) TM_TRY(find_receipt(ctx, b));
    TM_TRY(leave_out(ctx, b));
    tm_covariate_request request = {trial, estimate, b->index, measure};
    if (estimate->missing == TM_MISSING_LISTWISE) TM_TRY(tm_covariates_leave_out(ctx, &request, b->in, b->notes));
    TM_TRY(list_rows(ctx, b, &out->n));
    out->unit = b->unit;
    TM_TRY(gather(ctx, b, out));
    if (b->waves) TM_TRY(build_panel(ctx, b, out));
    if (b->cluster) TM_TRY(number_clusters(ctx, b, out));
    if (b->cluster) TM_TRY(number_sites(ctx, b, out));
    if (b->cluster && estimate->bootstrap && trial->plan->bootstrap.subclusters)
        TM_TRY(number_subclusters(ctx, b, out));
    return tm_covariates_build(ctx, &request, b->unit, out->n, out, b->notes);
}

temoin_status tm_sample_build(temoin_context *ctx, const temoin_assignment *assignment,
                              const tm_plan_estimate *estimate, int32_t measure, int32_t wave,
                              const tm_subgroup *subgroup, bool weigh_by_probability, tm_sample *out, tm_notes *notes)
{
    building b = {.assignment = assignment, .trial = assignment->trial, .estimate = estimate, .n_waves = 1};
    b.subgroup = subgroup;
    b.notes = notes;
    return build_sample(ctx, &b, measure, &wave, weigh_by_probability, out);
}

temoin_status tm_sample_build_panel(temoin_context *ctx, const temoin_assignment *assignment,
                                    const tm_plan_estimate *estimate, int32_t measure, const tm_sample_waves *waves,
                                    const tm_subgroup *subgroup, bool weigh_by_probability, tm_sample *out,
                                    tm_notes *notes)
{
    building b = {.assignment = assignment, .trial = assignment->trial, .estimate = estimate, .waves = waves};
    b.n_waves = waves->n;
    b.subgroup = subgroup;
    b.notes = notes;
    return build_sample(ctx, &b, measure, waves->wave, weigh_by_probability, out);
}

const char *tm_estimate_cluster(const tm_plan_estimate *estimate, bool several_waves)
{
    return estimate->cluster || !several_waves ? estimate->cluster : "client";
}
