/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Draws until the covariates are balanced.
 *
 * 1. Candidates k = 0, 1, 2, … are drawn as candidates.h says. The first that passes is the draw.
 * 2. Each covariate x loses its mean in the unit's stratum. Where a stratum of m units is drawn by itself the
 *    covariance that counts is V = (1/n) Σ_strata m / (m - 1) Σ_units x x'; with one stratum it is the usual one, with
 *    n - 1 below. With V = C C', C lower triangular and the covariates in the order of the tiers, z = inverse(C) x has
 *    unit covariance, and the columns of a tier have lost what the tiers before it explain. Each z is rounded to a
 *    multiple of 2^-24, so that its sums are exact in any order.
 * 3. A tier's distance is M = Σ_arms (1 / n_a) Σ_columns (sum of z over the arm's n_a units)². With two arms that is
 *    Mahalanobis' distance of their means, n_0 n_1 / n times d' inverse(V) d. The tier passes if M <= the quantile of
 *    chi-square with (columns of the tier) (arms with a share - 1) degrees of freedom at the tier's `accept`, rounded
 *    to single precision. With `accept` alone, all covariates are one tier.
 * 4. A limit passes if the largest mean of its covariate, less its stratum's mean, over the arms exceeds the smallest
 *    by at most `largest` standard deviations of the covariate over all units (n - 1 below). A category's limit is for
 *    each of its columns.
 * 5. A candidate passes if all tiers and limits do. After 1,000 / (product of the tiers' `accept`) candidates, but at
 *    least a million, or ten million where there are limits, and at most a hundred million, none is looked for any
 *    more. That product is at least a millionth: less would be searched for longer than anybody waits.
 *
 * A redraw r has candidates of its own (purpose "candidate/r").
 *
 * Probabilities. Exchanging two arms of equal shares turns a draw into an equally likely one with the same M. So, if
 * all arms have the same share in all strata and nothing is left over, each unit gets each arm with probability
 * exactly 1 / arms; with two arms also if units are left over, unless they get no arm. In every other case they are
 * estimated: among R redraws 1 … R the unit gets the arm f times, and its probability is (f + w) / (R + 1) with w its
 * probability before candidates are refused. R is 1,000, or less where that would take more than 10^9 moves of a unit
 * (1,000 n / accept), but at least 100.
 */
#include <math.h>
#include <string.h>

#include "designs/balance_rule.h"
#include "numeric/elementary.h"

enum { REDRAWS = 1000, REDRAWS_LEAST = 100 };
static const double moves_most = 1e9;
static const double accept_least = 1e-6, candidates_most = 1e8;
static const double log_listed_most = 14.6; /* two million */

typedef struct rerandomization {
    tm_balance_rule rule;
    tm_candidates candidates;
    int64_t n_most;
} rerandomization;

static temoin_status build(temoin_context *ctx, const tm_design_units *units, rerandomization *r)
{
    TM_TRY(tm_candidates_build(ctx, units, &r->candidates));
    TM_TRY(tm_balance_rule_build(ctx, units, &r->rule));
    const double least = r->rule.n_limits ? 1e7 : 1e6;
    if (r->rule.accept < accept_least)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "design: kind \"rerandomized\" would have to draw more than a million times for each draw that passes; "
                "\"accept\", or the product of the tiers' \"accept\", must be 0.000001 or more");
    r->n_most = (int64_t)fmin(fmax(round(1000 / r->rule.accept), least), candidates_most);
    return TEMOIN_OK;
}

/* Leaves the first candidate that passes in r->candidates. */
static temoin_status find_balanced(temoin_context *ctx, rerandomization *r, int64_t replicate)
{
    for (int64_t k = 0; k < r->n_most; k++) {
        TM_TRY(tm_candidates_draw(ctx, &r->candidates, replicate, k));
        if (tm_balance_rule_passes(&r->rule, &r->candidates)) return TEMOIN_OK;
    }
    TM_FAIL(ctx, TEMOIN_ERR_PLAN,
            "design: none of the first %lld draws balances the covariates as asked; accept a larger share of draws, "
            "widen the "
            "limits, or balance on fewer covariates",
            (long long)r->n_most);
}

/* Of few possible draws only a handful may pass, or none, which takes long to find out. */
static temoin_status check_number(temoin_context *ctx, const tm_design_units *units, double accept)
{
    enum { FEW_UNITS = 64, FEWEST = 20 };
    double log_count = NAN;
    if (units->n_units > FEW_UNITS) return TEMOIN_OK;
    TM_TRY(tm_places_count(ctx, units, &log_count));
    const double n = tm_exp(log_count);
    if (!(n * accept * (1 + 1e-9) < FEWEST)) return TEMOIN_OK;
    TM_FAIL(
        ctx, TEMOIN_ERR_PLAN,
        "design: kind \"rerandomized\" would let about %lld of %lld possible draws pass; at least %d are needed "
        "for a one-sided randomization test that can reach p = 0.05; accept a larger share of draws, or use another "
        "kind",
        (long long)round(n * accept), (long long)round(n), FEWEST);
}

static temoin_status draw_inside(temoin_context *ctx, const tm_design_units *units, int32_t *arm)
{
    rerandomization r;
    TM_TRY(build(ctx, units, &r));
    if (units->replicate == 0) TM_TRY(check_number(ctx, units, r.rule.accept));
    TM_TRY(find_balanced(ctx, &r, units->replicate));
    tm_candidates_deal(&r.candidates, arm);
    return TEMOIN_OK;
}

static temoin_status draw(temoin_context *ctx, const tm_design_units *units, int32_t *arm)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = draw_inside(ctx, units, arm);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static bool is_symmetric(const tm_places *places)
{
    const tm_design_units *units = places->units;
    for (int64_t i = 0; i < (int64_t)units->n_strata * units->n_arms; i++)
        if (units->shares[i] != units->shares[i / units->n_arms * units->n_arms]) return false;
    return places->n_rows == 0 || (units->n_arms == 2 && strcmp(places->misfit->key, "missing") != 0);
}

static temoin_status simulate(temoin_context *ctx, const tm_design_units *units, rerandomization *r, const int32_t *arm,
                              double *probability, double *error)
{
    const double moves = 1000 * (double)units->n_units / r->rule.accept;
    const int n_redraws = (int)fmax(REDRAWS_LEAST, fmin(1, moves_most / moves) * REDRAWS);
    int32_t *redrawn, *n_same;
    TM_SCRATCH(ctx, redrawn, units->n_units);
    TM_SCRATCH(ctx, n_same, units->n_units);
    TM_TRY(tm_places_received(ctx, units, arm, probability, error));
    for (int i = 1; i <= n_redraws; i++) {
        TM_TRY(find_balanced(ctx, r, i));
        tm_candidates_deal(&r->candidates, redrawn);
        for (int64_t u = 0; u < units->n_units; u++) n_same[u] += redrawn[u] == arm[u];
    }
    *error = 0;
    for (int64_t u = 0; u < units->n_units; u++) {
        probability[u] = (n_same[u] + probability[u]) / (n_redraws + 1);
        *error = fmax(*error, sqrt(probability[u] * (1 - probability[u]) / n_redraws)); /* NaN counts for nothing */
    }
    return TEMOIN_OK;
}

static temoin_status received_inside(temoin_context *ctx, const tm_design_units *units, const int32_t *arm,
                                     double *probability, double *error)
{
    rerandomization r;
    TM_TRY(build(ctx, units, &r));
    if (!is_symmetric(&r.candidates.places)) return simulate(ctx, units, &r, arm, probability, error);
    *error = 0;
    for (int64_t u = 0; u < units->n_units; u++) probability[u] = arm[u] < 0 ? NAN : 1.0 / units->n_arms;
    return TEMOIN_OK;
}

static temoin_status received(temoin_context *ctx, const tm_design_units *units, const int32_t *arm,
                              double *probability, double *error)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = received_inside(ctx, units, arm, probability, error);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

/* The assignments that pass, among all that could be drawn. */
typedef struct listing {
    const tm_design_units *units;
    tm_balance_rule *rule;
    double total; /* probability that a candidate passes */
    int64_t n;
    tm_design_visit *visit; /* NULL: only add up */
    void *data;
} listing;

static bool visit_passing(void *data, const int32_t *arm, double probability)
{
    listing *l = data;
    if (!tm_balance_rule_passes_arms(l->rule, l->units, arm)) return true;
    if (l->visit) return l->visit(l->data, arm, probability / l->total);
    l->total += probability;
    l->n++;
    return true;
}

static temoin_status list_inside(temoin_context *ctx, const tm_design_units *units, listing *l)
{
    rerandomization r;
    TM_TRY(build(ctx, units, &r));
    l->units = units;
    l->rule = &r.rule;
    tm_design_visit *visit = l->visit;
    l->visit = NULL;
    TM_TRY(tm_places_enumerate(ctx, units, visit_passing, l));
    if (l->n == 0)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "design: no assignment balances the covariates as asked; accept a larger share of draws");
    l->visit = visit;
    return visit ? tm_places_enumerate(ctx, units, visit_passing, l) : TEMOIN_OK;
}

static temoin_status enumerate(temoin_context *ctx, const tm_design_units *units, tm_design_visit *visit, void *data)
{
    listing l = {.visit = visit, .data = data};
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = list_inside(ctx, units, &l);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

/* By listing them: no formula says how many pass. */
static temoin_status count(temoin_context *ctx, const tm_design_units *units, double *log_count)
{
    double log_all;
    listing l = {.n = 0};
    TM_TRY(tm_places_count(ctx, units, &log_all));
    *log_count = NAN;
    if (!(log_all <= log_listed_most)) return TEMOIN_OK;
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = list_inside(ctx, units, &l);
    tm_arena_rewind(&ctx->scratch, mark);
    if (status == TEMOIN_OK) *log_count = tm_log((double)l.n);
    return status;
}

/* The share of candidates that pass, as found among the first of them: of so many that the hundredth passes, as far as
 * time allows. NaN: too few did. */
static temoin_status estimate_passing(temoin_context *ctx, const tm_design_units *units, double *passing)
{
    enum { PASSED_ENOUGH = 100, PASSED_LEAST = 10 };
    static const double moves_for_estimate = 3e7;
    rerandomization r;
    TM_TRY(build(ctx, units, &r));
    int64_t n_passed = 0, k = 0;
    for (; n_passed < PASSED_ENOUGH && (double)k * (double)units->n_units < moves_for_estimate; k++) {
        TM_TRY(tm_candidates_draw(ctx, &r.candidates, 0, k));
        n_passed += tm_balance_rule_passes(&r.rule, &r.candidates);
    }
    const int64_t stopped = n_passed == PASSED_ENOUGH; /* the last one is no chance finding */
    *passing = n_passed < PASSED_LEAST ? NAN : (double)(n_passed - stopped) / (double)(k - stopped);
    return TEMOIN_OK;
}

static temoin_status estimate(temoin_context *ctx, const tm_design_units *units, double *log_count,
                              double *log_probability)
{
    double passing = NAN;
    TM_TRY(tm_places_count(ctx, units, log_count));
    TM_TRY(tm_places_likeliest(ctx, units, log_probability));
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = estimate_passing(ctx, units, &passing);
    tm_arena_rewind(&ctx->scratch, mark);
    *log_count += tm_log(passing);
    *log_probability -= tm_log(passing);
    return status;
}

const tm_design tm_design_rerandomized = {
    .key = "rerandomized",
    .title = "Drawn again until covariates are balanced: accept, tiers or limits",
    .cites = "Morgan & Rubin 2012; Morgan & Rubin 2015; Wang, Wang & Liu 2021",
    .options = "strata misfits covariates accept tiers limits",
    .needs = "covariates accept|tiers|limits",
    .simulated = true,
    .draw = draw,
    .received = received,
    .enumerate = enumerate,
    .count = count,
    .estimate = estimate,
};
