/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/randomization.h"

#include <math.h>
#include <string.h>

#include "inference/randomize_sums.h"

enum { DRAWS_AT_ONCE = 1024 /* between two looks at the stopping rule */, DRAWS_PER_TURN = 16 };

/* One thread's own context, rows and scores. */
typedef struct worker {
    temoin_context ctx;
    temoin_status status;
    void *room;
    tm_drawn_rows rows;
    tm_sample sample;
    int64_t *kept; /* [n] rows that do not drop out */
    double *value; /* [n_contrasts] */
} worker;

static temoin_status of_effect(temoin_context *ctx, const tm_randomization_request *request, const tm_sample *sample,
                               double *value)
{
    tm_effect *effects;
    TM_SCRATCH(ctx, effects, request->n_contrasts);
    for (int32_t c = 0; c < request->n_contrasts; c++) tm_notes_init(&effects[c].notes, ctx);
    const tm_estimator *estimator = request->estimator;
    const bool value_only = !request->statistic->needs_se && estimator->build && !estimator->instrumented;
    TM_TRY(tm_effects_run(ctx, sample, estimator, value_only ? NULL : request->variance, request->arm_weight,
                          request->n_contrasts, NAN, effects));
    for (int32_t c = 0; c < request->n_contrasts; c++) value[c] = request->statistic->of_effect(&effects[c]);
    return TEMOIN_OK;
}

temoin_status tm_randomization_value(temoin_context *ctx, const tm_randomization_request *request,
                                     const tm_sample *sample, const double *score, double *value)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    if (request->statistic->of_effect)
        TM_TRY(of_effect(ctx, request, sample, value));
    else
        for (int32_t c = 0; c < request->n_contrasts; c++)
            TM_TRY(request->statistic->of_scores(ctx, sample, score, request->arm_weight + (int64_t)c * sample->n_arms,
                                                 &value[c]));
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

static temoin_status open_worker(worker *w, const tm_randomization_request *request)
{
    temoin_context *ctx = &w->ctx;
    const int64_t n = request->sample->n;
    TM_SCRATCH(ctx, w->rows.arm, n);
    TM_SCRATCH(ctx, w->kept, n);
    TM_SCRATCH(ctx, w->value, request->n_contrasts);
    if (request->source->moves_clusters) TM_SCRATCH(ctx, w->rows.cluster, n);
    if (request->source->moves_weights) TM_SCRATCH(ctx, w->rows.weight, n);
    return request->source->open(ctx, request->source, &w->room);
}

/* Only the rows that are kept. */
static temoin_status pick_numbers(temoin_context *ctx, const worker *w, int64_t n, const double **x)
{
    double *picked;
    TM_SCRATCH(ctx, picked, n);
    for (int64_t k = 0; k < n; k++) picked[k] = (*x)[w->kept[k]];
    *x = picked;
    return TEMOIN_OK;
}

static temoin_status pick_codes(temoin_context *ctx, const worker *w, int64_t n, const int32_t **x)
{
    int32_t *picked;
    TM_SCRATCH(ctx, picked, n);
    for (int64_t k = 0; k < n; k++) picked[k] = (*x)[w->kept[k]];
    *x = picked;
    return TEMOIN_OK;
}

static temoin_status pick_units(temoin_context *ctx, const worker *w, int64_t n, const int64_t **unit)
{
    int64_t *picked;
    TM_SCRATCH(ctx, picked, n);
    for (int64_t k = 0; k < n; k++) picked[k] = (*unit)[w->kept[k]];
    *unit = picked;
    return TEMOIN_OK;
}

static temoin_status pick_waves(temoin_context *ctx, const worker *w, int64_t n, const tm_panel **panel)
{
    tm_panel *picked;
    TM_SCRATCH(ctx, picked, 1);
    *picked = **panel;
    TM_TRY(pick_codes(ctx, w, n, &picked->wave));
    *panel = picked;
    return TEMOIN_OK;
}

static temoin_status drop_rows(temoin_context *ctx, worker *w, const double **score)
{
    tm_sample *sample = &w->sample;
    const double **covariate;
    int64_t n = 0;
    for (int64_t i = 0; i < sample->n; i++)
        if (sample->arm[i] >= 0) w->kept[n++] = i;
    if (n == sample->n) return TEMOIN_OK;
    TM_TRY(pick_numbers(ctx, w, n, &sample->y));
    TM_TRY(pick_codes(ctx, w, n, &sample->arm));
    TM_TRY(pick_codes(ctx, w, n, &sample->stratum));
    if (sample->weight) TM_TRY(pick_numbers(ctx, w, n, &sample->weight));
    if (sample->cluster) TM_TRY(pick_codes(ctx, w, n, &sample->cluster));
    if (sample->received) TM_TRY(pick_numbers(ctx, w, n, &sample->received));
    if (sample->unit) TM_TRY(pick_units(ctx, w, n, &sample->unit));
    if (sample->panel) TM_TRY(pick_waves(ctx, w, n, &sample->panel));
    if (*score) TM_TRY(pick_numbers(ctx, w, n, score));
    TM_SCRATCH(ctx, covariate, sample->n_covariates);
    for (int32_t j = 0; j < sample->n_covariates; j++) {
        covariate[j] = sample->covariate[j];
        TM_TRY(pick_numbers(ctx, w, n, &covariate[j]));
    }
    sample->covariate = covariate;
    sample->n = n;
    return TEMOIN_OK;
}

/* In the order in which the rows meet them, so that none is empty. */
static temoin_status number_clusters(temoin_context *ctx, worker *w)
{
    tm_sample *sample = &w->sample;
    int32_t *number, *cluster, n = 0;
    TM_SCRATCH(ctx, number, sample->n_clusters); /* 0: not met yet */
    TM_SCRATCH(ctx, cluster, sample->n);
    for (int64_t i = 0; i < sample->n; i++) {
        int32_t *at = &number[sample->cluster[i]];
        if (!*at) *at = ++n;
        cluster[i] = *at - 1;
    }
    sample->cluster = cluster;
    sample->n_clusters = n;
    return TEMOIN_OK;
}

static temoin_status run_draw(worker *w, const tm_randomization_request *request, const double *score, int64_t d)
{
    temoin_context *ctx = &w->ctx;
    const tm_arm_source *source = request->source;
    const tm_mark mark = tm_arena_mark(&ctx->scratch), notes = tm_arena_mark(&ctx->results);
    TM_TRY(source->draw(ctx, source, w->room, d, &w->rows));
    w->sample = *request->sample;
    w->sample.arm = w->rows.arm;
    w->sample.subcluster = NULL; /* the bootstrap's */
    if (w->rows.weight) w->sample.weight = w->rows.weight;
    if (w->rows.cluster) {
        w->sample.cluster = w->rows.cluster;
        w->sample.n_clusters = w->rows.n_clusters;
    }
    TM_TRY(drop_rows(ctx, w, &score));
    if (w->sample.cluster && (w->rows.cluster || w->sample.n < request->sample->n)) TM_TRY(number_clusters(ctx, w));
    TM_TRY(tm_randomization_value(ctx, request, &w->sample, score, w->value));
    tm_arena_rewind(&ctx->scratch, mark);
    tm_arena_rewind(&ctx->results, notes);
    return TEMOIN_OK;
}

static void run_share(worker *w, const tm_randomization_request *request, const double *score, int64_t first,
                      int64_t from, int64_t to, const bool *done, double *const *statistic)
{
    for (int64_t d = from; d < to && w->status == TEMOIN_OK; d++) {
        if (done[d]) continue;
        w->status = run_draw(w, request, score, first + d);
        for (int32_t c = 0; c < request->n_contrasts; c++) statistic[c][d] = w->value[c];
    }
}

/* A context for each thread: arenas are not shared. What failed first, in the order of the threads, is reported. */
static temoin_status close_workers(temoin_context *ctx, worker *workers, int n)
{
    temoin_status status = TEMOIN_OK;
    for (int t = 0; t < n; t++) {
        worker *w = &workers[t];
        const bool starved = w->ctx.scratch.exhausted || w->ctx.results.exhausted;
        if (status == TEMOIN_OK && (starved || w->status == TEMOIN_ERR_MEMORY)) status = tm_fail_memory(ctx);
        if (status == TEMOIN_OK && w->status != TEMOIN_OK)
            status = tm_fail(ctx, w->status, "%s", w->ctx.n_problems ? w->ctx.problem[0] : "");
        tm_arena_free(&w->ctx.scratch);
        tm_arena_free(&w->ctx.results);
    }
    return status;
}

/* Those that are not done yet. */
static temoin_status draw_and_fit(temoin_context *ctx, const tm_randomization_request *request, int64_t first,
                                  int64_t n, const bool *done, double *const *statistic)
{
    const int64_t n_turns = (n + DRAWS_PER_TURN - 1) / DRAWS_PER_TURN;
    const int n_workers = n_turns < ctx->threads ? (int)(n_turns > 0 ? n_turns : 1) : ctx->threads;
    double *score = NULL;
    worker *workers;
    if (request->statistic->score) {
        TM_SCRATCH(ctx, score, request->sample->n);
        TM_TRY(request->statistic->score(ctx, request->sample, score));
    }
    TM_SCRATCH(ctx, workers, n_workers);
    for (int t = 0; t < n_workers; t++) {
        workers[t].ctx = (temoin_context){.kernels = ctx->kernels, .threads = 1};
        workers[t].status = open_worker(&workers[t], request);
    }
#pragma omp parallel for num_threads(n_workers) schedule(static, 1)
    for (int t = 0; t < n_workers; t++)
        for (int64_t turn = t; turn < n_turns; turn += n_workers) {
            const int64_t from = turn * DRAWS_PER_TURN, to = from + DRAWS_PER_TURN;
            run_share(&workers[t], request, score, first, from, to < n ? to : n, done, statistic);
        }
    return close_workers(ctx, workers, n_workers);
}

temoin_status tm_randomization_draws(temoin_context *ctx, const tm_randomization_request *request, int64_t first,
                                     int64_t n, double *const *statistic)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    int64_t d = 0;
    bool *done;
    TM_SCRATCH(ctx, done, n);
    TM_TRY(tm_randomize_by_sums(ctx, request, first, n, statistic, done));
    while (d < n && done[d]) d++;
    if (d < n) TM_TRY(draw_and_fit(ctx, request, first, n, done, statistic));
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

temoin_status tm_randomization_observe(temoin_context *ctx, const tm_randomization_request *request, double *observed)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    double *score = NULL;
    if (request->statistic->score) {
        TM_SCRATCH(ctx, score, request->sample->n);
        TM_TRY(request->statistic->score(ctx, request->sample, score));
    }
    TM_TRY(tm_randomization_value(ctx, request, request->sample, score, observed));
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* Draws until the first contrast has as many extreme ones as are enough, or all of them. */
static temoin_status draw_until(temoin_context *ctx, const tm_randomization_request *request, tm_randomization *out,
                                double **statistic)
{
    const int64_t n = request->source->n_draws, step = request->stop_at && !out->exact ? DRAWS_AT_ONCE : n;
    double **at;
    int64_t n_extreme = 0, done = 0;
    TM_SCRATCH(ctx, at, request->n_contrasts);
    while (done < n) {
        const int64_t next = n - done < step ? n - done : step;
        for (int32_t c = 0; c < request->n_contrasts; c++) at[c] = statistic[c] + done;
        TM_TRY(tm_randomization_draws(ctx, request, done, next, at));
        for (int64_t d = done; d < done + next; d++)
            n_extreme += tm_randomization_is_extreme(statistic[0][d], out[0].observed, out[0].unit, request->tolerance);
        done += next;
        if (step < n && n_extreme >= request->stop_at) break;
    }
    for (int32_t c = 0; c < request->n_contrasts; c++) out[c].n_draws = done;
    return TEMOIN_OK;
}

temoin_status tm_randomization_run(temoin_context *ctx, const tm_randomization_request *request, tm_randomization *out)
{
    const tm_arm_source *source = request->source;
    double **statistic, *observed;
    bool any = false;
    TM_SCRATCH(ctx, statistic, request->n_contrasts);
    TM_SCRATCH(ctx, observed, request->n_contrasts);
    for (int32_t c = 0; c < request->n_contrasts; c++) {
        out[c] = (tm_randomization){.exact = source->exact, .probability = source->probability};
        out[c].unit = tm_randomization_unit(request->statistic, request->sample);
        TM_SCRATCH(ctx, out[c].statistic, source->n_draws);
        statistic[c] = out[c].statistic;
    }
    if (request->sample->n > 0) TM_TRY(tm_randomization_observe(ctx, request, observed));
    for (int32_t c = 0; c < request->n_contrasts; c++) {
        out[c].observed = request->sample->n == 0 ? NAN : observed[c];
        any = any || !isnan(out[c].observed);
    }
    if (any) TM_TRY(draw_until(ctx, request, out, statistic));
    for (int32_t c = 0; c < request->n_contrasts; c++) tm_randomization_weigh(request, &out[c]);
    return TEMOIN_OK;
}
