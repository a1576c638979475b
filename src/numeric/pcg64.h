/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PCG64: the 128-bit linear congruential generator with the XSL-RR output and a chosen sequence ("setseq").
 * The same stream as pcg_engines::setseq_xsl_rr_128_64(initstate, initseq) of pcg-cpp, and as NumPy's PCG64 once its
 * state is set. Inline, because a shuffle calls it once per unit.
 *
 * Cites    O'Neill 2014, "PCG: a family of simple fast space-efficient statistically good algorithms"; Lemire 2019,
 *          "Fast random integer generation in an interval"; Brown 1994 (advance).
 */
#ifndef TM_PCG64_H
#define TM_PCG64_H

#include <stdint.h>

__extension__ typedef unsigned __int128 tm_uint128;

typedef struct tm_pcg64 {
    tm_uint128 state;
    tm_uint128 inc; /* odd */
} tm_pcg64;

#define TM_PCG64_MULTIPLIER (((tm_uint128)2549297995355413924u << 64) + 4865540595714422341u)

static inline void tm_pcg64_init(tm_pcg64 *rng, tm_uint128 initstate, tm_uint128 initseq)
{
    rng->inc = (initseq << 1) | 1;
    rng->state = (initstate + rng->inc) * TM_PCG64_MULTIPLIER + rng->inc;
}

/* The number that a state gives. */
static inline uint64_t tm_pcg64_output(tm_uint128 state)
{
    uint64_t high = (uint64_t)(state >> 64), folded = high ^ (uint64_t)state;
    unsigned turn = (unsigned)(high >> 58);
    return folded >> turn | folded << (-turn & 63);
}

static inline uint64_t tm_pcg64_next(tm_pcg64 *rng)
{
    rng->state = rng->state * TM_PCG64_MULTIPLIER + rng->inc;
    return tm_pcg64_output(rng->state);
}

/* So many numbers of one stream in a single step, which is affine as each of them is. */
typedef struct tm_pcg64_stride {
    tm_uint128 multiplier, plus;
} tm_pcg64_stride;

/* delta counts modulo 2^128, so -n goes back by n. */
static inline tm_pcg64_stride tm_pcg64_stride_of(const tm_pcg64 *rng, tm_uint128 delta)
{
    tm_uint128 multiplier = TM_PCG64_MULTIPLIER, plus = rng->inc; /* of 2^k steps */
    tm_uint128 all_multiplier = 1, all_plus = 0;                  /* of the steps taken so far */
    for (; delta; delta >>= 1) {
        if (delta & 1) {
            all_multiplier *= multiplier;
            all_plus = all_plus * multiplier + plus;
        }
        plus *= multiplier + 1;
        multiplier *= multiplier;
    }
#ifdef __cplusplus
    return {all_multiplier, all_plus};
#else
    return (tm_pcg64_stride){all_multiplier, all_plus};
#endif
}

static inline void tm_pcg64_leap(tm_pcg64 *rng, tm_pcg64_stride stride)
{
    rng->state = rng->state * stride.multiplier + stride.plus;
}

/* The stride so many times. */
static inline void tm_pcg64_leap_times(tm_pcg64 *rng, tm_pcg64_stride stride, uint64_t times)
{
    for (; times; times >>= 1) {
        if (times & 1) tm_pcg64_leap(rng, stride);
        stride.plus *= stride.multiplier + 1;
        stride.multiplier *= stride.multiplier;
    }
}

/* As if `delta` numbers had been taken. */
static inline void tm_pcg64_advance(tm_pcg64 *rng, tm_uint128 delta)
{
    tm_pcg64_leap(rng, tm_pcg64_stride_of(rng, delta));
}

/* A jump. Blocks of a stream start so many numbers apart, as NumPy's PCG64.jumped does: 2^128 over the golden ratio. A
 * round distance will not do: after 2^64 numbers the lower half of the state is the same again, and blocks resemble
 * each other.
 */
#define TM_PCG64_JUMP (((tm_uint128)0x9e3779b97f4a7c15u << 64) + 0xf39cc0605cedc835u)

/* Uniform on 0 … range - 1, range > 0, without bias: the high word of next * range, rejected when the low word is
 * below 2^64 mod range. */
static inline uint64_t tm_pcg64_bounded(tm_pcg64 *rng, uint64_t range)
{
    tm_uint128 product = (tm_uint128)tm_pcg64_next(rng) * range;
    if ((uint64_t)product < range) {
        const uint64_t threshold = -range % range;
        while ((uint64_t)product < threshold) product = (tm_uint128)tm_pcg64_next(rng) * range;
    }
    return (uint64_t)(product >> 64);
}

#endif
