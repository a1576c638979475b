/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the arms of a randomization test come from: a source gives the rows of a sample the arms that another draw
 * would have given them. Draw d of 0 … n_draws - 1 is a function of the source and d alone, so that draws can be taken
 * in any order by any thread, and the same d means the same draw of the trial for every outcome. */
#ifndef TM_ARM_SOURCE_H
#define TM_ARM_SOURCE_H

#include "designs/redraws.h"
#include "moments/sample.h"

/* What a draw changes. */
typedef struct tm_drawn_rows {
    int32_t *arm;     /* [n] -1: in no arm, the row drops out */
    int32_t *cluster; /* [n] where clusters go with the arms, below n_clusters; NULL: they stay */
    int32_t n_clusters;
    double *weight; /* [n] where weights follow from the arm; NULL: they stay */
} tm_drawn_rows;

typedef struct tm_arm_source {
    int64_t n; /* rows */
    int64_t n_draws;
    bool exact;                /* the draws are all assignments that there are, the trial's own among them */
    const double *probability; /* [n_draws] of each, with exact; NULL: all the same */
    double
        log_smallest_p; /* natural logarithm of the p value that the most extreme outcome would have; NaN: not known */
    bool moves_clusters, moves_weights;
    const tm_redraw_bits *bits; /* draw d is its redraw d + 1, and moves nothing but arms; NULL: otherwise */
    const int32_t *row_group;   /* with bits: [n] the group whose arm the row gets, -1: it keeps its own */
    const void *data;
    /* Room for one thread, in its context's scratch. */
    temoin_status (*open)(temoin_context *ctx, const struct tm_arm_source *source, void **room);
    /* Scratch is rewound. */
    temoin_status (*draw)(temoin_context *ctx, const struct tm_arm_source *source, void *room, int64_t d,
                          tm_drawn_rows *out);
} tm_arm_source;

/* Groups of rows (single ones, or clusters) whose arms change places within their blocks, every arrangement being as
 * likely as any other. */
typedef struct tm_shuffle {
    int64_t n;
    const int32_t *arm;       /* [n] as they are */
    const int32_t *group;     /* [n] rows of a group share their arm and block; -1: the row keeps its arm */
    int64_t n_groups;         /* numbers that no row has are allowed */
    const int32_t *block;     /* [n_groups] */
    const int32_t *group_arm; /* [n_groups] its arm, -1: keeps out (a group of which no row is in the sample counts) */
    int32_t n_blocks;
    int32_t n_arms;
    const char *trial_id;
    const char *const *block_text; /* [n_blocks] name the streams */
} tm_shuffle;

/* Exact where there are at most `most` arrangements (then n_draws is their number), else `most` redraws by
 * Fisher-Yates, block by block, as tm_redraws_draw. In the caller's scratch; the shuffle must outlive the source.
 *
 * Cost     exact: the arrangements of each block by itself are listed, two bytes per group.
 */
TEMOIN_MUST_CHECK temoin_status tm_shuffle_source_build(temoin_context *ctx, const tm_shuffle *shuffle, int64_t most,
                                                        tm_arm_source *out);

/* Redraws of a trial for one sample of it. */
typedef struct tm_redraw_request {
    const tm_redraws *redraws; /* of the trial, built once */
    const tm_plan_estimate *estimate;
    const tm_sample *sample; /* with its units */
    /* [n_arms] a contrast: where arms are left out of it and what the draw did with the others can be held fixed, the
     * units of the others keep their arms, and p is conditional on who they are. NULL: everybody is drawn again. */
    const double *arm_weight;
    int64_t most;
    bool never_listed; /* redraws even where all assignments could be listed, for those who need as many elsewhere */
    bool clusters;     /* the statistic looks at the sample's clusters */
    bool weighted;     /* the sample's weights are one over the chance of the own arm */
} tm_redraw_request;

/* Exact where the design can list its assignments and they are at most `most`.
 *
 * Caseworkers who serve one arm only (nested, one_arm) go with their arm: in every redraw the places with them are
 * dealt again, at random, to the clients whom the stratum has in the arm. Where the design moves whole caseworkers, and
 * where they serve all arms, a client keeps theirs.
 *
 * Notes    *refused: why there can be no redraw (no_redraw, split_clusters, redraw_weights), NULL: there is a source.
 * Errors   those of the design. In the caller's scratch.
 */
TEMOIN_MUST_CHECK temoin_status tm_redraw_source_build(temoin_context *ctx, const tm_redraw_request *request,
                                                       tm_arm_source *out, const char **refused);

#endif
