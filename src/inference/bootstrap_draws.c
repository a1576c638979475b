/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/bootstrap_draws.h"

#include <math.h>
#include <string.h>

#ifdef _OPENMP
#include <omp.h>
#endif

/* A block of draws shares its random numbers; so many draws at a time go through the clusters together. */
enum { BLOCK = 64, LANES = 8, MOST_VALUES = 6 };

/* A squared denominator below this share of what it is the difference of is rounding. */
static const double rounding = 1e-22;

/* What a draw's code of a cluster stands for. */
static int choose_values(tm_bootstrap_weights weights, double *value)
{
    if (weights == TM_BOOTSTRAP_WEBB) {
        const double webb[] = {-sqrt(1.5), -1, -sqrt(0.5), sqrt(0.5), 1, sqrt(1.5)};
        memcpy(value, webb, sizeof webb);
        return 6;
    }
    value[0] = weights == TM_BOOTSTRAP_MAMMEN ? (1 - sqrt(5)) / 2 : -1;
    value[1] = weights == TM_BOOTSTRAP_MAMMEN ? (1 + sqrt(5)) / 2 : 1;
    return 2;
}

static void draw_codes(tm_bootstrap_weights weights, tm_pcg64 *rng, uint8_t *code)
{
    if (weights == TM_BOOTSTRAP_RADEMACHER) {
        uint64_t bits = tm_pcg64_next(rng);
        for (int i = 0; i < BLOCK; i++) code[i] = bits >> i & 1;
    } else if (weights == TM_BOOTSTRAP_WEBB) {
        for (int i = 0; i < BLOCK; i++) code[i] = (uint8_t)tm_pcg64_bounded(rng, 6);
    } else {
        const uint64_t low = (uint64_t)ldexp((sqrt(5) + 1) / (2 * sqrt(5)), 64);
        for (int i = 0; i < BLOCK; i++) code[i] = tm_pcg64_next(rng) >= low;
    }
}

/* The codes of a block, [n_children * BLOCK]. When enumerated, draw d has the sign - in child h where bit h - 1 of d is
 * set; the first child's is +, as the negative of a draw has the same |t*|. */
static void fill_codes(const tm_bootstrap_parts *parts, const tm_bootstrap_options *options, bool enumerated,
                       int64_t block, uint8_t *code)
{
    if (enumerated) {
        for (int32_t h = 0; h < parts->n_children; h++)
            for (int i = 0; i < BLOCK; i++) code[h * BLOCK + i] = h == 0 || !((block * BLOCK + i) >> (h - 1) & 1);
        return;
    }
    tm_pcg64 rng = options->stream;
    tm_pcg64_advance(&rng, (tm_uint128)block * TM_PCG64_JUMP);
    for (int32_t h = 0; h < parts->n_children; h++) draw_codes(options->weights, &rng, code + (int64_t)h * BLOCK);
}

/* Sums of LANES draws: [1 or 2 parts] of w and of the clusters' scores. */
typedef struct lanes_room {
    double *w[2];     /* [n_coordinates * LANES] */
    double *score[2]; /* [n_clusters * LANES] */
    double numerator[2][LANES], d00[LANES], d01[LANES], d11[LANES];
} lanes_room;

static int64_t lanes_doubles(const tm_bootstrap_parts *parts)
{
    return ((int64_t)parts->n_coordinates + parts->n_clusters) * LANES * parts->n_parts;
}

static void open_lanes(const tm_bootstrap_parts *parts, double *room, lanes_room *out)
{
    int64_t n_w = (int64_t)parts->n_coordinates * LANES, n_score = (int64_t)parts->n_clusters * LANES;
    memset(room, 0, (size_t)lanes_doubles(parts) * sizeof *room);
    *out = (lanes_room){0};
    for (int part = 0; part < parts->n_parts; part++, room += n_w + n_score) {
        out->w[part] = room;
        out->score[part] = room + n_w;
    }
}

static void add_child(const tm_bootstrap_parts *parts, int part, int32_t h, const double *restrict v, lanes_room *room)
{
    double *restrict score = room->score[part] + (int64_t)parts->owner[h] * LANES;
    const double own = parts->own[part][h], total = parts->total[part][h];
    for (int i = 0; i < LANES; i++) score[i] += own * v[i];
    for (int i = 0; i < LANES; i++) room->numerator[part][i] += total * v[i];
    for (int64_t k = parts->children.first[h]; k < parts->children.first[h + 1]; k++) {
        double *restrict w = room->w[part] + (int64_t)parts->children.at[k] * LANES;
        const double s = parts->score[part][k];
        for (int i = 0; i < LANES; i++) w[i] += s * v[i];
    }
}

static void take_fit_out(const tm_bootstrap_parts *parts, int part, int32_t g, lanes_room *room)
{
    double *restrict score = room->score[part] + (int64_t)g * LANES;
    for (int64_t k = parts->clusters.first[g]; k < parts->clusters.first[g + 1]; k++) {
        const double *restrict w = room->w[part] + (int64_t)parts->clusters.at[k] * LANES;
        const double l = parts->weight[k];
        for (int i = 0; i < LANES; i++) score[i] -= l * w[i];
    }
}

static void square_scores(const tm_bootstrap_parts *parts, int32_t g, lanes_room *room)
{
    const double *restrict s0 = room->score[0] + (int64_t)g * LANES;
    for (int i = 0; i < LANES; i++) room->d00[i] += s0[i] * s0[i];
    if (parts->n_parts == 1) return;
    const double *restrict s1 = room->score[1] + (int64_t)g * LANES;
    for (int i = 0; i < LANES; i++) room->d01[i] += s0[i] * s1[i];
    for (int i = 0; i < LANES; i++) room->d11[i] += s1[i] * s1[i];
}

static void run_lanes(const tm_bootstrap_parts *parts, const uint8_t *code, const double *value, lanes_room *room)
{
    for (int32_t h = 0; h < parts->n_children; h++) {
        double v[LANES];
        for (int i = 0; i < LANES; i++) v[i] = value[code[(int64_t)h * BLOCK + i]];
        for (int part = 0; part < parts->n_parts; part++) add_child(parts, part, h, v, room);
    }
    for (int32_t g = 0; g < parts->n_clusters; g++) {
        for (int part = 0; part < parts->n_parts; part++) take_fit_out(parts, part, g, room);
        square_scores(parts, g, room);
    }
}

/* In units of the root of the variance; denominators that are rounding become zero. */
static void keep_lanes(const tm_bootstrap_parts *parts, const lanes_room *room, int64_t first,
                       const tm_bootstrap_draws *out)
{
    double root = sqrt(parts->variance);
    for (int64_t d = first; d < first + LANES && d < out->n; d++) {
        int i = (int)(d - first);
        double d00 = room->d00[i] / parts->variance, d11 = room->d11[i];
        bool none0 = d00 < rounding, none1 = d11 < rounding * parts->size;
        out->n0[d] = room->numerator[0][i] / root;
        out->n1[d] = room->numerator[1][i];
        out->d00[d] = none0 ? 0 : d00;
        out->d01[d] = none0 || none1 ? 0 : room->d01[i] / root;
        out->d11[d] = none1 ? 0 : d11;
    }
}

static temoin_status open_draws(temoin_context *ctx, const tm_bootstrap_parts *parts,
                                const tm_bootstrap_options *options, tm_bootstrap_draws *out)
{
    out->enumerated = options->weights == TM_BOOTSTRAP_RADEMACHER && parts->n_children < 62 &&
                      INT64_C(1) << parts->n_children <= options->draws;
    out->copies = out->enumerated ? 2 : 1;
    out->n = out->enumerated ? INT64_C(1) << (parts->n_children - 1) : options->draws;
    TM_SCRATCH(ctx, out->n0, out->n);
    TM_SCRATCH(ctx, out->n1, out->n);
    TM_SCRATCH(ctx, out->d00, out->n);
    TM_SCRATCH(ctx, out->d01, out->n);
    TM_SCRATCH(ctx, out->d11, out->n);
    return TEMOIN_OK;
}

temoin_status tm_bootstrap_draws_build(temoin_context *ctx, const tm_bootstrap_parts *parts,
                                       const tm_bootstrap_options *options, tm_bootstrap_draws *out)
{
    TM_TRY(open_draws(ctx, parts, options, out));
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    const int64_t n_blocks = (out->n + BLOCK - 1) / BLOCK, n_doubles = lanes_doubles(parts);
    const int64_t n_codes = (int64_t)parts->n_children * BLOCK;
    const double work = (double)out->n * (double)(parts->children.first[parts->n_children] + parts->n_clusters) * 4;
    double value[MOST_VALUES], *rooms;
    uint8_t *codes;
    (void)choose_values(options->weights, value);
    TM_SCRATCH(ctx, rooms, n_doubles * ctx->threads);
    TM_SCRATCH(ctx, codes, n_codes * ctx->threads);
#pragma omp parallel for num_threads(tm_threads_for(ctx, work)) schedule(static)
    for (int64_t block = 0; block < n_blocks; block++) {
#ifdef _OPENMP
        int thread = omp_get_thread_num();
#else
        int thread = 0;
#endif
        uint8_t *code = codes + thread * n_codes;
        lanes_room room;
        fill_codes(parts, options, out->enumerated, block, code);
        for (int64_t first = 0; first < BLOCK && block * BLOCK + first < out->n; first += LANES) {
            open_lanes(parts, rooms + thread * n_doubles, &room);
            run_lanes(parts, code + first, value, &room);
            keep_lanes(parts, &room, block * BLOCK + first, out);
        }
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
