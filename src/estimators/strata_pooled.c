/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/strata_pooled.h"

#include <math.h>

typedef struct cell {
    double n, mean, square;
} cell;

static temoin_status fill_cells(temoin_context *ctx, const tm_sample *s, cell **out)
{
    cell *cells = NULL;
    TM_SCRATCH(ctx, cells, (int64_t)s->n_arms * s->n_strata);
    for (int64_t i = 0; i < s->n; i++) cells[s->arm[i] * s->n_strata + s->stratum[i]].n++;
    for (int64_t i = 0; i < s->n; i++) {
        cell *c = &cells[s->arm[i] * s->n_strata + s->stratum[i]];
        c->mean += s->y[i] / c->n;
    }
    for (int64_t i = 0; i < s->n; i++) {
        cell *c = &cells[s->arm[i] * s->n_strata + s->stratum[i]];
        c->square += (s->y[i] - c->mean) * (s->y[i] - c->mean);
    }
    *out = cells;
    return TEMOIN_OK;
}

typedef struct strata {
    double *effect, *variance; /* [n] of those in which the contrast exists */
    int32_t n;
    int64_t left_out;
    const char *refused;
} strata;

static void fill_strata(const tm_sample *s, const cell *cells, const double *weight, strata *out)
{
    out->n = 0;
    out->left_out = 0;
    out->refused = NULL;
    for (int32_t k = 0; k < s->n_strata; k++) {
        double effect = 0, variance = 0, n = 0, size = 0;
        bool there = true, single = false;
        for (int32_t a = 0; a < s->n_arms; a++) {
            const cell *c = &cells[a * s->n_strata + k];
            if (weight[a] == 0) continue;
            n += c->n;
            there &= c->n > 0;
            single |= c->n == 1;
            effect += weight[a] * c->mean;
            size = fmax(size, fabs(c->mean));
            variance += weight[a] * weight[a] * c->square / (c->n - 1) / c->n;
        }
        if (!there) {
            out->left_out += (int64_t)n;
            continue;
        }
        if (single) out->refused = "single_unit_in_block";
        if (!single && !(variance > 1e-26 * size * size)) out->refused = "no_variation";
        out->effect[out->n] = effect;
        out->variance[out->n++] = variance;
    }
}

static double pool(const strata *s, double between, double *sum)
{
    double mean = 0;
    *sum = 0;
    for (int32_t k = 0; k < s->n; k++) {
        mean += s->effect[k] / (s->variance[k] + between);
        *sum += 1 / (s->variance[k] + between);
    }
    return mean / *sum;
}

/* In units of the first stratum's variance, whose square need not be a double. */
static double variance_between(const strata *s)
{
    double sum, square = 0, q = 0, mean = pool(s, 0, &sum), unit = s->variance[0];
    for (int32_t k = 0; k < s->n; k++) {
        double w = unit / s->variance[k], d = (s->effect[k] - mean) / sqrt(unit);
        square += w * w;
        q += w * d * d;
    }
    sum *= unit;
    return s->n < 2 ? 0 : unit * fmax(0, (q - (s->n - 1)) / (sum - square / sum));
}

temoin_status tm_strata_pooled_run(temoin_context *ctx, const tm_request *request, bool random, tm_effect *out)
{
    const tm_sample *sample = request->sample;
    cell *cells = NULL;
    strata s = {0};
    TM_TRY(fill_cells(ctx, sample, &cells));
    TM_SCRATCH(ctx, s.effect, sample->n_strata);
    TM_SCRATCH(ctx, s.variance, sample->n_strata);
    for (int32_t c = 0; c < request->n_contrasts; c++) {
        double sum;
        fill_strata(sample, cells, request->arm_weight + (int64_t)c * sample->n_arms, &s);
        if (s.left_out) tm_notes_add_count(&out[c].notes, "stratum_without_contrast", s.left_out);
        if (sample->weight) s.refused = "weights_not_taken";
        if (s.n == 0) s.refused = "no_contrast";
        if (s.refused) {
            tm_effect_refuse(&out[c], s.refused);
            continue;
        }
        out[c].value = pool(&s, random ? variance_between(&s) : 0, &sum);
        tm_effect_test(&out[c], sqrt(1 / sum), INFINITY, request->level);
    }
    return TEMOIN_OK;
}
