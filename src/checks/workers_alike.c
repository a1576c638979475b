/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checks/workers_alike.h"

#include <math.h>
#include <string.h>

#include "numeric/symmetric.h"

/* Eigenvalues below this share of the largest belong to sums of other covariates. */
static const double negligible = 1e-9;

/* Rows by block; workers of a block, and the most clients that one of them has. */
typedef struct blocks {
    int64_t *from, *member;
    int64_t *n_workers; /* [n_blocks] */
    int64_t *most;      /* [n_blocks] */
} blocks;

static temoin_status sort_blocks(temoin_context *ctx, const tm_alike_rows *rows, blocks *out)
{
    int64_t *next, *count;
    TM_SCRATCH(ctx, out->from, rows->n_blocks + 1);
    TM_SCRATCH(ctx, out->member, rows->n);
    TM_SCRATCH(ctx, out->n_workers, rows->n_blocks);
    TM_SCRATCH(ctx, out->most, rows->n_blocks);
    TM_SCRATCH(ctx, next, rows->n_blocks);
    TM_SCRATCH(ctx, count, rows->n_workers);
    for (int64_t i = 0; i < rows->n; i++)
        if (rows->block[i] >= 0) out->from[rows->block[i] + 1]++;
    for (int32_t b = 0; b < rows->n_blocks; b++) next[b] = out->from[b + 1] += out->from[b];
    for (int64_t i = rows->n - 1; i >= 0; i--)
        if (rows->block[i] >= 0) out->member[--next[rows->block[i]]] = i;
    for (int32_t b = 0; b < rows->n_blocks; b++) {
        for (int64_t k = out->from[b]; k < out->from[b + 1]; k++) {
            const int64_t n = ++count[rows->worker[out->member[k]]];
            out->n_workers[b] += n == 1;
            out->most[b] = n > out->most[b] ? n : out->most[b];
        }
        for (int64_t k = out->from[b]; k < out->from[b + 1]; k++) count[rows->worker[out->member[k]]] = 0;
    }
    return TEMOIN_OK;
}

/* Workers with a row in the blocks that stayed. */
static int64_t count_workers(const tm_alike_rows *rows, const blocks *b, int64_t *seen)
{
    int64_t n = 0;
    for (int64_t k = 0; k < b->from[rows->n_blocks]; k++) n += seen[rows->worker[b->member[k]]]++ == 0;
    for (int64_t k = 0; k < b->from[rows->n_blocks]; k++) seen[rows->worker[b->member[k]]] = 0;
    return n;
}

/* Only the blocks that `keep` says stay; their numbers stay the same. */
static void keep_blocks(const tm_alike_rows *rows, blocks *b, const bool *keep)
{
    int64_t n = 0, first = 0;
    for (int32_t k = 0; k < rows->n_blocks; k++) {
        const int64_t last = b->from[k + 1];
        for (int64_t i = first; keep[k] && i < last; i++) b->member[n++] = b->member[i];
        b->from[k + 1] = n;
        first = last;
    }
}

static temoin_status choose_blocks(temoin_context *ctx, const tm_alike_rows *rows, bool answers, blocks *b)
{
    bool *keep;
    TM_SCRATCH(ctx, keep, rows->n_blocks);
    TM_TRY(sort_blocks(ctx, rows, b));
    for (int32_t k = 0; k < rows->n_blocks; k++) {
        const int64_t n = b->from[k + 1] - b->from[k];
        int64_t yes = 0;
        for (int64_t i = b->from[k]; answers && i < b->from[k + 1]; i++) yes += rows->x[b->member[i]] != 0;
        keep[k] = b->n_workers[k] > 1 && b->most[k] > 1 && (!answers || (yes > 0 && yes < n));
    }
    keep_blocks(rows, b, keep);
    return TEMOIN_OK;
}

/* Column j about the blocks' means in standard deviations; first in multiples of its largest value, so that no sum
 * overflows. */
static void standardize(const tm_alike_test *t, int32_t j, double *x)
{
    const int32_t n_x = t->rows->n_x;
    double largest = 0, square = 0;
    for (int64_t k = 0; k < t->n; k++) largest = fmax(largest, fabs(t->rows->x[t->member[k] * n_x + j]));
    for (int64_t k = 0; k < t->n; k++) x[k * n_x + j] = largest > 0 ? t->rows->x[t->member[k] * n_x + j] / largest : 0;
    for (int32_t b = 0; b < t->rows->n_blocks; b++) {
        double sum = 0;
        for (int64_t k = t->from[b]; k < t->from[b + 1]; k++) sum += x[k * n_x + j];
        for (int64_t k = t->from[b]; k < t->from[b + 1]; k++) {
            x[k * n_x + j] -= sum / (double)(t->from[b + 1] - t->from[b]);
            square += x[k * n_x + j] * x[k * n_x + j];
        }
    }
    const double sd = sqrt(square / (double)t->n);
    for (int64_t k = 0; k < t->n; k++) x[k * n_x + j] = sd > 1e-13 ? x[k * n_x + j] / sd : 0;
}

/* z = V' x / sqrt(λ), of the eigenvectors V and eigenvalues λ of S that are not negligible. */
static temoin_status whiten(temoin_context *ctx, tm_alike_test *t)
{
    const int32_t n_x = t->rows->n_x;
    double *x, *s, *value, *vector, *work, largest = 0;
    TM_SCRATCH(ctx, x, t->n * n_x);
    TM_SCRATCH(ctx, s, (int64_t)n_x * n_x);
    TM_SCRATCH(ctx, vector, (int64_t)n_x * n_x);
    TM_SCRATCH(ctx, value, n_x);
    TM_SCRATCH(ctx, work, tm_symmetric_eigen_room(n_x));
    for (int32_t j = 0; j < n_x; j++) standardize(t, j, x);
    for (int64_t k = 0; k < t->n; k++)
        for (int32_t i = 0; i < n_x; i++)
            for (int32_t j = 0; j <= i; j++) s[i * n_x + j] += x[k * n_x + i] * x[k * n_x + j];
    tm_symmetric_eigen(s, n_x, value, vector, work);
    for (int32_t c = 0; c < n_x; c++) largest = fmax(largest, value[c]);
    for (int32_t c = 0; c < n_x; c++) t->rank += value[c] > negligible * largest;
    TM_SCRATCH(ctx, t->z, t->n * t->rank);
    TM_SCRATCH(ctx, t->sum, (int64_t)t->rows->n_workers * t->rank);
    for (int64_t k = 0; k < t->n; k++)
        for (int32_t c = 0, at = 0; c < n_x; c++) {
            double along = 0;
            if (!(value[c] > negligible * largest)) continue;
            for (int32_t i = 0; i < n_x; i++) along += vector[(int64_t)i * n_x + c] * x[k * n_x + i];
            t->z[k * t->rank + at++] = along / sqrt(value[c]);
        }
    return TEMOIN_OK;
}

/* df and df / E. */
static void find_scale(tm_alike_test *t, const int64_t *n_workers)
{
    double mean = 0;
    for (int32_t b = 0; b < t->rows->n_blocks; b++) {
        const int64_t n = t->from[b + 1] - t->from[b];
        double square = 0;
        if (n == 0) continue;
        for (int64_t k = t->from[b] * t->rank; k < t->from[b + 1] * t->rank; k++) square += t->z[k] * t->z[k];
        mean += (double)(n_workers[b] - 1) * square / (double)(n - 1);
        t->df += (double)t->rank * (double)(n_workers[b] - 1);
        t->room += n - 1;
    }
    t->scale = mean > 0 ? t->df / mean : 0;
}

temoin_status tm_alike_test_build(temoin_context *ctx, const tm_alike_rows *rows, tm_alike_test *out)
{
    blocks b;
    *out = (tm_alike_test){.rows = rows};
    TM_TRY(choose_blocks(ctx, rows, false, &b));
    out->from = b.from;
    out->member = b.member;
    out->n = b.from[rows->n_blocks];
    TM_SCRATCH(ctx, out->count, rows->n_workers);
    out->n_workers = count_workers(rows, &b, out->count);
    TM_TRY(whiten(ctx, out));
    find_scale(out, b.n_workers);
    return TEMOIN_OK;
}

/* Of one block. */
static double add_block(tm_alike_test *t, int32_t b, const int32_t *worker)
{
    const int32_t rank = t->rank;
    double square = 0;
    for (int64_t k = t->from[b]; k < t->from[b + 1]; k++) {
        const int32_t w = worker[t->member[k]];
        t->count[w]++;
        for (int32_t c = 0; c < rank; c++) t->sum[(int64_t)w * rank + c] += t->z[k * rank + c];
    }
    for (int64_t k = t->from[b]; k < t->from[b + 1]; k++) {
        const int32_t w = worker[t->member[k]];
        double *sum = t->sum + (int64_t)w * rank, own = 0;
        if (t->count[w] == 0) continue; /* counted at the first of the worker's clients */
        for (int32_t c = 0; c < rank; c++) own += sum[c] * sum[c];
        square += own / (double)t->count[w];
        t->count[w] = 0;
        memset(sum, 0, (size_t)rank * sizeof *sum);
    }
    return square;
}

double tm_alike_test_run(tm_alike_test *t, const int32_t *worker)
{
    double square = 0;
    for (int32_t b = 0; b < t->rows->n_blocks; b++) square += add_block(t, b, worker);
    return square * t->scale;
}

temoin_status tm_answers_test_build(temoin_context *ctx, const tm_alike_rows *rows, tm_answers_test *out)
{
    blocks b;
    *out = (tm_answers_test){.rows = rows};
    TM_TRY(choose_blocks(ctx, rows, true, &b));
    out->from = b.from;
    out->member = b.member;
    out->n = b.from[rows->n_blocks];
    for (int32_t k = 0; k < rows->n_blocks; k++)
        if (b.from[k] < b.from[k + 1]) out->df += (double)(b.n_workers[k] - 1);
    TM_SCRATCH(ctx, out->count, rows->n_workers);
    out->n_workers = count_workers(rows, &b, out->count);
    TM_SCRATCH(ctx, out->yes, rows->n_workers);
    return TEMOIN_OK;
}

/* A worker's part of Pearson's chi-square: (o - n p)² / (n p (1 - p)). */
static double pearson(double n, double yes, double share)
{
    const double d = yes - n * share;
    return d * d / (n * share * (1 - share));
}

static double answer_block(tm_answers_test *t, int32_t b, const int32_t *worker)
{
    double all = 0, chi = 0;
    for (int64_t k = t->from[b]; k < t->from[b + 1]; k++) {
        const bool yes = t->rows->x[t->member[k]] != 0;
        t->count[worker[t->member[k]]]++;
        t->yes[worker[t->member[k]]] += yes;
        all += yes;
    }
    const double share = all / (double)(t->from[b + 1] - t->from[b]);
    for (int64_t k = t->from[b]; k < t->from[b + 1]; k++) {
        const int32_t w = worker[t->member[k]];
        if (t->count[w]) chi += pearson((double)t->count[w], (double)t->yes[w], share);
        t->count[w] = t->yes[w] = 0;
    }
    return chi;
}

double tm_answers_test_run(tm_answers_test *t, const int32_t *worker)
{
    double chi = 0;
    for (int32_t b = 0; b < t->rows->n_blocks; b++)
        if (t->from[b] < t->from[b + 1]) chi += answer_block(t, b, worker);
    return chi;
}
