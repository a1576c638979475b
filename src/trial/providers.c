/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "frame/cells.h"
#include "trial/trial_parts.h"

typedef struct provider_check {
    temoin_context *ctx;
    const temoin_trial *trial;
    const int32_t *arm;
    const char *name; /* of the client file */
    const char *column;
} provider_check;

static bool are_all_blank(const temoin_trial *trial)
{
    for (int64_t u = 0; u < trial->n_units; u++)
        if (trial->provider[u] >= 0) return false;
    return true;
}

static long long unit_line(const provider_check *check, int64_t u)
{
    return (long long)check->trial->clients->line[u];
}

static void report_blank(const provider_check *check, int64_t u, const char *remedy)
{
    tm_problem(check->ctx, "%s: line %lld, column \"%s\": empty, but client \"%s\" is in arm \"%s\"; %s", check->name,
               unit_line(check, u), check->column, check->trial->id[u], check->trial->plan->arms[check->arm[u]].name,
               remedy);
}

/* Each provider in one arm: the first client in another one is reported, once per provider. */
static temoin_status validate_nested(const provider_check *check)
{
    const temoin_trial *trial = check->trial;
    int64_t *first; /* [n_providers] 1 + the first unit; -1 once reported */
    TM_SCRATCH(check->ctx, first, trial->n_providers);
    for (int64_t u = 0; u < trial->n_units; u++) {
        int32_t p = trial->provider[u];
        if (p < 0 || check->arm[u] < 0 || first[p] < 0) continue;
        if (!first[p]) first[p] = u + 1;
        int64_t before = first[p] - 1;
        if (check->arm[before] == check->arm[u]) continue;
        first[p] = -1;
        tm_problem(check->ctx,
                   "%s: line %lld, column \"%s\": provider \"%s\" serves arm \"%s\" here and arm \"%s\" on line "
                   "%lld; the plan says structure: nested, one arm per provider: correct the column, or say structure: "
                   "crossed",
                   check->name, unit_line(check, u), check->column, trial->provider_text[p],
                   trial->plan->arms[check->arm[u]].name, trial->plan->arms[check->arm[before]].name,
                   unit_line(check, before));
    }
    return TEMOIN_OK;
}

/* A client without a provider is an error where no estimate says what it is. */
static void validate_no_blank(const provider_check *check)
{
    const temoin_plan *plan = check->trial->plan;
    for (int32_t e = 0; e < plan->n_estimates; e++)
        if (plan->estimates[e].missing_cluster_allowed) return;
    for (int64_t u = 0; u < check->trial->n_units && !tm_problems_full(check->ctx); u++)
        if (check->trial->provider[u] < 0 && check->arm[u] >= 0)
            report_blank(check, u, "name the provider, or say missing_cluster: own in an estimate");
}

static void validate_one_arm(const provider_check *check)
{
    const temoin_trial *trial = check->trial;
    char found[TM_SHOWN_SIZE];
    int32_t served = trial->plan->providers.arm;
    for (int64_t u = 0; u < trial->n_units && !tm_problems_full(check->ctx); u++) {
        int32_t p = trial->provider[u], arm = check->arm[u];
        if (arm == served && p < 0) report_blank(check, u, "providers serve this arm: name the provider");
        if (arm >= 0 && arm != served && p >= 0)
            tm_problem(check->ctx,
                       "%s: line %lld, column \"%s\": found %s, but client \"%s\" is in arm \"%s\"; the plan "
                       "says that providers serve \"%s\" only: leave the cell empty, or change structure",
                       check->name, unit_line(check, u), check->column,
                       tm_shown(trial->provider_text[p], strlen(trial->provider_text[p]), found), trial->id[u],
                       trial->plan->arms[arm].name, trial->plan->arms[served].name);
    }
}

temoin_status tm_trial_validate_providers(temoin_context *ctx, const temoin_trial *trial, const int32_t *arm)
{
    tm_structure structure = trial->plan->providers.structure;
    if (structure == TM_STRUCTURE_NONE || !trial->provider) return TEMOIN_OK; /* or the design draws them */
    /* Clients are drawn before anybody serves them: without outcomes an empty column is no contradiction. */
    if (!trial->assigned && trial->n_waves == 0 && are_all_blank(trial)) return TEMOIN_OK;
    const provider_check check = {ctx, trial, arm, trial->clients->path, trial->plan->providers.column};
    tm_mark scratch = tm_arena_mark(&ctx->scratch);
    size_t mark = tm_problems_mark(ctx);
    if (structure == TM_STRUCTURE_NESTED) TM_TRY(validate_nested(&check));
    if (structure == TM_STRUCTURE_ONE_ARM)
        validate_one_arm(&check);
    else
        validate_no_blank(&check);
    tm_arena_rewind(&ctx->scratch, scratch);
    return tm_problems_end(ctx, mark, TEMOIN_ERR_DATA);
}
