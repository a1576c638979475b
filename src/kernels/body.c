/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernels in vectors: the eight lanes lie in as many registers as the level needs (one, two or four). meson
 * compiles this file once per CPU level. The lanes are cut into registers here, and loaded register by register: left
 * to GCC 12, wider vectors pass through memory, and each addition waits for a store. The tail is padded with zeros:
 * adding +0 to a lane changes no bit, because a lane that started at +0 is never -0. */
#include <string.h>

#include "kernels/kernels.h"

#if defined(__AVX512F__)
enum { REGISTERS = 1 };
#elif defined(__AVX__)
enum { REGISTERS = 2 };
#else
enum { REGISTERS = 4 };
#endif

typedef double vector __attribute__((vector_size(64 / REGISTERS)));

typedef struct lanes {
    vector part[REGISTERS];
} lanes;

static inline lanes load(const double *x)
{
    lanes v;
    for (int r = 0; r < REGISTERS; r++) memcpy(&v.part[r], x + r * (8 / REGISTERS), sizeof v.part[r]);
    return v;
}

static inline lanes load_tail(const double *x, int64_t n)
{
    double padded[8] = {0};
    for (int64_t i = 0; i < n; i++) padded[i] = x[i];
    return load(padded);
}

static inline lanes add(lanes a, lanes b)
{
    for (int r = 0; r < REGISTERS; r++) a.part[r] += b.part[r];
    return a;
}

static inline lanes times(lanes a, lanes b)
{
    for (int r = 0; r < REGISTERS; r++) a.part[r] *= b.part[r];
    return a;
}

static inline double combine(lanes v)
{
    double l[8];
    memcpy(l, &v, sizeof l);
    return ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]));
}

static double sum(const double *x, int64_t n)
{
    lanes total = {0};
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) total = add(total, load(x + i));
    if (i < n) total = add(total, load_tail(x + i, n - i));
    return combine(total);
}

static double dot(const double *x, const double *y, int64_t n)
{
    lanes total = {0};
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) total = add(total, times(load(x + i), load(y + i)));
    if (i < n) total = add(total, times(load_tail(x + i, n - i), load_tail(y + i, n - i)));
    return combine(total);
}

static double dot3(const double *x, const double *y, const double *z, int64_t n)
{
    lanes total = {0};
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) total = add(total, times(times(load(x + i), load(y + i)), load(z + i)));
    if (i < n)
        total = add(total, times(times(load_tail(x + i, n - i), load_tail(y + i, n - i)), load_tail(z + i, n - i)));
    return combine(total);
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
    lanes a[4][2] = {0};
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        lanes c0 = load(cols[0] + i), c1 = load(cols[1] + i);
        for (int r = 0; r < 4; r++) {
            lanes x = load(rows[r] + i);
            a[r][0] = add(a[r][0], times(x, c0));
            a[r][1] = add(a[r][1], times(x, c1));
        }
    }
    if (i < n) {
        lanes c0 = load_tail(cols[0] + i, n - i), c1 = load_tail(cols[1] + i, n - i);
        for (int r = 0; r < 4; r++) {
            lanes x = load_tail(rows[r] + i, n - i);
            a[r][0] = add(a[r][0], times(x, c0));
            a[r][1] = add(a[r][1], times(x, c1));
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
