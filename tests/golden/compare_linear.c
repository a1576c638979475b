/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linear models: estimators and sandwich variances. */
#include "golden_sample.h"
#include "golden_tally.h"
#include "inference/effects.h"

/* How a reference estimator is named here. */
typedef struct recipe {
    const char *family, *estimator;
    const char *key;      /* of ours; NULL: lin or ols, as the formula says */
    const char *variance; /* of ours; NULL: as the result's vcov says */
    bool two_arms;        /* the reference looked at the two arms of the contrast only */
    bool strata;          /* the result's strata column */
    bool shares;          /* weighted by one over the observed share of the own arm */
    bool estimate_only;   /* the reference gives no standard error */
    int results;          /* at least so many are compared */
} recipe;

static const recipe recipes[] = {
    {"ols", "ols", NULL, NULL, false, false, false, false, 436},
    {"ols", "ols_interaction", NULL, NULL, false, false, false, false, 27},
    {"ols", "lin", NULL, NULL, false, false, false, false, 191},
    {"diff_means", "neyman", "dim", "neyman", true, false, false, false, 25},
    {"diff_means", "student_pooled", "dim", "classical", true, false, false, false, 26},
    {"blocked", "blocked_diff_means", "dim", NULL, true, true, false, false, 16},
    {"blocked", "strata_fixed_effects", NULL, NULL, false, false, false, false, 78},
    {"blocked", "ipw_strata", NULL, NULL, true, false, true, false, 44},
    {"cluster", "ols", NULL, NULL, false, false, false, false, 90},
    {"cluster", "clustered_diff_means", "dim", NULL, true, false, false, false, 1},
    {"partially_nested", "ols", NULL, NULL, false, false, false, false, 18},
    {"partially_nested", "ols_controls_one_cluster", NULL, NULL, false, false, false, false, 3},
    {"weighting", "hajek", "dim", "hc0", true, true, false, true, 7},
    {"weighting", "hajek", "ols", "hc0", true, false, true, true, 7},
    /* With observed shares as probabilities the Horvitz-Thompson difference is that of means by stratum. */
    {"weighting", "horvitz_thompson", "dim", "hc0", true, true, false, true, 4},
    /* The same shares are what these take for chances where no design is known. */
    {"weighting", "hajek", "hajek", "aronow_middleton", true, true, false, true, 7},
    {"weighting", "horvitz_thompson", "horvitz_thompson", "aronow_middleton", true, true, false, true, 4},
    {"matched_pairs", "paired_t", "dim", "matched_pair", true, true, false, false, 1},
    {"balance", "difference", "dim", "neyman", true, false, false, false, 68},
    {"attrition", "differential_attrition", NULL, NULL, false, false, false, false, 28},
    {"panel", "pooled_ols", NULL, NULL, false, false, false, false, 26},
    {"panel", "difference_in_differences", NULL, NULL, false, false, false, false, 9},
};
enum { N_RECIPES = sizeof recipes / sizeof *recipes };

/* Where we and the reference differ on purpose. `note` is ours on such a row; `results` is how often it comes. */
typedef enum difference { REFUSED_HERE, STRATUM_LEFT_OUT, SMALL_BLOCKS } difference;

typedef struct explained {
    difference kind;
    const char *estimator, *vcov, *note;
    int results;
    const char *reason;
    int seen;
} explained;

static explained differences[] = {
    {REFUSED_HERE, "neyman", "neyman_welch", "no_variation", 1,
     "nobody's outcome differs: printed there with a standard error of zero and no test", 0},
    {REFUSED_HERE, "lin", "HC0", "leverage_one", 6,
     "the only client of an arm in a stratum: that residual is zero whatever comes, so the sum lacks that client's "
     "error",
     0},
    {REFUSED_HERE, "lin", "HC1", "leverage_one", 6, "the same", 0},
    {REFUSED_HERE, "ols_controls_one_cluster", NULL, "one_cluster_in_arm", 3,
     "the control arm as one cluster has no variance between clusters; the reference itself calls the number not "
     "credible",
     0},
    {STRATUM_LEFT_OUT, "blocked_diff_means", "neyman_blocked", "stratum_without_contrast", 1,
     "a stratum without treated clients: left out and counted here, an error there", 0},
    {STRATUM_LEFT_OUT, "hajek", NULL, "stratum_without_contrast", 2,
     "the same stratum: the inverse probability mean of the controls keeps its one client", 0},
    {SMALL_BLOCKS, "blocked_diff_means", "matched_pair", "", 3,
     "blocks of unequal size: estimatr applies the formula for equal pairs, sum (effect_b - effect)^2 / (J (J - 1)), "
     "which is "
     "not conservative for effects weighted by block size; ours is Gerber & Green 2012, eq. 3.16. Both are checked",
     0},
};
enum { N_DIFFERENCES = sizeof differences / sizeof *differences };

static struct {
    int numbers, refusals, dummies;
    int of_recipe[N_RECIPES];
} seen;

/* An estimate that is zero but for rounding may be off by 1e-9 of the outcome's spread, and what follows from it too.
 */
static void compare_effect(golden_tally *t, const golden_data *data, const golden_result *r, const golden_sample *s,
                           const tm_effect *e, bool estimate_only)
{
    double slack = fabs(r->estimate) <= 1e-9 * s->sd ? 1e-9 * s->sd : 0;
    t->results++;
    golden_compare(t, data, r, "estimate", e->value, r->estimate, slack);
    golden_compare(t, data, r, "n", (double)e->n, r->n, 0);
    if (estimate_only) return;
    golden_compare(t, data, r, "se", e->se, r->se, 0);
    golden_compare(t, data, r, "df", e->df, r->df, 0);
    golden_compare(t, data, r, "t", e->statistic, r->t, slack / r->se);
    if (!(r->p < 1e-12)) golden_compare(t, data, r, "p", e->p, r->p, slack / r->se);
    golden_compare(t, data, r, "ci_low", e->ci_low, r->ci_low, slack);
    golden_compare(t, data, r, "ci_high", e->ci_high, r->ci_high, slack);
}

/* `ols`, but the effect is the coefficient of one covariate. */
static int32_t wanted_term;

static temoin_status build_term(temoin_context *ctx, tm_model *model, int64_t *left_out)
{
    double *weight;
    TM_TRY(tm_estimator_find("ols")->build(ctx, model, left_out));
    TM_SCRATCH(ctx, weight, model->n_columns);
    for (int32_t k = 0; k < model->n_columns; k++) weight[k] = model->column_covariate[k] == wanted_term;
    model->column_weight = weight;
    return TEMOIN_OK;
}

static const tm_estimator term_estimator = {.key = "term", .build = build_term};

static bool has_note(const char *notes, const char *note)
{
    const char *found = strstr(notes, note);
    size_t length = strlen(note);
    return found && (found == notes || found[-1] == ';') && (!found[length] || strchr(";:", found[length]));
}

/* The two formulas for small blocks, from the block effects that the reference prints. */
static bool small_blocks_differ(const golden_result *r, const tm_effect *e)
{
    const json_t *effects = json_object_get(r->extra, "effect"), *ones = json_object_get(r->extra, "n_treated");
    const json_t *zeros = json_object_get(r->extra, "n_control");
    double n_blocks = (double)json_array_size(effects), equal = 0, weighted = 0;
    if (n_blocks < 2 || !r->vcov || strcmp(r->vcov, "matched_pair") != 0) return false;
    for (size_t b = 0; b < json_array_size(effects); b++) {
        double effect = json_number_value(json_array_get(effects, b));
        double size = json_number_value(json_array_get(ones, b)) + json_number_value(json_array_get(zeros, b));
        double d = effect - r->estimate, w = effect * size / r->n - r->estimate / n_blocks;
        equal += d * d / n_blocks / (n_blocks - 1);
        weighted += w * w * n_blocks / (n_blocks - 1);
    }
    return close_to(r->se, sqrt(equal), 1e-9, 0) && close_to(e->se, sqrt(weighted), 1e-9, 0);
}

static bool is_explained(const golden_result *r, const tm_effect *e, difference kind)
{
    for (int d = 0; d < N_DIFFERENCES; d++) {
        explained *x = &differences[d];
        if (x->kind != kind || strcmp(x->estimator, r->estimator) != 0) continue;
        if (x->vcov && (!r->vcov || strcmp(x->vcov, r->vcov) != 0)) continue;
        if (kind == SMALL_BLOCKS ? !small_blocks_differ(r, e) : !has_note(e->notes.text, x->note)) continue;
        x->seen++;
        return true;
    }
    return false;
}

/* Where the reference has no number there must be none here, and a note that says why. */
static void check_effect(golden_tally *t, const golden_data *data, const golden_result *r, const recipe *how,
                         const golden_sample *s, const tm_effect *e)
{
    bool refused = isnan(e->se), agree = refused == isnan(r->se) || how->estimate_only;
    golden_result rest = *r;
    if (refused != tm_notes_refuse(e->notes.text)) golden_wrong(t, data, r, e->notes.text, e->se, r->se);
    if (!how->estimate_only) seen.refusals += refused;
    const bool by_strata = how->key && (strcmp(how->key, "dim") == 0 || strcmp(how->key, "hajek") == 0);
    if (by_strata && is_explained(r, e, STRATUM_LEFT_OUT)) return;
    if (agree && !refused && !close_to(e->se, r->se, r->rtol, 0) && is_explained(r, e, SMALL_BLOCKS))
        rest.se = rest.t = rest.p = rest.ci_low = rest.ci_high = NAN;
    if (agree || (refused && is_explained(r, e, REFUSED_HERE)))
        compare_effect(t, data, &rest, s, e, how->estimate_only || refused);
    else
        golden_wrong(t, data, r, e->notes.text, e->se, r->se);
}

/* `dummies`: strata once more as columns among the covariates, where there are any. */
static bool run_recipe(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r,
                       const recipe *how, bool dummies)
{
    golden_formula formula = {0};
    golden_sample s;
    const char *why;
    tm_effect effect;
    if (r->formula && !golden_formula_read(r->formula, &formula) && !how->key) {
        golden_leave(t, r, "a formula of another kind");
        return false;
    }
    if (dummies && !formula.strata[0]) return false;
    const golden_options options = {dummies, how->two_arms, how->strata ? r->strata : NULL, how->shares};
    if (!golden_sample_build(ctx, data, r, &formula, &options, &s, &why)) {
        golden_leave(t, r, why);
        return false;
    }
    const tm_variance *variance = how->variance ? tm_variance_find(how->variance) : golden_variance(r);
    if (!variance) {
        golden_leave(t, r, "a variance that is not one of ours");
        return false;
    }
    wanted_term = s.term;
    const tm_estimator *estimator = s.term >= 0 ? &term_estimator
                                                : tm_estimator_find(how->key      ? how->key
                                                                    : formula.lin ? "lin"
                                                                                  : "ols");
    tm_notes_init(&effect.notes, ctx);
    check_ok(ctx, tm_effects_run(ctx, &s.sample, estimator, variance, s.arm_weight, 1, r->level, &effect));
    check_effect(t, data, r, how, &s, &effect);
    return true;
}

bool compare_linear(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r)
{
    const int before = t->numbers;
    bool known = false;
    for (int h = 0; h < N_RECIPES; h++) {
        if (strcmp(recipes[h].family, r->family) != 0 || strcmp(recipes[h].estimator, r->estimator) != 0) continue;
        known = true;
        seen.of_recipe[h] += run_recipe(ctx, t, data, r, &recipes[h], false);
        seen.dummies += run_recipe(ctx, t, data, r, &recipes[h], true);
    }
    seen.numbers += t->numbers - before;
    return known;
}

void compare_linear_report(void)
{
    printf("# %d of the results have no standard error here, %d are strata fitted once more as columns\n",
           seen.refusals, seen.dummies);
    for (int h = 0; h < N_RECIPES; h++)
        printf("#   %4d %s/%s as %s\n", seen.of_recipe[h], recipes[h].family, recipes[h].estimator,
               recipes[h].key ? recipes[h].key : "ols or lin");
    for (const explained *x = differences; x < differences + N_DIFFERENCES; x++)
        printf("#   %4d %s %s differ, %s: %s\n", x->seen, x->estimator, x->vcov ? x->vcov : "", x->note, x->reason);
}

bool compare_linear_is_whole(void)
{
    bool whole = seen.numbers >= 10217 && seen.dummies >= 231;
    for (int h = 0; h < N_RECIPES; h++) whole &= seen.of_recipe[h] >= recipes[h].results;
    for (int d = 0; d < N_DIFFERENCES; d++) whole &= differences[d].seen == differences[d].results;
    return whole;
}
