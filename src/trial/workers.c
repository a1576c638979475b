/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The caseworkers whom a two-stage design draws: their file, in the order of their ids' bytes, and their strata, which
 * are those of the clients. */
#include <string.h>

#include "frame/cells.h"
#include "trial/trial_parts.h"

static temoin_status read_file(temoin_context *ctx, const temoin_plan *plan, const char *path, const temoin_frame **out)
{
    const tm_plan_file *file = &plan->design.options.workers;
    const tm_names *strata = &plan->design.strata;
    tm_wanted_list list = {0};
    TM_SCRATCH(ctx, list.item, 1 + strata->n);
    tm_wanted_add(&list, (tm_wanted){file->id, TEMOIN_COLUMN_AUTO, true, tm_plan_line(plan, "design.workers.id")});
    for (int32_t k = 0; k < strata->n; k++)
        tm_wanted_add(
            &list, (tm_wanted){strata->name[k], TEMOIN_COLUMN_AUTO, true, tm_plan_line(plan, "design.strata[%d]", k)});
    return tm_wanted_read(ctx, plan, file, path, &list, out);
}

temoin_status tm_worker_ids_validate(temoin_context *ctx, const temoin_frame *frame, const temoin_column *id)
{
    int64_t *line; /* [n_levels] of the worker with that id */
    char found[TM_SHOWN_SIZE];
    TM_SCRATCH(ctx, line, id->n_levels);
    for (int64_t r = 0; r < frame->n_rows && !tm_problems_full(ctx); r++) {
        const int32_t code = id->code[r];
        if (code < 0)
            tm_problem(ctx, "%s: line %lld, column \"%s\": empty; every worker needs an id", frame->path,
                       (long long)frame->line[r], id->name);
        else if (line[code])
            tm_problem(ctx, "%s: line %lld, column \"%s\": worker %s is already on line %lld; keep one row per worker",
                       frame->path, (long long)frame->line[r], id->name,
                       tm_shown(id->level[code], strlen(id->level[code]), found), (long long)line[code]);
        else
            line[code] = frame->line[r];
    }
    return TEMOIN_OK;
}

static void validate_strata(temoin_context *ctx, const temoin_frame *frame, const tm_names *strata)
{
    for (int32_t k = 0; k < strata->n; k++) {
        const temoin_column *column = temoin_frame_find(frame, strata->name[k]);
        for (int64_t r = 0; r < frame->n_rows && !tm_problems_full(ctx); r++)
            if (column->code[r] < 0)
                tm_problem(ctx, "%s: line %lld, column \"%s\": empty, so the worker is in no stratum; fill it in",
                           frame->path, (long long)frame->line[r], column->name);
    }
}

/* Shares of the clients' stratum of that name; the plan's own where no client is. Both lists are in byte order. */
static temoin_status take_shares(temoin_context *ctx, const temoin_trial *trial, tm_workers *workers)
{
    const int32_t n_arms = trial->n_arms;
    int64_t *shares;
    TM_ALLOC(ctx, shares, (int64_t)workers->n_strata * n_arms);
    for (int32_t w = 0, s = 0; w < workers->n_strata; w++) {
        while (s < trial->n_strata && strcmp(trial->stratum_text[s], workers->stratum_text[w]) < 0) s++;
        const bool shared = s < trial->n_strata && strcmp(trial->stratum_text[s], workers->stratum_text[w]) == 0;
        for (int32_t a = 0; a < n_arms; a++)
            shares[(int64_t)w * n_arms + a] =
                shared ? trial->shares[(int64_t)s * n_arms + a] : trial->plan->arms[a].share;
    }
    workers->shares = shares;
    return TEMOIN_OK;
}

static int64_t count_in(const tm_workers *workers, const char *stratum)
{
    int64_t n = 0;
    for (int32_t w = 0; w < workers->n; w++) n += strcmp(workers->stratum_text[workers->stratum[w]], stratum) == 0;
    return n;
}

/* Workers with whom every arm that can get a client is sure of one. */
static int64_t count_needed(const int64_t *share, int32_t n_arms)
{
    int64_t sum = 0, n = 0;
    for (int32_t a = 0; a < n_arms; a++) sum += share[a];
    for (int32_t a = 0; a < n_arms; a++) {
        const int64_t own = share[a] ? sum / share[a] + (sum % share[a] != 0) : 0;
        if (own > n) n = own;
    }
    return n;
}

/* They must be there wherever clients are, whatever the draw: else the seed would decide whether there is a draw at
 * all. */
static temoin_status validate_numbers(temoin_context *ctx, const temoin_trial *trial, const tm_workers *workers,
                                      const char *path)
{
    const size_t mark = tm_problems_mark(ctx);
    for (int32_t s = 0; s < trial->n_strata && !tm_problems_full(ctx); s++) {
        const int64_t n = count_in(workers, trial->stratum_text[s]);
        const int64_t needed = count_needed(trial->shares + (int64_t)s * trial->n_arms, trial->n_arms);
        if (n < needed)
            tm_problem(
                ctx,
                "%s: workers in stratum \"%s\": %lld; where clients are, every arm must be sure of a worker, and its "
                "shares need %lld: add workers, or join the stratum with another",
                path, trial->stratum_text[s], (long long)n, (long long)needed);
    }
    return tm_problems_end(ctx, mark, TEMOIN_ERR_DATA);
}

static temoin_status order_workers(temoin_context *ctx, const temoin_frame *frame, const temoin_column *id,
                                   const tm_strata *strata, tm_workers *out)
{
    int32_t *stratum;
    TM_ALLOC(ctx, stratum, frame->n_rows);
    for (int64_t r = 0; r < frame->n_rows; r++) stratum[id->code[r]] = strata->stratum[r];
    *out = (tm_workers){
        .n = id->n_levels, .id = id->level, .n_strata = strata->n, .stratum = stratum, .stratum_text = strata->text};
    return TEMOIN_OK;
}

temoin_status tm_workers_build(temoin_context *ctx, temoin_trial *trial, const char *path)
{
    const temoin_plan *plan = trial->plan;
    const temoin_frame *frame;
    tm_strata strata;
    tm_workers *workers;
    TM_ALLOC(ctx, workers, 1);
    TM_TRY(read_file(ctx, plan, path, &frame));
    const temoin_column *id = temoin_frame_find(frame, plan->design.options.workers.id);
    const size_t mark = tm_problems_mark(ctx);
    TM_TRY(tm_worker_ids_validate(ctx, frame, id));
    validate_strata(ctx, frame, &plan->design.strata);
    TM_TRY(tm_problems_end(ctx, mark, TEMOIN_ERR_DATA));
    TM_TRY(tm_strata_find(ctx, frame, &plan->design.strata, &strata));
    TM_TRY(order_workers(ctx, frame, id, &strata, workers));
    TM_TRY(take_shares(ctx, trial, workers));
    trial->workers = workers;
    return validate_numbers(ctx, trial, workers, path);
}
