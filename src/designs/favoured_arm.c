/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "designs/favoured_arm.h"

#include <math.h>

#include "base/number_text.h"

int64_t tm_nine_decimals(double value, int64_t largest)
{
    if (!(value >= 0 && value <= (double)largest)) return -1;
    const double scaled = value * TM_COIN_DIGITS, whole = nearbyint(scaled);
    return fabs(scaled - whole) <= 1e-15 * scaled ? (int64_t)whole : -1;
}

static tm_coin lowest(int64_t heads, int64_t sides)
{
    int64_t a = heads, b = sides;
    while (b) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return (tm_coin){heads / a, sides / a};
}

static temoin_status read_coin(temoin_context *ctx, const tm_design_units *units, tm_coin *coin)
{
    if (!units->options || isnan(units->options->coin)) return TEMOIN_OK;
    const int64_t heads = tm_nine_decimals(units->options->coin, 1);
    char text[TM_NUMBER_TEXT_SIZE];
    if (heads <= 0 || heads >= TM_COIN_DIGITS)
        TM_FAIL(
            ctx, TEMOIN_ERR_PLAN,
            "design: coin %s: the probability of the favoured arm must be above 0 and below 1, so that every arm stays "
            "possible, and have at most nine decimals",
            tm_number_text(units->options->coin, text));
    *coin = lowest(heads, TM_COIN_DIGITS);
    return TEMOIN_OK;
}

/* A favourite that got less than its share would fall behind for good. */
static temoin_status check_coin(temoin_context *ctx, const tm_design_units *units, const tm_lowest_shares *shares,
                                tm_coin coin)
{
    char found[TM_NUMBER_TEXT_SIZE], least[TM_NUMBER_TEXT_SIZE];
    for (int32_t s = 0; s < units->n_strata; s++)
        for (int32_t a = 0; tm_open_arms(units, s) > 1 && a < units->n_arms; a++) {
            const int64_t share = shares->share[(int64_t)s * units->n_arms + a];
            if ((tm_uint128)share * (tm_uint128)coin.sides <= (tm_uint128)shares->sum[s] * (tm_uint128)coin.heads)
                continue;
            TM_FAIL(
                ctx, TEMOIN_ERR_PLAN,
                "design: coin %s: the favoured arm must not be less likely than its share, and arm %d%s has the share "
                "%s; set design.coin to at least that",
                tm_number_text((double)coin.heads / (double)coin.sides, found), (int)a + 1,
                tm_of_stratum(ctx, units, s), tm_number_text((double)share / (double)shares->sum[s], least));
        }
    return TEMOIN_OK;
}

temoin_status tm_favour_build(temoin_context *ctx, const tm_design_units *units, const tm_lowest_shares *shares,
                              tm_coin standard, tm_favour *out)
{
    *out = (tm_favour){.n_arms = units->n_arms, .coin = standard, .share = shares->share};
    TM_SCRATCH(ctx, out->best, units->n_arms);
    TM_SCRATCH(ctx, out->weight, units->n_arms);
    TM_TRY(read_coin(ctx, units, &out->coin));
    return check_coin(ctx, units, shares, out->coin);
}

/* Sum of the shares of the best arms; *all: of all arms. */
static int64_t sum_shares(const tm_favour *favour, int64_t *all)
{
    int64_t best = 0;
    *all = 0;
    for (int32_t a = 0; a < favour->n_arms; a++) {
        *all += favour->share[a];
        if (favour->best[a]) best += favour->share[a];
    }
    return best;
}

int32_t tm_favour_choose(const tm_favour *favour, tm_pcg64 *stream)
{
    int64_t all, best = sum_shares(favour, &all);
    for (int32_t a = 0; a < favour->n_arms; a++) favour->weight[a] = favour->best[a] ? favour->share[a] : 0;
    const int32_t favourite = tm_pick_arm(stream, favour->weight, favour->n_arms, best);
    if (best == all) return favourite;
    if (tm_pcg64_bounded(stream, (uint64_t)favour->coin.sides) < (uint64_t)favour->coin.heads) return favourite;
    for (int32_t a = 0; a < favour->n_arms; a++) favour->weight[a] = a == favourite ? 0 : favour->share[a];
    return tm_pick_arm(stream, favour->weight, favour->n_arms, all - favour->share[favourite]);
}

double tm_favour_chance(const tm_favour *favour, int32_t arm)
{
    int64_t all;
    const double best = (double)sum_shares(favour, &all), share = (double)favour->share[arm];
    if (best == (double)all) return share / best;
    const double heads = (double)favour->coin.heads, sides = (double)favour->coin.sides;
    double chance = favour->best[arm] ? heads * (share / best) : 0;
    for (int32_t f = 0; f < favour->n_arms; f++)
        if (favour->best[f] && f != arm)
            chance += (sides - heads) * ((double)favour->share[f] / best) * (share / (double)(all - favour->share[f]));
    return chance / sides;
}
