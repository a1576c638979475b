/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "designs/candidates.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A candidate has one stream for everything, so a policy that names its streams goes on with the same one. */
static void go_on(void *data, const char *purpose, const char *label)
{
    (void)data, (void)purpose, (void)label;
}

static bool stream_rises(void *data, int64_t up, int64_t down)
{
    return tm_pcg64_bounded(data, (uint64_t)up + (uint64_t)down) < (uint64_t)down;
}

static void stream_takes(void *data, int64_t *pack, int32_t n_arms, int64_t n, int64_t *taken)
{
    int64_t n_cards = 0;
    for (int32_t a = 0; a < n_arms; a++) n_cards += pack[a];
    for (; n > 0; n--, n_cards--) {
        int64_t card = (int64_t)tm_pcg64_bounded(data, (uint64_t)n_cards);
        int32_t a = 0;
        while (card >= pack[a]) card -= pack[a++];
        pack[a]--;
        taken[a]++;
    }
}

static void count_places(tm_candidates *c)
{
    const tm_places *places = &c->places;
    const int32_t n_arms = places->units->n_arms;
    for (int32_t s = 0; s < places->units->n_strata; s++) {
        int64_t *n = c->n_places + (int64_t)s * c->n_groups;
        n[n_arms] = tm_places_size(places, s);
        for (int32_t a = 0; a < n_arms; a++) {
            n[a] = places->base[(int64_t)s * n_arms + a];
            n[n_arms] -= n[a];
        }
    }
    for (int32_t r = 0; r < places->n_rows; r++) {
        int64_t *n = c->n_places + (int64_t)places->row[r] * c->n_groups;
        for (int32_t a = 0; a < n_arms; a++) {
            n[a] += places->extra[(int64_t)r * n_arms + a];
            n[n_arms] -= places->extra[(int64_t)r * n_arms + a];
        }
    }
    memset(c->n_in, 0, (size_t)c->n_groups * sizeof *c->n_in);
    for (int32_t s = 0; s < places->units->n_strata; s++) {
        const int64_t *n = c->n_places + (int64_t)s * c->n_groups;
        c->rest[s] = 0;
        for (int32_t a = 0; a < c->n_groups; a++) {
            c->n_in[a] += n[a];
            if (n[a] > n[c->rest[s]]) c->rest[s] = a;
        }
    }
}

static void sort_units(tm_candidates *c, int64_t *next)
{
    const tm_design_units *units = c->places.units;
    for (int32_t s = 0; s < units->n_strata; s++) next[s] = c->places.start[s];
    for (int64_t u = 0; u < units->n_units; u++) c->sorted[next[units->stratum ? units->stratum[u] : 0]++] = (int32_t)u;
}

temoin_status tm_candidates_build(temoin_context *ctx, const tm_design_units *units, tm_candidates *c)
{
    int64_t *next;
    if (units->n_units > INT32_MAX)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "design: this kind draws at most 2147483647 units; use kind \"blocked\"");
    TM_TRY(tm_places_build(ctx, units, &c->places));
    c->n_groups = units->n_arms + 1;
    TM_SCRATCH(ctx, c->sorted, units->n_units);
    TM_SCRATCH(ctx, c->unit, units->n_units);
    TM_SCRATCH(ctx, c->n_places, (int64_t)units->n_strata * c->n_groups);
    TM_SCRATCH(ctx, c->rest, units->n_strata);
    TM_SCRATCH(ctx, c->n_in, c->n_groups);
    TM_SCRATCH(ctx, next, units->n_strata);
    sort_units(c, next);
    count_places(c);
    return TEMOIN_OK;
}

/* Shuffles from the top as many as there are places besides the rest's. */
static void shuffle_stratum(tm_candidates *c, int32_t s, tm_pcg64 *stream)
{
    int32_t *unit = c->unit + c->places.start[s];
    const int64_t size = tm_places_size(&c->places, s);
    const int64_t end = c->n_places[(int64_t)s * c->n_groups + c->rest[s]];
    for (int64_t i = size - 1; i >= end; i--) {
        const int64_t j = (int64_t)tm_pcg64_bounded(stream, (uint64_t)i + 1);
        const int32_t swap = unit[i];
        unit[i] = unit[j];
        unit[j] = swap;
    }
}

temoin_status tm_candidates_draw(temoin_context *ctx, tm_candidates *c, int64_t replicate, int64_t k)
{
    tm_places *places = &c->places;
    tm_design_units units = *places->units;
    char label[24];
    tm_pcg64 stream;
    units.replicate = replicate;
    snprintf(label, sizeof label, "%" PRId64, k);
    tm_design_stream(&units, &stream, "candidate", label);
    if (places->n_rows) {
        memset(places->extra, 0, (size_t)places->n_rows * (size_t)units.n_arms * sizeof *places->extra);
        TM_TRY(places->misfit->round(ctx, places, (tm_chance){go_on, stream_rises, stream_takes, &stream}));
        count_places(c);
    }
    memcpy(c->unit, c->sorted, (size_t)units.n_units * sizeof *c->unit);
    for (int32_t s = 0; s < units.n_strata; s++) shuffle_stratum(c, s, &stream);
    return TEMOIN_OK;
}

void tm_candidates_deal(const tm_candidates *c, int32_t *arm)
{
    const tm_design_units *units = c->places.units;
    for (int32_t s = 0; s < units->n_strata; s++) {
        const int64_t *n = c->n_places + (int64_t)s * c->n_groups;
        const int32_t *unit = c->unit + c->places.start[s];
        int64_t i = tm_places_size(&c->places, s);
        for (int32_t a = 0; a < c->n_groups; a++)
            for (int64_t k = 0; a != c->rest[s] && k < n[a]; k++) arm[unit[--i]] = a < units->n_arms ? a : -1;
        while (i > 0) arm[unit[--i]] = c->rest[s] < units->n_arms ? c->rest[s] : -1;
    }
}
