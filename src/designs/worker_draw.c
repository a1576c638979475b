/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "designs/worker_draw.h"

#include <assert.h>
#include <string.h>

#include "designs/places.h"

/* People of one stratum and arm, in canonical order: item[start[cell]] … item[start[cell + 1] - 1]. */
typedef struct cells {
    int64_t *start; /* [n_strata * n_arms + 1] */
    int64_t *item;  /* [n] */
} cells;

static temoin_status sort_into_cells(temoin_context *ctx, int64_t n, const int32_t *stratum, const int32_t *arm,
                                     int32_t n_strata, int32_t n_arms, cells *out)
{
    const int64_t n_cells = (int64_t)n_strata * n_arms;
    int64_t *next;
    TM_SCRATCH(ctx, out->start, n_cells + 1);
    TM_SCRATCH(ctx, out->item, n);
    TM_SCRATCH(ctx, next, n_cells);
    for (int64_t i = 0; i < n; i++) out->start[(int64_t)stratum[i] * n_arms + arm[i] + 1]++;
    for (int64_t c = 0; c < n_cells; c++) out->start[c + 1] += out->start[c];
    for (int64_t c = 0; c < n_cells; c++) next[c] = out->start[c];
    for (int64_t i = 0; i < n; i++) out->item[next[(int64_t)stratum[i] * n_arms + arm[i]]++] = i;
    return TEMOIN_OK;
}

static void shuffle(tm_pcg64 *stream, int64_t *item, int64_t n)
{
    for (int64_t i = n - 1; i > 0; i--) {
        const int64_t j = (int64_t)tm_pcg64_bounded(stream, (uint64_t)i + 1), swap = item[i];
        item[i] = item[j];
        item[j] = swap;
    }
}

static tm_design_units worker_units(const temoin_trial *trial)
{
    return (tm_design_units){
        .n_units = trial->workers->n,
        .n_arms = trial->n_arms,
        .n_strata = trial->workers->n_strata,
        .stratum = trial->workers->stratum,
        .stratum_text = trial->workers->stratum_text,
        .shares = trial->workers->shares,
        .trial_id = trial->plan->id,
        .seed = trial->plan->design.seed,
        .purpose_prefix = "workers-",
        .id = trial->workers->id,
    };
}

typedef struct dealing {
    const temoin_trial *trial;
    tm_design_units units; /* the workers, for their streams */
    cells clients, workers;
    int32_t *worker;
    double *chance;
} dealing;

/* Clients of stratum s and arm a to the workers of stratum ws, which has the same text, and that arm. */
static temoin_status deal(temoin_context *ctx, dealing *d, int32_t s, int32_t ws, int32_t a)
{
    const int32_t n_arms = d->trial->n_arms;
    const int64_t c = (int64_t)s * n_arms + a, w = (int64_t)ws * n_arms + a;
    const int64_t n = d->clients.start[c + 1] - d->clients.start[c],
                  n_workers = d->workers.start[w + 1] - d->workers.start[w];
    int64_t *client = d->clients.item + d->clients.start[c], *worker = d->workers.item + d->workers.start[w];
    tm_pcg64 stream;
    if (n == 0) return TEMOIN_OK;
    assert(n_workers > 0); /* the trial's file of workers was held to that */
    const char *label = tm_stratum_text_add(ctx, d->trial->stratum_text[s], d->trial->plan->arms[a].name);
    if (!label) return tm_fail_memory(ctx);
    tm_design_stream(&d->units, &stream, "worker", label);
    shuffle(&stream, worker, n_workers);
    shuffle(&stream, client, n);
    for (int64_t i = 0; i < n; i++) {
        d->worker[client[i]] = (int32_t)worker[i % n_workers];
        d->chance[client[i]] = 1 / (double)n_workers;
    }
    return TEMOIN_OK;
}

/* Both lists of strata are in byte order, and the clients' are among the workers'. */
static temoin_status deal_all(temoin_context *ctx, dealing *d)
{
    const temoin_trial *trial = d->trial;
    d->units.purpose_prefix = NULL;
    for (int32_t s = 0, ws = 0; s < trial->n_strata; s++) {
        while (strcmp(trial->workers->stratum_text[ws], trial->stratum_text[s]) != 0) ws++;
        assert(ws < trial->workers->n_strata);
        for (int32_t a = 0; a < trial->n_arms; a++) TM_TRY(deal(ctx, d, s, ws, a));
    }
    return TEMOIN_OK;
}

static temoin_status build(temoin_context *ctx, const temoin_trial *trial, const int32_t *arm, tm_worker_draw *out)
{
    const tm_workers *workers = trial->workers;
    dealing d = {.trial = trial, .units = worker_units(trial)};
    int32_t *worker_arm;
    double *probability, error;
    TM_ALLOC(ctx, worker_arm, workers->n);
    TM_ALLOC(ctx, probability, workers->n);
    TM_ALLOC(ctx, d.worker, trial->n_units);
    TM_ALLOC(ctx, d.chance, trial->n_units);
    TM_TRY(tm_places_draw(ctx, &d.units, worker_arm));
    TM_TRY(tm_places_received(ctx, &d.units, worker_arm, probability, &error));
    TM_TRY(
        sort_into_cells(ctx, workers->n, workers->stratum, worker_arm, workers->n_strata, trial->n_arms, &d.workers));
    TM_TRY(sort_into_cells(ctx, trial->n_units, trial->stratum, arm, trial->n_strata, trial->n_arms, &d.clients));
    TM_TRY(deal_all(ctx, &d));
    *out = (tm_worker_draw){.arm = worker_arm, .probability = probability, .worker = d.worker, .chance = d.chance};
    return TEMOIN_OK;
}

temoin_status tm_worker_draw_build(temoin_context *ctx, const temoin_trial *trial, const int32_t *arm,
                                   const tm_worker_draw **out)
{
    tm_worker_draw *draw;
    TM_ALLOC(ctx, draw, 1);
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = build(ctx, trial, arm, draw);
    tm_arena_rewind(&ctx->scratch, mark);
    *out = draw;
    return status;
}
