/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/permutation_test.h"

#include <string.h>

#include "estimators/two_by_two.h"
#include "numeric/distributions.h"
#include "numeric/exact_sum.h"

temoin_status tm_two_arms_build(temoin_context *ctx, const tm_request *request, int32_t contrast, tm_two_arms *out,
                                const char **refused)
{
    const tm_sample *s = request->sample;
    int32_t arm, reference;
    *out = (tm_two_arms){.n_strata = s->n_strata};
    *refused = s->weight ? "weights_undefined" : NULL;
    if (!tm_contrast_arms(request->arm_weight + (int64_t)contrast * s->n_arms, s->n_arms, &arm, &reference))
        *refused = "contrast_of_two";
    if (*refused) return TEMOIN_OK;
    TM_SCRATCH(ctx, out->y, s->n);
    TM_SCRATCH(ctx, out->treated, s->n);
    TM_SCRATCH(ctx, out->stratum, s->n);
    for (int64_t i = 0; i < s->n; i++) {
        if (s->arm[i] != arm && s->arm[i] != reference) continue;
        out->y[out->n] = s->y[i];
        out->treated[out->n] = s->arm[i] == arm;
        out->stratum[out->n++] = s->stratum[i];
    }
    return TEMOIN_OK;
}

typedef struct stratum_sums {
    double n, m, sum, square, treated; /* square about the mean */
} stratum_sums;

/* S - E, the variance of S, and Σ m k / n. */
typedef struct moments {
    double away, variance, weight;
} moments;

static temoin_status sum_up(temoin_context *ctx, const tm_two_arms *rows, const double *score, moments *out)
{
    stratum_sums *sums;
    TM_SCRATCH(ctx, sums, rows->n_strata);
    for (int64_t i = 0; i < rows->n; i++) {
        stratum_sums *s = &sums[rows->stratum[i]];
        s->n++;
        s->sum += score[i];
        s->m += rows->treated[i];
    }
    for (int64_t i = 0; i < rows->n; i++) {
        stratum_sums *s = &sums[rows->stratum[i]];
        const double d = score[i] - s->sum / s->n;
        s->square += d * d;
        if (rows->treated[i]) s->treated += d;
    }
    *out = (moments){0};
    for (const stratum_sums *s = sums; s < sums + rows->n_strata; s++) {
        if (!(s->m > 0 && s->m < s->n)) continue;
        out->away += s->treated;
        out->weight += s->m * (s->n - s->m) / s->n;
        out->variance += s->m * (s->n - s->m) / (s->n * (s->n - 1)) * s->square;
    }
    return TEMOIN_OK;
}

static temoin_status test_exactly(temoin_context *ctx, const tm_two_arms *rows, const tm_scores *scores, tm_effect *out)
{
    const tm_exact_trial trial = {rows->n, rows->stratum, rows->treated, scores->whole, NULL, rows->n_strata};
    tm_exact_p p;
    if (!scores->whole) {
        tm_effect_refuse(out, "not_decimal");
        return TEMOIN_OK;
    }
    TM_TRY(tm_exact_sum_run(ctx, &trial, &p));
    out->p = p.two_sided;
    if (!p.known) tm_effect_refuse(out, "exact_too_large");
    return TEMOIN_OK;
}

static bool all_equal(const double *x, int64_t n)
{
    for (int64_t i = 1; i < n; i++)
        if (x[i] != x[0]) return false;
    return true;
}

static temoin_status run_contrast(temoin_context *ctx, const tm_request *request, const tm_two_arms *rows,
                                  tm_scoring *scoring, tm_effect *out)
{
    tm_scores scores = {.unit = 1};
    moments m = {0};
    TM_TRY(scoring(ctx, rows, &scores));
    TM_TRY(sum_up(ctx, rows, scores.score, &m));
    if (!(m.weight > 0)) {
        tm_effect_refuse(out, "no_contrast");
        return TEMOIN_OK;
    }
    out->value = m.away / m.weight / scores.unit;
    if (all_equal(rows->y, rows->n) || !(m.variance > 0)) {
        out->value = all_equal(rows->y, rows->n) ? 0 : out->value;
        tm_effect_refuse(out, "no_variation");
        return TEMOIN_OK;
    }
    const bool continuity = strcmp(request->variance, "permutation_continuity") == 0;
    const double size = continuity ? fmax(fabs(m.away) - 0.5, 0) : fabs(m.away);
    out->se = sqrt(m.variance) / m.weight / scores.unit;
    out->df = INFINITY;
    out->statistic = copysign(size, m.away) / sqrt(m.variance);
    out->p = tm_student_p_two_sided(out->statistic, INFINITY);
    return strcmp(request->variance, "permutation_exact") == 0 ? test_exactly(ctx, rows, &scores, out) : TEMOIN_OK;
}

temoin_status tm_permutation_test_run(temoin_context *ctx, const tm_request *request, tm_scoring *scoring,
                                      tm_effect *out)
{
    for (int32_t k = 0; k < request->n_contrasts; k++) {
        const tm_mark mark = tm_arena_mark(&ctx->scratch);
        tm_two_arms rows;
        const char *refused;
        TM_TRY(tm_two_arms_build(ctx, request, k, &rows, &refused));
        if (refused)
            tm_effect_refuse(&out[k], refused);
        else
            TM_TRY(run_contrast(ctx, request, &rows, scoring, &out[k]));
        tm_arena_rewind(&ctx->scratch, mark);
    }
    return TEMOIN_OK;
}
