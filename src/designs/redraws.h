/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What else the draw of a trial could have given. */
#ifndef TM_REDRAWS_H
#define TM_REDRAWS_H

#include "designs/assignment_struct.h"
#include "designs/constrained_list.h"
#include "designs/redraw_bits.h"

typedef struct tm_redraws {
    const temoin_assignment *assignment;
    const tm_design *design;
    bool known;                /* how the arms were drawn; false: there are no redraws */
    double work;               /* of one redraw, in units */
    tm_design_units units;     /* of a trial that temoin drew; made pairs stand in `pair` */
    tm_constrained_list list;  /* of that design */
    tm_design_units remaining; /* where places are few: who was not deferred, which another draw is not asked about */
    int64_t *member;           /* [remaining.n_units] NULL: there are places for all */
    int32_t *unit_arm;         /* [n_units] */
    int64_t n_groups;          /* units, or whole clusters */
    const int32_t *group;      /* [n_units] -1: of an unknown cluster or pair, or in no arm and never to be */
    int32_t n_blocks;
    const int32_t *block;       /* [n_groups] stratum, or pair */
    bool exchangeable;          /* given how many groups of a block are in each arm, they are there by equal chances */
    double log_smallest_p;      /* once tm_redraws_find_smallest_p was asked; NaN: not known */
    bool split;                 /* a cluster has units in two arms or blocks */
    const tm_redraw_bits *bits; /* the groups' redraws as bits; NULL: the design draws them otherwise */
} tm_redraws;

/* In the caller's scratch. */
TEMOIN_MUST_CHECK temoin_status tm_redraws_build(temoin_context *ctx, const temoin_assignment *assignment,
                                                 tm_redraws *out);

/* Of a trial that temoin drew: tm_design_smallest_p. */
TEMOIN_MUST_CHECK temoin_status tm_redraws_find_smallest_p(temoin_context *ctx, tm_redraws *redraws);

/* arm [n_groups], -1 for none. Replicate 0: the trial's own; r > 0: a redraw, a function of the trial and r alone. Of a
 * trial that deals places, and of one drawn elsewhere, it is the r-th of redraw_bits.h, else the design's r-th. */
TEMOIN_MUST_CHECK temoin_status tm_redraws_draw(temoin_context *ctx, tm_redraws *redraws, int64_t replicate,
                                                int32_t *arm);

#endif
