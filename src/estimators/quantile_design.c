/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "estimators/quantile_design.h"

#include <math.h>
#include <string.h>

#include "moments/orthonormal.h"

/* As for linear models, see moments/fit.c. */
static const double collinear_tolerance = 1e-7;

typedef struct making {
    temoin_context *ctx;
    tm_quantile_design *design;
    double **q; /* orthonormal basis of the columns kept */
} making;

/* Keeps the column unless it follows from those before. */
static temoin_status add_column(making *m, const double *x, bool *kept)
{
    temoin_context *ctx = m->ctx;
    tm_quantile_design *d = m->design;
    int64_t n = d->sample->n;
    double *q, *coefficient, left = 0, length = 0;
    TM_SCRATCH(ctx, q, n);
    TM_SCRATCH(ctx, coefficient, d->p + 1);
    for (int64_t i = 0; i < n; i++) length += x[i] * x[i];
    memcpy(q, x, (size_t)n * sizeof *q);
    TM_TRY(tm_columns_project(ctx, m->q, d->p, q, n, coefficient, &left));
    *kept = left > collinear_tolerance * sqrt(length);
    if (!*kept) return TEMOIN_OK;
    for (int64_t i = 0; i < n; i++) q[i] /= left;
    m->q[d->p] = q;
    d->x[d->p++] = x;
    return TEMOIN_OK;
}

/* Indicators of the codes that occur, but for the first. */
static temoin_status add_codes(making *m, const int32_t *code, int32_t n_codes, int32_t *column, bool *lost)
{
    temoin_context *ctx = m->ctx;
    int64_t n = m->design->sample->n;
    bool first = true;
    int64_t *count;
    TM_SCRATCH(ctx, count, n_codes);
    for (int64_t i = 0; i < n; i++) count[code[i]]++;
    *lost = false;
    for (int32_t c = 0; c < n_codes; c++) {
        bool kept;
        double *x;
        if (column) column[c] = -1;
        if (count[c] == 0) continue;
        if (first) {
            first = false;
            continue;
        }
        TM_SCRATCH(ctx, x, n);
        for (int64_t i = 0; i < n; i++) x[i] = code[i] == c;
        if (column) column[c] = m->design->p;
        TM_TRY(add_column(m, x, &kept));
        *lost |= !kept;
    }
    return TEMOIN_OK;
}

temoin_status tm_quantile_design_build(temoin_context *ctx, const tm_sample *sample, tm_quantile_design *out)
{
    making m = {.ctx = ctx, .design = out};
    int32_t most = 1 + sample->n_strata + sample->n_arms + sample->n_covariates;
    bool kept, lost;
    double *one, *coefficient, left = 0;
    *out = (tm_quantile_design){.sample = sample};
    TM_SCRATCH(ctx, m.q, most);
    TM_SCRATCH(ctx, out->x, most);
    TM_SCRATCH(ctx, out->column, sample->n_arms);
    TM_SCRATCH(ctx, out->dropped, sample->n_covariates);
    TM_SCRATCH(ctx, one, sample->n);
    for (int64_t i = 0; i < sample->n; i++) one[i] = 1;
    TM_TRY(add_column(&m, one, &kept));
    TM_TRY(add_codes(&m, sample->stratum, sample->n_strata, NULL, &lost));
    TM_TRY(add_codes(&m, sample->arm, sample->n_arms, out->column, &out->arms_confused));
    for (int32_t j = 0; j < sample->n_covariates; j++) {
        TM_TRY(add_column(&m, sample->covariate[j], &kept));
        if (!kept) out->dropped[out->n_dropped++] = j;
    }
    TM_SCRATCH(ctx, out->least, sample->n);
    TM_SCRATCH(ctx, coefficient, out->p);
    memcpy(out->least, sample->y, (size_t)sample->n * sizeof *out->least);
    TM_TRY(tm_columns_project(ctx, m.q, out->p, out->least, sample->n, coefficient, &left));
    out->loss = (tm_check_loss){sample->n, out->p, out->x, sample->y, sample->weight, out->least};
    return TEMOIN_OK;
}

/* Gram-Schmidt of the columns times √d gives X'DX = R'R, and R'R v = a is solved forwards and backwards. */
temoin_status tm_quantile_design_solve(temoin_context *ctx, const tm_quantile_design *design, const double *d,
                                       const double *a, double *out, bool *singular)
{
    tm_mark mark = tm_arena_mark(&ctx->scratch);
    int32_t p = design->p;
    int64_t n = design->sample->n;
    double **q, *r;
    TM_SCRATCH(ctx, q, p);
    TM_SCRATCH(ctx, r, (int64_t)p * p); /* r[j * p + i]: column j's part along q_i */
    *singular = false;
    for (int32_t j = 0; j < p; j++) {
        double length = 0, left = 0;
        TM_SCRATCH(ctx, q[j], n);
        for (int64_t i = 0; i < n; i++) {
            q[j][i] = design->x[j][i] * (d ? sqrt(d[i]) : 1);
            length += q[j][i] * q[j][i];
        }
        TM_TRY(tm_columns_project(ctx, q, j, q[j], n, r + j * p, &left));
        if (!(left > collinear_tolerance * sqrt(length))) {
            *singular = true;
            break;
        }
        r[j * p + j] = left;
        for (int64_t i = 0; i < n; i++) q[j][i] /= left;
    }
    for (int32_t j = 0; j < p && !*singular; j++) {
        out[j] = a[j];
        for (int32_t i = 0; i < j; i++) out[j] -= r[j * p + i] * out[i];
        out[j] /= r[j * p + j];
    }
    for (int32_t i = p - 1; i >= 0 && !*singular; i--) {
        for (int32_t j = i + 1; j < p; j++) out[i] -= r[j * p + i] * out[j];
        out[i] /= r[i * p + i];
    }
    tm_arena_rewind(&ctx->scratch, mark);
    return TEMOIN_OK;
}
