/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernels in vectors: the eight lanes lie in as many registers as the level needs (one, two or four). meson
 * compiles this file once per CPU level. The lanes are cut into registers here, and loaded register by register: left
 * to GCC 12, wider vectors pass through memory, and each addition waits for a store. The tail is padded with zeros:
 * adding +0 to a lane changes no bit, because a lane that started at +0 is never -0. */
#include <string.h>
#if defined(__AVX512F__)
#include <immintrin.h>
#endif

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

static inline int count_word(uint64_t word)
{
#if defined(__POPCNT__) || !defined(__x86_64__)
    return __builtin_popcountll(word);
#else /* the library's table would be slower: sums of 2, 4 and 8 bits, then all bytes in the top one */
    word -= word >> 1 & 0x5555555555555555u;
    word = (word & 0x3333333333333333u) + (word >> 2 & 0x3333333333333333u);
    return (int)(((word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fu) * 0x0101010101010101u >> 56);
#endif
}

static int64_t count_bits(const uint64_t *words, int64_t n_words)
{
    int64_t n = 0;
    for (int64_t i = 0; i < n_words; i++) n += count_word(words[i]);
    return n;
}

static void masked_counts(const uint64_t *y, int64_t n_words, const uint64_t *bits, int64_t stride, int64_t n_draws,
                          double *out, int64_t step)
{
    for (int64_t d = 0; d < n_draws; d++) {
        const uint64_t *word = bits + d * stride;
        int64_t n = 0;
        for (int64_t i = 0; i < n_words; i++) n += count_word(y[i] & word[i]);
        out[d * step] = (double)n;
    }
}

/* The lanes whose bits are set in `byte` grow. AVX-512 adds under a mask; elsewhere the mask of a register's lanes
 * comes from a table, and what it leaves out is +0. */
#if defined(__AVX512F__)
static inline lanes add_masked(lanes total, lanes x, unsigned byte)
{
    total.part[0] =
        (vector)_mm512_mask_add_pd((__m512d)total.part[0], (__mmask8)byte, (__m512d)total.part[0], (__m512d)x.part[0]);
    return total;
}
#else
typedef int64_t mask __attribute__((vector_size(64 / REGISTERS)));
enum { WIDTH = 8 / REGISTERS };
#define TWO(b) -(int64_t)((b)&1), -(int64_t)((b) >> 1 & 1)
#if defined(__AVX__)
#define ROW(b)                                                                                                         \
    {                                                                                                                  \
        TWO(b), TWO((b) >> 2)                                                                                          \
    }
static const mask selected[16] = {ROW(0), ROW(1), ROW(2),  ROW(3),  ROW(4),  ROW(5),  ROW(6),  ROW(7),
                                  ROW(8), ROW(9), ROW(10), ROW(11), ROW(12), ROW(13), ROW(14), ROW(15)};
#else
static const mask selected[4] = {{TWO(0)}, {TWO(1)}, {TWO(2)}, {TWO(3)}};
#endif

static inline lanes add_masked(lanes total, lanes x, unsigned byte)
{
    for (int r = 0; r < REGISTERS; r++)
        total.part[r] += (vector)((mask)x.part[r] & selected[byte >> r * WIDTH & ((1 << WIDTH) - 1)]);
    return total;
}
#endif

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "bytes of a word stand in the order of its rows");

/* A tile of rows stays in the nearest cache while the draws of a batch pass over it, a few at a time, their lanes in
 * registers; in between the lanes wait in `total`. (Measured against a table of the 256 sums of each eight rows, which
 * costs a lookup and an addition per eight rows and draw: the same speed with AVX2, half of it with AVX-512.) */
enum { TILE = 2048, BATCH = 64, AT_ONCE = REGISTERS == 1 ? 16 : REGISTERS == 2 ? 4 : 3 };

static inline __attribute__((always_inline)) void masked_tile(const double *x, int64_t n, const uint64_t *bits,
                                                              int64_t stride, int n_draws, lanes *total)
{
    lanes sum_of[AT_ONCE];
    for (int d = 0; d < n_draws; d++) sum_of[d] = total[d];
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const lanes v = load(x + i);
        for (int d = 0; d < n_draws; d++)
            sum_of[d] = add_masked(sum_of[d], v, ((const uint8_t *)(bits + d * stride))[i / 8]);
    }
    if (i < n) {
        const lanes v = load_tail(x + i, n - i);
        for (int d = 0; d < n_draws; d++)
            sum_of[d] = add_masked(sum_of[d], v, (uint8_t)(bits[d * stride + i / 64] >> i % 64));
    }
    for (int d = 0; d < n_draws; d++) total[d] = sum_of[d];
}

static void masked_batch(const double *x, int64_t n, const uint64_t *bits, int64_t stride, int n_draws, lanes *total)
{
    for (int64_t i = 0; i < n; i += TILE) {
        const int64_t rows = n - i < TILE ? n - i : TILE;
        int d = 0;
        for (; d + AT_ONCE <= n_draws; d += AT_ONCE)
            masked_tile(x + i, rows, bits + i / 64 + d * stride, stride, AT_ONCE, total + d);
        for (; d < n_draws; d++) masked_tile(x + i, rows, bits + i / 64 + d * stride, stride, 1, total + d);
    }
}

static void masked_sums(const double *x, int64_t n, const uint64_t *bits, int64_t stride, int64_t n_draws, double *out,
                        int64_t step)
{
    for (int64_t from = 0; from < n_draws; from += BATCH) {
        const int size = n_draws - from < BATCH ? (int)(n_draws - from) : BATCH;
        lanes total[BATCH] = {0};
        masked_batch(x, n, bits + from * stride, stride, size, total);
        for (int d = 0; d < size; d++) out[(from + d) * step] = combine(total[d]);
    }
}

#define PASTE(a, b) a##b
#define NAME_OF(level) PASTE(tm_kernels_, level)
#define TEXT_OF(level) #level
#define LEVEL_TEXT(level) TEXT_OF(level)

extern const tm_kernels NAME_OF(TM_LEVEL);
const tm_kernels NAME_OF(TM_LEVEL) = {LEVEL_TEXT(TM_LEVEL), sum,         dot,          dot3, axpy, scale, shift, gram,
                                      count_bits,           masked_sums, masked_counts};
