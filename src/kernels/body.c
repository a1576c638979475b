/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernels in vectors of eight doubles: one vector is the eight lanes. meson compiles this file once per CPU level,
 * and the compiler cuts the vector into what the level has (four, two or one register). The tail is padded with zeros:
 * adding +0 to a lane changes no bit, because a lane that started at +0 is never -0. */
#include <string.h>

#include "kernels/kernels.h"

typedef double v8 __attribute__((vector_size(64)));

static inline v8 load(const double *x)
{
    v8 v;
    memcpy(&v, x, sizeof v);
    return v;
}

static inline v8 load_tail(const double *x, int64_t n)
{
    v8 v = {0};
    for (int64_t i = 0; i < n; i++) v[i] = x[i];
    return v;
}

static inline double combine(v8 l)
{
    return ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]));
}

static double sum(const double *x, int64_t n)
{
    v8 lanes = {0};
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) lanes += load(x + i);
    if (i < n) lanes += load_tail(x + i, n - i);
    return combine(lanes);
}

static double dot(const double *x, const double *y, int64_t n)
{
    v8 lanes = {0};
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) lanes += load(x + i) * load(y + i);
    if (i < n) lanes += load_tail(x + i, n - i) * load_tail(y + i, n - i);
    return combine(lanes);
}

static double dot3(const double *x, const double *y, const double *z, int64_t n)
{
    v8 lanes = {0};
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) lanes += load(x + i) * load(y + i) * load(z + i);
    if (i < n) lanes += load_tail(x + i, n - i) * load_tail(y + i, n - i) * load_tail(z + i, n - i);
    return combine(lanes);
}

static void axpy(double a, const double *x, double *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++) y[i] += a * x[i];
}

static void scale(double a, double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) x[i] *= a;
}

static void shift(double a, double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) x[i] += a;
}

/* Four by two products at a time: every loaded vector is used at least twice. */
static void gram_tile(const double *const *rows, const double *const *cols, int64_t n, int k, double *out)
{
    v8 a[4][2] = {{{0}}};
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        v8 c0 = load(cols[0] + i), c1 = load(cols[1] + i);
        for (int r = 0; r < 4; r++) {
            v8 x = load(rows[r] + i);
            a[r][0] += x * c0;
            a[r][1] += x * c1;
        }
    }
    if (i < n) {
        v8 c0 = load_tail(cols[0] + i, n - i), c1 = load_tail(cols[1] + i, n - i);
        for (int r = 0; r < 4; r++) {
            v8 x = load_tail(rows[r] + i, n - i);
            a[r][0] += x * c0;
            a[r][1] += x * c1;
        }
    }
    for (int r = 0; r < 4; r++)
        for (int c = 0; c < 2; c++) out[r * k + c] = combine(a[r][c]);
}

static void gram(const double *const *columns, int k, int64_t n, double *out)
{
    for (int i = 0; i < k;) {
        int j = 0;
        if (i + 4 <= k) {
            for (; j + 2 <= i + 1; j += 2) gram_tile(columns + i, columns + j, n, k, out + i * k + j);
            for (int r = i; r < i + 4; r++)
                for (int c = j; c <= r; c++) out[r * k + c] = dot(columns[r], columns[c], n);
            i += 4;
        } else {
            for (; j <= i; j++) out[i * k + j] = dot(columns[i], columns[j], n);
            i++;
        }
    }
}

#define PASTE(a, b) a##b
#define NAME_OF(level) PASTE(tm_kernels_, level)
#define TEXT_OF(level) #level
#define LEVEL_TEXT(level) TEXT_OF(level)

extern const tm_kernels NAME_OF(TM_LEVEL);
const tm_kernels NAME_OF(TM_LEVEL) = {LEVEL_TEXT(TM_LEVEL), sum, dot, dot3, axpy, scale, shift, gram};
