/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trial's chances of arms, and those of two clients together, as its design gave them: what Horvitz and Thompson's
 * estimator weighs by, and what its variance asks for. */
#ifndef TM_JOINT_CHANCES_H
#define TM_JOINT_CHANCES_H

#include "designs/assignment_struct.h"
#include "designs/design_kind.h"

/* Units of a class have the same chances. What two of them have together depends on their classes only. */
typedef struct tm_joint_chances {
    int32_t n_classes, n_arms;
    const int32_t *class_of; /* [n_units] stratum, cluster, or the unit itself */
    const double *chance;    /* [n_classes * n_arms]; NaN: not known */
    bool known;              /* what two units have together, exactly */
    const double *within;    /* [n_classes * n_arms * n_arms] of two different units of the class, of arms a and b */
    const double *across;    /* [(n_classes * n_arms)²] of units of two classes; NULL: classes are independent */
} tm_joint_chances;

/* Chances of classes whose n[class * n_arms + arm] units are dealt to the arms by equal chances: c[a] / n, and
 * c[a] (c[b] - [a = b]) / (n (n - 1)) within a class. class_of is the caller's. Scratch. */
TEMOIN_MUST_CHECK temoin_status tm_joint_chances_of_counts(temoin_context *ctx, int32_t n_classes, int32_t n_arms,
                                                           const int64_t *n, tm_joint_chances *out);

/* Of a design. Those that deal places to units have them in closed form, for any number of clients, wherever a stratum
 * has no leftovers; whole clusters are classes of their own; for the rest the design's `pairwise` is asked, up to 20000
 * times where places are dealt and 2000 times otherwise. Beyond that, and where the design does not know (simulated
 * chances, too many assignments to list), `known` is false and so is all else. Scratch.
 *
 * Cost     O(units), and that of the design's pairwise for each two pairs of class and arm. */
TEMOIN_MUST_CHECK temoin_status tm_joint_chances_ask(temoin_context *ctx, const tm_design *design,
                                                     const tm_design_units *units, tm_joint_chances *out);

/* Of a trial: those of its design, or, drawn elsewhere as `simple`, `complete` or `blocked`, of its strata's counts.
 * Where `known` is false (also where places are few), `chance` is what analyses weigh by, of the own arm. Scratch. */
TEMOIN_MUST_CHECK temoin_status tm_joint_chances_build(temoin_context *ctx, const temoin_assignment *assignment,
                                                       tm_joint_chances *out);

#endif
