/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a biased coin decides, stratum by stratum, in the order of arrival.
 *
 * 1. The shares w[a] of the stratum are whole numbers in lowest terms. The best arms at a turn are those with a share
 *    whose N[a] / w[a] is smallest, where N[a] counts the units of the stratum that came before and got the arm.
 * 2. The coin (2/3 unless the plan says otherwise, at most nine decimals, below 1) favours one of them:
 *    favoured_arm.h, with the stream whose purpose is "coin" and whose label is the unit's id.
 *
 * With two equal shares this is Efron's design, and each unit's chance of either arm is 1/2 before anyone has come.
 * With unequal shares the numbers keep to the shares, but the chance at a turn, averaged over all pasts, is not
 * the share (Kuznetsova & Tymofyeyev 2012). `received` is the chance at the unit's turn, which is what was known when
 * it got its arm. Weights of one over it are right whatever the shares: given the past, the weighted outcome has the
 * outcome as its mean.
 */
#include "designs/favoured_arm.h"
#include "designs/likeliest_path.h"

typedef struct coin_state {
    const tm_design_units *units;
    tm_lowest_shares shares;
    tm_favour favour;
    int64_t *given; /* [n_strata * n_arms] */
} coin_state;

static temoin_status begin(temoin_context *ctx, const tm_design_units *units, void **out)
{
    coin_state *state;
    TM_SCRATCH(ctx, state, 1);
    state->units = units;
    *out = state;
    TM_SCRATCH(ctx, state->given, (int64_t)units->n_strata * units->n_arms);
    TM_TRY(tm_lowest_shares_build(ctx, units, &state->shares));
    return tm_favour_build(ctx, units, &state->shares, (tm_coin){2, 3}, &state->favour);
}

/* The sign of given[a] / share[a] - given[b] / share[b]. */
static int compare(const int64_t *given, const int64_t *share, int32_t a, int32_t b)
{
    const tm_uint128 left = (tm_uint128)given[a] * (tm_uint128)share[b];
    const tm_uint128 right = (tm_uint128)given[b] * (tm_uint128)share[a];
    return (left > right) - (left < right);
}

static void look(void *data, int64_t u)
{
    coin_state *state = data;
    const int32_t n_arms = state->units->n_arms;
    const int64_t row = (int64_t)tm_stratum_of(state->units, u) * n_arms, *given = state->given + row;
    const int64_t *share = state->shares.share + row;
    int32_t least = -1;
    for (int32_t a = 0; a < n_arms; a++)
        if (share[a] && (least < 0 || compare(given, share, a, least) < 0)) least = a;
    for (int32_t a = 0; a < n_arms; a++) state->favour.best[a] = share[a] && compare(given, share, a, least) == 0;
    state->favour.share = share;
}

static int32_t choose(const void *data, tm_pcg64 *stream)
{
    const coin_state *state = data;
    return tm_favour_choose(&state->favour, stream);
}

static double chance(const void *data, int32_t arm)
{
    const coin_state *state = data;
    return tm_favour_chance(&state->favour, arm);
}

static void note(void *data, int64_t u, int32_t arm, int64_t change)
{
    coin_state *state = data;
    state->given[(int64_t)tm_stratum_of(state->units, u) * state->units->n_arms + arm] += change;
}

static const tm_turn_rule rule = {"coin", begin, look, choose, chance, note};

static temoin_status draw(temoin_context *ctx, const tm_design_units *units, int32_t *arm)
{
    return tm_turns_draw(ctx, units, &rule, arm);
}

static temoin_status received(temoin_context *ctx, const tm_design_units *units, const int32_t *arm,
                              double *probability, double *error)
{
    return tm_turns_received(ctx, units, &rule, arm, probability, error);
}

static temoin_status enumerate(temoin_context *ctx, const tm_design_units *units, tm_design_visit *visit, void *data)
{
    return tm_turns_enumerate(ctx, units, &rule, visit, data);
}

static temoin_status count(temoin_context *ctx, const tm_design_units *units, double *log_count)
{
    return tm_turns_count(ctx, units, &rule, log_count);
}

static temoin_status pairwise(temoin_context *ctx, const tm_design_units *units, int64_t u, int32_t a, int64_t v,
                              int32_t b, double *probability)
{
    return tm_turns_pairwise(ctx, units, &rule, u, a, v, b, probability);
}

static temoin_status likely(temoin_context *ctx, const tm_design_units *units, double *log_probability)
{
    return tm_turns_likely(ctx, units, &rule, log_probability);
}

static double turn_chance(const void *data, int64_t mine, int64_t others)
{
    const coin_state *state = data;
    const double sides = (double)state->favour.coin.sides, heads = (double)state->favour.coin.heads;
    return mine == others ? 0.5 : (mine < others ? heads : sides - heads) / sides;
}

static temoin_status likeliest(temoin_context *ctx, const tm_design_units *units, double *log_probability)
{
    void *state = NULL;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    temoin_status status = begin(ctx, units, &state);
    if (status == TEMOIN_OK) status = tm_likeliest_path(ctx, units, turn_chance, state, log_probability);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

const tm_design tm_design_biased_coin = {
    .key = "biased_coin",
    .title = "Rolling: in each stratum a coin favours the arm that is furthest behind its share (coin: 2/3)",
    .cites = "Efron 1971",
    .options = "strata arrival coin",
    .rolling = true,
    .shares_drift = true,
    .draw = draw,
    .received = received,
    .enumerate = enumerate,
    .count = count,
    .pairwise = pairwise,
    .likeliest = likeliest,
    .likely = likely,
};
