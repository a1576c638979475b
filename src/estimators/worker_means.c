/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Workers, not clients, are what is compared: each cluster is one number, the mean of its clients' outcomes, and the
 * effect is the difference of the arms' unweighted averages of them. With k_a clusters in arm a and s_a² the variance
 * of their means, Σ_a c_a² s_a² / k_a is the variance of Σ_a c_a (average of arm a), whatever the intraclass
 * correlation, the caseloads and the spread of outcomes within clusters are: it is what workers' means differ by, and
 * needs none of them. Where caseloads are equal and outcomes normal, `student` is exact (k - 2 degrees of freedom of
 * two arms). */
#include <math.h>
#include <string.h>

#include "estimators/estimator.h"
#include "moments/worker_cells.h"

static const double few_degrees = 4;
/* A variance below this share of the square of what varies is rounding. */
static const double constant_share = 1e-26;

typedef struct arm_means {
    double k, mean, square; /* clusters; average of their means; Σ (mean - average)² */
    double size;            /* largest of |mean| */
} arm_means;

static arm_means average(const tm_worker_cells *cells, int32_t arm)
{
    arm_means out = {(double)cells->workers[arm], 0, 0, 0};
    for (int32_t g = 0; g < cells->n_clusters; g++) {
        const int64_t at = (int64_t)g * cells->n_arms + arm;
        if (!cells->n[at]) continue;
        out.mean += cells->mean[at] / out.k;
        out.size = fmax(out.size, fabs(cells->mean[at]));
    }
    for (int32_t g = 0; g < cells->n_clusters; g++) {
        const int64_t at = (int64_t)g * cells->n_arms + arm;
        if (cells->n[at]) out.square += (cells->mean[at] - out.mean) * (cells->mean[at] - out.mean);
    }
    return out;
}

typedef struct spread {
    double variance, df, size;
} spread;

static void finish(const tm_worker_cells *cells, const spread *s, double level, tm_effect *out)
{
    if (!(s->variance > constant_share * s->size * s->size)) {
        tm_effect_refuse(out, "no_variation");
        return;
    }
    if (s->df < few_degrees) tm_notes_add(&out->notes, "few_clusters");
    const double value = out->value;
    out->value /= cells->unit;
    tm_effect_test(out, sqrt(s->variance), s->df, level);
    out->value = value;
    out->se *= cells->unit;
    out->ci_low *= cells->unit;
    out->ci_high *= cells->unit;
}

/* Welch: Satterthwaite's degrees of freedom of a sum of variances. Student: one variance, of all arms compared. */
static void compare_arms(const tm_worker_cells *cells, const double *weight, bool pooled, double level, tm_effect *out)
{
    spread s = {0, 0, 0};
    double value = 0, square = 0, df = 0, share = 0, fourth = 0;
    for (int32_t a = 0; a < cells->n_arms; a++) {
        if (weight[a] == 0) continue;
        const arm_means arm = average(cells, a);
        const double own = weight[a] * weight[a] / arm.k;
        value += weight[a] * arm.mean;
        square += arm.square;
        df += arm.k - 1;
        share += own;
        s.variance += own * arm.square / (arm.k - 1);
        s.size = fmax(s.size, arm.size);
    }
    for (int32_t a = 0; a < cells->n_arms && !pooled; a++) {
        if (weight[a] == 0) continue;
        const arm_means arm = average(cells, a);
        const double part = weight[a] * weight[a] / arm.k * arm.square / (arm.k - 1) / s.variance;
        fourth += part * part / (arm.k - 1);
    }
    if (pooled) s.variance = share * square / df;
    s.df = pooled ? df : 1 / fourth;
    out->value = value * cells->unit;
    finish(cells, &s, level, out);
}

/* Each worker with clients in all arms compared has an effect of the own: their average, and Student's t of them. */
static void compare_within(const tm_worker_cells *cells, const double *weight, double level, tm_effect *out)
{
    double n = 0, mean = 0, square = 0, size = 0;
    int64_t alone = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int32_t g = 0; g < cells->n_clusters; g++) {
            double effect = 0;
            bool any = false, all = true;
            for (int32_t a = 0; a < cells->n_arms; a++) {
                const int64_t at = (int64_t)g * cells->n_arms + a;
                if (weight[a] == 0) continue;
                any |= cells->n[at] > 0;
                all &= cells->n[at] > 0;
                if (all) effect += weight[a] * cells->mean[at], size = fmax(size, fabs(cells->mean[at]));
            }
            if (pass == 0) n += all, alone += any && !all, mean += all ? effect : 0;
            if (pass == 1 && all) square += (effect - mean / n) * (effect - mean / n);
        }
    if (n == 0) {
        tm_effect_refuse(out, "no_contrast");
        return;
    }
    if (alone) tm_notes_add_count(&out->notes, "cluster_without_contrast", alone);
    out->value = mean / n * cells->unit;
    if (n < 2)
        tm_effect_refuse(out, "one_cluster");
    else
        finish(cells, &(spread){square / (n - 1) / n, n - 1, size}, level, out);
}

/* NULL: arms can be compared by the workers that each has. */
static const char *refuse_arms(const tm_worker_cells *cells, const double *weight)
{
    const char *why = NULL;
    for (int32_t g = 0; g < cells->n_clusters; g++) {
        int n_arms = 0;
        for (int32_t a = 0; a < cells->n_arms; a++)
            n_arms += weight[a] != 0 && cells->n[(int64_t)g * cells->n_arms + a] > 0;
        if (n_arms > 1) why = "cluster_in_several_arms";
    }
    for (int32_t a = 0; !why && a < cells->n_arms; a++)
        if (weight[a] != 0 && cells->workers[a] < 2) why = cells->n_clusters < 2 ? "one_cluster" : "one_cluster_in_arm";
    return why;
}

static double effect_of(const tm_worker_cells *cells, const double *weight)
{
    double value = 0;
    for (int32_t a = 0; a < cells->n_arms; a++)
        if (weight[a] != 0) value += weight[a] * average(cells, a).mean;
    return value * cells->unit;
}

static void run_contrast(const tm_request *request, const tm_worker_cells *cells, const double *weight, tm_effect *out)
{
    const char *why = request->sample->weight ? "weights_not_taken" : cells->saturated ? "too_few_units" : NULL;
    const bool within = strcmp(request->variance, "paired") == 0;
    if (why) {
        tm_effect_refuse(out, why);
        return;
    }
    for (int32_t j = 0; j < request->sample->n_covariates; j++)
        if (cells->dropped[j]) tm_notes_add_name(&out->notes, "collinear", request->sample->covariate_name[j]);
    why = within ? NULL : refuse_arms(cells, weight);
    if (why) {
        out->value = effect_of(cells, weight);
        tm_effect_refuse(out, why);
    } else if (within)
        compare_within(cells, weight, request->level, out);
    else
        compare_arms(cells, weight, strcmp(request->variance, "student") == 0, request->level, out);
}

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    tm_worker_cells cells = {0};
    if (!request->sample->weight) TM_TRY(tm_worker_cells_build(ctx, request->sample, &cells));
    for (int32_t c = 0; c < request->n_contrasts; c++)
        run_contrast(request, &cells, request->arm_weight + (int64_t)c * request->sample->n_arms, &out[c]);
    return TEMOIN_OK;
}

const tm_estimator tm_estimator_worker_means = {
    .key = "worker_means",
    .title_en = "difference of the averages of caseworkers' (clusters') means",
    .title_fr = "différence entre les moyennes des moyennes par intervenant (grappe)",
    .cites = "Donner & Klar 2000, ch. 7; Hayes & Moulton 2017, ch. 10",
    .takes_covariates = true,
    .run = run,
    .variances = "welch student paired",
};
