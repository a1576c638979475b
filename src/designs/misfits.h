/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of units that are left over when numbers do not divide: one row of the table per policy.
 *
 * W is the sum of a stratum's integer shares w[a] without common divisor, n the number of its units, D the least common
 * multiple of the W of all strata.
 *
 * - pivotal: sure places are floor(n w[a] / W). The remainders of all strata are rounded together (blocked.c, step 3).
 * - within_stratum: sure places as above. The remainders (n w[a]) mod W of one stratum, and below them a row that holds
 *   (-remainder) mod W, are rounded as in blocked.c, step 3, with D = W and the stream "misfit", label the stratum's
 *   canonical text.
 *
 * The others follow randtreat: floor(n / W) w[a] places of arm a are sure, and n mod W units are misfits.
 *
 * - missing: misfits get no arm.
 * - strata: arms with a share are a pack, one card each. Cards are taken from the pack at random, without putting them
 *   back; an empty pack is filled again. Each misfit takes a card: with a pack of r[a] cards of arm a, k = bounded(sum
 *   of r), and the card is the first arm with r[first] + … + r[arm] > k. One pack and one stream "misfit", label the
 *   canonical text, per stratum. The cards' arms are leftover places, dealt as in blocked.c, step 5.
 * - wstrata: likewise; a pack holds w[a] cards of arm a.
 * - global: as strata, but one pack and one stream "misfit", label "", for the misfits of all strata, in their order.
 * - wglobal: as global; a pack holds w[a] cards of arm a. All strata have the same shares.
 *
 * A unit's chance of arm a is w[a] / W under pivotal, within_stratum, wstrata and wglobal; with m = n mod W misfits and
 * T arms that have a share, it is ((n - m) w[a] / W + m / T) / n under strata and global, and ((n - m) / n) w[a] / W
 * under missing.
 *
 * Cites    Carril 2017, "Dealing with misfits in random treatment assignment", Stata Journal 17(3).
 */
#ifndef TM_MISFITS_H
#define TM_MISFITS_H

#include "base/failure.h"

struct tm_places;

/* Where the policies' chances come from: a stream, or a walk through all that can happen. */
typedef struct tm_chance {
    void (*begin)(void *data, const char *purpose, const char *label); /* from here on, this stream */
    bool (*rises)(void *data, int64_t up, int64_t down);               /* true with probability down / (up + down) */
    /* n of the cards of a pack that holds pack[a] of each arm, without putting back: off `pack`, on to `taken` */
    void (*take)(void *data, int64_t *pack, int32_t n_arms, int64_t n, int64_t *taken);
    void *data;
} tm_chance;

typedef struct tm_misfit {
    const char *key, *title, *cites;
    bool in_blocks;    /* sure places come in whole blocks of W; else each arm has as many as its share surely gives */
    bool by_stratum;   /* strata are independent of each other */
    bool keeps_shares; /* every chance is the declared share */
    bool deals_out;    /* every unit gets an arm */
    temoin_status (*check)(temoin_context *ctx, const struct tm_places *places); /* NULL: fits always */
    temoin_status (*round)(temoin_context *ctx, struct tm_places *places,
                           tm_chance chance); /* fills `extra`, which is 0 */
} tm_misfit;

extern const tm_misfit tm_misfits[];
extern const int tm_n_misfits;

/* Name NULL: the default. Fails with the names that there are. */
temoin_status tm_misfit_choose(temoin_context *ctx, const char *name, const tm_misfit **out);

#endif
