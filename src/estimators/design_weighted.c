/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/design_weighted.h"

#include <math.h>

/* A variance below this share of its own terms is rounding. */
static const double lost = 1e-13;

typedef struct weighing {
    const tm_sample *sample;
    const tm_joint_chances *chances;
    const double *arm_weight; /* of the contrast */
    double scale;             /* a power of two near the largest outcome */
    bool *in;                 /* [n] every arm of the contrast could have been theirs */
    double *sum, *square;     /* [n_classes * n_arms] Σ z / p and Σ (z / p)², then those of z² / p */
    double *bound;
    double *size;     /* [n_classes] clients */
    double *n_in_arm; /* [n_arms] Σ 1 / p */
    double *total;    /* [n_arms] Σ y / p */
    double n;
    int64_t left_out;
} weighing;

static int32_t class_of(const weighing *w, int64_t i)
{
    const tm_sample *s = w->sample;
    return s->chances ? s->chances->class_of[s->unit[i]] : s->stratum[i];
}

static const double *chance_of(const weighing *w, int64_t i)
{
    return w->chances->chance + (int64_t)class_of(w, i) * w->chances->n_arms;
}

/* As if the strata's clients had been dealt to the arms. */
static temoin_status deal_by_counts(temoin_context *ctx, const tm_sample *s, const tm_joint_chances **out)
{
    tm_joint_chances *chances;
    int64_t *n;
    TM_SCRATCH(ctx, chances, 1);
    TM_SCRATCH(ctx, n, (int64_t)s->n_strata * s->n_arms);
    for (int64_t i = 0; i < s->n; i++) n[(int64_t)s->stratum[i] * s->n_arms + s->arm[i]]++;
    TM_TRY(tm_joint_chances_of_counts(ctx, s->n_strata, s->n_arms, n, chances));
    *out = chances;
    return TEMOIN_OK;
}

static double outcome(const weighing *w, int64_t i)
{
    return w->sample->y[i] / w->scale;
}

static void choose_scale(weighing *w)
{
    double largest = 0;
    int exponent = 0;
    for (int64_t i = 0; i < w->sample->n; i++) largest = fmax(largest, fabs(w->sample->y[i]));
    if (largest > 0) frexp(largest, &exponent);
    w->scale = ldexp(1, exponent - 1);
}

static temoin_status take_room(temoin_context *ctx, weighing *w)
{
    const int64_t width = (int64_t)w->chances->n_classes * w->sample->n_arms;
    TM_SCRATCH(ctx, w->in, w->sample->n);
    TM_SCRATCH(ctx, w->sum, width);
    TM_SCRATCH(ctx, w->square, width);
    TM_SCRATCH(ctx, w->bound, width);
    TM_SCRATCH(ctx, w->size, w->chances->n_classes);
    TM_SCRATCH(ctx, w->n_in_arm, w->sample->n_arms);
    TM_SCRATCH(ctx, w->total, w->sample->n_arms);
    return TEMOIN_OK;
}

static void add_totals(weighing *w)
{
    const tm_sample *s = w->sample;
    for (int64_t i = 0; i < s->n; i++) {
        const double *p = chance_of(w, i);
        double any = 0;
        w->in[i] = true;
        for (int32_t a = 0; a < s->n_arms; a++) {
            any += p[a];
            if (w->arm_weight[a] != 0 && p[a] == 0) w->in[i] = false;
        }
        if (!w->in[i]) {
            w->left_out++;
            continue;
        }
        const double count = any > 0 && any < 1 - 1e-9 ? 1 / any : 1;
        w->n += count;
        w->size[class_of(w, i)] += count;
        w->n_in_arm[s->arm[i]] += 1 / p[s->arm[i]];
        w->total[s->arm[i]] += outcome(w, i) / p[s->arm[i]];
    }
}

static double value_of(const weighing *w, bool ratio)
{
    double value = 0;
    for (int32_t a = 0; a < w->sample->n_arms; a++)
        if (w->arm_weight[a] != 0) value += w->arm_weight[a] * w->total[a] / (ratio ? w->n_in_arm[a] : w->n);
    return value;
}

static void add_terms(weighing *w, bool ratio)
{
    const tm_sample *s = w->sample;
    for (int64_t i = 0; i < s->n; i++) {
        const int32_t a = s->arm[i];
        if (!w->in[i] || w->arm_weight[a] == 0) continue;
        const int64_t seat = (int64_t)class_of(w, i) * s->n_arms + a;
        const double p = chance_of(w, i)[a], mean = ratio ? w->total[a] / w->n_in_arm[a] : 0;
        const double z = w->arm_weight[a] * (outcome(w, i) - mean) / (ratio ? w->n_in_arm[a] : w->n);
        w->sum[seat] += z / p;
        w->square[seat] += z / p * (z / p);
        w->bound[seat] += z * z / p;
    }
}

/* Sums of a pair of seats (class and arm): p is what two different clients have together. */
static double pair_of(const weighing *w, int64_t x, int64_t y, double p)
{
    const int32_t n_arms = w->sample->n_arms;
    const double own = w->chances->chance[x] * w->chances->chance[y];
    if (p > 0) return (1 - own / p) * (w->sum[x] * w->sum[y] - (x == y ? w->square[x] : 0));
    return w->bound[x] * fmax(w->size[y / n_arms] - (x / n_arms == y / n_arms), 0);
}

static double variance_of(const weighing *w, double *size)
{
    const tm_joint_chances *j = w->chances;
    const int32_t n_arms = w->sample->n_arms;
    const int64_t width = (int64_t)j->n_classes * n_arms;
    double variance = 0;
    *size = 0;
    for (int64_t x = 0; x < width; x++) {
        const int64_t first = x - x % n_arms;
        if (w->arm_weight[x % n_arms] == 0 || w->size[x / n_arms] == 0) continue;
        variance += w->square[x];
        *size += w->square[x] + w->sum[x] * w->sum[x];
        for (int64_t y = j->across ? 0 : first; y < (j->across ? width : first + n_arms); y++) {
            const bool same = y / n_arms == x / n_arms;
            if (w->arm_weight[y % n_arms] == 0 || w->size[y / n_arms] == 0) continue;
            variance += pair_of(w, x, y, same ? j->within[x * n_arms + y % n_arms] : j->across[x * width + y]);
        }
    }
    return variance;
}

static bool is_constant(const weighing *w)
{
    for (int64_t i = 1; i < w->sample->n; i++)
        if (w->sample->y[i] != w->sample->y[0]) return false;
    return true;
}

static const char *find_hindrance(const weighing *w)
{
    if (w->sample->weight) return "weights_not_taken";
    for (int32_t a = 0; a < w->sample->n_arms; a++)
        if (w->arm_weight[a] != 0 && !(w->n_in_arm[a] > 0)) return "no_contrast";
    return NULL;
}

static void infer(weighing *w, bool ratio, double level, tm_effect *out)
{
    const char *hindrance = find_hindrance(w);
    double size = 0;
    if (w->left_out) tm_notes_add_count(&out->notes, "stratum_without_contrast", w->left_out);
    if (hindrance) {
        tm_effect_refuse(out, hindrance);
        return;
    }
    out->value = value_of(w, ratio) * w->scale;
    if (!w->chances->known) {
        tm_effect_refuse(out, "joint_probabilities_unknown");
        return;
    }
    add_terms(w, ratio);
    const double variance = variance_of(w, &size);
    if (variance > lost * size) {
        tm_effect_test(out, sqrt(variance) * w->scale, INFINITY, level);
        return;
    }
    if (is_constant(w) && fabs(out->value) <= lost * w->scale) out->value = 0;
    tm_effect_refuse(out, is_constant(w) ? "no_variation" : "variance_not_positive");
}

temoin_status tm_design_weighted_run(temoin_context *ctx, const tm_request *request, bool ratio, tm_effect *out)
{
    const tm_sample *sample = request->sample;
    const tm_joint_chances *chances = sample->chances;
    if (!chances) TM_TRY(deal_by_counts(ctx, sample, &chances));
    for (int32_t c = 0; c < request->n_contrasts; c++) {
        const tm_mark mark = tm_arena_mark(&ctx->scratch);
        weighing w = {
            .sample = sample, .chances = chances, .arm_weight = request->arm_weight + (int64_t)c * sample->n_arms};
        TM_TRY(take_room(ctx, &w));
        choose_scale(&w);
        add_totals(&w);
        infer(&w, ratio, request->level, &out[c]);
        tm_arena_rewind(&ctx->scratch, mark);
    }
    return TEMOIN_OK;
}
