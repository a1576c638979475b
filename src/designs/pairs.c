/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pairs, and larger groups, of like units: each is a stratum of its own and drawn as `blocked` draws it.
 *
 * 1. Given pairs: `pair` names the column. The canonical text of a pair is its text there. A pair with fewer than
 *    `group_size` (2) units is drawn like the others; one with more, or with units in two strata, is refused.
 * 2. Made pairs: the distance of units u and v is (R_u - R_v)' inverse(s² C) (R_u - R_v), in which R holds the ranks
 *    of the covariates among all units (equal values share the mean of their ranks), C is the matrix of correlations
 *    of these ranks and s² = n (n + 1) / 12 (Rosenbaum's rank-based Mahalanobis distance), rounded to a multiple of
 *    2^-30. Pairs are made within strata. The text of a pair is the id of its first unit.
 *    `optimal` finds pairs of least total distance; if the number of units is odd, the unit left over is the one
 *    without which that is least. For a `group_size` of 4, 8, … pairs are paired again in the same way, the distance
 *    of two groups being the sum over their units; what is left over on the way makes one smaller group. Other sizes
 *    are made by the greedy rule.
 *    `greedy`: while at least group_size units are without a group, the one of them that is farthest from the centre
 *    (the point of mean ranks) takes its group_size - 1 nearest; the rest make one smaller group. Of equally far units
 *    the first counts.
 * 3. Arms: blocked.c, with pairs in the place of strata, the shares of the stratum, and `misfits` for units of groups
 *    that the shares do not divide: with equal shares of two arms, a unit without partner gets a fair coin, and such
 *    coins are balanced over strata.
 *
 * A redraw keeps the pairs.
 */
#include "designs/pair_strata.h"
#include "designs/places.h"

static temoin_status draw(temoin_context *ctx, const tm_design_units *units, int32_t *arm)
{
    tm_design_units paired;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    temoin_status status = tm_pair_strata_build(ctx, units, &paired);
    if (status == TEMOIN_OK) status = tm_places_draw(ctx, &paired, arm);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status received(temoin_context *ctx, const tm_design_units *units, const int32_t *arm,
                              double *probability, double *error)
{
    tm_design_units paired;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    temoin_status status = tm_pair_strata_build(ctx, units, &paired);
    if (status == TEMOIN_OK) status = tm_places_received(ctx, &paired, arm, probability, error);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status enumerate(temoin_context *ctx, const tm_design_units *units, tm_design_visit *visit, void *data)
{
    tm_design_units paired;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    temoin_status status = tm_pair_strata_build(ctx, units, &paired);
    if (status == TEMOIN_OK) status = tm_places_enumerate(ctx, &paired, visit, data);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status count(temoin_context *ctx, const tm_design_units *units, double *log_count)
{
    tm_design_units paired;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    temoin_status status = tm_pair_strata_build(ctx, units, &paired);
    if (status == TEMOIN_OK) status = tm_places_count(ctx, &paired, log_count);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status pairwise(temoin_context *ctx, const tm_design_units *units, int64_t u, int32_t a, int64_t v,
                              int32_t b, double *probability)
{
    tm_design_units paired;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    temoin_status status = tm_pair_strata_build(ctx, units, &paired);
    if (status == TEMOIN_OK) status = tm_places_pairwise(ctx, &paired, u, a, v, b, probability);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status likeliest(temoin_context *ctx, const tm_design_units *units, double *log_probability)
{
    tm_design_units paired;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    temoin_status status = tm_pair_strata_build(ctx, units, &paired);
    if (status == TEMOIN_OK) status = tm_places_likeliest(ctx, &paired, log_probability);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

const tm_design tm_design_pairs = {
    .key = "pairs",
    .title =
        "Pairs as given (pair), or made from covariates: optimal or greedy (matching), larger ones too (group_size)",
    .cites = "Greevy, Lu, Silber & Rosenbaum 2004; Rosenbaum 2010, section 8.3; Edmonds 1965",
    .options = "strata misfits pair covariates group_size matching",
    .needs = "pair|covariates",
    .deals_to = TM_DEALS_TO_PAIRS,
    .draw = draw,
    .received = received,
    .enumerate = enumerate,
    .count = count,
    .pairwise = pairwise,
    .likeliest = likeliest,
};
