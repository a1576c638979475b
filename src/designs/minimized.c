/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How minimization decides, in the order of arrival.
 *
 * 1. The shares w[a] are whole numbers in lowest terms, W is their sum. The weights of the factors (1 unless the plan
 *    says otherwise, at most nine decimals) are multiplied by 10^9: q[f].
 * 2. At a unit's turn, n[f][a] counts the units that came before, have the unit's level of factor f, and are in arm a.
 *    Were the unit to get arm c, n[f][c] would be one more; N[f] is the sum of n[f][a] over the arms plus that one.
 *    imbalance(c) is the sum over the factors f of q[f] times the sum over the arms a of |W n[f][a] - N[f] w[a]|: whole
 *    numbers that measure how far the arms are from their shares of each level. The best arms are those, of the arms
 *    with a share, whose imbalance is smallest.
 * 3. The coin (0.8 unless told, at most nine decimals, below 1) favours one of them: favoured_arm.h, with the stream
 *    whose purpose is "coin" and whose label is the unit's id.
 *
 * With two equal shares imbalance(c) is, but for a constant factor, Pocock and Simon's weighted sum of ranges. Factors
 * are balanced one by one, not in their combinations, so there are no strata here; who wants a combination balanced
 * declares a column that holds it. `received` is the chance at the unit's turn, which is what was known when it got
 * its arm; of unequal shares biased_coin.c says what that means.
 */
#include <math.h>

#include "base/number_text.h"
#include "designs/favoured_arm.h"

__extension__ typedef __int128 wide;

enum { HEAVIEST = 1000 };
static const int64_t largest_share_sum = INT64_C(1) << 40;

typedef struct minimizer {
    const tm_design_units *units;
    tm_lowest_shares shares;
    tm_favour favour;
    int64_t *weight; /* [n_factors] times 10^9 */
    int64_t **given; /* [n_factors] → [n_levels * n_arms] */
    wide *imbalance; /* [n_arms] at the turn */
} minimizer;

static temoin_status read_factors(temoin_context *ctx, const tm_design_units *units, minimizer *state)
{
    char text[TM_NUMBER_TEXT_SIZE];
    TM_SCRATCH(ctx, state->weight, units->n_factors);
    TM_SCRATCH(ctx, state->given, units->n_factors);
    for (int32_t f = 0; f < units->n_factors; f++) {
        const bool told = units->options && f < units->options->n_factors;
        const double weight = told ? units->options->factors[f].weight : 1;
        state->weight[f] = tm_nine_decimals(weight, HEAVIEST);
        if (state->weight[f] <= 0)
            TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                    "design: factor \"%s\": found the weight %s; a weight must be above 0, at most %d, and have at "
                    "most nine "
                    "decimals",
                    told ? units->options->factors[f].column : "", tm_number_text(weight, text), HEAVIEST);
        TM_SCRATCH(ctx, state->given[f], (int64_t)units->n_levels[f] * units->n_arms);
    }
    return TEMOIN_OK;
}

static temoin_status check_units(temoin_context *ctx, const tm_design_units *units)
{
    if (units->n_strata != 1 || units->stratum_text[0][0])
        TM_FAIL(
            ctx, TEMOIN_ERR_PLAN,
            "design: kind \"minimized\" balances design.factors over all units and has no strata; move the columns of "
            "design.strata to design.factors");
    if (units->n_factors < 1)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "design: kind \"minimized\" needs design.factors, the columns that it balances");
    return TEMOIN_OK;
}

static temoin_status begin(temoin_context *ctx, const tm_design_units *units, void **out)
{
    minimizer *state;
    TM_TRY(check_units(ctx, units));
    TM_SCRATCH(ctx, state, 1);
    state->units = units;
    *out = state;
    TM_SCRATCH(ctx, state->imbalance, units->n_arms);
    TM_TRY(tm_lowest_shares_build(ctx, units, &state->shares));
    if (state->shares.sum[0] > largest_share_sum)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "design: the shares of the arms must sum, as whole numbers, to at most 2^40; write them "
                "with fewer decimals");
    TM_TRY(read_factors(ctx, units, state));
    return tm_favour_build(ctx, units, &state->shares, (tm_coin){4, 5}, &state->favour);
}

static wide distance(const minimizer *state, int32_t a, int64_t n, int64_t total)
{
    const wide d = (wide)state->shares.sum[0] * n - (wide)total * state->shares.share[a];
    return d < 0 ? -d : d;
}

/* imbalance[c] takes all arms as they are, and arm c as it would be. */
static void add_factor(minimizer *state, int32_t f, const int64_t *given)
{
    const int32_t n_arms = state->units->n_arms;
    int64_t total = 1;
    wide all = 0;
    for (int32_t a = 0; a < n_arms; a++) total += given[a];
    for (int32_t a = 0; a < n_arms; a++) all += distance(state, a, given[a], total);
    for (int32_t c = 0; c < n_arms; c++)
        state->imbalance[c] +=
            state->weight[f] * (all - distance(state, c, given[c], total) + distance(state, c, given[c] + 1, total));
}

static void look(void *data, int64_t u)
{
    minimizer *state = data;
    const int32_t n_arms = state->units->n_arms;
    const int64_t *share = state->shares.share;
    for (int32_t a = 0; a < n_arms; a++) state->imbalance[a] = 0;
    for (int32_t f = 0; f < state->units->n_factors; f++)
        add_factor(state, f, state->given[f] + (int64_t)state->units->factor[f][u] * n_arms);
    int32_t least = -1;
    for (int32_t a = 0; a < n_arms; a++)
        if (share[a] && (least < 0 || state->imbalance[a] < state->imbalance[least])) least = a;
    for (int32_t a = 0; a < n_arms; a++)
        state->favour.best[a] = share[a] && state->imbalance[a] == state->imbalance[least];
}

static int32_t choose(const void *data, tm_pcg64 *stream)
{
    const minimizer *state = data;
    return tm_favour_choose(&state->favour, stream);
}

static double chance(const void *data, int32_t arm)
{
    const minimizer *state = data;
    return tm_favour_chance(&state->favour, arm);
}

static void note(void *data, int64_t u, int32_t arm, int64_t change)
{
    minimizer *state = data;
    const tm_design_units *units = state->units;
    for (int32_t f = 0; f < units->n_factors; f++)
        state->given[f][(int64_t)units->factor[f][u] * units->n_arms + arm] += change;
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

const tm_design tm_design_minimized = {
    .key = "minimized",
    .title = "Rolling: a coin favours the arm that leaves the factors best balanced (factors with weights, coin: 0.8)",
    .cites = "Taves 1974; Pocock & Simon 1975",
    .options = "arrival factors coin",
    .needs = "factors",
    .rolling = true,
    .shares_drift = true,
    .draw = draw,
    .received = received,
    .enumerate = enumerate,
    .count = count,
    .pairwise = pairwise,
    .likely = likely,
};
