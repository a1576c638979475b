/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "moments/firth.h"

#include <math.h>

#include "moments/glm.h"
#include "moments/leverage.h"
#include "numeric/elementary.h"

enum { MOST_STEPS = 300, MOST_HALVINGS = 40, MOST_ENDS = 60 };
/* Squared length of a step, in standard errors, after which the next one would be rounding. */
static const double small_step = 1e-20;
/* A step that is no shorter than the one before it, and below this, is rounding already. */
static const double stalled_step = 1e-14;
static const double least_weight = 1e-30;

/* The model that moves: the whole one or, along a profile, one column fewer, with an offset that holds the effect. */
typedef struct climb {
    const tm_model *whole;
    tm_model moving;
    double *offset;     /* [n] */
    int32_t pivot;      /* the column that is no longer free; -1: all are */
    const double *hold; /* [n_columns] the contrast, with a pivot */
} climb;

/* A fit of `response` at `weight`; both [n], in the order of the sample, and kept as long as the fit. */
static temoin_status fit_weighted(temoin_context *ctx, const tm_model *model, const double *response,
                                  const double *weight, const tm_fit **out)
{
    tm_sample *working;
    tm_model *weighted;
    TM_SCRATCH(ctx, working, 1);
    TM_SCRATCH(ctx, weighted, 1);
    *working = *model->sample;
    working->y = response;
    working->weight = weight;
    *weighted = *model;
    weighted->sample = working;
    return tm_fit_build(ctx, weighted, out);
}

/* (1 + h) W of every row, and the penalized score of η; [n] in the order of the sample. *lost: a column is collinear
 * at these weights. */
static temoin_status find_scores(temoin_context *ctx, const tm_model *model, const double *eta, double *weight,
                                 double *score, bool *lost)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const int64_t n = model->sample->n;
    const tm_fit *fit;
    double *h;
    TM_SCRATCH(ctx, h, n);
    for (int64_t i = 0; i < n; i++) weight[i] = fmax(tm_glm_logit.at(eta[i], model->sample->y[i]).slope, least_weight);
    TM_TRY(fit_weighted(ctx, model, eta, weight, &fit));
    tm_row_leverage(ctx, fit, h);
    *lost = fit->n_dropped > 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t row = fit->order[i];
        const tm_glm_point p = tm_glm_logit.at(eta[row], model->sample->y[row]);
        score[row] = p.score + h[i] * (0.5 - p.mean);
        weight[row] *= 1 + h[i];
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

temoin_status tm_firth_fit(temoin_context *ctx, const tm_model *model, const double *eta, const tm_fit **out)
{
    const int64_t n = model->sample->n;
    double *weight, *response;
    bool lost;
    TM_SCRATCH(ctx, weight, n);
    TM_SCRATCH(ctx, response, n);
    TM_TRY(find_scores(ctx, model, eta, weight, response, &lost));
    for (int64_t i = 0; i < n; i++) response[i] /= weight[i];
    return fit_weighted(ctx, model, response, weight, out);
}

/* log |a| of a positive definite matrix by Cholesky's factor, in place; -inf when it is not. */
static double log_determinant(double *a, int32_t p)
{
    double sum = 0;
    for (int32_t i = 0; i < p; i++)
        for (int32_t j = 0; j <= i; j++) {
            double rest = a[i * p + j];
            for (int32_t k = 0; k < j; k++) rest -= a[i * p + k] * a[j * p + k];
            if (i == j && !(rest > 0)) return -INFINITY;
            a[i * p + j] = i == j ? sqrt(rest) : rest / a[j * p + j];
            if (i == j) sum += tm_log(rest);
        }
    return sum;
}

/* log |X'WX|: the groups' totals, and the columns' products around the groups' means. */
static temoin_status log_information(temoin_context *ctx, const tm_model *model, const double *weight, double *out)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const int32_t p = model->n_columns;
    double *total, *mean, *gram, *row;
    TM_SCRATCH(ctx, total, model->n_groups);
    TM_SCRATCH(ctx, mean, (int64_t)model->n_groups * p);
    TM_SCRATCH(ctx, gram, (int64_t)p * p);
    TM_SCRATCH(ctx, row, p);
    for (int64_t i = 0; i < model->sample->n; i++) total[model->group[i]] += weight[i];
    for (int64_t i = 0; i < model->sample->n; i++)
        for (int32_t j = 0; j < p; j++)
            mean[(int64_t)model->group[i] * p + j] += weight[i] / total[model->group[i]] * model->column[j][i];
    for (int64_t i = 0; i < model->sample->n; i++) {
        for (int32_t j = 0; j < p; j++) row[j] = model->column[j][i] - mean[(int64_t)model->group[i] * p + j];
        for (int32_t j = 0; j < p; j++)
            for (int32_t k = 0; k <= j; k++) gram[j * p + k] += weight[i] * row[j] * row[k];
    }
    *out = log_determinant(gram, p);
    for (int32_t f = 0; f < model->n_groups; f++) *out += tm_log(total[f]);
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

static temoin_status find_height(temoin_context *ctx, const tm_model *model, const double *eta, double *out)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    double *weight, loss = 0;
    TM_SCRATCH(ctx, weight, model->sample->n);
    for (int64_t i = 0; i < model->sample->n; i++) {
        const tm_glm_point p = tm_glm_logit.at(eta[i], model->sample->y[i]);
        weight[i] = fmax(p.slope, least_weight);
        loss += p.loss;
    }
    TM_TRY(log_information(ctx, model, weight, out));
    *out = *out / 2 - loss;
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* η from the moving model's coefficients. */
static void predict(const climb *c, tm_firth *at)
{
    for (int64_t i = 0; i < c->moving.sample->n; i++)
        at->eta[i] = (c->offset ? c->offset[i] : 0) + at->group[c->moving.group[i]];
    for (int32_t j = 0; j < c->moving.n_columns; j++)
        for (int64_t i = 0; i < c->moving.sample->n; i++) at->eta[i] += at->column[j] * c->moving.column[j][i];
}

/* Takes a step, halved until l* does not fall. */
static temoin_status walk(temoin_context *ctx, const climb *c, const tm_fit *step, tm_firth *at)
{
    const double before = at->height;
    double taken = 0, share = 1;
    for (int h = 0; h < MOST_HALVINGS; h++, share /= 2) {
        for (int32_t f = 0; f < c->moving.n_groups; f++) at->group[f] += (share - taken) * step->group_coefficient[f];
        for (int32_t j = 0; j < c->moving.n_columns; j++)
            at->column[j] += (share - taken) * step->column_coefficient[j];
        taken = share;
        predict(c, at);
        TM_TRY(find_height(ctx, c->whole, at->eta, &at->height));
        if (at->height >= before - 1e-12 * fabs(before)) return TEMOIN_OK;
    }
    return TEMOIN_OK;
}

/* Σ weight (what the step adds to η)², in squared standard errors: response less residual is what was fitted. */
static double step_length(const tm_fit *fit)
{
    double sum = 0;
    for (int64_t i = 0; i < fit->n; i++) {
        const double fitted = fit->response[i] - fit->residual[i];
        sum += fitted * fitted;
    }
    return sum;
}

/* From where `at` stands; its coefficients are those of the moving model. */
static temoin_status climb_up(temoin_context *ctx, const climb *c, tm_firth *at)
{
    const int64_t n = c->whole->sample->n;
    double *weight, *score, before = INFINITY;
    TM_SCRATCH(ctx, weight, n);
    TM_SCRATCH(ctx, score, n);
    at->done = false;
    predict(c, at);
    TM_TRY(find_height(ctx, c->whole, at->eta, &at->height));
    for (int k = 0; k < MOST_STEPS; k++) {
        const tm_mark mark = tm_arena_mark(&ctx->scratch);
        const tm_fit *step;
        bool lost;
        TM_TRY(find_scores(ctx, c->whole, at->eta, weight, score, &lost));
        for (int64_t i = 0; i < n; i++) score[i] /= weight[i];
        TM_TRY(fit_weighted(ctx, &c->moving, score, weight, &step));
        const double length = step_length(step);
        if (lost || step->n_dropped || !isfinite(length)) return TEMOIN_OK;
        TM_TRY(walk(ctx, c, step, at));
        tm_arena_rewind(&ctx->scratch, mark);
        at->done = length < small_step || (length < stalled_step && length > before / 4);
        if (at->done) return TEMOIN_OK;
        before = length;
    }
    return TEMOIN_OK;
}

static temoin_status make_room(temoin_context *ctx, const tm_model *model, tm_firth *out)
{
    *out = (tm_firth){.slope = 0};
    TM_SCRATCH(ctx, out->group, model->n_groups);
    TM_SCRATCH(ctx, out->column, model->n_columns);
    TM_SCRATCH(ctx, out->eta, model->sample->n);
    return TEMOIN_OK;
}

temoin_status tm_firth_run(temoin_context *ctx, const tm_model *model, tm_firth *out)
{
    const climb c = {.whole = model, .moving = *model, .pivot = -1};
    TM_TRY(make_room(ctx, model, out));
    return climb_up(ctx, &c, out);
}

/* Solves the contrast for its largest column, which leaves the others free: Σ c_j β_j = effect. */
static temoin_status build_profile(temoin_context *ctx, const tm_model *model, int32_t contrast, climb *c)
{
    const int32_t p = model->n_columns;
    const int64_t n = model->sample->n;
    const double **column;
    int32_t *covariate, m = 0;
    *c = (climb){.whole = model, .moving = *model, .hold = model->column_weight + (int64_t)contrast * p};
    for (int32_t j = 1; j < p; j++)
        if (fabs(c->hold[j]) > fabs(c->hold[c->pivot])) c->pivot = j;
    TM_SCRATCH(ctx, column, p);
    TM_SCRATCH(ctx, covariate, p);
    TM_SCRATCH(ctx, c->offset, n);
    for (int32_t j = 0; j < p; j++) {
        if (j == c->pivot) continue;
        const double share = c->hold[j] / c->hold[c->pivot];
        column[m] = model->column[j];
        covariate[m] = model->column_covariate[j];
        if (share != 0) {
            double *x;
            TM_SCRATCH(ctx, x, n);
            for (int64_t i = 0; i < n; i++) x[i] = model->column[j][i] - share * model->column[c->pivot][i];
            column[m] = x;
        }
        m++;
    }
    c->moving.n_columns = m;
    c->moving.column = column;
    c->moving.column_covariate = covariate;
    c->moving.n_contrasts = 0;
    return TEMOIN_OK;
}

/* The profile at one effect, from the coefficients that `at` has. */
static temoin_status climb_profile(temoin_context *ctx, climb *c, double effect, tm_firth *at)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const double *x = c->whole->column[c->pivot];
    const int64_t n = c->whole->sample->n;
    double *weight, *score;
    bool lost;
    for (int64_t i = 0; i < n; i++) c->offset[i] = effect / c->hold[c->pivot] * x[i];
    TM_TRY(climb_up(ctx, c, at));
    TM_SCRATCH(ctx, weight, n);
    TM_SCRATCH(ctx, score, n);
    TM_TRY(find_scores(ctx, c->whole, at->eta, weight, score, &lost));
    at->slope = 0;
    for (int64_t i = 0; i < n; i++) at->slope += score[i] * x[i] / c->hold[c->pivot];
    at->done = at->done && !lost;
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}

/* The signed root: √(2 (height of the top - height here)), below zero where the effect is larger than the top's. */
static double signed_root(const tm_firth *top, double value, double effect, const tm_firth *at)
{
    const double root = sqrt(fmax(0, 2 * (top->height - at->height)));
    return effect > value ? -root : root;
}

/* Where the signed root is `target`: it falls in the effect with slope (dl* by the effect) / root. */
static temoin_status find_end(temoin_context *ctx, climb *c, const tm_firth *top, double value, double se,
                              double target, tm_firth *at, double *end)
{
    double low = target > 0 ? -INFINITY : value, high = target > 0 ? value : INFINITY;
    double effect = value - target * se, last = INFINITY;
    for (int k = 0; k < MOST_ENDS; k++) {
        TM_TRY(climb_profile(ctx, c, effect, at));
        if (!at->done) return TEMOIN_OK;
        const double root = signed_root(top, value, effect, at);
        *(root > target ? &low : &high) = effect;
        double next = effect + (root - target) * root / at->slope;
        if (!(next > low && next < high))
            next = isinf(low)    ? value - 2 * (value - effect)
                   : isinf(high) ? value + 2 * (effect - value)
                                 : low + (high - low) / 2;
        const double change = fabs(next - effect);
        effect = next;
        if (change <= 1e-13 * fmax(se, fabs(effect)) || (change < 1e-9 * se && change >= last)) {
            *end = effect;
            return TEMOIN_OK;
        }
        last = change;
    }
    at->done = false;
    return TEMOIN_OK;
}

/* The contrast's value and its coefficients without the pivot, to start a profile from. */
static void start_profile(const climb *c, const tm_firth *top, tm_firth *at)
{
    for (int32_t f = 0; f < c->whole->n_groups; f++) at->group[f] = top->group[f];
    for (int32_t j = 0, m = 0; j < c->whole->n_columns; j++)
        if (j != c->pivot) at->column[m++] = top->column[j];
}

temoin_status tm_firth_profile_run(temoin_context *ctx, const tm_model *model, const tm_firth *top, int32_t contrast,
                                   double z, tm_firth_profile *out)
{
    const tm_fit *fit;
    climb c;
    tm_firth at;
    double value = 0, variance = 0;
    *out = (tm_firth_profile){.root = NAN};
    TM_TRY(tm_firth_fit(ctx, model, top->eta, &fit));
    for (int32_t k = 0; k < fit->n_parameters; k++) {
        const double l = fit->basis[(int64_t)contrast * fit->n_parameters + k];
        variance += l * l;
    }
    TM_TRY(build_profile(ctx, model, contrast, &c));
    TM_TRY(make_room(ctx, model, &at));
    for (int32_t j = 0; j < model->n_columns; j++) value += c.hold[j] * top->column[j];
    start_profile(&c, top, &at);
    TM_TRY(climb_profile(ctx, &c, 0, &at));
    if (!at.done) return TEMOIN_OK;
    out->root = signed_root(top, value, 0, &at);
    for (int end = 0; end < 2; end++) {
        start_profile(&c, top, &at);
        TM_TRY(find_end(ctx, &c, top, value, sqrt(variance), end ? -z : z, &at, end ? &out->high : &out->low));
        if (!at.done) return TEMOIN_OK;
    }
    out->done = true;
    return TEMOIN_OK;
}
