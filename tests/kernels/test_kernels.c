/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every kernel of every level that this machine runs equals `ref` bit for bit. With --bench: their times. */
#include "check.h"

#include <float.h>

#include "kernel_bench.h"
#include "kernels/kernels.h"

enum { LARGEST = 4097, N_COLUMNS = 11 };

static uint64_t seed = 88172645463325252u; /* xorshift64 */

static uint64_t next_bits(void)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return seed;
}

static double next_unit(void)
{
    return (double)(next_bits() >> 11) * 0x1p-53 * 2 - 1;
}

/* Kinds of input, from plain to nasty. NaN comes only from the arithmetic (inf - inf): its payload is the machine's. */
static double draw_element(int kind)
{
    static const double nasty[] = {0.0,      -0.0,      INFINITY,   -INFINITY, DBL_MAX, -DBL_MAX, DBL_MIN,
                                   -DBL_MIN, 0x1p-1074, -0x1p-1074, 1.0,       -1.0,    1e308,    1e-308};
    switch (kind) {
    case 0:
        return next_unit();
    case 1:
        return ldexp(next_unit(), (int)(next_bits() % 120) - 60); /* cancellation and lost digits */
    case 2:
        return next_unit() * 0x1p-1040; /* denormals */
    case 3:
        return next_bits() % 2 ? 0.0 : -0.0;
    case 4:
        return next_bits() % 8 ? next_unit() * 1e300 : nasty[next_bits() % 14];
    default:
        return nasty[next_bits() % 14];
    }
}

enum { N_KINDS = 6 };

static void draw_array(double *x, int64_t n, int kind)
{
    for (int64_t i = 0; i < n; i++) x[i] = draw_element(kind);
}

static int same_bits(const double *got, const double *want, int64_t n)
{
    if (memcmp(got, want, (size_t)n * sizeof *got) == 0) return 1;
    for (int64_t i = 0; i < n; i++)
        if (!(isnan(got[i]) && isnan(want[i])) && memcmp(got + i, want + i, sizeof *got) != 0) return 0;
    return 1;
}

static void check_same(const char *what, const tm_kernels *level, const double *got, const double *want, int64_t n,
                       int kind, int64_t length)
{
    if (same_bits(got, want, n)) return;
    for (int64_t i = 0; i < n; i++)
        if (!same_bits(got + i, want + i, 1))
            print_error("%s, level %s, kind %d, length %ld: element %ld is %a, ref has %a\n", what, level->name, kind,
                        (long)length, (long)i, got[i], want[i]);
    fail();
}

static const tm_kernels *reference(void)
{
    const tm_kernels *ref = tm_kernels_find("ref");
    assert_non_null(ref);
    return ref;
}

/* Calls `check` for each level, kind, misalignment and length 0…100, 1000, 4097. */
static void for_each_input(void (*check)(const tm_kernels *level, int kind, int64_t n, int offset))
{
    for (int l = 0; tm_kernels_level(l); l++)
        for (int kind = 0; kind < N_KINDS; kind++)
            for (int64_t n = 0; n <= 102; n++)
                for (int offset = 0; offset < 8; offset += 3)
                    check(tm_kernels_level(l), kind, n == 101 ? 1000 : n == 102 ? LARGEST : n, offset);
}

static double x_room[LARGEST + 8], y_room[LARGEST + 8], z_room[LARGEST + 8], got_room[LARGEST + 8];

static void check_reductions(const tm_kernels *level, int kind, int64_t n, int offset)
{
    const tm_kernels *ref = reference();
    double *x = x_room + offset, *y = y_room + (offset + 1) % 8, *z = z_room + (offset + 2) % 8;
    draw_array(x, n, kind), draw_array(y, n, kind), draw_array(z, n, kind);
    const double got[] = {level->sum(x, n), level->dot(x, y, n), level->dot(x, x, n), level->dot3(x, y, z, n)};
    const double want[] = {ref->sum(x, n), ref->dot(x, y, n), ref->dot(x, x, n), ref->dot3(x, y, z, n)};
    check_same("sum, dot, dot of itself, dot3", level, got, want, 4, kind, n);
}

static void reductions_equal_ref(void **state)
{
    (void)state;
    for_each_input(check_reductions);
}

/* One more element on each side must stay as it was. */
static void check_update(const tm_kernels *level, int kind, int64_t n, int offset)
{
    static const double factors[] = {0.1, -0.0, 1e300, 0x1p-1074, -3};
    const tm_kernels *ref = reference();
    double a = factors[next_bits() % 5], *x = x_room + offset, *want = y_room + offset, *got = got_room + offset;
    draw_array(x, n, kind);
    for (int which = 0; which < 3; which++) {
        draw_array(y_room, LARGEST + 8, kind);
        memcpy(got_room, y_room, sizeof y_room);
        if (which == 0) level->axpy(a, x, got, n), ref->axpy(a, x, want, n);
        if (which == 1) level->scale(a, got, n), ref->scale(a, want, n);
        if (which == 2) level->shift(a, got, n), ref->shift(a, want, n);
        check_same("axpy, scale, shift", level, got_room, y_room, LARGEST + 8, kind, n);
    }
}

static void updates_equal_ref(void **state)
{
    (void)state;
    for_each_input(check_update);
}

static void axpy_onto_itself_equals_ref(void **state)
{
    (void)state;
    for (int l = 0; tm_kernels_level(l); l++) {
        draw_array(x_room, 1003, 1);
        memcpy(got_room, x_room, sizeof x_room);
        reference()->axpy(0.3, x_room, x_room, 1003);
        tm_kernels_level(l)->axpy(0.3, got_room, got_room, 1003);
        check_same("axpy onto itself", tm_kernels_level(l), got_room, x_room, 1003, 1, 1003);
    }
}

static double columns_room[N_COLUMNS][1000 + 8];

static void check_gram(const tm_kernels *level, int k, int kind, int64_t n)
{
    const double *columns[N_COLUMNS];
    double got[N_COLUMNS * N_COLUMNS], want[N_COLUMNS * N_COLUMNS];
    for (int j = 0; j < k; j++) {
        draw_array(columns_room[j] + j % 8, n, kind);
        columns[j] = columns_room[j] + j % 8;
    }
    for (int e = 0; e < N_COLUMNS * N_COLUMNS; e++) got[e] = want[e] = -77; /* the upper triangle keeps it */
    level->gram(columns, k, n, got);
    reference()->gram(columns, k, n, want);
    check_same("gram", level, got, want, N_COLUMNS * N_COLUMNS, kind, n);
    for (int i = 0; i < k; i++)
        for (int j = 0; j < k; j++) {
            double entry = j <= i ? reference()->dot(columns[i], columns[j], n) : -77;
            check_same("gram against dot", level, got + i * k + j, &entry, 1, kind, n);
        }
}

static void gram_equals_ref_and_dot(void **state)
{
    (void)state;
    static const int64_t lengths[] = {0, 1, 7, 8, 9, 16, 31, 100, 1000};
    for (int l = 0; tm_kernels_level(l); l++)
        for (int k = 0; k <= N_COLUMNS; k++)
            for (int kind = 0; kind < N_KINDS; kind++)
                for (int i = 0; i < 9; i++) check_gram(tm_kernels_level(l), k, kind, lengths[i]);
}

enum { N_DRAWS = 70, N_WORDS = (LARGEST + 63) / 64 + 3 };
static uint64_t bits_room[N_DRAWS * N_WORDS], y_bits[N_WORDS];

/* Bits beyond the last row are 0, as promised; some draws are empty, some whole. */
static void draw_bits(uint64_t *words, int64_t n)
{
    const uint64_t kind = next_bits() % 8;
    for (int64_t w = 0; w < N_WORDS; w++) words[w] = kind == 0 ? 0 : kind == 1 ? UINT64_MAX : next_bits();
    for (int64_t i = n; i < 64 * N_WORDS; i++) words[i / 64] &= ~(UINT64_C(1) << i % 64);
}

static void check_masked(const tm_kernels *level, int kind, int64_t n, int offset)
{
    static double got[2 * N_DRAWS], want[2 * N_DRAWS];
    const int64_t n_draws = n <= 100 ? n % 13 : N_DRAWS, n_words = (n + 63) / 64, stride = n_words + offset % 3;
    double *x = x_room + offset;
    draw_array(x, n, kind);
    for (int64_t d = n_draws - 1; d >= 0; d--) draw_bits(bits_room + d * stride, n);
    draw_bits(y_bits, n);
    memset(got, 0, sizeof got), memset(want, 0, sizeof want);
    level->masked_sums(x, n, bits_room, stride, n_draws, got, 2);
    reference()->masked_sums(x, n, bits_room, stride, n_draws, want, 2);
    level->masked_counts(y_bits, n_words, bits_room, stride, n_draws, got + 1, 2);
    reference()->masked_counts(y_bits, n_words, bits_room, stride, n_draws, want + 1, 2);
    check_same("masked sums and counts", level, got, want, 2 * N_DRAWS, kind, n);
    assert_int_equal(level->count_bits(bits_room, n_draws * stride),
                     reference()->count_bits(bits_room, n_draws * stride));
}

static void masked_sums_equal_ref(void **state)
{
    (void)state;
    for_each_input(check_masked);
}

/* Of finite numbers, a masked sum is the sum of the numbers with 0 for the others. */
static void masked_sums_are_sums(void **state)
{
    (void)state;
    for (int64_t n = 0; n <= 300; n++) {
        double sum, count, among = 0;
        draw_array(x_room, n, 1);
        draw_bits(bits_room, n), draw_bits(y_bits, n);
        for (int64_t i = 0; i < n; i++) {
            y_room[i] = bits_room[i / 64] >> i % 64 & 1 ? x_room[i] : 0;
            among += (double)(bits_room[i / 64] & y_bits[i / 64] & UINT64_C(1) << i % 64 ? 1 : 0);
        }
        reference()->masked_sums(x_room, n, bits_room, N_WORDS, 1, &sum, 1);
        reference()->masked_counts(y_bits, N_WORDS, bits_room, N_WORDS, 1, &count, 1);
        assert_true(sum == reference()->sum(y_room, n) && count == among);
    }
}

/* The specification itself, on numbers whose result is known by hand. */
static void ref_has_the_stated_shape(void **state)
{
    (void)state;
    const tm_kernels *ref = reference();
    double x[16] = {0x1p53, 0, 0, 0, 1, 0, 0, 0, -0x1p53};
    assert_true(ref->sum(x, 16) == 1); /* lane 0 holds 2^53 - 2^53 before lane 4 comes: nothing is lost */
    double y[8] = {0x1p53, 0, 1, 0, 0, 0, 1, 0};
    assert_true(ref->sum(y, 8) == 0x1p53 + 2); /* l2 + l6 first; one by one both ones would be lost */
    double z[8] = {0x1p53, 0, 0, 0, 1, 0, 1, 0};
    assert_true(ref->sum(z, 8) == 0x1p53); /* l0 + l4 and + l6: each one is lost to rounding */
    double ones[3] = {1, 2, 3}, negative_zeros[3] = {-0.0, -0.0, -0.0};
    assert_true(ref->sum(ones, 3) == 6 && ref->dot(ones, ones, 3) == 14 && ref->dot3(ones, ones, ones, 3) == 36);
    assert_false(signbit(ref->sum(negative_zeros, 3)));
    assert_true(ref->sum(ones, 0) == 0);
}

static void levels_are_found_by_name(void **state)
{
    (void)state;
    assert_string_equal(tm_kernels_level(0)->name, "ref");
    int n = 0;
    for (; tm_kernels_level(n); n++) assert_ptr_equal(tm_kernels_find(tm_kernels_level(n)->name), tm_kernels_level(n));
    assert_ptr_equal(tm_kernels_find(NULL), tm_kernels_level(n - 1));
    assert_null(tm_kernels_find("v9"));
    assert_null(tm_kernels_level(-1));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ref_has_the_stated_shape),    cmocka_unit_test(levels_are_found_by_name),
        cmocka_unit_test(reductions_equal_ref),        cmocka_unit_test(updates_equal_ref),
        cmocka_unit_test(axpy_onto_itself_equals_ref), cmocka_unit_test(gram_equals_ref_and_dot),
        cmocka_unit_test(masked_sums_equal_ref),       cmocka_unit_test(masked_sums_are_sums),
    };
    if (argc == 2 && strcmp(argv[1], "--bench") == 0) return bench_kernels();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
