/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/randomize_sums.h"

#include <math.h>
#include <string.h>

#include "inference/redraw_sums.h"
#include "kernels/kernels.h"

enum { NUMBERS_AT_ONCE = 1 << 21 /* 16 MiB of sums */, DRAWS_MOST = 4096 };

static const tm_sum_route *const routes[] = {&tm_sum_route_dim, &tm_sum_route_ols};

static tm_sum_variance find_variance(const char *key)
{
    static const struct {
        const char *key;
        tm_sum_variance variance;
    } known[] = {{"neyman", TM_SUM_NEYMAN}, {"classical", TM_SUM_CLASSICAL}, {"hc0", TM_SUM_HC0}, {"hc1", TM_SUM_HC1},
                 {"hc2", TM_SUM_HC2},       {"hc2_bm", TM_SUM_HC2},          {"hc3", TM_SUM_HC3}};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (strcmp(known[k].key, key) == 0) return known[k].variance;
    return TM_SUM_OTHER;
}

/* Outcomes so large or small that the fit scales them are left to it, and those that do not vary. */
static bool is_plain(const tm_sample *sample)
{
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < sample->n; i++) {
        low = fmin(low, sample->y[i]);
        high = fmax(high, sample->y[i]);
    }
    const double largest = fmax(fabs(low), fabs(high));
    return sample->n > 0 && largest > 1e-30 && largest < 1e30 && high - low > 1e-12 * largest;
}

static bool is_effect_served(const tm_randomization_request *request, tm_sum_model *model)
{
    model->standard_error = strcmp(request->statistic->key, "standard_error") == 0;
    model->studentized = model->standard_error || strcmp(request->statistic->key, "studentized") == 0;
    if (!model->studentized && strcmp(request->statistic->key, "difference") != 0) return false;
    if (request->sample->weight || !is_plain(request->sample)) return false;
    if (model->studentized) {
        model->variance = find_variance(request->variance->key);
        if (model->variance == TM_SUM_OTHER) return false;
    }
    for (size_t k = 0; k < sizeof routes / sizeof *routes; k++)
        if (strcmp(request->estimator->key, routes[k]->estimator) == 0) model->route = routes[k];
    return model->route && model->route->serves(model);
}

static bool serves(const tm_randomization_request *request, tm_sum_model *model)
{
    const tm_redraw_bits *bits = request->source->bits;
    *model = (tm_sum_model){.sample = request->sample,
                            .statistic = request->statistic,
                            .arm_weight = request->arm_weight,
                            .n_contrasts = request->n_contrasts};
    if (!bits || bits->n_masks == bits->n_arms || request->sample->n == 0) return false;
    if (request->statistic->of_effect) return is_effect_served(request, model);
    model->route = &tm_sum_route_scores;
    return model->route->serves(model);
}

bool tm_randomize_sums_serve(const tm_randomization_request *request)
{
    tm_sum_model model;
    return serves(request, &model);
}

/* What does not change from draw to draw. */
typedef struct standing {
    tm_sum_model model;
    tm_redraw_sums sums;
    int32_t *stratum; /* [n_blocks] that the block's rows are of */
    double *fixed;    /* [cells] sums of rows that keep their arm */
    int64_t width;    /* numbers in all cells */
} standing;

/* False: a block has rows in two strata. */
static temoin_status place_blocks(temoin_context *ctx, const tm_arm_source *source, standing *s, bool *ok)
{
    const tm_redraw_bits *b = source->bits;
    const tm_sample *sample = s->model.sample;
    int32_t *block;
    TM_SCRATCH(ctx, s->stratum, b->n_blocks);
    TM_SCRATCH(ctx, block, b->n_groups);
    for (int32_t k = 0; k < b->n_blocks; k++) {
        s->stratum[k] = -1;
        for (int64_t i = b->start[k]; i < b->start[k + 1]; i++) block[b->member[i]] = k;
    }
    *ok = true;
    for (int64_t i = 0; i < sample->n; i++) {
        if (source->row_group[i] < 0) continue;
        int32_t *own = &s->stratum[block[source->row_group[i]]];
        if (*own >= 0 && *own != sample->stratum[i]) *ok = false;
        *own = sample->stratum[i];
    }
    return TEMOIN_OK;
}

/* Sums of the rows' numbers of ones and columns by group, and of those that keep their arm by cell. */
static temoin_status add_rows(temoin_context *ctx, const tm_arm_source *source, standing *s)
{
    const tm_sample *sample = s->model.sample;
    const int32_t n_columns = 1 + s->model.n_columns;
    double **by_group;
    s->width = (int64_t)sample->n_strata * sample->n_arms * n_columns;
    TM_SCRATCH(ctx, s->fixed, s->width);
    TM_SCRATCH(ctx, by_group, n_columns);
    for (int32_t j = 0; j < n_columns; j++) {
        TM_SCRATCH(ctx, by_group[j], source->bits->n_groups);
        for (int64_t i = 0; i < sample->n; i++) {
            const int32_t g = source->row_group[i];
            const int64_t cell = (int64_t)sample->stratum[i] * sample->n_arms + sample->arm[i];
            *(g < 0 ? &s->fixed[cell * n_columns + j] : &by_group[j][g]) += j ? s->model.column[j - 1][i] : 1;
        }
    }
    return tm_redraw_sums_build(ctx, source->bits, n_columns, (const double *const *)by_group, &s->sums);
}

static temoin_status prepare(temoin_context *ctx, const tm_arm_source *source, standing *s)
{
    tm_sum_model *model = &s->model;
    const tm_sample *sample = model->sample;
    double mean = 0, *size;
    TM_SCRATCH(ctx, size, sample->n_strata);
    for (int64_t i = 0; i < sample->n; i++) size[sample->stratum[i]]++;
    model->size = size;
    TM_TRY(model->route->prepare(ctx, model));
    for (int64_t i = 0; i < sample->n; i++) mean += (sample->y[i] - mean) / (double)(i + 1);
    for (int64_t i = 0; i < sample->n; i++) model->total_ss += (sample->y[i] - mean) * (sample->y[i] - mean);
    model->total_ss /= model->unit * model->unit;
    return add_rows(ctx, source, s);
}

static void find_draw(const standing *s, const double *sum, double *cell, double *const *statistic, int64_t d,
                      bool *done)
{
    const tm_redraw_bits *b = s->sums.bits;
    const int64_t width = (int64_t)b->n_arms * s->sums.n_columns;
    double *value = cell + s->width, *room = value + s->model.n_contrasts;
    memcpy(cell, s->fixed, (size_t)s->width * sizeof *cell);
    for (int32_t k = 0; k < b->n_blocks; k++)
        for (int64_t j = 0; s->stratum[k] >= 0 && j < width; j++) cell[s->stratum[k] * width + j] += sum[k * width + j];
    *done = s->model.route->find(&s->model, cell, room, value);
    for (int32_t c = 0; *done && c < s->model.n_contrasts; c++) statistic[c][d] = value[c];
}

static temoin_status find_draws(temoin_context *ctx, const standing *s, int64_t first, int64_t n,
                                double *const *statistic, bool *done)
{
    const tm_redraw_bits *b = s->sums.bits;
    const int64_t n_cells = (int64_t)b->n_blocks * b->n_arms, step = n_cells * s->sums.n_columns;
    const int64_t fit = step > 0 ? NUMBERS_AT_ONCE / step : DRAWS_MOST;
    const int64_t most = fit < 1 ? 1 : fit < DRAWS_MOST ? fit : DRAWS_MOST;
    const int threads = tm_threads_for(ctx, (double)n * (double)step);
    const int64_t own = s->width + s->model.n_contrasts + s->model.room;
    int64_t *number;
    double *sum, *cell;
    TM_SCRATCH(ctx, number, most * n_cells);
    TM_SCRATCH(ctx, sum, most * step);
    TM_SCRATCH(ctx, cell, threads * own);
    for (int64_t at = 0; at < n; at += most) {
        const int64_t m = n - at < most ? n - at : most;
        TM_TRY(tm_redraw_sums_run(ctx, &s->sums, 1 + first + at, m, number, sum));
#pragma omp parallel for num_threads(threads) schedule(static, 1)
        for (int t = 0; t < threads; t++)
            for (int64_t d = t; d < m; d += threads)
                find_draw(s, sum + d * step, cell + t * own, statistic, at + d, &done[at + d]);
    }
    return TEMOIN_OK;
}

temoin_status tm_randomize_by_sums(temoin_context *ctx, const tm_randomization_request *request, int64_t first,
                                   int64_t n, double *const *statistic, bool *done)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    standing s = {.width = 0};
    bool ok = true;
    if (!serves(request, &s.model)) return TEMOIN_OK;
    TM_TRY(place_blocks(ctx, request->source, &s, &ok));
    if (ok) {
        TM_TRY(prepare(ctx, request->source, &s));
        TM_TRY(find_draws(ctx, &s, first, n, statistic, done));
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

static bool has_two_values(const tm_sample *sample, double *low, double *high)
{
    *low = *high = sample->y[0];
    for (int64_t i = 1; i < sample->n; i++) {
        const double y = sample->y[i];
        if (y == *low || y == *high) continue;
        if (*low != *high) return false;
        *low = fmin(*low, y);
        *high = fmax(*high, y);
    }
    return *low != *high;
}

temoin_status tm_sum_outcome_build(temoin_context *ctx, tm_sum_model *model, double *column)
{
    const tm_sample *sample = model->sample;
    double *offset, low, high;
    TM_SCRATCH(ctx, offset, sample->n_strata);
    model->offset = offset;
    model->binary = has_two_values(sample, &low, &high);
    model->unit = model->binary ? high - low : 1;
    for (int64_t i = 0; i < sample->n; i++) offset[sample->stratum[i]] += sample->y[i];
    for (int32_t s = 0; s < sample->n_strata; s++)
        offset[s] = model->binary ? low : offset[s] / fmax(1, model->size[s]);
    for (int64_t i = 0; i < sample->n; i++)
        column[i] = model->binary ? sample->y[i] == high : sample->y[i] - offset[sample->stratum[i]];
    return TEMOIN_OK;
}
