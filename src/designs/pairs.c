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
#include <string.h>

#include "designs/pair_groups.h"
#include "designs/places.h"

static temoin_status check_size(temoin_context *ctx, const tm_design_units *units, int32_t g, int64_t size)
{
    const int32_t most = units->options && units->options->group_size ? units->options->group_size : 2;
    if (size > most)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "design: pair \"%s\" has %lld units, but pairs have at most %d; correct the column, or say "
                "design.group_size",
                units->pair_text[g], (long long)size, (int)most);
    return TEMOIN_OK;
}

static temoin_status check_pairs(temoin_context *ctx, const tm_design_units *units)
{
    int32_t *stratum;
    int64_t *size;
    TM_SCRATCH(ctx, stratum, units->n_pairs);
    TM_SCRATCH(ctx, size, units->n_pairs);
    for (int64_t u = 0; u < units->n_units; u++) {
        const int32_t g = units->pair[u], s = units->stratum ? units->stratum[u] : 0;
        if (size[g]++ && stratum[g] != s)
            TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                    "design: pair \"%s\" has units in the strata \"%s\" and \"%s\"; a pair must lie within one stratum",
                    units->pair_text[g], units->stratum_text[stratum[g]], units->stratum_text[s]);
        stratum[g] = s;
    }
    for (int32_t g = 0; g < units->n_pairs; g++) TM_TRY(check_size(ctx, units, g, size[g]));
    return TEMOIN_OK;
}

/* The same units, with pairs as strata. */
static temoin_status build(temoin_context *ctx, const tm_design_units *units, tm_design_units *paired)
{
    const char **text;
    int64_t *shares;
    int32_t *group;
    *paired = *units;
    if (units->pair && units->n_covariates)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "design: kind \"pairs\" takes pairs from design.pair or makes them from design.covariates; leave one "
                "of them out");
    if (units->options && units->options->group_size > units->n_units)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "design: group_size: found %d, but there are %lld units; ask for smaller groups",
                (int)units->options->group_size, (long long)units->n_units);
    if (units->pair) {
        TM_TRY(check_pairs(ctx, units));
        paired->stratum = units->pair;
        paired->n_strata = units->n_pairs;
        paired->stratum_text = units->pair_text;
    } else {
        TM_TRY(tm_pair_groups_build(ctx, units, &group, &paired->n_strata));
        TM_SCRATCH(ctx, text, paired->n_strata);
        for (int64_t u = units->n_units - 1; u >= 0; u--) text[group[u]] = units->id[u];
        paired->stratum = group;
        paired->stratum_text = text;
    }
    TM_SCRATCH(ctx, shares, (int64_t)paired->n_strata * units->n_arms);
    for (int64_t u = 0; u < units->n_units; u++)
        memcpy(shares + (int64_t)paired->stratum[u] * units->n_arms,
               units->shares + (int64_t)(units->stratum ? units->stratum[u] : 0) * units->n_arms,
               (size_t)units->n_arms * sizeof *shares);
    paired->shares = shares;
    return TEMOIN_OK;
}

static temoin_status draw(temoin_context *ctx, const tm_design_units *units, int32_t *arm)
{
    tm_design_units paired;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    temoin_status status = build(ctx, units, &paired);
    if (status == TEMOIN_OK) status = tm_places_draw(ctx, &paired, arm);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status received(temoin_context *ctx, const tm_design_units *units, const int32_t *arm,
                              double *probability, double *error)
{
    tm_design_units paired;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    temoin_status status = build(ctx, units, &paired);
    if (status == TEMOIN_OK) status = tm_places_received(ctx, &paired, arm, probability, error);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status enumerate(temoin_context *ctx, const tm_design_units *units, tm_design_visit *visit, void *data)
{
    tm_design_units paired;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    temoin_status status = build(ctx, units, &paired);
    if (status == TEMOIN_OK) status = tm_places_enumerate(ctx, &paired, visit, data);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status count(temoin_context *ctx, const tm_design_units *units, double *log_count)
{
    tm_design_units paired;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    temoin_status status = build(ctx, units, &paired);
    if (status == TEMOIN_OK) status = tm_places_count(ctx, &paired, log_count);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status pairwise(temoin_context *ctx, const tm_design_units *units, int64_t u, int32_t a, int64_t v,
                              int32_t b, double *probability)
{
    tm_design_units paired;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    temoin_status status = build(ctx, units, &paired);
    if (status == TEMOIN_OK) status = tm_places_pairwise(ctx, &paired, u, a, v, b, probability);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status likeliest(temoin_context *ctx, const tm_design_units *units, double *log_probability)
{
    tm_design_units paired;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    temoin_status status = build(ctx, units, &paired);
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
    .draw = draw,
    .received = received,
    .enumerate = enumerate,
    .count = count,
    .pairwise = pairwise,
    .likeliest = likeliest,
};
