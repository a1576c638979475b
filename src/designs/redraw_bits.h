/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Redraws as bits: what else a draw of fixed numbers per arm could have given, thousands of times, at a few random
 * numbers per 64 units. It serves every design whose blocks are arranged at random: those that deal places (places.h),
 * to units or to whole clusters, and trials drawn elsewhere whose arms change places within blocks.
 *
 * The rule of redraw r = 1, 2, …
 *
 * 1. Groups are units, or whole clusters, and blocks are strata, or given pairs; the groups of a block are numbered
 * from 0 in canonical order. A trial that temoin drew has the streams of its seed (blocked.c says what a stream is),
 * one drawn elsewhere those of the empty seed. "The stream jumped r times" is the stream as if r J numbers had been
 * taken before, J = 210306068529402873165736369884012333109: NumPy's PCG64.jumped(r).
 * 2. Numbers. In a trial drawn elsewhere each block keeps the numbers that it has in each arm; groups without an arm
 * stay out. Otherwise they are those of the design: sure places, and leftover ones drawn as for the trial itself, each
 * stream that the misfit policy names jumped r times.
 * 3. Each block has the stream with purpose "redraw" and label the block's text (a stratum's canonical text, the text
 * of a pair), jumped r times. From it the arms get their subsets, one after the other, each among the groups that
 * remain: the second arm of the plan, the third, … the last, and then the first one; what remains has no arm. Where
 * nobody is without an arm, the first one has what remains and takes no numbers. How a subset of so many groups is
 * drawn says subset_words.h.
 *
 * Why it is right: given the numbers per arm, all arrangements of a block are equally likely, as they are under a
 * shuffle, and blocks are independent. Redraw r depends on the trial and r alone; r + 1 costs one multiplication per
 * stream instead of a digest; the trial's own draw, which took its numbers before the first jump, has none of them in
 * common.
 */
#ifndef TM_REDRAW_BITS_H
#define TM_REDRAW_BITS_H

#include "designs/places.h"
#include "numeric/subset_words.h"

typedef struct tm_redraw_bits {
    int64_t n_groups;
    int32_t n_arms, n_blocks;
    int32_t n_masks;  /* per redraw: mask k has who is in arm k + 1; the last one of n_arms masks, who is in arm 0 */
    int64_t *start;   /* [n_blocks + 1] of each block among the places */
    int64_t *member;  /* [start[n_blocks]] the group at each place, by block in canonical order */
    int64_t *word;    /* [n_blocks + 1] of each block among the words of a mask: a block starts a new one */
    int64_t *number;  /* [n_blocks * n_arms] groups in each arm, but for the leftovers */
    int32_t n_rows;   /* blocks with leftovers */
    int32_t *row;     /* [n_blocks] which of them; -1: none */
    tm_pcg64 *stream; /* [n_blocks] before the first jump */
    tm_pcg64_stride *jump; /* [n_blocks] */
    tm_places places;      /* of a design's own redraws */
} tm_redraw_bits;

static inline int64_t tm_redraw_bits_size(const tm_redraw_bits *bits, int32_t block)
{
    return bits->start[block + 1] - bits->start[block];
}

static inline int64_t tm_redraw_bits_words(const tm_redraw_bits *bits, int32_t block)
{
    return bits->word[block + 1] - bits->word[block];
}

static inline int32_t tm_redraw_bits_arm(const tm_redraw_bits *bits, int32_t mask)
{
    return (mask + 1) % bits->n_arms;
}

/* For a design that deals places to `groups`, which stay where they are. In the caller's scratch. */
TEMOIN_MUST_CHECK temoin_status tm_redraw_bits_build_places(temoin_context *ctx, const tm_design_units *groups,
                                                            tm_redraw_bits *out);

/* For a trial drawn elsewhere. arm [n_groups], -1: stays out; block [n_groups]; text [n_blocks]. In the caller's
 * scratch. */
TEMOIN_MUST_CHECK temoin_status tm_redraw_bits_build_shuffle(temoin_context *ctx, const char *trial_id,
                                                             int64_t n_groups, int32_t n_arms, const int32_t *arm,
                                                             int32_t n_blocks, const int32_t *block,
                                                             const char *const *text, tm_redraw_bits *out);

/* extra [n * n_rows * n_arms]: the leftover places of redraws first … first + n - 1, first >= 1. */
TEMOIN_MUST_CHECK temoin_status tm_redraw_bits_round(temoin_context *ctx, const tm_redraw_bits *bits, int64_t first,
                                                     int64_t n, int64_t *extra);

/* The masks of a block in these redraws: words [n * n_masks * words of the block], the masks of a redraw together.
 * `extra` is what tm_redraw_bits_round gave; rest [words of the block] is room to work in. Touches nothing else, so
 * threads may share the work in any way. */
void tm_redraw_bits_draw(const tm_redraw_bits *bits, const tm_kernels *kernels, int32_t block, int64_t first, int64_t n,
                         const int64_t *extra, uint64_t *words, uint64_t *rest);

/* arm [n_groups] of one redraw, -1: none. */
TEMOIN_MUST_CHECK temoin_status tm_redraw_bits_arms(temoin_context *ctx, const tm_redraw_bits *bits, int64_t replicate,
                                                    int32_t *arm);

#endif
