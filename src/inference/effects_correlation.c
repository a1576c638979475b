/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/effects_correlation.h"

#include <math.h>
#include <string.h>

/* The contrasts, then the differences a - b of all pairs a < b in order, each arm by arm and, in a panel, wave by wave.
 * Effects at different waves differ as the waves do when their arms are the same. Other pairs at different waves are no
 * difference of that kind: they get no weights, and no number comes of them. */
typedef struct weights {
    int32_t n_arms, n_waves; /* n_waves 0: effects are not by wave */
    double *arm, *wave;
    bool *known;
} weights;

static void set_pair(const weights *w, int32_t a, int32_t b, int32_t pair)
{
    const size_t arm_size = (size_t)w->n_arms * sizeof(double), wave_size = (size_t)w->n_waves * sizeof(double);
    const double *arm_a = w->arm + (int64_t)a * w->n_arms, *arm_b = w->arm + (int64_t)b * w->n_arms;
    const double *wave_a = w->wave + (int64_t)a * w->n_waves, *wave_b = w->wave + (int64_t)b * w->n_waves;
    double *arm = w->arm + (int64_t)pair * w->n_arms, *wave = w->wave + (int64_t)pair * w->n_waves;
    const bool same_waves = w->n_waves == 0 || memcmp(wave_a, wave_b, wave_size) == 0;
    w->known[pair] = same_waves || memcmp(arm_a, arm_b, arm_size) == 0;
    for (int32_t k = 0; k < w->n_arms; k++) arm[k] = same_waves ? arm_a[k] - arm_b[k] : arm_a[k];
    for (int32_t k = 0; k < w->n_waves; k++) wave[k] = same_waves ? wave_a[k] : wave_a[k] - wave_b[k];
}

static temoin_status build_weights(temoin_context *ctx, const tm_sample *sample, const double *arm_weight, int32_t n,
                                   weights *w)
{
    const int64_t n_all = (int64_t)n + (int64_t)n * (n - 1) / 2;
    const double *by_wave = sample->panel ? sample->panel->wave_weight : NULL;
    *w = (weights){.n_arms = sample->n_arms, .n_waves = by_wave ? sample->panel->n_waves : 0};
    TM_SCRATCH(ctx, w->arm, n_all * w->n_arms);
    TM_SCRATCH(ctx, w->wave, n_all * w->n_waves);
    TM_SCRATCH(ctx, w->known, n_all);
    memcpy(w->arm, arm_weight, (size_t)n * (size_t)w->n_arms * sizeof *arm_weight);
    if (by_wave) memcpy(w->wave, by_wave, (size_t)n * (size_t)w->n_waves * sizeof *by_wave);
    for (int32_t a = 0, pair = n; a < n; a++)
        for (int32_t b = a + 1; b < n; b++) set_pair(w, a, b, pair++);
    return TEMOIN_OK;
}

static temoin_status run_all(temoin_context *ctx, const tm_sample *sample, const tm_estimator *estimator,
                             const tm_variance *variance, const weights *w, int32_t n_all, tm_effect *effects)
{
    tm_sample asked = *sample;
    tm_panel panel;
    if (w->n_waves) {
        panel = *sample->panel;
        panel.wave_weight = w->wave;
        asked.panel = &panel;
    }
    for (int32_t i = 0; i < n_all; i++) tm_notes_init(&effects[i].notes, ctx);
    return tm_effects_run(ctx, &asked, estimator, variance, w->arm, n_all, NAN, effects);
}

temoin_status tm_effects_correlation(temoin_context *ctx, const tm_sample *sample, const tm_estimator *estimator,
                                     const tm_variance *variance, const double *arm_weight, int32_t n_contrasts,
                                     double *correlation)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const int32_t n = n_contrasts, n_all = n + n * (n - 1) / 2;
    weights w;
    tm_effect *effects;
    for (int32_t i = 0; i < n * n; i++) correlation[i] = i % (n + 1) == 0 ? 1 : NAN;
    if (!estimator->build || estimator->instrumented || sample->n == 0 || n < 2) return TEMOIN_OK;
    TM_TRY(build_weights(ctx, sample, arm_weight, n, &w));
    TM_SCRATCH(ctx, effects, n_all);
    TM_TRY(run_all(ctx, sample, estimator, variance, &w, n_all, effects));
    for (int32_t a = 0, pair = n; a < n; a++)
        for (int32_t b = a + 1; b < n; b++, pair++) {
            const double x = effects[a].se, y = effects[b].se, d = effects[pair].se;
            const double r = (x * x + y * y - d * d) / (2 * x * y);
            correlation[a * n + b] = correlation[b * n + a] = !w.known[pair] || isnan(r) ? NAN : fmax(-1, fmin(r, 1));
        }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
