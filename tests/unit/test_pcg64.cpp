/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PCG64 against the author's own implementation, as Debian packs it (libpcg-cpp-dev). */
#include <cmath>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>

#include <pcg_random.hpp>

extern "C" {
#include <cmocka.h> /* last: its macro `fail` is a name in the standard library */
}

#include "numeric/pcg64.h"

using reference = pcg_engines::setseq_xsl_rr_128_64;

static tm_uint128 wide(uint64_t high, uint64_t low)
{
    return ((tm_uint128)high << 64) | low;
}

static const tm_uint128 seeds[][2] = {
    {0, 0},
    {42, 54},
    {wide(UINT64_MAX, UINT64_MAX), wide(UINT64_MAX, UINT64_MAX)},
    {wide(0x8000000000000000u, 0), wide(0x8000000000000000u, 1)},
    {wide(0x0123456789abcdefu, 0xfedcba9876543210u), wide(0xdeadbeefcafebabeu, 0x0badf00d15ea5e5eu)},
};

static void a_million_numbers_are_the_same(void **state)
{
    (void)state;
    for (const auto &seed : seeds) {
        reference want(seed[0], seed[1]);
        tm_pcg64 got;
        tm_pcg64_init(&got, seed[0], seed[1]);
        for (int i = 0; i < 1000000; i++) assert_true(tm_pcg64_next(&got) == want());
    }
}

static void advance_is_the_same(void **state)
{
    (void)state;
    const tm_uint128 deltas[] = {0,
                                 1,
                                 2,
                                 1000003,
                                 wide(0, UINT64_MAX),
                                 wide(1, 0),
                                 wide(1, 1),
                                 wide(12345, 6789),
                                 wide(0x8000000000000000u, 3),
                                 wide(UINT64_MAX, UINT64_MAX)};
    for (const auto &seed : seeds)
        for (tm_uint128 delta : deltas) {
            reference want(seed[0], seed[1]);
            tm_pcg64 got;
            tm_pcg64_init(&got, seed[0], seed[1]);
            want.advance(delta);
            tm_pcg64_advance(&got, delta);
            for (int i = 0; i < 100; i++) assert_true(tm_pcg64_next(&got) == want());
            tm_pcg64_advance(&got, -(delta + 100)); /* and back to the start */
            reference again(seed[0], seed[1]);
            assert_true(tm_pcg64_next(&got) == again());
        }
}

static void advance_counts_numbers(void **state)
{
    (void)state;
    tm_pcg64 one, two;
    tm_pcg64_init(&one, 7, 9);
    two = one;
    for (int i = 0; i < 12345; i++) tm_pcg64_next(&one);
    tm_pcg64_advance(&two, 12345);
    assert_true(one.state == two.state && one.inc == two.inc);
    const tm_pcg64_stride stride = tm_pcg64_stride_of(&one, 1001);
    tm_pcg64_advance(&one, 1001 * 98765);
    tm_pcg64_leap_times(&two, stride, 98765);
    assert_true(one.state == two.state);
}

/* Lemire 2019, algorithm 5, written out with the remainder taken every time. */
static uint64_t bounded_reference(reference &numbers, uint64_t range)
{
    const uint64_t threshold = (uint64_t)(wide(1, 0) % range);
    for (;;) {
        const tm_uint128 product = (tm_uint128)numbers() * range;
        if ((uint64_t)product >= threshold) return (uint64_t)(product >> 64);
    }
}

static void bounded_is_lemires(void **state)
{
    (void)state;
    const uint64_t ranges[] = {
        1,         2, 3, 10, 1000003, UINT64_C(1) << 53, (UINT64_C(1) << 63) + 1, UINT64_MAX / 3 * 2 + 5,
        UINT64_MAX}; /* just above 2^63 every second number is rejected */
    for (uint64_t range : ranges) {
        reference want(11, 13);
        tm_pcg64 got;
        tm_pcg64_init(&got, 11, 13);
        for (int i = 0; i < 100000; i++) {
            const uint64_t number = tm_pcg64_bounded(&got, range);
            assert_true(number < range);
            assert_true(number == bounded_reference(want, range));
        }
        assert_true(tm_pcg64_next(&got) == want()); /* both took equally many numbers */
    }
}

static void small_ranges_are_uniform(void **state)
{
    (void)state;
    for (unsigned range = 2; range <= 24; range++) {
        enum { DRAWS = 240000 };
        tm_pcg64 rng;
        tm_pcg64_init(&rng, range, 1);
        double count[24] = {0}, chi2 = 0;
        for (int i = 0; i < DRAWS; i++) count[tm_pcg64_bounded(&rng, range)]++;
        const double expected = (double)DRAWS / range, df = range - 1;
        for (unsigned k = 0; k < range; k++) chi2 += (count[k] - expected) * (count[k] - expected) / expected;
        /* Wilson-Hilferty: chi2 / df to the power 1/3 is nearly normal; five standard deviations either way */
        const double z = (std::cbrt(chi2 / df) - (1 - 2 / (9 * df))) / std::sqrt(2 / (9 * df));
        assert_true(std::fabs(z) < 5);
    }
}

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_million_numbers_are_the_same), cmocka_unit_test(advance_is_the_same),
        cmocka_unit_test(advance_counts_numbers),         cmocka_unit_test(bounded_is_lemires),
        cmocka_unit_test(small_ranges_are_uniform),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
