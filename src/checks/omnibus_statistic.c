/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "checks/omnibus_statistic.h"

#include <math.h>
#include <string.h>

#include "numeric/symmetric.h"

/* Eigenvalues below this share of the largest belong to sums of other covariates. */
static const double NEGLIGIBLE = 1e-9;

static temoin_status sort_rows(temoin_context *ctx, tm_omnibus_test *t)
{
    const tm_omnibus_rows *rows = &t->rows;
    int64_t *row, *from, *next;
    TM_SCRATCH(ctx, row, rows->n_rows);
    TM_SCRATCH(ctx, from, rows->n_blocks + 1);
    TM_SCRATCH(ctx, next, rows->n_blocks);
    for (int64_t i = 0; i < rows->n_rows; i++) from[rows->block[i] + 1]++;
    for (int32_t b = 0; b < rows->n_blocks; b++) {
        from[b + 1] += from[b];
        next[b] = from[b];
    }
    for (int64_t i = 0; i < rows->n_rows; i++) row[next[rows->block[i]]++] = i;
    t->row = row;
    t->from = from;
    return TEMOIN_OK;
}

/* One covariate; first in multiples of its largest value, so that no sum overflows. */
static void standardize(tm_omnibus_test *t, int32_t j)
{
    const int64_t n = t->rows.n_rows, step = t->rows.n_x;
    double *x = t->x + j, largest = 0, square = 0;
    for (int64_t k = 0; k < n; k++) largest = fmax(largest, fabs(t->rows.x[t->row[k] * step + j]));
    for (int64_t k = 0; k < n; k++) x[k * step] = largest > 0 ? t->rows.x[t->row[k] * step + j] / largest : 0;
    for (int32_t b = 0; b < t->rows.n_blocks; b++) {
        double sum = 0;
        for (int64_t k = t->from[b]; k < t->from[b + 1]; k++) sum += x[k * step];
        const double mean = sum / (double)(t->from[b + 1] - t->from[b]);
        for (int64_t k = t->from[b]; k < t->from[b + 1]; k++) x[k * step] -= mean;
    }
    for (int64_t k = 0; k < n; k++) square += x[k * step] * x[k * step];
    const double sd = sqrt(square / (double)n);
    for (int64_t k = 0; k < n; k++) x[k * step] = sd > 1e-13 ? x[k * step] / sd : 0;
}

temoin_status tm_omnibus_test_build(temoin_context *ctx, const tm_omnibus_rows *rows, tm_omnibus_test *out)
{
    *out = (tm_omnibus_test){.rows = *rows, .n_d = (rows->n_arms - 1) * rows->n_x};
    const int64_t size = (int64_t)out->n_d * out->n_d;
    TM_TRY(sort_rows(ctx, out));
    TM_SCRATCH(ctx, out->x, rows->n_rows * rows->n_x);
    TM_SCRATCH(ctx, out->left, rows->n_rows);
    TM_SCRATCH(ctx, out->count, (int64_t)rows->n_blocks * rows->n_arms);
    TM_SCRATCH(ctx, out->tally, rows->n_arms);
    TM_SCRATCH(ctx, out->v, size);
    TM_SCRATCH(ctx, out->vector, size);
    TM_SCRATCH(ctx, out->value, out->n_d);
    TM_SCRATCH(ctx, out->d, out->n_d);
    TM_SCRATCH(ctx, out->scale, out->n_d);
    TM_SCRATCH(ctx, out->work, tm_symmetric_eigen_room(out->n_d));
    TM_SCRATCH(ctx, out->products, (int64_t)rows->n_x * rows->n_x);
    TM_SCRATCH(ctx, out->sum, (int64_t)rows->n_arms * rows->n_x);
    for (int32_t j = 0; j < rows->n_x; j++) standardize(out, j);
    return TEMOIN_OK;
}

/* Whether counts and left out are those of the last call; if not, they are noted. */
static bool same_counts(tm_omnibus_test *t, const int32_t *arm)
{
    const int32_t n_arms = t->rows.n_arms;
    bool same = t->ready;
    for (int32_t b = 0; b < t->rows.n_blocks; b++) {
        int64_t *count = t->count + (int64_t)b * n_arms;
        memset(t->tally, 0, (size_t)n_arms * sizeof *t->tally);
        for (int64_t k = t->from[b]; k < t->from[b + 1]; k++) {
            const int32_t a = arm[t->row[k]];
            same = same && t->left[k] == (a < 0);
            t->left[k] = a < 0;
            if (a >= 0) t->tally[a]++;
        }
        same = same && memcmp(count, t->tally, (size_t)n_arms * sizeof *count) == 0;
        memcpy(count, t->tally, (size_t)n_arms * sizeof *count);
    }
    t->ready = true;
    return same;
}

static int64_t count_kept(const tm_omnibus_test *t, int32_t b)
{
    int64_t n = 0;
    for (int32_t a = 0; a < t->rows.n_arms; a++) n += t->count[(int64_t)b * t->rows.n_arms + a];
    return n;
}

/* S_b of the rows that are kept, lower triangle; `mean` is scratch of n_x. */
static void sum_products(tm_omnibus_test *t, int32_t b, int64_t n_kept, double *mean)
{
    const int32_t n_x = t->rows.n_x;
    memset(mean, 0, (size_t)n_x * sizeof *mean);
    memset(t->products, 0, (size_t)n_x * (size_t)n_x * sizeof *t->products);
    for (int64_t k = t->from[b]; k < t->from[b + 1]; k++)
        for (int32_t j = 0; !t->left[k] && j < n_x; j++) mean[j] += t->x[k * n_x + j];
    for (int32_t j = 0; j < n_x; j++) mean[j] /= (double)n_kept;
    for (int64_t k = t->from[b]; k < t->from[b + 1]; k++) {
        const double *x = t->x + k * n_x;
        for (int32_t i = 0; !t->left[k] && i < n_x; i++)
            for (int32_t j = 0; j <= i; j++) t->products[i * n_x + j] += (x[i] - mean[i]) * (x[j] - mean[j]);
    }
}

/* Adds a block to V; `sum` holds its means meanwhile. */
static void add_block(tm_omnibus_test *t, int32_t b)
{
    const int32_t n_arms = t->rows.n_arms, n_x = t->rows.n_x, n_d = t->n_d;
    const int64_t *count = t->count + (int64_t)b * n_arms, n = count_kept(t, b);
    int32_t n_drawn = 0;
    for (int32_t a = 0; a < n_arms; a++) n_drawn += count[a] > 0;
    if (n_drawn < 2) return;
    t->room += (n - 1) * (n_drawn - 1);
    sum_products(t, b, n, t->sum);
    for (int32_t a = 1; a < n_arms; a++)
        for (int32_t c = 1; c <= a; c++) {
            const double share =
                (double)count[a] * (double)((a == c ? n : 0) - count[c]) / ((double)n * (double)(n - 1));
            for (int32_t i = 0; i < n_x; i++)
                for (int32_t j = 0; j < n_x; j++)
                    t->v[(int64_t)((a - 1) * n_x + i) * n_d + (c - 1) * n_x + j] +=
                        share * t->products[i >= j ? i * n_x + j : j * n_x + i];
        }
}

/* V to correlations: what is left out may have held most of a covariate's spread. */
static void scale(tm_omnibus_test *t)
{
    for (int32_t i = 0; i < t->n_d; i++) {
        const double variance = t->v[(int64_t)i * t->n_d + i];
        t->scale[i] = variance > 1e-24 * (double)t->rows.n_rows ? 1 / sqrt(variance) : 0;
    }
    for (int32_t i = 0; i < t->n_d; i++)
        for (int32_t j = 0; j < t->n_d; j++) t->v[(int64_t)i * t->n_d + j] *= t->scale[i] * t->scale[j];
}

static void invert(tm_omnibus_test *t)
{
    double largest = 0;
    memset(t->v, 0, (size_t)t->n_d * (size_t)t->n_d * sizeof *t->v);
    t->room = 0;
    t->rank = 0;
    for (int32_t b = 0; b < t->rows.n_blocks; b++) add_block(t, b);
    scale(t);
    tm_symmetric_eigen(t->v, t->n_d, t->value, t->vector, t->work);
    for (int32_t c = 0; c < t->n_d; c++) largest = fmax(largest, t->value[c]);
    for (int32_t c = 0; c < t->n_d; c++) {
        if (!(t->value[c] > NEGLIGIBLE * largest)) t->value[c] = 0;
        t->rank += t->value[c] > 0;
    }
}

static void sum_differences(tm_omnibus_test *t, const int32_t *arm)
{
    const int32_t n_arms = t->rows.n_arms, n_x = t->rows.n_x;
    memset(t->d, 0, (size_t)t->n_d * sizeof *t->d);
    for (int32_t b = 0; b < t->rows.n_blocks; b++) {
        const double n = (double)count_kept(t, b);
        if (n == 0) continue;
        memset(t->sum, 0, (size_t)n_arms * (size_t)n_x * sizeof *t->sum);
        for (int64_t k = t->from[b]; k < t->from[b + 1]; k++)
            for (int32_t j = 0; !t->left[k] && j < n_x; j++) t->sum[arm[t->row[k]] * n_x + j] += t->x[k * n_x + j];
        for (int32_t j = 0; j < n_x; j++) {
            double all = 0;
            for (int32_t a = 0; a < n_arms; a++) all += t->sum[a * n_x + j];
            for (int32_t a = 1; a < n_arms; a++)
                t->d[(a - 1) * n_x + j] += t->sum[a * n_x + j] - (double)t->count[(int64_t)b * n_arms + a] / n * all;
        }
    }
}

double tm_omnibus_test_run(tm_omnibus_test *t, const int32_t *arm)
{
    double square = 0;
    if (t->n_d == 0) return 0;
    if (!same_counts(t, arm)) invert(t);
    sum_differences(t, arm);
    for (int32_t c = 0; c < t->n_d; c++) {
        double along = 0;
        if (t->value[c] == 0) continue;
        for (int32_t i = 0; i < t->n_d; i++) along += t->vector[(int64_t)i * t->n_d + c] * t->d[i] * t->scale[i];
        square += along * along / t->value[c];
    }
    return square;
}

double tm_omnibus_z(const tm_omnibus_test *test, const int32_t *arm, int32_t a, int32_t j)
{
    static const double least = 1e-9; /* x is in standard deviations */
    double d = 0, v = 0;
    for (int32_t b = 0; b < test->rows.n_blocks; b++) {
        double n = 0, n_a = 0, sum = 0, sum_a = 0, squares = 0;
        for (int64_t k = test->from[b]; k < test->from[b + 1]; k++) {
            const int32_t of = arm[test->row[k]];
            const double x = test->x[k * test->rows.n_x + j];
            if (of != 0 && of != a) continue;
            n++;
            sum += x;
            n_a += of == a;
            sum_a += of == a ? x : 0;
        }
        for (int64_t k = test->from[b]; n > 1 && k < test->from[b + 1]; k++) {
            const double x = test->x[k * test->rows.n_x + j] - sum / n;
            squares += arm[test->row[k]] == 0 || arm[test->row[k]] == a ? x * x : 0;
        }
        if (n < 2) continue;
        d += sum_a - n_a / n * sum;
        v += n_a * (n - n_a) / (n * (n - 1)) * squares;
    }
    return v > least ? d / sqrt(v) : NAN;
}
