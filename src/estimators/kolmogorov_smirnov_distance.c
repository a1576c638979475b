/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/permutation_test.h"
#include "numeric/distributions.h"
#include "numeric/ranks.h"

/* The largest distance between the two distribution functions, with the sign of (reference's - arm's): positive where
 * the arm's outcomes are larger. Of two as large, the one that the mean ranks agree with. */
static temoin_status of_rows(temoin_context *ctx, const tm_two_arms *rows, tm_effect *out)
{
    double *rank, *up, m = 0, k, above = 0, below = 0, at = 0, lean = 0;
    TM_SCRATCH(ctx, rank, rows->n);
    TM_SCRATCH(ctx, up, 2 * rows->n + 1);
    for (int64_t i = 0; i < rows->n; i++) m += rows->treated[i];
    k = (double)rows->n - m;
    TM_TRY(tm_midranks(ctx, rows->y, rows->n, rank));
    for (int64_t i = 0; i < rows->n; i++) {
        up[(int64_t)(2 * rank[i])] += rows->treated[i] ? -k : m; /* whole numbers: m k times the distance */
        lean += (rows->treated[i] ? k : -m) * rank[i];
    }
    for (int64_t r = 0; r <= 2 * rows->n; r++) {
        at += up[r];
        above = fmax(above, at);
        below = fmax(below, -at);
    }
    const double largest = fmax(above, below) / (m * k);
    const bool positive = above != below ? above > below : lean > 0;
    out->value = positive ? largest : -largest;
    if (!(largest > 0)) out->value = 0;
    out->p = tm_kolmogorov_upper(sqrt(m * k / (m + k)) * largest);
    return TEMOIN_OK;
}

static bool all_equal(const double *x, int64_t n)
{
    for (int64_t i = 1; i < n; i++)
        if (x[i] != x[0]) return false;
    return true;
}

static temoin_status run(temoin_context *ctx, const tm_request *request, tm_effect *out)
{
    for (int32_t c = 0; c < request->n_contrasts; c++) {
        const tm_mark mark = tm_arena_mark(&ctx->scratch);
        tm_two_arms rows;
        const char *refused;
        TM_TRY(tm_two_arms_build(ctx, request, c, &rows, &refused));
        if (!refused && rows.n_strata > 1) tm_notes_add(&out[c].notes, "strata_pooled");
        if (!refused && all_equal(rows.y, rows.n)) {
            out[c].value = 0;
            refused = "no_variation";
        }
        if (refused)
            tm_effect_refuse(&out[c], refused);
        else
            TM_TRY(of_rows(ctx, &rows, &out[c]));
        tm_arena_rewind(&ctx->scratch, mark);
    }
    return TEMOIN_OK;
}

const tm_estimator tm_estimator_kolmogorov_smirnov_distance = {
    .key = "kolmogorov_smirnov_distance",
    .title_en =
        "largest distance between the arms’ distribution functions, positive where the arm’s outcomes are larger",
    .title_fr =
        "plus grand écart entre les fonctions de répartition, positif si les résultats du groupe sont plus grands",
    .cites = "Kolmogorov 1933; Smirnov 1939",
    .unit = TM_UNIT_NONE,
    .run = run,
    .variances = "ks_asymptotic",
};
