/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "designs/turns.h"
#include "numeric/counting.h"

#include <math.h>

#include "numeric/elementary.h"

static const int64_t largest_sum = INT64_C(1) << 53;

/* False: a share is negative, or their sum is not in 1 … 2^53. */
static bool reduce(const int64_t *share, int32_t n_arms, int64_t *lowest, int64_t *sum)
{
    int64_t divisor = 0;
    *sum = 0;
    for (int32_t a = 0; a < n_arms; a++) {
        if (share[a] < 0 || share[a] > largest_sum - *sum) return false;
        *sum += share[a];
        divisor = tm_common_divisor(divisor, share[a]);
    }
    if (*sum == 0) return false;
    for (int32_t a = 0; a < n_arms; a++) lowest[a] = share[a] / divisor;
    *sum /= divisor;
    return true;
}

temoin_status tm_lowest_shares_build(temoin_context *ctx, const tm_design_units *units, tm_lowest_shares *out)
{
    int64_t *share, *sum;
    TM_SCRATCH(ctx, share, (int64_t)units->n_strata * units->n_arms);
    TM_SCRATCH(ctx, sum, units->n_strata);
    for (int32_t s = 0; s < units->n_strata; s++) {
        const int64_t row = (int64_t)s * units->n_arms;
        if (!reduce(units->shares + row, units->n_arms, share + row, &sum[s]))
            TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                    "design: the shares%s must not be negative and must sum to more than 0 and, as whole numbers, to "
                    "at most "
                    "2^53; correct them",
                    tm_of_stratum(ctx, units, s));
    }
    *out = (tm_lowest_shares){share, sum};
    return TEMOIN_OK;
}

const char *tm_of_stratum(temoin_context *ctx, const tm_design_units *units, int32_t s)
{
    const bool none = units->n_strata == 1 && !units->stratum_text[0][0];
    const char *text = none ? "" : tm_text(ctx, " of stratum \"%s\"", units->stratum_text[s]);
    return text ? text : "";
}

int32_t tm_open_arms(const tm_design_units *units, int32_t s)
{
    int32_t n = 0;
    for (int32_t a = 0; a < units->n_arms; a++) n += units->shares[(int64_t)s * units->n_arms + a] > 0;
    return n;
}

int32_t tm_pick_arm(tm_pcg64 *stream, const int64_t *weight, int32_t n_arms, int64_t sum)
{
    int64_t k = (int64_t)tm_pcg64_bounded(stream, (uint64_t)sum);
    int32_t a = 0;
    while (a + 1 < n_arms && k >= weight[a]) k -= weight[a++];
    return a;
}

static temoin_status draw_turns(temoin_context *ctx, const tm_design_units *units, const tm_turn_rule *rule,
                                int32_t *arm)
{
    void *state;
    TM_TRY(rule->begin(ctx, units, &state));
    for (int64_t k = 0; k < units->n_units; k++) {
        const int64_t u = tm_arrival_at(units, k);
        tm_pcg64 stream;
        tm_design_stream(units, &stream, rule->purpose, units->id[u]);
        rule->look(state, u);
        arm[u] = rule->choose(state, &stream);
        rule->note(state, u, arm[u], 1);
    }
    return TEMOIN_OK;
}

temoin_status tm_turns_draw(temoin_context *ctx, const tm_design_units *units, const tm_turn_rule *rule, int32_t *arm)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = draw_turns(ctx, units, rule, arm);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status follow_turns(temoin_context *ctx, const tm_design_units *units, const tm_turn_rule *rule,
                                  const int32_t *arm, double *probability)
{
    void *state;
    TM_TRY(rule->begin(ctx, units, &state));
    for (int64_t k = 0; k < units->n_units; k++) {
        const int64_t u = tm_arrival_at(units, k);
        probability[u] = NAN;
        if (arm[u] < 0) continue;
        rule->look(state, u);
        probability[u] = rule->chance(state, arm[u]);
        rule->note(state, u, arm[u], 1);
    }
    return TEMOIN_OK;
}

temoin_status tm_turns_received(temoin_context *ctx, const tm_design_units *units, const tm_turn_rule *rule,
                                const int32_t *arm, double *probability, double *error)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = follow_turns(ctx, units, rule, arm, probability);
    tm_arena_rewind(&ctx->scratch, mark);
    *error = 0;
    return status;
}

typedef struct listing {
    const tm_design_units *units;
    const tm_turn_rule *rule;
    void *state;
    int64_t n_turns;     /* of the first so many units; the others stay -1 */
    int32_t *arm;        /* [n_units] */
    int32_t *next;       /* [n_turns] the first arm not tried yet */
    double *chance;      /* [n_turns * n_arms] */
    double *probability; /* [n_turns + 1] of the turns so far */
    tm_design_visit *visit;
    void *data;
} listing;

static void begin_turn(const listing *list, int64_t k)
{
    list->next[k] = 0;
    list->rule->look(list->state, tm_arrival_at(list->units, k));
    for (int32_t a = 0; a < list->units->n_arms; a++)
        list->chance[k * list->units->n_arms + a] = list->rule->chance(list->state, a);
}

/* Gives the k-th unit its next arm that is possible; false: there is none left. */
static bool try_next(const listing *list, int64_t k)
{
    const int32_t n_arms = list->units->n_arms;
    const int64_t u = tm_arrival_at(list->units, k);
    const double *chance = list->chance + k * n_arms;
    int32_t a = list->next[k];
    if (list->arm[u] >= 0) list->rule->note(list->state, u, list->arm[u], -1);
    while (a < n_arms && !(chance[a] > 0)) a++;
    list->arm[u] = a < n_arms ? a : -1;
    list->next[k] = a + 1;
    if (a == n_arms) return false;
    list->rule->note(list->state, u, a, 1);
    list->probability[k + 1] = list->probability[k] * chance[a];
    return true;
}

/* Depth first, without recursion: a long trial in which nothing is left to chance has one assignment. */
static void list_from_first(const listing *list)
{
    int64_t k = 0;
    list->probability[0] = 1;
    if (list->n_turns) begin_turn(list, 0);
    while (k >= 0) {
        if (k == list->n_turns) {
            if (!list->visit(list->data, list->arm, list->probability[k])) return;
            k--;
        } else if (try_next(list, k)) {
            if (++k < list->n_turns) begin_turn(list, k);
        } else {
            k--;
        }
    }
}

static temoin_status list_turns(temoin_context *ctx, listing *list)
{
    TM_TRY(list->rule->begin(ctx, list->units, &list->state));
    TM_SCRATCH(ctx, list->arm, list->units->n_units);
    TM_SCRATCH(ctx, list->next, list->n_turns);
    TM_SCRATCH(ctx, list->chance, list->n_turns * list->units->n_arms);
    TM_SCRATCH(ctx, list->probability, list->n_turns + 1);
    for (int64_t u = 0; u < list->units->n_units; u++) list->arm[u] = -1;
    list_from_first(list);
    return TEMOIN_OK;
}

temoin_status tm_turns_enumerate(temoin_context *ctx, const tm_design_units *units, const tm_turn_rule *rule,
                                 tm_design_visit *visit, void *data)
{
    listing list = {.units = units, .rule = rule, .n_turns = units->n_units, .visit = visit, .data = data};
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = list_turns(ctx, &list);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

temoin_status tm_turns_count(temoin_context *ctx, const tm_design_units *units, const tm_turn_rule *rule,
                             double *log_count)
{
    void *state;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = rule->begin(ctx, units, &state);
    tm_arena_rewind(&ctx->scratch, mark);
    *log_count = 0;
    for (int64_t u = 0; u < units->n_units; u++)
        *log_count += tm_log((double)tm_open_arms(units, tm_stratum_of(units, u)));
    return status;
}

static bool have_equal_shares(const tm_design_units *units, int32_t a, int32_t b)
{
    for (int32_t s = 0; s < units->n_strata; s++)
        if (units->shares[(int64_t)s * units->n_arms + a] != units->shares[(int64_t)s * units->n_arms + b])
            return false;
    return true;
}

double tm_log_mirrored(const tm_design_units *units, const int32_t *arm)
{
    for (int64_t u = 0; u < units->n_units; u++)
        for (int32_t b = 0; arm[u] >= 0 && b < units->n_arms; b++)
            if (b != arm[u] && have_equal_shares(units, arm[u], b)) return tm_log(2);
    return 0;
}

static temoin_status follow_likeliest(temoin_context *ctx, const tm_design_units *units, const tm_turn_rule *rule,
                                      double *log_probability)
{
    void *state;
    int32_t *arm;
    TM_SCRATCH(ctx, arm, units->n_units);
    TM_TRY(rule->begin(ctx, units, &state));
    *log_probability = 0;
    for (int64_t k = 0; k < units->n_units; k++) {
        const int64_t u = tm_arrival_at(units, k);
        double largest = 0;
        rule->look(state, u);
        for (int32_t a = 0; a < units->n_arms; a++)
            if (rule->chance(state, a) > largest) {
                largest = rule->chance(state, a);
                arm[u] = a;
            }
        rule->note(state, u, arm[u], 1);
        *log_probability += tm_log(largest);
    }
    *log_probability += tm_log_mirrored(units, arm);
    return TEMOIN_OK;
}

temoin_status tm_turns_likely(temoin_context *ctx, const tm_design_units *units, const tm_turn_rule *rule,
                              double *log_probability)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = follow_likeliest(ctx, units, rule, log_probability);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

typedef struct pair_sum {
    int64_t u, v;
    int32_t a, b;
    double sum;
} pair_sum;

static bool add_pair(void *data, const int32_t *arm, double probability)
{
    pair_sum *pair = data;
    if (arm[pair->u] == pair->a && arm[pair->v] == pair->b) pair->sum += probability;
    return true;
}

temoin_status tm_turns_pairwise(temoin_context *ctx, const tm_design_units *units, const tm_turn_rule *rule, int64_t u,
                                int32_t a, int64_t v, int32_t b, double *probability)
{
    pair_sum pair = {u, v, a, b, 0};
    listing list = {.units = units, .rule = rule, .visit = add_pair, .data = &pair};
    double n_sequences = 1;
    bool seen_u = false, seen_v = false;
    for (int64_t k = 0; !(seen_u && seen_v); k++) {
        const int64_t next = tm_arrival_at(units, k);
        seen_u |= next == u, seen_v |= next == v;
        n_sequences *= tm_open_arms(units, tm_stratum_of(units, next));
        list.n_turns++;
    }
    *probability = NAN;
    if (n_sequences > TM_TURNS_LISTED) return TEMOIN_OK;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = list_turns(ctx, &list);
    tm_arena_rewind(&ctx->scratch, mark);
    if (status == TEMOIN_OK) *probability = pair.sum;
    return status;
}
