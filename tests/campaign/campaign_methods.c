/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "campaign.h"

#include "inference/effects.h"
#include "numeric/distributions.h"

static const double contrast[] = {-1, 1};

static void run_linear(temoin_context *ctx, const campaign_method *method, const tm_sample *sample, int64_t replication,
                       campaign_answer *answer)
{
    (void)replication;
    tm_effect effect;
    tm_sample one = *sample;
    const tm_variance *variance = tm_variance_find(method->variance);
    if (!variance->clustered) one.cluster = NULL, one.n_clusters = 0;
    tm_notes_init(&effect.notes, ctx);
    check_ok(ctx,
             tm_effects_run(ctx, &one, tm_estimator_find(method->estimator), variance, contrast, 1, 0.95, &effect));
    *answer = (campaign_answer){effect.p, effect.ci_low, effect.ci_high};
}

/* CR1 of the difference in means as it stands in the textbooks, without asking whether it exists: what other programs
 * print. */
static void run_peer(temoin_context *ctx, const campaign_method *method, const tm_sample *sample, int64_t replication,
                     campaign_answer *answer)
{
    (void)ctx, (void)method, (void)replication;
    double n[2] = {0}, mean[2] = {0}, score[64] = {0}, variance = 0;
    for (int64_t i = 0; i < sample->n; i++) {
        n[sample->arm[i]]++;
        mean[sample->arm[i]] += sample->y[i];
    }
    for (int a = 0; a < 2; a++) mean[a] /= n[a];
    for (int64_t i = 0; i < sample->n; i++) {
        const int a = sample->arm[i];
        score[sample->cluster[i]] += (a ? 1 : -1) * (sample->y[i] - mean[a]) / n[a];
    }
    const double g = sample->n_clusters;
    for (int32_t c = 0; c < sample->n_clusters; c++) variance += score[c] * score[c] * g / (g - 1);
    const double effect = mean[1] - mean[0], margin = sqrt(variance) * tm_student_quantile(0.975, g - 1);
    *answer =
        (campaign_answer){tm_student_p_two_sided(effect / sqrt(variance), g - 1), effect - margin, effect + margin};
}

const campaign_method campaign_classical = {"pooled t test", run_linear, "dim", "classical", NULL};
const campaign_method campaign_welch = {"Welch t test", run_linear, "dim", "neyman", NULL};
const campaign_method campaign_hc2 = {"HC2, clusters ignored", run_linear, "ols", "hc2", NULL};
const campaign_method campaign_cr0 = {"CR0", run_linear, "ols", "cr0", NULL};
const campaign_method campaign_cr1s = {"CR1S", run_linear, "ols", "cr1s", NULL};
const campaign_method campaign_cr2 = {"CR2, Satterthwaite df", run_linear, "ols", "cr2", NULL};
const campaign_method campaign_cv3 = {"CV3 (jackknife)", run_linear, "ols", "cv3", NULL};
const campaign_method campaign_peer_cr1 = {"CR1 as others print it", run_peer, NULL, NULL, NULL};
