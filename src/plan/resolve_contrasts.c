/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an estimate compares: two arms, any weights, or in a factorial plan two levels of a factor and the difference
 * that one factor makes to the difference between two levels of another. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number_text.h"
#include "plan/schema.h"

#define LINE(...) tm_plan_line(plan, __VA_ARGS__)

static const double zero_sum_tolerance = 1e-9; /* of the largest weight: decimals such as .1 are not exact in binary */

static temoin_status build_pair(tm_plan_reader *r, const temoin_plan *plan, int32_t arm, int32_t reference,
                                tm_plan_contrast *out)
{
    double *weights;
    TM_ALLOC(r->ctx, weights, plan->n_arms);
    weights[arm] = 1;
    weights[reference] = -1;
    *out = (tm_plan_contrast){plan->arms[arm].name, plan->arms[reference].name, weights};
    return TEMOIN_OK;
}

static temoin_status resolve_pair(tm_plan_reader *r, const temoin_plan *plan, const tm_raw_contrast *raw,
                                  const char *where, tm_plan_contrast *out)
{
    int32_t arm = tm_plan_arm_find(r, plan, raw->arm, LINE("%s.arm", where));
    int32_t reference = tm_plan_arm_find(r, plan, raw->reference, LINE("%s.reference", where));
    if (arm >= 0 && arm == reference)
        tm_trouble_add(r, LINE("%s.reference", where),
                       "a contrast compares two arms; %s stands in \"arm\" and in "
                       "\"reference\"",
                       tm_excerpt(r, raw->arm));
    if (arm < 0 || reference < 0 || arm == reference) return TEMOIN_OK;
    return build_pair(r, plan, arm, reference, out);
}

static temoin_status resolve_general(tm_plan_reader *r, const temoin_plan *plan, const tm_raw_contrast *raw,
                                     const char *where, tm_plan_contrast *out)
{
    double *weights, sum = 0, largest = 0;
    TM_ALLOC(r->ctx, weights, raw->weights_count);
    for (unsigned a = 0; a < raw->weights_count; a++) {
        if (!tm_number_read(raw->weights[a], strlen(raw->weights[a]), '.', &weights[a])) weights[a] = 0;
        sum += weights[a];
        largest = fmax(largest, fabs(weights[a]));
    }
    int line = LINE("%s.weights", where);
    if ((int32_t)raw->weights_count != plan->n_arms)
        tm_trouble_add(r, line, "weights in contrast %s: %u; arms: %d; give one weight for each arm",
                       tm_excerpt(r, raw->name), raw->weights_count, plan->n_arms);
    else if (!(fabs(sum) <= zero_sum_tolerance * largest) || largest == 0) {
        char text[TM_NUMBER_TEXT_SIZE];
        tm_trouble_add(r, line, "the weights of contrast %s sum to %s%s; they must sum to 0 and not all be 0",
                       tm_excerpt(r, raw->name), tm_number_text(sum, text), largest == 0 ? " and are all 0" : "");
    }
    out->weights = weights;
    out->reference = "";
    return tm_raw_text_copy(r->ctx, raw->name, &out->arm);
}

/* Two levels of a factor, as indices; -1 unknown. */
typedef struct level_pair {
    int32_t factor, level, against;
} level_pair;

static int32_t level_of(const temoin_plan *plan, int32_t arm, int32_t factor)
{
    int32_t stride = 1;
    for (int32_t f = plan->n_arm_factors - 1; f > factor; f--) stride *= plan->arm_factors[f].level.n;
    return arm / stride % plan->arm_factors[factor].level.n;
}

/* The sign with which an arm enters a difference between two levels. */
static int side_of(const temoin_plan *plan, int32_t arm, const level_pair *pair)
{
    const int32_t level = level_of(plan, arm, pair->factor);
    return (level == pair->level) - (level == pair->against);
}

/* The other factors' combinations count equally, whatever their shares: this is the effect in a trial of equal arms. */
static temoin_status build_main_effect(tm_plan_reader *r, const temoin_plan *plan, const level_pair *pair,
                                       tm_plan_contrast *out)
{
    const tm_plan_arm_factor *factor = &plan->arm_factors[pair->factor];
    double *weights;
    TM_ALLOC(r->ctx, weights, plan->n_arms);
    for (int32_t a = 0; a < plan->n_arms; a++)
        weights[a] = side_of(plan, a, pair) / (double)(plan->n_arms / factor->level.n);
    out->weights = weights;
    out->arm = tm_text(r->ctx, "%s: %s", factor->name, factor->level.name[pair->level]);
    out->reference = tm_text(r->ctx, "%s: %s", factor->name, factor->level.name[pair->against]);
    return out->arm && out->reference ? TEMOIN_OK : tm_fail_memory(r->ctx);
}

/* Plain difference in differences: (level, level) - (first, level) - (level, first) + (first, first), without the
 * factor 1/2 of Wu & Hamada. */
static temoin_status build_interaction(tm_plan_reader *r, const temoin_plan *plan, const level_pair pair[2],
                                       tm_plan_contrast *out)
{
    const tm_plan_arm_factor *one = &plan->arm_factors[pair[0].factor], *other = &plan->arm_factors[pair[1].factor];
    double *weights;
    TM_ALLOC(r->ctx, weights, plan->n_arms);
    for (int32_t a = 0; a < plan->n_arms; a++)
        weights[a] = side_of(plan, a, &pair[0]) * side_of(plan, a, &pair[1]) /
                     (double)(plan->n_arms / one->level.n / other->level.n);
    out->weights = weights;
    out->reference = "";
    out->arm = tm_text(r->ctx, "%s: %s \u00d7 %s: %s", one->name, one->level.name[pair[0].level], other->name,
                       other->level.name[pair[1].level]);
    return out->arm ? TEMOIN_OK : tm_fail_memory(r->ctx);
}

static int32_t find_factor(tm_plan_reader *r, const temoin_plan *plan, const char *name, int line)
{
    const char **known;
    for (int32_t f = 0; f < plan->n_arm_factors; f++)
        if (strcmp(plan->arm_factors[f].name, name) == 0) return f;
    known = tm_arena_take(&r->ctx->scratch, plan->n_arm_factors, sizeof *known);
    if (!known) {
        r->out_of_memory = true;
        return -1;
    }
    for (int32_t f = 0; f < plan->n_arm_factors; f++) known[f] = plan->arm_factors[f].name;
    tm_trouble_add(r, line, "found the factor %s; \"factorial\" declares %s", tm_excerpt(r, name),
                   tm_declared(r, known, plan->n_arm_factors));
    return -1;
}

static int32_t find_level(tm_plan_reader *r, const temoin_plan *plan, int32_t factor, const char *name, int line)
{
    const tm_names *level = &plan->arm_factors[factor].level;
    for (int32_t l = 0; l < level->n; l++)
        if (strcmp(level->name[l], name) == 0) return l;
    tm_trouble_add(r, line, "found the level %s; factor %s has %s", tm_excerpt(r, name),
                   tm_excerpt(r, plan->arm_factors[factor].name), tm_declared(r, level->name, level->n));
    return -1;
}

static temoin_status resolve_main_effect(tm_plan_reader *r, const temoin_plan *plan, const tm_raw_contrast *raw,
                                         const char *where, tm_plan_contrast *out)
{
    level_pair pair = {find_factor(r, plan, raw->factor, LINE("%s.factor", where)), 0, 0};
    if (pair.factor < 0) return TEMOIN_OK;
    pair.level = find_level(r, plan, pair.factor, raw->level, LINE("%s.level", where));
    if (raw->against) pair.against = find_level(r, plan, pair.factor, raw->against, LINE("%s.against", where));
    if (pair.level >= 0 && pair.level == pair.against)
        tm_trouble_add(
            r, LINE("%s.level", where),
            "a contrast compares two levels; %s is compared with itself (\"against\" is the first level unless "
            "told)",
            tm_excerpt(r, raw->level));
    else if (pair.level >= 0 && pair.against >= 0)
        return build_main_effect(r, plan, &pair, out);
    return TEMOIN_OK;
}

static temoin_status resolve_interaction(tm_plan_reader *r, const temoin_plan *plan, const tm_raw_contrast *raw,
                                         const char *where, tm_plan_contrast *out)
{
    level_pair pair[2];
    bool known = true;
    if (raw->interaction_count != 2 || raw->levels_count != 2) {
        tm_trouble_add(r, LINE("%s.interaction", where),
                       "an interaction is of two factors: {interaction: [factor, factor], levels: [level, level]}");
        return TEMOIN_OK;
    }
    for (int i = 0; i < 2; i++) {
        const int line = LINE("%s.levels[%d]", where, i);
        pair[i] = (level_pair){find_factor(r, plan, raw->interaction[i], LINE("%s.interaction[%d]", where, i)), -1, 0};
        if (pair[i].factor >= 0) pair[i].level = find_level(r, plan, pair[i].factor, raw->levels[i], line);
        if (pair[i].level == 0)
            tm_trouble_add(r, line,
                           "%s is the first level of its factor; an interaction compares another level with it",
                           tm_excerpt(r, raw->levels[i]));
        if (pair[i].level <= 0) known = false;
    }
    if (!known) return TEMOIN_OK;
    if (pair[0].factor != pair[1].factor) return build_interaction(r, plan, pair, out);
    tm_trouble_add(r, LINE("%s.interaction[1]", where), "an interaction is of two factors; %s stands in it twice",
                   tm_excerpt(r, raw->interaction[1]));
    return TEMOIN_OK;
}

/* The keys of a contrast that are there, as bits in the order of the schema. */
static unsigned keys_of(const tm_raw_contrast *raw)
{
    return (unsigned)!!raw->arm | (unsigned)!!raw->reference << 1 | (unsigned)!!raw->name << 2 |
           (unsigned)!!raw->weights_count << 3 | (unsigned)!!raw->factor << 4 | (unsigned)!!raw->level << 5 |
           (unsigned)!!raw->against << 6 | (unsigned)!!raw->interaction_count << 7 | (unsigned)!!raw->levels_count << 8;
}

static temoin_status resolve_contrast(tm_plan_reader *r, const temoin_plan *plan, const tm_raw_contrast *raw,
                                      const char *where, tm_plan_contrast *out)
{
    enum { PAIR = 3, GENERAL = 12, LEVELS = 48, AGAINST = 64, INTERACTION = 384 };
    const unsigned keys = keys_of(raw);
    const bool factorial = (keys & ~(unsigned)AGAINST) == LEVELS || keys == INTERACTION;
    *out = (tm_plan_contrast){"", "", NULL};
    if (keys == PAIR) return resolve_pair(r, plan, raw, where, out);
    if (keys == GENERAL) return resolve_general(r, plan, raw, where, out);
    if (factorial && plan->n_arm_factors)
        return keys == INTERACTION ? resolve_interaction(r, plan, raw, where, out)
                                   : resolve_main_effect(r, plan, raw, where, out);
    if (factorial)
        tm_trouble_add(r, LINE("%s", where),
                       "a contrast of factors needs \"factorial\" in the place of \"arms\"; with arms it is {arm: a, "
                       "reference: b} or {name: x, weights: [one number for each arm]}");
    else
        tm_trouble_add(
            r, LINE("%s", where),
            "a contrast is either {arm: a, reference: b} or {name: x, weights: [one number for each arm]}%s",
            !plan->n_arm_factors ? "" : ", {factor: f, level: l, against: m} or {interaction: [f, g], levels: [l, m]}");
    return TEMOIN_OK;
}

/* Each factor's levels against its first. */
static temoin_status build_main_effects(tm_plan_reader *r, const temoin_plan *plan, tm_plan_estimate *out)
{
    tm_plan_contrast *contrasts;
    out->n_contrasts = 0;
    for (int32_t f = 0; f < plan->n_arm_factors; f++) out->n_contrasts += plan->arm_factors[f].level.n - 1;
    TM_ALLOC(r->ctx, contrasts, out->n_contrasts);
    out->contrasts = contrasts;
    for (int32_t f = 0; f < plan->n_arm_factors; f++)
        for (int32_t l = 1; l < plan->arm_factors[f].level.n; l++)
            TM_TRY(build_main_effect(r, plan, &(level_pair){f, l, 0}, contrasts++));
    return TEMOIN_OK;
}

static temoin_status build_default_contrasts(tm_plan_reader *r, const temoin_plan *plan, tm_plan_estimate *out)
{
    tm_plan_contrast *contrasts;
    if (plan->n_arm_factors) return build_main_effects(r, plan, out);
    out->n_contrasts = plan->n_arms - 1;
    TM_ALLOC(r->ctx, contrasts, out->n_contrasts);
    for (int32_t a = 1; a < plan->n_arms; a++) TM_TRY(build_pair(r, plan, a, 0, &contrasts[a - 1]));
    out->contrasts = contrasts;
    return TEMOIN_OK;
}

temoin_status tm_plan_resolve_contrasts(tm_plan_reader *r, const temoin_plan *plan, const tm_raw_estimate *raw,
                                        unsigned e, tm_plan_estimate *out)
{
    if (!raw->contrasts_count) return build_default_contrasts(r, plan, out);
    tm_plan_contrast *contrasts;
    TM_ALLOC(r->ctx, contrasts, raw->contrasts_count);
    for (unsigned c = 0; c < raw->contrasts_count; c++) {
        char where[64];
        snprintf(where, sizeof where, "estimates[%u].contrasts[%u]", e, c);
        TM_TRY(resolve_contrast(r, plan, &raw->contrasts[c], where, &contrasts[c]));
        for (unsigned before = 0; before < c && contrasts[c].weights; before++)
            if (strcmp(contrasts[c].arm, contrasts[before].arm) == 0 &&
                strcmp(contrasts[c].reference, contrasts[before].reference) == 0) {
                tm_trouble_add(r, LINE("%s", where), "this contrast stands already on line %d",
                               LINE("estimates[%u].contrasts[%u]", e, before));
                break;
            }
    }
    out->contrasts = contrasts;
    out->n_contrasts = (int32_t)raw->contrasts_count;
    return TEMOIN_OK;
}
