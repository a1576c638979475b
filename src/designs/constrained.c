/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Few clusters, or units: one allocation among the best balanced.
 *
 * 1. What is drawn are clusters, each with the means of its units' covariates, or units where there is no `cluster`,
 *    in the order of the bytes of their texts. They get arms as `blocked` would give them to units.
 * 2. If there are at most `candidates` (100,000) different allocations, all are scored. Otherwise the first
 *    `candidates` different ones of candidates.h, replicate 0, are, or those among its first 20 times as many.
 * 3. Covariates lose their mean and are divided by their standard deviation (n - 1 below), and rounded to multiples of
 *    2^-24. The score of an allocation is the sum over pairs of arms and over covariates of the squared difference in
 *    means (the B(l2) of Li et al., all weights one), rounded to single precision. An arm that nobody gets is left
 *    out.
 * 4. Allowed are the first ceil(fraction n) of the n scored by their score (`fraction`: 0.1), and those that tie with
 *    the last of them. They are put in the order of their arms, compared from the first cluster on. The draw is the
 *    one with number bounded(how many), from 0, of the stream "constrained", label "". A redraw r chooses among the
 *    same ("constrained/r").
 *
 * All that is said of the draw is exact, given which allocations were scored. A design that allows fewer than 20 is
 * refused, as even the most extreme outcome would have p > 0.05 in a one-sided test (a mirror doubles it in others).
 */
#include <math.h>

#include "designs/constrained_list.h"
#include "numeric/elementary.h"

static temoin_status build(temoin_context *ctx, const tm_design_units *units, tm_constrained_list *list)
{
    TM_TRY(tm_constrained_list_build(ctx, units, list));
    if (list->n_allowed < TM_CONSTRAINED_FEWEST)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "design: kind \"constrained\" allows %lld of %lld allocations; at least 20 are needed for a "
                "one-sided randomization test that can reach p = 0.05; raise design.fraction, or use another kind",
                (long long)list->n_allowed, (long long)list->n_listed);
    return TEMOIN_OK;
}

/* Arm of the unit in allowed allocation i. */
static int32_t arm_in(const tm_constrained_list *list, int64_t i, int64_t u)
{
    return list->arm[list->allowed[i] * list->groups.n_units + (list->group ? list->group[u] : u)];
}

static temoin_status draw_inside(temoin_context *ctx, const tm_design_units *units, int32_t *arm)
{
    tm_constrained_list list;
    tm_pcg64 stream;
    TM_TRY(build(ctx, units, &list));
    tm_design_stream(units, &stream, "constrained", "");
    const int64_t i = (int64_t)tm_pcg64_bounded(&stream, (uint64_t)list.n_allowed);
    for (int64_t u = 0; u < units->n_units; u++) arm[u] = arm_in(&list, i, u);
    return TEMOIN_OK;
}

static temoin_status draw(temoin_context *ctx, const tm_design_units *units, int32_t *arm)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = draw_inside(ctx, units, arm);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status received_inside(temoin_context *ctx, const tm_design_units *units, const int32_t *arm,
                                     double *probability)
{
    tm_constrained_list list;
    TM_TRY(build(ctx, units, &list));
    for (int64_t u = 0; u < units->n_units; u++) {
        int64_t n = 0;
        for (int64_t i = 0; i < list.n_allowed; i++) n += arm_in(&list, i, u) == arm[u];
        probability[u] = arm[u] < 0 ? NAN : (double)n / (double)list.n_allowed;
    }
    return TEMOIN_OK;
}

static temoin_status received(temoin_context *ctx, const tm_design_units *units, const int32_t *arm,
                              double *probability, double *error)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = received_inside(ctx, units, arm, probability);
    *error = 0;
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status enumerate_inside(temoin_context *ctx, const tm_design_units *units, tm_design_visit *visit,
                                      void *data)
{
    tm_constrained_list list;
    int32_t *arm;
    TM_TRY(build(ctx, units, &list));
    TM_SCRATCH(ctx, arm, units->n_units);
    for (int64_t i = 0; i < list.n_allowed; i++) {
        for (int64_t u = 0; u < units->n_units; u++) arm[u] = arm_in(&list, i, u);
        if (!visit(data, arm, 1 / (double)list.n_allowed)) break;
    }
    return TEMOIN_OK;
}

static temoin_status enumerate(temoin_context *ctx, const tm_design_units *units, tm_design_visit *visit, void *data)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = enumerate_inside(ctx, units, visit, data);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status count(temoin_context *ctx, const tm_design_units *units, double *log_count)
{
    tm_constrained_list list;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = build(ctx, units, &list);
    if (status == TEMOIN_OK) *log_count = tm_log((double)list.n_allowed);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status pairwise(temoin_context *ctx, const tm_design_units *units, int64_t u, int32_t a, int64_t v,
                              int32_t b, double *probability)
{
    tm_constrained_list list;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = build(ctx, units, &list);
    if (status == TEMOIN_OK) {
        int64_t n = 0;
        for (int64_t i = 0; i < list.n_allowed; i++) n += arm_in(&list, i, u) == a && arm_in(&list, i, v) == b;
        *probability = (double)n / (double)list.n_allowed;
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status warn(temoin_context *ctx, const tm_design_units *units, const char **text)
{
    tm_constrained_validity validity;
    TM_TRY(tm_constrained_validate(ctx, units, &validity));
    return tm_constrained_warning(ctx, &validity, text);
}

const tm_design tm_design_constrained = {
    .key = "constrained",
    .title = "One among the best balanced allocations of few clusters or units (candidates: 100000, fraction: 0.1)",
    .cites = "Moulton 2004; Li, Lokhnygina, Murray, Heagerty & DeLong 2016",
    .options = "strata misfits cluster covariates candidates fraction",
    .needs = "covariates",
    .draw = draw,
    .received = received,
    .enumerate = enumerate,
    .count = count,
    .pairwise = pairwise,
    .warn = warn,
};
