/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "inference/arm_source.h"
#include "inference/deal_providers.h"
#include "numeric/elementary.h"

enum { ARMS_LISTED_MOST = 1 << 29 };

/* The arms of all units come from a shuffle, from a list, or from the design; then those of the rows are taken. */
typedef struct redrawing {
    const tm_redraw_request *request;
    const temoin_assignment *assignment;
    tm_shuffle shuffle;
    tm_arm_source shuffled; /* of all units; its `open` is NULL when the whole trial is drawn again */
    int64_t most_listed, n_listed, room;
    int16_t *listed;     /* [room * n_units] NULL: not listed */
    double *probability; /* [room] */
    tm_provider_places places;
    double *chance; /* [n_units * n_arms] */
} redrawing;

/* One thread's. */
typedef struct redrawing_room {
    void *shuffled;
    tm_redraws redraws;
    int32_t *group_arm, *unit_arm, *provider;
} redrawing_room;

static temoin_status open(temoin_context *ctx, const tm_arm_source *source, void **out)
{
    const redrawing *d = source->data;
    const int64_t n_units = d->assignment->trial->n_units;
    redrawing_room *room;
    TM_SCRATCH(ctx, room, 1);
    TM_SCRATCH(ctx, room->unit_arm, n_units);
    TM_SCRATCH(ctx, room->provider, n_units);
    room->redraws = *d->request->redraws;
    TM_SCRATCH(ctx, room->redraws.unit_arm, n_units);
    TM_SCRATCH(ctx, room->group_arm, room->redraws.n_groups);
    if (d->shuffled.open) TM_TRY(d->shuffled.open(ctx, &d->shuffled, &room->shuffled));
    *out = room;
    return TEMOIN_OK;
}

static temoin_status draw_units(temoin_context *ctx, const redrawing *d, redrawing_room *room, int64_t draw)
{
    const temoin_trial *trial = d->assignment->trial;
    if (d->shuffled.open) {
        tm_drawn_rows units = {.arm = room->unit_arm};
        return d->shuffled.draw(ctx, &d->shuffled, room->shuffled, draw, &units);
    }
    if (d->listed) {
        for (int64_t u = 0; u < trial->n_units; u++) room->unit_arm[u] = d->listed[draw * trial->n_units + u];
        return TEMOIN_OK;
    }
    TM_TRY(tm_redraws_draw(ctx, &room->redraws, draw + 1, room->group_arm));
    for (int64_t u = 0; u < trial->n_units; u++) {
        const int32_t g = room->redraws.group[u];
        room->unit_arm[u] = g < 0 ? d->assignment->arm[u] : room->group_arm[g];
    }
    return TEMOIN_OK;
}

/* Clients without a caseworker are clusters of one, numbered behind the caseworkers. */
static void cluster_rows(const redrawing *d, const redrawing_room *room, tm_drawn_rows *out)
{
    const tm_sample *sample = d->request->sample;
    for (int64_t i = 0, first = 0; i < sample->n; i++) {
        const int32_t provider = room->provider[sample->unit[i]];
        if (sample->unit[i] != sample->unit[first]) first = i;
        out->cluster[i] = provider >= 0 ? provider : d->places.n_providers + (int32_t)first;
    }
    out->n_clusters = d->places.n_providers + (int32_t)sample->n;
}

static temoin_status draw(temoin_context *ctx, const tm_arm_source *source, void *opened, int64_t k, tm_drawn_rows *out)
{
    const redrawing *d = source->data;
    const tm_sample *sample = d->request->sample;
    redrawing_room *room = opened;
    TM_TRY(draw_units(ctx, d, room, k));
    for (int64_t i = 0; i < sample->n; i++) out->arm[i] = room->unit_arm[sample->unit[i]];
    if (source->moves_clusters) {
        TM_TRY(tm_provider_places_deal(ctx, &d->places, k, room->unit_arm, room->provider));
        cluster_rows(d, room, out);
    }
    for (int64_t i = 0; source->moves_weights && i < sample->n; i++)
        out->weight[i] = out->arm[i] < 0 ? 1 : 1 / d->chance[sample->unit[i] * sample->n_arms + out->arm[i]];
    return TEMOIN_OK;
}

static bool keep(void *data, const int32_t *arm, double probability)
{
    redrawing *d = data;
    const int64_t n_units = d->assignment->trial->n_units;
    if (d->n_listed == d->room) {
        d->n_listed++; /* more than there should be */
        return false;
    }
    for (int64_t u = 0; u < n_units; u++) d->listed[d->n_listed * n_units + u] = (int16_t)arm[u];
    d->probability[d->n_listed++] = probability;
    return true;
}

/* Lists what the design could have drawn, if it can tell and it is at most `most`. */
static temoin_status list_assignments(temoin_context *ctx, redrawing *d)
{
    const tm_redraws *redraws = d->request->redraws;
    const double n_units = (double)d->assignment->trial->n_units;
    double log_count = NAN;
    if (!redraws->design->enumerate || !redraws->design->count || redraws->member) return TEMOIN_OK;
    TM_TRY(redraws->design->count(ctx, &redraws->units, &log_count));
    const double n = round(tm_exp(log_count));
    if (!(n <= (double)d->most_listed && n * n_units <= ARMS_LISTED_MOST)) return TEMOIN_OK;
    d->room = (int64_t)n;
    TM_SCRATCH(ctx, d->listed, d->room * d->assignment->trial->n_units);
    TM_SCRATCH(ctx, d->probability, d->room);
    TM_TRY(redraws->design->enumerate(ctx, &redraws->units, keep, d));
    if (d->n_listed == 0 || d->n_listed > d->room) d->listed = NULL;
    return TEMOIN_OK;
}

/* The groups of the arms compared change places; all others keep theirs. */
static temoin_status build_shuffle(temoin_context *ctx, redrawing *d)
{
    const tm_redraws *redraws = d->request->redraws;
    const temoin_trial *trial = d->assignment->trial;
    const double *arm_weight = d->request->arm_weight;
    int32_t *group_arm;
    TM_SCRATCH(ctx, group_arm, redraws->n_groups);
    for (int64_t g = 0; g < redraws->n_groups; g++) group_arm[g] = -1;
    for (int64_t u = 0; u < trial->n_units; u++) {
        const int32_t g = redraws->group[u], a = d->assignment->arm[u];
        if (g >= 0 && a >= 0 && (!arm_weight || arm_weight[a] != 0)) group_arm[g] = a;
    }
    d->shuffle = (tm_shuffle){.n = trial->n_units,
                              .arm = d->assignment->arm,
                              .group = redraws->group,
                              .n_groups = redraws->n_groups,
                              .block = redraws->block,
                              .group_arm = group_arm,
                              .n_blocks = redraws->n_blocks,
                              .n_arms = trial->n_arms,
                              .trial_id = trial->plan->id,
                              .block_text = redraws->units.pair ? redraws->units.pair_text : trial->stratum_text};
    return tm_shuffle_source_build(ctx, &d->shuffle, d->most_listed, &d->shuffled);
}

static bool leaves_arms_out(const tm_redraw_request *request, const temoin_assignment *assignment)
{
    for (int32_t a = 0; request->arm_weight && a < assignment->trial->n_arms; a++)
        if (request->arm_weight[a] == 0 && assignment->n_in_arm[a] > 0) return true;
    return false;
}

static bool has_armless(const temoin_assignment *assignment)
{
    for (int64_t u = 0; u < assignment->trial->n_units; u++)
        if (assignment->arm[u] < 0) return true;
    return false;
}

/* chance [n_units * n_arms] as tm_sample_build weighs by. */
static temoin_status list_chances(temoin_context *ctx, redrawing *d)
{
    const temoin_assignment *assignment = d->assignment;
    const temoin_trial *trial = assignment->trial;
    const tm_redraws *redraws = d->request->redraws;
    const int32_t n_arms = trial->n_arms;
    double *received, error;
    int32_t *asked;
    TM_SCRATCH(ctx, d->chance, trial->n_units * n_arms);
    TM_SCRATCH(ctx, received, trial->n_units);
    TM_SCRATCH(ctx, asked, trial->n_units);
    for (int32_t a = 0; a < n_arms; a++) {
        for (int64_t u = 0; u < trial->n_units; u++) {
            const int64_t *share = trial->shares + (int64_t)trial->stratum[u] * n_arms;
            int64_t sum = 0;
            for (int32_t b = 0; b < n_arms; b++) sum += share[b];
            received[u] = (double)share[a] / (double)sum;
            asked[u] = a;
        }
        if (assignment->drawn && !redraws->design->rolling)
            TM_TRY(redraws->design->received(ctx, &redraws->units, asked, received, &error));
        for (int64_t u = 0; u < trial->n_units; u++) d->chance[u * n_arms + a] = received[u];
    }
    for (int64_t u = 0; u < trial->n_units; u++) /* what the sample itself was weighted by */
        if (assignment->arm[u] >= 0) d->chance[u * n_arms + assignment->arm[u]] = assignment->chance[u];
    return TEMOIN_OK;
}

static const char *refuse(const tm_redraw_request *request)
{
    const tm_redraws *redraws = request->redraws;
    const temoin_assignment *assignment = redraws->assignment;
    const bool unknown = !assignment->drawn && assignment->trial->plan->design.probability;
    if (redraws->split) return "split_clusters";
    if (!redraws->known) return "no_redraw";
    if (request->sample->chances && !request->sample->chances->known) return "redraw_weights";
    if (request->weighted && (unknown || redraws->design->simulated || assignment->by_turn)) return "redraw_weights";
    return NULL;
}

/* Those of the whole trial, for the sample's rows. */
static temoin_status take_bits(temoin_context *ctx, const redrawing *d, tm_arm_source *out)
{
    const tm_sample *sample = d->request->sample;
    const tm_arm_source *shuffled = d->shuffled.open ? &d->shuffled : NULL;
    int32_t *group;
    out->bits = shuffled ? shuffled->bits : d->request->redraws->bits;
    if (!out->bits) return TEMOIN_OK;
    TM_SCRATCH(ctx, group, sample->n);
    for (int64_t i = 0; i < sample->n; i++)
        group[i] = (shuffled ? shuffled->row_group : d->request->redraws->group)[sample->unit[i]];
    out->row_group = group;
    return TEMOIN_OK;
}

temoin_status tm_redraw_source_build(temoin_context *ctx, const tm_redraw_request *request, tm_arm_source *out,
                                     const char **refused)
{
    const tm_redraws *redraws = request->redraws;
    const temoin_assignment *assignment = redraws->assignment;
    redrawing *d;
    *refused = refuse(request);
    if (*refused) return TEMOIN_OK;
    TM_SCRATCH(ctx, d, 1);
    d->request = request;
    d->assignment = assignment;
    *out = (tm_arm_source){.n = request->sample->n, .n_draws = request->most, .data = d, .open = open, .draw = draw};
    if (request->clusters) TM_TRY(tm_providers_move(ctx, redraws, &out->moves_clusters));
    d->most_listed = out->moves_clusters || request->never_listed
                         ? 0
                         : request->most; /* dealing adds chance to the draw: nothing is exact */
    out->moves_weights = request->weighted;
    if (out->moves_clusters) TM_TRY(tm_provider_places_build(ctx, assignment, &d->places));
    if (out->moves_weights) TM_TRY(list_chances(ctx, d));
    if (redraws->exchangeable &&
        (!assignment->drawn || leaves_arms_out(request, assignment) || has_armless(assignment)))
        TM_TRY(build_shuffle(ctx, d));
    else
        TM_TRY(list_assignments(ctx, d));
    out->log_smallest_p = d->shuffled.log_smallest_p;
    if (!d->shuffled.open) out->log_smallest_p = redraws->log_smallest_p;
    out->exact = d->shuffled.exact || d->listed;
    if (out->exact) out->n_draws = d->listed ? d->n_listed : d->shuffled.n_draws;
    out->probability = d->listed ? d->probability : NULL;
    return out->exact || out->moves_clusters || out->moves_weights ? TEMOIN_OK : take_bits(ctx, d, out);
}
