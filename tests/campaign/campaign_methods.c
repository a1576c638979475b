/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "campaign.h"

#include "inference/bootstrap.h"
#include "inference/effects.h"
#include "inference/randomization.h"
#include "numeric/distributions.h"
#include "numeric/stream.h"

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

/* Units without clusters change places among all. 199 redraws: 5 % of 200 is a whole number, so that the test's level
 * is exact. */
static void run_randomization(temoin_context *ctx, const campaign_method *method, const tm_sample *sample,
                              int64_t replication, campaign_answer *answer)
{
    static const int32_t block[1024];
    int32_t *group;
    char label[32];
    tm_arm_source source;
    tm_randomization result;
    group = tm_arena_take(&ctx->scratch, sample->n, sizeof *group);
    assert_true(group && sample->n <= 1024);
    for (int32_t i = 0; i < sample->n; i++) group[i] = i;
    snprintf(label, sizeof label, "redraw %lld", (long long)replication);
    const char *const name = label;
    const tm_shuffle shuffle = {.n = sample->n,
                                .arm = sample->arm,
                                .group = group,
                                .n_groups = sample->n,
                                .block = block,
                                .group_arm = sample->arm,
                                .n_blocks = 1,
                                .n_arms = 2,
                                .trial_id = "campaign",
                                .block_text = &name};
    check_ok(ctx, tm_shuffle_source_build(ctx, &shuffle, 199, &source));
    const tm_randomization_request request = {
        .sample = sample,
        .estimator = tm_estimator_find(method->estimator),
        .variance = tm_variance_find(method->variance),
        .statistic = tm_statistic_find(method->key),
        .arm_weight = contrast,
        .n_contrasts = 1,
        .source = &source,
        .tolerance = 1e-9,
        .level = 0.95,
    };
    check_ok(ctx, tm_randomization_run(ctx, &request, &result));
    *answer = (campaign_answer){result.p, NAN, NAN};
}

/* 399 draws, for the same reason. "webb unrestricted": weights, then what is not the default. */
static void run_bootstrap(temoin_context *ctx, const campaign_method *method, const tm_sample *sample,
                          int64_t replication, campaign_answer *answer)
{
    int64_t left_out[1];
    char label[24];
    const tm_fit *fit;
    tm_bootstrap result;
    tm_bootstrap_options options = {.draws = 399,
                                    .weights = strncmp(method->key, "webb", 4) == 0 ? TM_BOOTSTRAP_WEBB
                                                                                    : TM_BOOTSTRAP_RADEMACHER,
                                    .unrestricted = strstr(method->key, "unrestricted") != NULL,
                                    .jackknife_scores = strstr(method->key, "jackknife") != NULL,
                                    .level = 0.95};
    tm_model model = {.sample = sample, .n_contrasts = 1, .arm_weight = contrast};
    snprintf(label, sizeof label, "%lld", (long long)replication);
    tm_stream_init(&options.stream, "campaign", method->name, "bootstrap", label);
    check_ok(ctx, tm_estimator_find("ols")->build(ctx, &model, left_out));
    check_ok(ctx, tm_fit_build(ctx, &model, &fit));
    check_ok(ctx, tm_bootstrap_run(ctx, fit, 0, &options, &result));
    *answer =
        result.refused ? (campaign_answer){NAN, NAN, NAN} : (campaign_answer){result.p, result.ci_low, result.ci_high};
}

const campaign_method campaign_classical = {"pooled t test", run_linear, "dim", "classical", NULL, 0};
const campaign_method campaign_welch = {"Welch t test", run_linear, "dim", "neyman", NULL, 0};
const campaign_method campaign_hc2 = {"HC2, clusters ignored", run_linear, "ols", "hc2", NULL, 0};
const campaign_method campaign_cr0 = {"CR0", run_linear, "ols", "cr0", NULL, 0};
const campaign_method campaign_cr1s = {"CR1S", run_linear, "ols", "cr1s", NULL, 0};
const campaign_method campaign_cr2 = {"CR2, Satterthwaite df", run_linear, "ols", "cr2", NULL, 0};
const campaign_method campaign_cv3 = {"CV3 (jackknife)", run_linear, "ols", "cv3", NULL, 0};
const campaign_method campaign_peer_cr1 = {"CR1 as others print it", run_peer, NULL, NULL, NULL, 0};
const campaign_method campaign_ri_difference = {
    "randomization test, difference", run_randomization, "dim", "neyman", "difference", 0};
const campaign_method campaign_ri_studentized = {
    "randomization test, studentized", run_randomization, "dim", "neyman", "studentized", 0};
const campaign_method campaign_wcr = {"wild cluster bootstrap, Rademacher", run_bootstrap, NULL, NULL, "rademacher", 0};
const campaign_method campaign_wcr_webb = {"wild cluster bootstrap, Webb", run_bootstrap, NULL, NULL, "webb", 0};
const campaign_method campaign_wcr_jackknife = {
    "the same, jackknifed scores", run_bootstrap, NULL, NULL, "webb jackknife", 0};
const campaign_method campaign_wcu = {"the same, null not imposed", run_bootstrap, NULL, NULL, "webb unrestricted", 0};
const campaign_method campaign_wcr_2000 = {
    "wild cluster bootstrap, Rademacher", run_bootstrap, NULL, NULL, "rademacher", 2000};
