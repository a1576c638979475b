/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who got which arm with which probability: drawn here, or taken from the column of a trial drawn elsewhere. */
#include <math.h>
#include <string.h>

#include "base/digest.h"
#include "base/nearest.h"
#include "base/number_text.h"
#include "base/sink.h"
#include "designs/assignment_struct.h"
#include "designs/design_options.h"
#include "designs/free_places.h"
#include "designs/trial_units.h"

int64_t temoin_assignment_n_in_arm(const temoin_assignment *assignment, int32_t arm)
{
    return arm < 0 || arm >= assignment->trial->n_arms ? -1 : assignment->n_in_arm[arm];
}

const char *temoin_assignment_arm_name(const temoin_assignment *assignment, int32_t arm)
{
    return arm < 0 || arm >= assignment->trial->n_arms ? NULL : assignment->trial->plan->arms[arm].name;
}

bool temoin_assignment_is_drawn(const temoin_assignment *assignment)
{
    return assignment->drawn;
}

int64_t temoin_assignment_n_deferred(const temoin_assignment *assignment)
{
    int64_t n = 0;
    for (int64_t u = 0; assignment->workers && assignment->workers->deferred && u < assignment->trial->n_units; u++)
        n += assignment->workers->deferred[u];
    return n;
}

int32_t temoin_assignment_n_workers(const temoin_assignment *assignment)
{
    return assignment->workers && assignment->workers->arm ? assignment->trial->workers->n : 0;
}

const int32_t *tm_assignment_provider(const temoin_assignment *assignment, int32_t *n)
{
    const temoin_trial *trial = assignment->trial;
    const bool drawn = !trial->provider && assignment->workers;
    *n = drawn ? trial->workers->n : trial->n_providers;
    return drawn ? assignment->workers->worker : trial->provider;
}

static temoin_status find_design(temoin_context *ctx, const temoin_plan *plan, const tm_design **out)
{
    *out = tm_design_find(plan->design.kind);
    if (*out) return tm_design_validate_options(ctx, plan, *out);
    const char **keys;
    tm_sink list;
    TM_ALLOC(ctx, keys, tm_n_designs);
    tm_sink_init(&list, ctx);
    for (int d = 0; d < tm_n_designs; d++) {
        keys[d] = tm_designs[d]->key;
        tm_sink_printf(&list, "%s%s", d ? ", " : "", keys[d]);
    }
    TM_TRY(tm_sink_finish(&list));
    const char *nearest = tm_nearest(plan->design.kind, keys, (size_t)tm_n_designs);
    TM_FAIL(ctx, TEMOIN_ERR_PLAN, "%s: line %d: there is no design \"%s\"; the designs are %s%s%s%s", plan->path,
            tm_plan_line(plan, "design.kind"), plan->design.kind, list.text, nearest ? "; did you mean \"" : "",
            nearest ? nearest : "", nearest ? "\"?" : "");
}

__extension__ typedef __int128 wide;

/* Exact: share / sum is compared across strata as a fraction. */
static bool do_shares_differ(const temoin_trial *trial)
{
    int64_t first_sum = 0;
    for (int32_t a = 0; a < trial->n_arms; a++) first_sum += trial->shares[a];
    for (int32_t s = 1; s < trial->n_strata; s++) {
        const int64_t *share = trial->shares + (int64_t)s * trial->n_arms;
        int64_t sum = 0;
        for (int32_t a = 0; a < trial->n_arms; a++) sum += share[a];
        for (int32_t a = 0; a < trial->n_arms; a++)
            if ((wide)share[a] * first_sum != (wide)trial->shares[a] * sum) return true;
    }
    return false;
}

/* Some stratum's arms have shares that are neither 0 nor equal. */
static bool are_shares_unequal(const temoin_trial *trial)
{
    for (int32_t s = 0; s < trial->n_strata; s++) {
        const int64_t *share = trial->shares + (int64_t)s * trial->n_arms;
        int64_t first = 0;
        for (int32_t a = 0; a < trial->n_arms; a++) {
            if (first && share[a] && share[a] != first) return true;
            first = first ? first : share[a];
        }
    }
    return false;
}

/* by_stratum [n_strata * n_arms] → probability [n_units] of the arm received. */
static void spread_probability(const temoin_trial *trial, const int32_t *arm, const double *by_stratum,
                               double *probability)
{
    for (int64_t u = 0; u < trial->n_units; u++)
        probability[u] = arm[u] < 0 ? NAN : by_stratum[(int64_t)trial->stratum[u] * trial->n_arms + arm[u]];
}

/* Exact chances of equal shares may differ in their last digits, simulated ones by their error: neither is a
 * difference. */
static bool do_chances_differ(const temoin_trial *trial, const int32_t *arm, const double *chance, double error,
                              double *first)
{
    const double tolerance = fmax(1e-9, 10 * error);
    for (int64_t u = 0; u < trial->n_units; u++) {
        if (arm[u] < 0) continue;
        if (first[arm[u]] == 0) first[arm[u]] = chance[u];
        if (fabs(chance[u] - first[arm[u]]) > tolerance) return true;
    }
    return false;
}

static temoin_status take_shares(temoin_context *ctx, const temoin_trial *trial, const int32_t *arm,
                                 double *probability)
{
    double *by_stratum;
    TM_SCRATCH(ctx, by_stratum, (int64_t)trial->n_strata * trial->n_arms);
    for (int32_t s = 0; s < trial->n_strata; s++) {
        const int64_t *share = trial->shares + (int64_t)s * trial->n_arms;
        int64_t sum = 0;
        for (int32_t a = 0; a < trial->n_arms; a++) sum += share[a];
        for (int32_t a = 0; a < trial->n_arms; a++)
            by_stratum[(int64_t)s * trial->n_arms + a] = (double)share[a] / (double)sum;
    }
    spread_probability(trial, arm, by_stratum, probability);
    return TEMOIN_OK;
}

/* Designs know no plan: what they refuse starts with "design: ". Here it gets its place. */
static temoin_status place_problem(temoin_context *ctx, const temoin_plan *plan, temoin_status status)
{
    const char **last = ctx->n_problems ? &ctx->problem[ctx->n_problems - 1] : NULL;
    if (status != TEMOIN_ERR_PLAN || !last || strncmp(*last, "design: ", 8) != 0) return status;
    const char *placed = tm_text(ctx, "%s: line %d: %s", plan->path, tm_plan_line(plan, "design"), *last);
    if (placed) *last = placed;
    return status;
}

/* A list that cannot grow any more, and of which some arm surely gets nobody, is no trial. */
static temoin_status check_number(temoin_context *ctx, const temoin_trial *trial, const tm_design_units *units)
{
    const long long n = units->cluster ? units->n_clusters : units->n_units;
    int32_t n_open = 0;
    for (int32_t a = 0; a < trial->n_arms; a++) {
        bool open = false;
        for (int32_t s = 0; s < trial->n_strata; s++) open |= trial->shares[(int64_t)s * trial->n_arms + a] > 0;
        n_open += open;
    }
    if (n >= n_open) return TEMOIN_OK;
    TM_FAIL(ctx, TEMOIN_ERR_DATA, "%s: %s: %lld; arms: %d: some arm would surely get nobody; %s, or declare fewer arms",
            trial->clients->path, units->cluster ? "clusters" : "clients", n, (int)n_open,
            units->cluster ? "draw more clusters" : "draw more clients");
}

static temoin_status check_anybody(temoin_context *ctx, const temoin_trial *trial, const int32_t *arm)
{
    int64_t u = 0;
    while (u < trial->n_units && arm[u] < 0) u++;
    if (u < trial->n_units) return TEMOIN_OK;
    TM_FAIL(ctx, TEMOIN_ERR_PLAN,
            "%s: line %d: with misfits \"%s\" nobody gets an arm, as no stratum or pair has enough clients to give "
            "every arm its share; choose another policy, or fewer strata",
            trial->plan->path, tm_plan_line(trial->plan, "design.misfits"), trial->plan->design.options.misfits);
}

static temoin_status draw_arms(temoin_context *ctx, const tm_design *design, temoin_assignment *assignment,
                               int32_t *arm, double *probability)
{
    const temoin_trial *trial = assignment->trial;
    tm_design_units units;
    double error = 0, *first, *share;
    TM_TRY(tm_trial_units_build(ctx, trial, &units));
    if (trial->capacity)
        TM_TRY(place_problem(ctx, trial->plan,
                             tm_free_places_draw(ctx, trial, design, &units, arm, probability, &assignment->workers)));
    else {
        if (!design->rolling) TM_TRY(check_number(ctx, trial, &units));
        TM_TRY(place_problem(ctx, trial->plan, design->draw(ctx, &units, arm)));
        TM_TRY(check_anybody(ctx, trial, arm));
        TM_TRY(place_problem(ctx, trial->plan, design->received(ctx, &units, arm, probability, &error)));
    }
    assignment->error = error;
    TM_SCRATCH(ctx, first, trial->n_arms);
    assignment->probabilities_differ =
        do_shares_differ(trial) || (!design->rolling && do_chances_differ(trial, arm, probability, error, first));
    if (!design->rolling) return TEMOIN_OK;
    assignment->order = units.arrival;
    assignment->by_turn = design->shares_drift && are_shares_unequal(trial);
    assignment->probabilities_differ |= assignment->by_turn;
    if (assignment->by_turn) return TEMOIN_OK;
    TM_ALLOC(ctx, share, trial->n_units);
    TM_TRY(take_shares(ctx, trial, arm, share));
    assignment->chance = share;
    return TEMOIN_OK;
}

static temoin_status take_column(temoin_context *ctx, const temoin_trial *trial, double *probability, bool *differ)
{
    const temoin_column *column = temoin_frame_find(trial->clients, trial->plan->design.probability);
    double *first; /* [n_arms] */
    size_t mark = tm_problems_mark(ctx);
    TM_SCRATCH(ctx, first, trial->n_arms);
    if (!column->number || column->type == TEMOIN_COLUMN_DATE)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "%s: line %d: the probabilities \"%s\" are declared as a %s; they must be numbers", trial->plan->path,
                tm_plan_line(trial->plan, "design.probability"), column->name, temoin_column_type_name(column->type));
    for (int64_t u = 0; u < trial->n_units && !tm_problems_full(ctx); u++) {
        int32_t a = trial->assigned[u];
        double p = a < 0 ? NAN : column->number[u];
        char text[TM_NUMBER_TEXT_SIZE];
        probability[u] = p;
        if (a >= 0 && !(p > 0 && p <= 1))
            tm_problem(
                ctx,
                "%s: line %lld, column \"%s\": found %s; the probability of the arm received must be above 0 and "
                "at most 1",
                trial->clients->path, (long long)trial->clients->line[u], column->name,
                isnan(p) ? "nothing" : tm_number_text(p, text));
        else if (a >= 0 && first[a] == 0)
            first[a] = p;
        else if (a >= 0 && first[a] != p)
            *differ = true;
    }
    return tm_problems_end(ctx, mark, TEMOIN_ERR_DATA);
}

static temoin_status count_arms(temoin_context *ctx, const temoin_trial *trial, const int32_t *arm, const int64_t **out)
{
    int64_t *n;
    size_t mark = tm_problems_mark(ctx);
    TM_ALLOC(ctx, n, trial->n_arms);
    for (int64_t u = 0; u < trial->n_units; u++)
        if (arm[u] >= 0) n[arm[u]]++;
    for (int32_t a = 0; trial->assigned && a < trial->n_arms; a++)
        if (!n[a])
            tm_problem(
                ctx,
                "%s: column \"%s\": no client is in arm \"%s\", which the plan declares; correct the column, or take "
                "the arm out of the plan",
                trial->clients->path, trial->plan->design.assigned, trial->plan->arms[a].name);
    *out = n;
    return tm_problems_end(ctx, mark, TEMOIN_ERR_DATA);
}

static temoin_status fill(temoin_context *ctx, const tm_design *design, temoin_assignment *assignment)
{
    const temoin_trial *trial = assignment->trial;
    double *probability;
    if (trial->assigned || !design->rolling) TM_TRY(tm_trial_validate_shares(ctx, trial));
    TM_ALLOC(ctx, probability, trial->n_units);
    assignment->probability = assignment->chance = probability;
    assignment->drawn = !trial->assigned;
    assignment->arm = trial->assigned;
    bool from_column = trial->assigned && trial->plan->design.probability;
    if (assignment->drawn) {
        int32_t *arm;
        TM_ALLOC(ctx, arm, trial->n_units);
        TM_TRY(draw_arms(ctx, design, assignment, arm, probability));
        assignment->arm = arm;
        if (trial->workers && !trial->capacity) TM_TRY(tm_worker_draw_build(ctx, trial, arm, &assignment->workers));
    } else if (from_column)
        TM_TRY(take_column(ctx, trial, probability, &assignment->probabilities_differ));
    else {
        TM_TRY(take_shares(ctx, trial, trial->assigned, probability));
        assignment->probabilities_differ = do_shares_differ(trial);
    }
    TM_TRY(count_arms(ctx, trial, assignment->arm, &assignment->n_in_arm));
    return tm_trial_validate_providers(ctx, trial, assignment->arm);
}

temoin_status temoin_assignment_draw(temoin_context *ctx, const temoin_trial *trial, const temoin_assignment **out)
{
    const tm_design *design;
    temoin_assignment *assignment;
    tm_mark scratch = tm_arena_mark(&ctx->scratch);
    *out = NULL;
    TM_TRY(find_design(ctx, trial->plan, &design));
    TM_ALLOC(ctx, assignment, 1);
    TM_ALLOC(ctx, assignment->head, TM_SHA256_HEX_SIZE);
    assignment->trial = trial;
    TM_TRY(fill(ctx, design, assignment));
    tm_arena_rewind(&ctx->scratch, scratch);
    *out = assignment;
    return TEMOIN_OK;
}
