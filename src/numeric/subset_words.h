/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A random subset of exact size, drawn as bits instead of a permutation: 64 units take one random number, or a few.
 *
 * `size` of the n_from members of `from`, which are some of n places; place k is bit k mod 64 of word k / 64.
 *
 * 1. A subset that is empty or whole takes no number. Otherwise the share size / n_from is first replaced by j / 2^m,
 * with j = floor(2^m size / n_from + 1/2) and m the first of 1, 2, …, 8 for which (2^m size - n_from j)^2 n_from is at
 * most 4^m size (n_from - size); if there is none, m = 8. (That is: j / 2^m n_from is within one standard deviation of
 *    `size`.)
 * 2. With j = 0 all words start as 0, and with j = 2^m as `from`; neither takes a number. Otherwise the digits of j,
 * bits 0 to m - 1, are gone through from the lowest 1 up. For this one, each word in turn is a number of the stream.
 * For each digit above it, each word in turn takes one number more: word = word | number where the digit is 1, word &
 * number where it is 0. Then words = words & from. So each member is in with probability j / 2^m, independently of the
 * others.
 * 3. While more than `size` are in: k = bounded(n), and place k is out from now on. While fewer are in: k = bounded(n),
 * and place k, if it is a member of `from`, is in from now on. (A k that changes nothing counts for nothing.)
 *
 * Why it is right. After step 2 all subsets with the same number of members are equally likely. A subset drawn
 * uniformly from those of size s, less one of its members drawn uniformly, is uniform over the subsets of size s - 1,
 * by symmetry: each of these comes from the same number of pairs of a subset and a member, and all pairs are equally
 * likely. In the same way upwards. So whatever the first count was, the result is uniform over the subsets of the exact
 * size. About the square root of n places change in step 3.
 */
#ifndef TM_SUBSET_WORDS_H
#define TM_SUBSET_WORDS_H

#include "kernels/kernels.h"
#include "numeric/pcg64.h"

static inline int64_t tm_words_for(int64_t n)
{
    return (n + 63) / 64;
}

/* words [tm_words_for(n)]; bits from n on are 0. from: likewise; NULL: all n places, n_from = n.
 * Needs    0 <= size <= n_from <= n < 2^31. */
void tm_subset_draw(const tm_kernels *kernels, tm_pcg64 *rng, int64_t n, const uint64_t *from, int64_t n_from,
                    int64_t size, uint64_t *words);

/* The same for streams with the same `inc` that stand at state [n_streams], of at most 64 places: the same subsets from
 * the same numbers, but the streams go on side by side, so that none waits for what another one has drawn.
 *
 * Shapes   from [n_streams], NULL: all n places; n_from, size [n_streams]; words [n_streams], `step` apart.
 * Needs    n <= 64, n_streams <= TM_SUBSETS_AT_ONCE.
 */
enum { TM_SUBSETS_AT_ONCE = 128 };
void tm_subset_draw_each(tm_uint128 inc, tm_uint128 *state, int32_t n_streams, int64_t n, const uint64_t *from,
                         const int32_t *n_from, const int32_t *size, uint64_t *words, int64_t step);

#endif
