/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/instrumented.h"

#include <math.h>

#include "numeric/distributions.h"

/* Below this share a difference in receipt is rounding. */
static const double no_difference = 1e-12;
static const double weak_f = 10;

/* What every regression here shares. */
typedef struct setting {
    const tm_sample *sample; /* clients of the two arms */
    const tm_estimator *ols;
    const tm_variance *variance;
    const double *arm_weight;
    double level;
} setting;

static temoin_status keep_two_arms(temoin_context *ctx, const tm_sample *all, const double *arm_weight, tm_sample *out)
{
    int64_t *row;
    int32_t *number;
    *out = *all;
    out->n = 0;
    TM_SCRATCH(ctx, row, all->n);
    for (int64_t i = 0; i < all->n; i++)
        if (arm_weight[all->arm[i]] != 0) row[out->n++] = i;
    if (out->n == all->n) return TEMOIN_OK;
    double *y, *received, *weight = NULL;
    int32_t *arm, *stratum, *cluster = NULL;
    TM_SCRATCH(ctx, y, out->n);
    TM_SCRATCH(ctx, received, out->n);
    TM_SCRATCH(ctx, arm, out->n);
    TM_SCRATCH(ctx, stratum, out->n);
    TM_SCRATCH(ctx, number, all->n_clusters);
    if (all->weight) TM_SCRATCH(ctx, weight, out->n);
    if (all->cluster) TM_SCRATCH(ctx, cluster, out->n);
    out->n_clusters = 0;
    for (int64_t i = 0; i < out->n; i++) {
        y[i] = all->y[row[i]];
        received[i] = all->received[row[i]];
        arm[i] = all->arm[row[i]];
        stratum[i] = all->stratum[row[i]];
        if (weight) weight[i] = all->weight[row[i]];
        if (!cluster) continue;
        int32_t *at = &number[all->cluster[row[i]]]; /* 1 + number, in the order in which rows come */
        if (*at == 0) *at = ++out->n_clusters;
        cluster[i] = *at - 1;
    }
    const double **covariate;
    TM_SCRATCH(ctx, covariate, all->n_covariates);
    for (int32_t j = 0; j < all->n_covariates; j++) {
        double *x;
        TM_SCRATCH(ctx, x, out->n);
        for (int64_t i = 0; i < out->n; i++) x[i] = all->covariate[j][row[i]];
        covariate[j] = x;
    }
    out->unit = NULL; /* nobody asks here which client is which, nor draws parts of clusters */
    out->subcluster = NULL;
    out->y = y, out->received = received, out->weight = weight;
    out->arm = arm, out->stratum = stratum, out->cluster = cluster;
    out->covariate = covariate;
    return TEMOIN_OK;
}

/* The effect of arms on some response; notes that nobody reads. level NaN: no more than its standard error. */
static temoin_status regress(temoin_context *ctx, const setting *s, const double *response, double level,
                             tm_effect *out)
{
    tm_sample sample = *s->sample;
    sample.y = response;
    tm_notes_init(&out->notes, ctx);
    return tm_effects_run(ctx, &sample, s->ols, s->variance, s->arm_weight, 1, level, out);
}

/* y + factor · received. */
static temoin_status combine(temoin_context *ctx, const tm_sample *sample, double factor, double **out)
{
    TM_SCRATCH(ctx, *out, sample->n);
    for (int64_t i = 0; i < sample->n; i++) (*out)[i] = sample->y[i] + factor * sample->received[i];
    return TEMOIN_OK;
}

static void share_out(const tm_sample *sample, const double *arm_weight, temoin_first_stage *stage)
{
    double sum[2] = {0}, total[2] = {0};
    for (int64_t i = 0; i < sample->n; i++) {
        double w = sample->weight ? sample->weight[i] : 1;
        int arm = arm_weight[sample->arm[i]] > 0;
        sum[arm] += w * sample->received[i];
        total[arm] += w;
    }
    double one = sum[1] / total[1], zero = sum[0] / total[0];
    stage->always_takers = fmin(one, zero);
    stage->never_takers = 1 - fmax(one, zero);
    stage->compliers = fabs(one - zero);
}

/* The b for which (r - b d)² <= q (V_r - 2 b C + b² V_d): a b² - 2 h b + c <= 0. As the estimate r / d satisfies it,
 * h² - a c = q (d² V - q (V_r V_d - C²)), V the variance of the effect on y - (r / d) received, is not negative
 * where a > 0. */
static void find_set(temoin_first_stage *stage, double variance, double q)
{
    double r = stage->reduced_form, d = stage->value, c = stage->covariance;
    double vr = stage->reduced_form_se * stage->reduced_form_se, vd = stage->se * stage->se;
    double a = d * d - q * vd, h = r * d - q * c, constant = r * r - q * vr;
    double root = q * (variance - q * (vr * vd - c * c));
    stage->ar_low = stage->ar_high = NAN;
    if (a < 0 && !(root > 0)) {
        stage->ar_set = "all";
        return;
    }
    if (a == 0) {
        stage->ar_set = h == 0 ? "all" : h > 0 ? "above" : "below";
        if (h > 0) stage->ar_low = constant / (2 * h);
        if (h < 0) stage->ar_high = constant / (2 * h);
        return;
    }
    double sum = h + copysign(sqrt(fmax(root, 0)), h), one = sum / a, other = sum == 0 ? 0 : constant / sum;
    stage->ar_set = a > 0 ? "interval" : "outside";
    stage->ar_low = fmin(one, other);
    stage->ar_high = fmax(one, other);
}

/* Covariance of the two effects by polarization: 4 C = V(y/u + d) - V(y/u - d) in units u of the outcome in which both
 * variances are of a size. */
static temoin_status find_covariance(temoin_context *ctx, const setting *s, temoin_first_stage *stage)
{
    double unit = stage->reduced_form_se / stage->se, *plus, *minus;
    tm_effect sum, difference;
    TM_TRY(combine(ctx, s->sample, unit, &plus));
    TM_TRY(combine(ctx, s->sample, -unit, &minus));
    TM_TRY(regress(ctx, s, plus, NAN, &sum));
    TM_TRY(regress(ctx, s, minus, NAN, &difference));
    double more = isnan(sum.se) ? 0 : sum.se, less = isnan(difference.se) ? 0 : difference.se; /* exact opposites */
    stage->covariance = (more * more - less * less) / 4 / unit;
    return TEMOIN_OK;
}

/* Receipt as a covariate beside arms: with v the residual of the first stage, y = … + ρ received + δ v is the same
 * regression as y = … + ρ' received + γ arm, because v = received - d · arm - …, so that δ = -γ / d with the same F. */
static temoin_status test_exogeneity(temoin_context *ctx, const setting *s, temoin_first_stage *stage)
{
    tm_sample sample = *s->sample;
    setting with = *s;
    const double **covariate;
    const char **name;
    tm_effect effect;
    TM_SCRATCH(ctx, covariate, sample.n_covariates + 1);
    TM_SCRATCH(ctx, name, sample.n_covariates + 1);
    for (int32_t j = 0; j < sample.n_covariates; j++) {
        covariate[j] = sample.covariate[j];
        name[j] = sample.covariate_name[j];
    }
    covariate[sample.n_covariates] = sample.received;
    name[sample.n_covariates++] = "received";
    sample.covariate = covariate;
    sample.covariate_name = name;
    with.sample = &sample;
    TM_TRY(regress(ctx, &with, sample.y, s->level, &effect));
    if (isnan(effect.se)) return TEMOIN_OK;
    stage->exogeneity = -effect.value / stage->value;
    stage->exogeneity_f = effect.statistic * effect.statistic;
    stage->exogeneity_df = effect.df;
    stage->exogeneity_p = effect.p;
    return TEMOIN_OK;
}

/* `out` holds the effect of arms on the outcome and becomes that of receipt. */
static temoin_status find_ratio(temoin_context *ctx, const setting *s, bool full, bool normal, tm_effect *out,
                                temoin_first_stage *stage)
{
    double *rest;
    tm_effect residual;
    out->value /= stage->value;
    if (isnan(out->se)) return TEMOIN_OK;
    TM_TRY(combine(ctx, s->sample, -out->value, &rest));
    TM_TRY(regress(ctx, s, rest, s->level, &residual));
    if (isnan(residual.se)) {
        tm_effect_refuse(out, "perfect_fit");
        return TEMOIN_OK;
    }
    stage->covariance = 0;
    if (!full) TM_TRY(find_covariance(ctx, s, stage));
    double t = tm_student_quantile(0.5 + s->level / 2, residual.df);
    find_set(stage, residual.se * residual.se * stage->value * stage->value, t * t);
    if (!full) TM_TRY(test_exogeneity(ctx, s, stage));
    tm_effect_test(out, residual.se / fabs(stage->value), normal ? INFINITY : residual.df, s->level);
    if (stage->f < weak_f) tm_effect_refuse(out, "weak_first_stage");
    return TEMOIN_OK;
}

static temoin_status run_two_arms(temoin_context *ctx, const setting *s, bool normal, tm_effect *out,
                                  temoin_first_stage *stage)
{
    tm_effect receipt;
    TM_TRY(tm_effects_run(ctx, s->sample, s->ols, s->variance, s->arm_weight, 1, s->level, out));
    if (s->sample->n == 0) return TEMOIN_OK;
    share_out(s->sample, s->arm_weight, stage);
    if (isnan(out->value)) return TEMOIN_OK;
    TM_TRY(regress(ctx, s, s->sample->received, s->level, &receipt));
    stage->value = receipt.value;
    stage->reduced_form = out->value;
    stage->reduced_form_se = out->se;
    stage->ar_f = out->statistic * out->statistic;
    stage->ar_p = out->p;
    if (!(fabs(receipt.value) > no_difference)) {
        out->value = NAN;
        tm_effect_refuse(out, "no_compliers");
        return TEMOIN_OK;
    }
    /* Receipt that follows from assignment exactly has no standard error; that is full compliance, if all is one. */
    bool full = isnan(receipt.se) && fabs(fabs(receipt.value) - 1) <= no_difference;
    stage->se = full ? 0 : receipt.se;
    stage->df = receipt.df;
    stage->f = full ? INFINITY : receipt.statistic * receipt.statistic;
    stage->p = receipt.p;
    if (isnan(stage->f)) {
        out->value /= stage->value;
        tm_effect_refuse(out, "perfect_fit");
        return TEMOIN_OK;
    }
    return find_ratio(ctx, s, full, normal, out, stage);
}

/* Nothing known yet. */
static void clear(temoin_first_stage *stage)
{
    *stage = (temoin_first_stage){
        .estimate = "", .measure = "", .wave = "", .subgroup = "", .arm = "", .reference = "", .ar_set = ""};
    stage->value = stage->se = stage->df = stage->f = stage->p = stage->reduced_form = stage->reduced_form_se = NAN;
    stage->covariance = stage->compliers = stage->always_takers = stage->never_takers = NAN;
    stage->ar_f = stage->ar_p = stage->ar_low = stage->ar_high = NAN;
    stage->exogeneity = stage->exogeneity_f = stage->exogeneity_df = stage->exogeneity_p = NAN;
}

temoin_status tm_instrumented_run(temoin_context *ctx, const tm_sample *sample, const tm_variance *variance,
                                  const double *arm_weight, double level, bool normal, tm_effect *out)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    tm_sample two;
    temoin_first_stage *stage;
    setting s = {&two, tm_estimator_find("ols"), variance, arm_weight, level};
    TM_ALLOC(ctx, stage, 1);
    clear(stage);
    TM_TRY(keep_two_arms(ctx, sample, arm_weight, &two));
    TM_TRY(run_two_arms(ctx, &s, normal, out, stage));
    out->first_stage = stage;
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
