/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/mixed_effects.h"

#include <math.h>
#include <string.h>

#include "estimators/glm_sample.h"
#include "moments/fit.h"
#include "moments/random_intercept.h"

enum { FEW_CLUSTERS = 10 };
static const double few_degrees = 4;
/* Spread of the outcome, or of the residuals, below this share of its size is rounding. */
static const double constant_tolerance = 1e-13;
static const double perfect_tolerance = 1e-10;

typedef struct mixing {
    const tm_request *request;
    tm_effect *effects;
    tm_sample sample; /* outcomes divided by `unit`, its clusters the levels of factor 0 */
    double unit;
    int32_t n_factors;
    tm_random_factor beside;
    const int64_t *n_clusters; /* [n_arms] of the request's clusters */
    int64_t n_clusters_in_all;
} mixing;

static void refuse_all(const mixing *m, const char *note)
{
    for (int32_t c = 0; c < m->request->n_contrasts; c++) tm_effect_refuse(&m->effects[c], note);
}

static bool is_constant(const tm_sample *sample)
{
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < sample->n; i++) {
        low = fmin(low, sample->y[i]);
        high = fmax(high, sample->y[i]);
    }
    return !(high - low > constant_tolerance * fmax(fabs(low), fabs(high)));
}

/* Divided by a power of two, which is exact, squares of outcomes neither over- nor underflow. */
static temoin_status scale_outcome(temoin_context *ctx, mixing *m)
{
    double largest = 0, *y;
    int exponent;
    TM_SCRATCH(ctx, y, m->sample.n);
    for (int64_t i = 0; i < m->sample.n; i++) largest = fmax(largest, fabs(m->sample.y[i]));
    frexp(largest, &exponent);
    for (int64_t i = 0; i < m->sample.n; i++) y[i] = ldexp(m->sample.y[i], 1 - exponent);
    m->sample.y = y;
    m->unit = ldexp(1, exponent - 1);
    return TEMOIN_OK;
}

/* Strata by waves, so that what absorbs strata absorbs both. */
static temoin_status absorb_waves(temoin_context *ctx, tm_sample *sample)
{
    const tm_panel *panel = sample->panel;
    int32_t *stratum;
    if (!panel) return TEMOIN_OK;
    TM_SCRATCH(ctx, stratum, sample->n);
    for (int64_t i = 0; i < sample->n; i++) stratum[i] = panel->wave[i] * sample->n_strata + sample->stratum[i];
    sample->stratum = stratum;
    sample->n_strata *= panel->n_waves;
    return TEMOIN_OK;
}

static temoin_status count_clusters(temoin_context *ctx, mixing *m)
{
    const tm_sample *sample = m->request->sample;
    const int32_t n_arms = sample->n_arms;
    bool *seen;
    int64_t *count;
    TM_SCRATCH(ctx, count, n_arms);
    TM_SCRATCH(ctx, seen, (int64_t)sample->n_clusters * (n_arms + 1));
    for (int64_t i = 0; sample->cluster && i < sample->n; i++) {
        bool *of = seen + (int64_t)sample->cluster[i] * (n_arms + 1);
        count[sample->arm[i]] += !of[sample->arm[i]];
        m->n_clusters_in_all += !of[n_arms];
        of[sample->arm[i]] = of[n_arms] = true;
    }
    m->n_clusters = count;
    return TEMOIN_OK;
}

/* Clients as levels. */
static temoin_status number_clients(temoin_context *ctx, const tm_sample *sample, tm_random_factor *out)
{
    int32_t *client, n = 0;
    TM_SCRATCH(ctx, client, sample->n);
    for (int64_t i = 0; i < sample->n; i++) {
        n += i == 0 || !sample->unit || sample->unit[i] != sample->unit[i - 1];
        client[i] = n - 1;
    }
    *out = (tm_random_factor){n, client};
    return TEMOIN_OK;
}

/* Whether two factors part the rows alike, whatever their levels are called. */
static temoin_status are_same(temoin_context *ctx, const tm_random_factor *a, const tm_random_factor *b, int64_t n,
                              bool *same)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    int32_t *to_b, *to_a; /* 1 + the level that goes with it */
    TM_SCRATCH(ctx, to_b, a->n_levels);
    TM_SCRATCH(ctx, to_a, b->n_levels);
    *same = true;
    for (int64_t i = 0; i < n && *same; i++) {
        int32_t *forth = &to_b[a->level[i]], *back = &to_a[b->level[i]];
        if (!*forth && !*back) *forth = b->level[i] + 1, *back = a->level[i] + 1;
        *same = *forth == b->level[i] + 1 && *back == a->level[i] + 1;
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* Beside the clusters, unless it is they. The factor with the most levels comes first. */
static temoin_status add_factor(temoin_context *ctx, mixing *m, tm_random_factor factor)
{
    const tm_random_factor clusters = {m->sample.n_clusters, m->sample.cluster};
    bool same = false;
    TM_TRY(are_same(ctx, &factor, &clusters, m->sample.n, &same));
    if (same) return TEMOIN_OK;
    const bool more = factor.n_levels >= clusters.n_levels;
    m->n_factors = 2;
    m->beside = more ? clusters : factor;
    if (!more) return TEMOIN_OK;
    m->sample.cluster = factor.level;
    m->sample.n_clusters = factor.n_levels;
    return TEMOIN_OK;
}

/* What all contrasts share; *refused stays NULL when there is a fit. */
static temoin_status fit_model(temoin_context *ctx, mixing *m, bool reml, tm_glm_model *model, const tm_fit **fit,
                               tm_random_fit *random, const char **refused)
{
    tm_request request = *m->request;
    tm_random_moments *moments;
    request.sample = &m->sample;
    TM_TRY(tm_glm_model_build(ctx, &request, NULL, model, m->effects));
    *fit = model->fit;
    if (!*fit) TM_TRY(tm_fit_build(ctx, model->model, fit));
    if ((*fit)->n <= (*fit)->n_parameters)
        *refused = "too_few_units";
    else if ((*fit)->residual_ss <= perfect_tolerance * perfect_tolerance * (*fit)->total_ss)
        *refused = "perfect_fit";
    else if (tm_random_dim(*fit, m->n_factors, &m->beside) > TM_RANDOM_LARGEST_DIM)
        *refused = "model_too_large";
    if (*refused) return TEMOIN_OK;
    TM_SCRATCH(ctx, moments, 1);
    TM_TRY(tm_random_moments_build(ctx, *fit, m->n_factors, &m->beside, moments));
    TM_TRY(tm_random_fit_run(ctx, moments, reml, random));
    *refused = random->refused;
    return TEMOIN_OK;
}

static const char *refuse_clusters(const mixing *m, int32_t contrast, bool *few)
{
    const int32_t n_arms = m->request->sample->n_arms;
    for (int32_t a = 0; a < n_arms; a++) {
        if (m->request->arm_weight[(int64_t)contrast * n_arms + a] == 0) continue;
        if (m->n_clusters_in_all < 2) return "one_cluster";
        if (m->n_clusters[a] < 2) return "one_cluster_in_arm";
        *few = *few || m->n_clusters[a] < FEW_CLUSTERS;
    }
    return NULL;
}

static temoin_status finish_contrast(temoin_context *ctx, const mixing *m, const tm_fit *fit,
                                     const tm_random_fit *random, int32_t c)
{
    tm_effect *effect = &m->effects[c];
    tm_random_combination combined;
    bool few = false;
    TM_TRY(tm_random_combine(ctx, random, fit->basis + (int64_t)c * fit->n_parameters, &combined));
    effect->value = m->unit * (fit->value[c] + combined.value);
    const char *refused = refuse_clusters(m, c, &few), *key = m->request->variance;
    double variance = combined.variance, df = INFINITY;
    if (strcmp(key, "kenward_roger") == 0)
        variance = combined.variance_kenward_roger, df = combined.df_kenward_roger;
    else if (strcmp(key, "model_satterthwaite") == 0)
        df = combined.df_satterthwaite;
    if (!refused && !(variance > 0 && df > 0)) refused = "variance_not_positive";
    if (refused) {
        tm_effect_refuse(effect, refused);
        return TEMOIN_OK;
    }
    for (int32_t k = 0, any = 0; k < m->n_factors; k++)
        if (random->at_zero[k] && !any++) tm_notes_add(&effect->notes, "variance_at_zero");
    if (isinf(df) ? few : df < few_degrees) tm_notes_add(&effect->notes, "few_clusters");
    tm_effect_test(effect, m->unit * sqrt(variance), df, m->request->level);
    return TEMOIN_OK;
}

static temoin_status finish(temoin_context *ctx, mixing *m, bool reml)
{
    tm_glm_model model;
    tm_random_fit random;
    const tm_fit *fit;
    const char *refused = NULL;
    TM_TRY(fit_model(ctx, m, reml, &model, &fit, &random, &refused));
    for (int32_t c = 0; c < m->request->n_contrasts; c++) {
        bool few = false;
        const char *alone = refuse_clusters(m, c, &few);
        if (model.left_out[c]) tm_notes_add_count(&m->effects[c].notes, "stratum_without_contrast", model.left_out[c]);
        if (!model.identified[c])
            tm_effect_refuse(&m->effects[c], "no_contrast");
        else if (refused)
            tm_effect_refuse(&m->effects[c], alone ? alone : refused);
        else
            TM_TRY(finish_contrast(ctx, m, fit, &random, c));
    }
    return TEMOIN_OK;
}

temoin_status tm_mixed_run(temoin_context *ctx, const tm_request *request, const tm_mixed_options *options,
                           tm_effect *out)
{
    mixing m = {.request = request, .effects = out, .sample = *request->sample, .n_factors = 1};
    const bool no_levels = !request->sample->cluster || (options->sites && !request->sample->site);
    if (request->sample->weight || no_levels) {
        refuse_all(&m, request->sample->weight ? "weights_not_taken" : "variance_not_identified");
        return TEMOIN_OK;
    }
    if (is_constant(request->sample)) {
        for (int32_t c = 0; c < request->n_contrasts; c++) out[c].value = 0;
        refuse_all(&m, "no_variation");
        return TEMOIN_OK;
    }
    TM_TRY(scale_outcome(ctx, &m));
    TM_TRY(absorb_waves(ctx, &m.sample));
    TM_TRY(count_clusters(ctx, &m));
    if (options->sites) TM_TRY(add_factor(ctx, &m, (tm_random_factor){m.sample.n_sites, m.sample.site}));
    if (options->clients) {
        tm_random_factor clients = {0, NULL};
        TM_TRY(number_clients(ctx, &m.sample, &clients));
        TM_TRY(add_factor(ctx, &m, clients));
    }
    return finish(ctx, &m, options->reml);
}
