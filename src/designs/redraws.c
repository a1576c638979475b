/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "designs/redraws.h"

#include <math.h>
#include <string.h>

#include "designs/clusters.h"
#include "designs/pair_groups.h"
#include "designs/pair_strata.h"
#include "designs/remaining_units.h"
#include "designs/trial_units.h"
#include "numeric/stream.h"

/* A redraw keeps pairs that were made: so they need to be made only once. */
static temoin_status keep_pairs(temoin_context *ctx, tm_design_units *units)
{
    const char **text;
    int32_t *pair;
    TM_TRY(tm_pair_groups_build(ctx, units, &pair, &units->n_pairs));
    TM_SCRATCH(ctx, text, units->n_pairs);
    for (int64_t u = units->n_units - 1; u >= 0; u--) text[pair[u]] = units->id[u];
    units->pair = pair;
    units->pair_text = text;
    units->n_covariates = 0;
    return TEMOIN_OK;
}

/* Candidates per draw that is accepted; where there are limits nobody knows, and a thousand are reckoned with. */
static double candidates_per_draw(const tm_plan_options *options)
{
    double accept = options->accept > 0 ? options->accept : 1;
    for (int32_t k = 0; k < options->n_tiers; k++) accept *= options->tiers[k].accept;
    return options->n_limits ? 1000 / accept : 1 / accept;
}

static temoin_status prepare_own(temoin_context *ctx, tm_redraws *r)
{
    const temoin_trial *trial = r->assignment->trial;
    TM_TRY(tm_trial_units_build(ctx, trial, &r->units));
    r->known = true;
    if (trial->capacity)
        return tm_remaining_units_build(ctx, &r->units, r->assignment->workers->deferred, &r->remaining, &r->member);
    if (strcmp(r->design->key, "pairs") == 0 && !r->units.pair) TM_TRY(keep_pairs(ctx, &r->units));
    if (strcmp(r->design->key, "constrained") == 0) TM_TRY(tm_constrained_list_build(ctx, &r->units, &r->list));
    if (strcmp(r->design->key, "rerandomized") == 0) r->work *= candidates_per_draw(r->units.options);
    return TEMOIN_OK;
}

/* Given how many of a block are in each arm, these designs have drawn each arrangement of them with equal probability.
 * Of a trial drawn elsewhere the pairs must be given. */
static bool is_shuffle(const temoin_assignment *assignment)
{
    static const char *const keys[] = {"simple", "complete", "blocked", "clustered", "blocked_clustered"};
    const tm_plan_design *design = &assignment->trial->plan->design;
    if (assignment->probabilities_differ && design->probability) return false;
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        if (strcmp(design->kind, keys[k]) == 0) return true;
    if (assignment->drawn && strcmp(design->kind, "two_stage") == 0) return true;
    return strcmp(design->kind, "pairs") == 0 && (assignment->drawn || design->options.pair);
}

static void take_column(const temoin_trial *trial, const char *name, const int32_t **code, const char *const **text,
                        int32_t *n)
{
    const temoin_column *column = name ? temoin_frame_find(trial->clients, name) : NULL;
    if (!column || !column->code) return;
    *code = column->code;
    *text = column->level;
    *n = column->n_levels;
}

static temoin_status group_units(temoin_context *ctx, tm_redraws *r)
{
    const temoin_trial *trial = r->assignment->trial;
    const tm_design_units *units = &r->units;
    const int32_t *of_block = units->pair ? units->pair : trial->stratum, *arm = r->assignment->arm;
    const bool keeps_armless = r->assignment->drawn && !trial->capacity; /* another draw would give them one */
    int32_t *group, *block, *first;
    r->n_groups = units->cluster ? units->n_clusters : trial->n_units;
    r->n_blocks = units->pair ? units->n_pairs : trial->n_strata;
    TM_SCRATCH(ctx, group, trial->n_units);
    TM_SCRATCH(ctx, block, r->n_groups);
    TM_SCRATCH(ctx, first, r->n_groups); /* 2 + the arm of the first unit */
    for (int64_t u = 0; u < trial->n_units; u++) {
        const int32_t g = units->cluster ? units->cluster[u] : (int32_t)u;
        group[u] = of_block[u] < 0 || (!keeps_armless && arm[u] < 0) ? -1 : g;
        if (group[u] < 0) continue;
        r->split = r->split || (first[g] && (block[g] != of_block[u] || first[g] != arm[u] + 2));
        block[g] = of_block[u];
        first[g] = arm[u] + 2;
    }
    r->group = group;
    r->block = block;
    return TEMOIN_OK;
}

static void take_arms(const tm_redraws *r, const int32_t *unit_arm, int32_t *arm)
{
    for (int64_t g = 0; g < r->n_groups; g++) arm[g] = -1;
    for (int64_t u = 0; u < r->assignment->trial->n_units; u++)
        if (r->group[u] >= 0) arm[r->group[u]] = unit_arm[u];
}

static temoin_status build_shuffle(temoin_context *ctx, tm_redraws *r, tm_redraw_bits *bits)
{
    const temoin_trial *trial = r->assignment->trial;
    int32_t *arm;
    TM_SCRATCH(ctx, arm, r->n_groups);
    take_arms(r, r->assignment->arm, arm);
    return tm_redraw_bits_build_shuffle(ctx, trial->plan->id, r->n_groups, trial->n_arms, arm, r->n_blocks, r->block,
                                        r->units.pair ? r->units.pair_text : trial->stratum_text, bits);
}

/* Where arrangements of a block are equally likely; where places are few, who comes when matters as well. */
static temoin_status build_bits(temoin_context *ctx, tm_redraws *r)
{
    tm_redraw_bits *bits;
    tm_design_units *groups;
    if (r->assignment->drawn && (r->member || r->design->deals_to == TM_DEALS_OTHERWISE)) return TEMOIN_OK;
    TM_SCRATCH(ctx, bits, 1);
    TM_SCRATCH(ctx, groups, 1);
    r->bits = bits;
    if (!r->assignment->drawn) return build_shuffle(ctx, r, bits);
    *groups = r->units;
    if (r->design->deals_to == TM_DEALS_TO_CLUSTERS) TM_TRY(tm_clusters_build(ctx, &r->units, groups));
    if (r->design->deals_to == TM_DEALS_TO_PAIRS) TM_TRY(tm_pair_strata_build(ctx, &r->units, groups));
    return tm_redraw_bits_build_places(ctx, groups, bits);
}

temoin_status tm_redraws_build(temoin_context *ctx, const temoin_assignment *assignment, tm_redraws *out)
{
    const temoin_trial *trial = assignment->trial;
    const tm_plan_options *options = &trial->plan->design.options;
    *out = (tm_redraws){.assignment = assignment, .design = tm_design_find(trial->plan->design.kind)};
    out->work = (double)trial->n_units;
    out->log_smallest_p = NAN;
    out->exchangeable = !trial->capacity && is_shuffle(assignment);
    TM_SCRATCH(ctx, out->unit_arm, trial->n_units);
    if (assignment->drawn)
        TM_TRY(prepare_own(ctx, out));
    else {
        out->known = out->exchangeable;
        take_column(trial, options->cluster, &out->units.cluster, &out->units.cluster_text, &out->units.n_clusters);
        take_column(trial, options->pair, &out->units.pair, &out->units.pair_text, &out->units.n_pairs);
    }
    TM_TRY(group_units(ctx, out));
    return out->known ? build_bits(ctx, out) : TEMOIN_OK;
}

temoin_status tm_redraws_find_smallest_p(temoin_context *ctx, tm_redraws *r)
{
    if (!r->assignment->drawn || r->member) return TEMOIN_OK;
    return tm_design_smallest_p(ctx, r->design, &r->units, &r->log_smallest_p);
}

static temoin_status draw_remaining(temoin_context *ctx, tm_redraws *r, int64_t replicate)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    int32_t *arm;
    TM_SCRATCH(ctx, arm, r->remaining.n_units);
    r->remaining.replicate = replicate;
    const temoin_status status = r->remaining.n_units ? r->design->draw(ctx, &r->remaining, arm) : TEMOIN_OK;
    for (int64_t i = 0; status == TEMOIN_OK && i < r->remaining.n_units; i++) r->unit_arm[r->member[i]] = arm[i];
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status draw_own(temoin_context *ctx, tm_redraws *r, int64_t replicate)
{
    tm_design_units units = r->units;
    tm_pcg64 stream;
    if (r->member) return draw_remaining(ctx, r, replicate);
    units.replicate = replicate;
    if (!r->list.allowed) return r->design->draw(ctx, &units, r->unit_arm);
    tm_design_stream(&units, &stream, "constrained", "");
    const int64_t i = r->list.allowed[tm_pcg64_bounded(&stream, (uint64_t)r->list.n_allowed)];
    for (int64_t u = 0; u < units.n_units; u++)
        r->unit_arm[u] = r->list.arm[i * r->list.groups.n_units + (r->list.group ? r->list.group[u] : u)];
    return TEMOIN_OK;
}

temoin_status tm_redraws_draw(temoin_context *ctx, tm_redraws *r, int64_t replicate, int32_t *arm)
{
    if (replicate > 0 && r->bits) return tm_redraw_bits_arms(ctx, r->bits, replicate, arm);
    if (replicate > 0) TM_TRY(draw_own(ctx, r, replicate));
    take_arms(r, replicate > 0 ? r->unit_arm : r->assignment->arm, arm);
    return TEMOIN_OK;
}
