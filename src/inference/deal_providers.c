/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/deal_providers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "numeric/stream.h"

/* Clusters are drawn: does some caseworker have clients in two of them? */
static temoin_status span_groups(temoin_context *ctx, const tm_redraws *redraws, const int32_t *provider, int32_t n,
                                 bool *spans)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    int64_t *group; /* 1 + that of the first client */
    TM_SCRATCH(ctx, group, n);
    for (int64_t u = 0; u < redraws->assignment->trial->n_units; u++) {
        if (provider[u] < 0) continue;
        int64_t *first = &group[provider[u]];
        *spans = *spans || (*first && *first != redraws->group[u] + 1);
        *first = redraws->group[u] + 1;
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

temoin_status tm_providers_move(temoin_context *ctx, const tm_redraws *redraws, bool *move)
{
    const tm_structure structure = redraws->assignment->trial->plan->providers.structure;
    int32_t n;
    const int32_t *provider = tm_assignment_provider(redraws->assignment, &n);
    *move = provider && (structure == TM_STRUCTURE_NESTED || structure == TM_STRUCTURE_ONE_ARM);
    if (!*move || !redraws->units.cluster) return TEMOIN_OK;
    *move = false;
    return span_groups(ctx, redraws, provider, n, move);
}

static int64_t cell_of(const tm_provider_places *places, const int32_t *arm, int64_t u)
{
    return (int64_t)arm[u] * places->trial->n_strata + places->trial->stratum[u];
}

temoin_status tm_provider_places_build(temoin_context *ctx, const temoin_assignment *assignment,
                                       tm_provider_places *out)
{
    const temoin_trial *trial = assignment->trial;
    const int64_t n_cells = (int64_t)trial->n_arms * trial->n_strata;
    int64_t *next;
    *out = (tm_provider_places){.trial = trial, .arm = assignment->arm};
    out->provider = tm_assignment_provider(assignment, &out->n_providers);
    TM_SCRATCH(ctx, out->from, n_cells + 1);
    TM_SCRATCH(ctx, next, n_cells + 1);
    TM_SCRATCH(ctx, out->place, trial->n_units);
    for (int64_t u = 0; u < trial->n_units; u++)
        if (out->arm[u] >= 0) out->from[cell_of(out, out->arm, u) + 1]++;
    for (int64_t c = 0; c < n_cells; c++) next[c + 1] = out->from[c + 1] += out->from[c];
    for (int64_t u = 0; u < trial->n_units; u++)
        if (out->arm[u] >= 0) out->place[next[cell_of(out, out->arm, u)]++] = out->provider[u];
    return TEMOIN_OK;
}

static void shuffle(tm_pcg64 *stream, int32_t *place, int64_t n)
{
    for (int64_t k = n - 1; k > 0; k--) {
        const int64_t other = (int64_t)tm_pcg64_bounded(stream, (uint64_t)k + 1);
        const int32_t kept = place[k];
        place[k] = place[other];
        place[other] = kept;
    }
}

/* Whoever found no place in the own stratum. */
static void deal_rest(const tm_provider_places *places, tm_pcg64 *stream, const int32_t *arm, const int32_t *place,
                      int64_t *next, int32_t *provider, const bool *waits)
{
    const int32_t n_strata = places->trial->n_strata;
    for (int64_t u = 0; u < places->trial->n_units; u++) {
        if (!waits[u]) continue;
        const int64_t first = (int64_t)arm[u] * n_strata;
        int64_t cell = first;
        while (cell < first + n_strata && next[cell] == places->from[cell + 1]) cell++;
        const int64_t n = places->from[first + n_strata] - places->from[first];
        if (cell < first + n_strata)
            provider[u] = place[next[cell]++];
        else if (n > 0)
            provider[u] = place[places->from[first] + (int64_t)tm_pcg64_bounded(stream, (uint64_t)n)];
    }
}

temoin_status tm_provider_places_deal(temoin_context *ctx, const tm_provider_places *places, int64_t d,
                                      const int32_t *arm, int32_t *provider)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_trial *trial = places->trial;
    const int64_t n_cells = (int64_t)trial->n_arms * trial->n_strata;
    int32_t *place;
    int64_t *next;
    bool *waits;
    char purpose[40];
    tm_pcg64 stream;
    TM_SCRATCH(ctx, place, trial->n_units);
    TM_SCRATCH(ctx, next, n_cells);
    TM_SCRATCH(ctx, waits, trial->n_units);
    memcpy(place, places->place, (size_t)trial->n_units * sizeof *place);
    snprintf(purpose, sizeof purpose, "providers/%" PRId64, d + 1);
    tm_stream_init(&stream, trial->plan->id, "", purpose, "");
    for (int64_t c = 0; c < n_cells; c++) {
        next[c] = places->from[c];
        shuffle(&stream, place + places->from[c], places->from[c + 1] - places->from[c]);
    }
    for (int64_t u = 0; u < trial->n_units; u++) {
        provider[u] = -1;
        if (arm[u] < 0) continue;
        const int64_t cell = cell_of(places, arm, u);
        waits[u] = next[cell] == places->from[cell + 1];
        if (!waits[u]) provider[u] = place[next[cell]++];
    }
    deal_rest(places, &stream, arm, place, next, provider, waits);
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
