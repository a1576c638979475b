/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How an urn decides, stratum by stratum, in the order of arrival.
 *
 * 1. The shares w[a] of the stratum are whole numbers in lowest terms, W is their sum. Think of W tickets, w[a] of them
 *    arm a's. Each ticket has `start` balls in the urn (1 unless the plan says otherwise). After each draw every ticket
 *    but the one drawn gets `add` balls more (1 unless told).
 * 2. So when N units of the stratum have come, N[a] of them in arm a, the arm has start w[a] + add (N w[a] - N[a])
 *    balls; because start is at least 1, an arm with a share always has one.
 * 3. k = bounded(number of balls) from the stream with purpose "urn" and the unit's id as label. The arm is the first
 *    one, in the plan's order, whose balls and those of the arms before it are more than k.
 *
 * With two equal shares this is Wei's UD(start, add). Tickets are exchangeable, so before anyone has come each unit's
 * chance of arm a is w[a] / W exactly, whatever the shares. `received` is the chance at the unit's turn: balls of its
 * arm / all balls.
 */
#include <math.h>

#include "designs/likeliest_path.h"
#include "designs/turns.h"

enum { MOST_BALLS = 1000000 };

typedef struct urn {
    const tm_design_units *units;
    tm_lowest_shares shares;
    int64_t start, add;
    int64_t *given; /* [n_strata * n_arms] */
    int64_t *total; /* [n_strata] */
    int64_t *balls; /* [n_arms] at the turn */
    int64_t sum;
} urn;

static temoin_status read_balls(temoin_context *ctx, const char *key, double value, int least, int64_t *balls)
{
    if (isnan(value)) return TEMOIN_OK;
    if (!(value >= least && value <= MOST_BALLS && value == floor(value)))
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "design: urn: \"%s\" must be a whole number of balls from %d to %d%s", key, least,
                MOST_BALLS, least ? ", so that every arm stays possible" : "");
    *balls = (int64_t)value;
    return TEMOIN_OK;
}

/* All balls are counted in 63 bits. */
static temoin_status check_balls(temoin_context *ctx, const urn *state)
{
    const tm_design_units *units = state->units;
    for (int32_t s = 0; s < units->n_strata; s++)
        if (((tm_uint128)state->start + (tm_uint128)state->add * (tm_uint128)units->n_units) *
                (tm_uint128)state->shares.sum[s] >>
            63)
            TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                    "design: urn: the shares%s make too many balls; write them with fewer decimals",
                    tm_of_stratum(ctx, units, s));
    return TEMOIN_OK;
}

static temoin_status begin(temoin_context *ctx, const tm_design_units *units, void **out)
{
    urn *state;
    TM_SCRATCH(ctx, state, 1);
    *state = (urn){.units = units, .start = 1, .add = 1};
    *out = state;
    if (units->options) TM_TRY(read_balls(ctx, "start", units->options->urn_start, 1, &state->start));
    if (units->options) TM_TRY(read_balls(ctx, "add", units->options->urn_add, 0, &state->add));
    TM_TRY(tm_lowest_shares_build(ctx, units, &state->shares));
    TM_SCRATCH(ctx, state->given, (int64_t)units->n_strata * units->n_arms);
    TM_SCRATCH(ctx, state->total, units->n_strata);
    TM_SCRATCH(ctx, state->balls, units->n_arms);
    return check_balls(ctx, state);
}

static void look(void *data, int64_t u)
{
    urn *state = data;
    const int32_t s = tm_stratum_of(state->units, u), n_arms = state->units->n_arms;
    const int64_t *share = state->shares.share + (int64_t)s * n_arms, *given = state->given + (int64_t)s * n_arms;
    state->sum = 0;
    for (int32_t a = 0; a < n_arms; a++) {
        state->balls[a] = state->start * share[a] + state->add * (state->total[s] * share[a] - given[a]);
        state->sum += state->balls[a];
    }
}

static int32_t choose(const void *data, tm_pcg64 *stream)
{
    const urn *state = data;
    return tm_pick_arm(stream, state->balls, state->units->n_arms, state->sum);
}

static double chance(const void *data, int32_t arm)
{
    const urn *state = data;
    return (double)state->balls[arm] / (double)state->sum;
}

static void note(void *data, int64_t u, int32_t arm, int64_t change)
{
    urn *state = data;
    const int32_t s = tm_stratum_of(state->units, u);
    state->given[(int64_t)s * state->units->n_arms + arm] += change;
    state->total[s] += change;
}

static const tm_turn_rule rule = {"urn", begin, look, choose, chance, note};

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
    const urn *state = data;
    return (double)(state->start + state->add * others) / (double)(2 * state->start + state->add * (mine + others));
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

const tm_design tm_design_urn = {
    .key = "urn",
    .title = "Rolling: an urn per stratum in which each draw adds balls for the other arms (urn: start, add)",
    .cites = "Wei 1978",
    .options = "strata arrival urn",
    .rolling = true,
    .draw = draw,
    .received = received,
    .enumerate = enumerate,
    .count = count,
    .pairwise = pairwise,
    .likeliest = likeliest,
    .likely = likely,
};
