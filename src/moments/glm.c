/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moments/glm.h"

#include <math.h>
#include <string.h>

#include "numeric/distributions.h"
#include "numeric/elementary.h"

enum { MOST_STEPS = 200, MOST_HALVINGS = 40 };
/* Squared length of a step, in standard errors, after which the next one would be rounding. */
static const double small_step = 1e-16;
/* A step that is no shorter than the one before it, and below this, is rounding already. */
static const double stalled_step = 1e-10;
static const double separation_tolerance = 1e-7;
/* Changes of η below this prove nothing. */
static const double separation_change = 0.1;
/* Rows whose information is smaller do not move a step anyway. */
static const double least_information = 1e-30;

static tm_glm_point logit_at(double eta, double y)
{
    const double e = tm_exp(-fabs(eta)), near_one = 1 / (1 + e), near_zero = e / (1 + e);
    const double one = eta > 0 ? near_one : near_zero, zero = eta > 0 ? near_zero : near_one; /* μ, 1 - μ */
    tm_glm_point p = {.mean = one, .slope = near_one * near_zero};
    p.score = y > 0.5 ? zero : -one;
    p.expected = p.observed = p.slope;
    p.loss = tm_log1p(e) + ((y > 0.5) == (eta > 0) ? 0 : fabs(eta));
    return p;
}

static const double log_root_2pi = 0x1.d67f1c864beb5p-1;

/* P(y) is the smaller tail φ m, with m Mills' ratio at |η|, or what it leaves of one; the score is φ / P(y), signed,
 * and its derivative -score (score + η). */
static tm_glm_point probit_at(double eta, double y)
{
    const double sign = y > 0.5 ? 1 : -1, density = tm_normal_density(eta), mills = tm_normal_mills(fabs(eta));
    const double tail = density * mills, rare = 1 / mills, common = density / (1 - tail);
    const bool expected = sign * eta > 0; /* the likelier outcome */
    tm_glm_point p = {.mean = eta > 0 ? 1 - tail : tail, .slope = density};
    p.score = sign * (expected ? common : rare);
    p.expected = rare * common;
    p.observed = p.score * (p.score + eta);
    p.loss = expected ? -tm_log1p(-tail) : eta * eta / 2 + log_root_2pi - tm_log(mills);
    return p;
}

static tm_glm_point poisson_at(double eta, double y)
{
    const double mean = tm_exp(eta);
    return (tm_glm_point){mean, mean, y - mean, mean, mean, mean - y * eta};
}

const tm_glm_family tm_glm_logit = {.binary = true, .at = logit_at};
const tm_glm_family tm_glm_probit = {.binary = true, .at = probit_at};
const tm_glm_family tm_glm_poisson = {.at = poisson_at};

static double prior(const tm_model *model, int64_t i)
{
    return model->sample->weight ? model->sample->weight[i] : 1;
}

static void respond(const tm_glm_family *family, const tm_model *model, const double *eta, bool observed, int64_t i,
                    double *response, double *weight)
{
    const tm_glm_point p = family->at(eta[i], model->sample->y[i]);
    const double information = fmax(observed ? p.observed : p.expected, least_information);
    response[i] = eta[i] + p.score / information;
    weight[i] = prior(model, i) * information;
}

temoin_status tm_glm_fit(temoin_context *ctx, const tm_glm_family *family, const tm_model *model, const double *eta,
                         bool observed, const tm_fit **out)
{
    tm_sample *working;
    tm_model *weighted;
    double *response, *weight;
    int64_t n = model->sample->n;
    TM_SCRATCH(ctx, working, 1);
    TM_SCRATCH(ctx, weighted, 1);
    TM_SCRATCH(ctx, response, n);
    TM_SCRATCH(ctx, weight, n);
    const int threads = tm_threads_for(ctx, 50.0 * (double)n);
    if (threads == 1) { /* a parallel region, even of one thread, is a system call */
        for (int64_t i = 0; i < n; i++) respond(family, model, eta, observed, i, response, weight);
    } else {
#pragma omp parallel for num_threads(threads) schedule(static)
        for (int64_t i = 0; i < n; i++) respond(family, model, eta, observed, i, response, weight);
    }
    *working = *model->sample;
    working->y = response;
    working->weight = weight;
    *weighted = *model;
    weighted->sample = working;
    return tm_fit_build(ctx, weighted, out);
}

/* Sums in blocks that are added in order: the same bits whatever the number of threads. */
enum { BLOCK = 4096 };

static double block_loss(const tm_glm_family *family, const tm_model *model, const double *eta, int64_t b)
{
    double sum = 0;
    for (int64_t i = b * BLOCK; i < model->sample->n && i < (b + 1) * BLOCK; i++)
        sum += prior(model, i) * family->at(eta[i], model->sample->y[i]).loss;
    return sum;
}

static temoin_status total_loss(temoin_context *ctx, const tm_glm_family *family, const tm_model *model,
                                const double *eta, double *total)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    int64_t n = model->sample->n, n_blocks = (n + BLOCK - 1) / BLOCK;
    double *part;
    TM_SCRATCH(ctx, part, n_blocks);
    const int threads = tm_threads_for(ctx, 50.0 * (double)n);
    if (threads == 1) {
        for (int64_t b = 0; b < n_blocks; b++) part[b] = block_loss(family, model, eta, b);
    } else {
#pragma omp parallel for num_threads(threads) schedule(static)
        for (int64_t b = 0; b < n_blocks; b++) part[b] = block_loss(family, model, eta, b);
    }
    *total = 0;
    for (int64_t b = 0; b < n_blocks; b++) *total += part[b];
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* η of the model's rows; model's order. */
static void predict(const tm_model *model, const double *group, const double *column, double *eta)
{
    int64_t n = model->sample->n;
    for (int64_t i = 0; i < n; i++) eta[i] = group[model->group[i]];
    for (int32_t j = 0; j < model->n_columns; j++)
        for (int64_t i = 0; i < n; i++) eta[i] += column[j] * model->column[j][i];
}

/* Newton's step and its squared length in standard errors; vectors are [n], [n_groups] and [n_columns]. */
typedef struct step {
    double *eta, *group, *column;
    double length;
} step;

static temoin_status find_step(temoin_context *ctx, const tm_glm_family *family, const tm_model *model,
                               const tm_glm *at, step *out)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    const tm_fit *fit;
    TM_TRY(tm_glm_fit(ctx, family, model, at->eta, true, &fit));
    for (int32_t f = 0; f < model->n_groups; f++) out->group[f] = fit->group_coefficient[f] - at->group[f];
    for (int32_t j = 0; j < model->n_columns; j++) out->column[j] = fit->column_coefficient[j] - at->column[j];
    predict(model, out->group, out->column, out->eta);
    const tm_sample *working = fit->model->sample;
    double total = 0;
    out->length = 0;
    for (int64_t i = 0; i < working->n; i++) {
        out->length += working->weight[i] * out->eta[i] * out->eta[i];
        total += prior(model, i);
    }
    out->length *= (double)working->n / total; /* weights count by their ratios only */
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

static void move(const tm_model *model, const step *by, double share, tm_glm *at)
{
    for (int64_t i = 0; i < model->sample->n; i++) at->eta[i] += share * by->eta[i];
    for (int32_t f = 0; f < model->n_groups; f++) at->group[f] += share * by->group[f];
    for (int32_t j = 0; j < model->n_columns; j++) at->column[j] += share * by->column[j];
}

/* True when the step never lowers a row's likelihood and raises some without end. */
static bool separates(const tm_glm_family *family, const tm_model *model, const step *by)
{
    double best = 0, worst = 0;
    for (int64_t i = 0; i < model->sample->n; i++) {
        const double y = model->sample->y[i], change = by->eta[i];
        const bool interior = !family->binary && y > 0;
        const double gain = interior ? -fabs(change) : y > 0.5 ? change : -change;
        best = fmax(best, gain);
        worst = fmin(worst, gain);
    }
    return best > separation_change && worst >= -separation_tolerance * best;
}

static temoin_status mark_separated(temoin_context *ctx, const tm_model *model, const step *by, tm_glm *out)
{
    double *divergence, best = 0;
    TM_SCRATCH(ctx, divergence, model->sample->n);
    for (int64_t i = 0; i < model->sample->n; i++) best = fmax(best, fabs(by->eta[i]));
    for (int64_t i = 0; i < model->sample->n; i++)
        divergence[i] = fabs(by->eta[i]) > separation_tolerance * best ? by->eta[i] : 0;
    out->divergence = divergence;
    out->end = TM_GLM_SEPARATED;
    return TEMOIN_OK;
}

/* Halves the step until the likelihood does not fall; *loss is that of `at`, before and after. */
static temoin_status walk(temoin_context *ctx, const tm_glm_family *family, const tm_model *model, const step *by,
                          tm_glm *at, double *loss)
{
    double share = 1, taken = 0, before = *loss;
    for (int h = 0; h < MOST_HALVINGS; h++, share /= 2) {
        move(model, by, share - taken, at);
        taken = share;
        TM_TRY(total_loss(ctx, family, model, at->eta, loss));
        if (*loss <= before + 1e-12 * fabs(before)) return TEMOIN_OK;
    }
    return TEMOIN_OK;
}

static void start(const tm_glm_family *family, const tm_model *model, tm_glm *out)
{
    if (family->binary) return;
    double sum = 0, total = 0;
    for (int64_t i = 0; i < model->sample->n; i++) {
        sum += prior(model, i) * model->sample->y[i];
        total += prior(model, i);
    }
    const double eta = tm_log(sum / total);
    for (int32_t f = 0; f < model->n_groups; f++) out->group[f] = eta;
    for (int64_t i = 0; i < model->sample->n; i++) out->eta[i] = eta;
}

temoin_status tm_glm_run(temoin_context *ctx, const tm_glm_family *family, const tm_model *model, tm_glm *out)
{
    step by = {0};
    *out = (tm_glm){.end = TM_GLM_STUCK};
    TM_SCRATCH(ctx, out->eta, model->sample->n);
    TM_SCRATCH(ctx, out->group, model->n_groups);
    TM_SCRATCH(ctx, out->column, model->n_columns);
    TM_SCRATCH(ctx, by.eta, model->sample->n);
    TM_SCRATCH(ctx, by.group, model->n_groups);
    TM_SCRATCH(ctx, by.column, model->n_columns);
    start(family, model, out);
    double loss, before = INFINITY;
    TM_TRY(total_loss(ctx, family, model, out->eta, &loss));
    for (int k = 0; k < MOST_STEPS; k++) {
        TM_TRY(find_step(ctx, family, model, out, &by));
        if (separates(family, model, &by)) return mark_separated(ctx, model, &by, out);
        if (!isfinite(by.length)) return TEMOIN_OK;
        TM_TRY(walk(ctx, family, model, &by, out, &loss));
        if (by.length < small_step || (by.length < stalled_step && by.length > before / 4)) {
            out->end = TM_GLM_DONE;
            return TEMOIN_OK;
        }
        before = by.length;
    }
    return TEMOIN_OK;
}
