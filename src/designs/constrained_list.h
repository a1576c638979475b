/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The allocations among which `constrained` draws; its file states the rule. */
#ifndef TM_CONSTRAINED_LIST_H
#define TM_CONSTRAINED_LIST_H

#include "designs/design_kind.h"

enum { TM_CONSTRAINED_FEWEST = 20 };

typedef struct tm_constrained_list {
    tm_design_units groups; /* what is drawn: clusters, or units where there are no clusters */
    const int32_t *group;   /* [n_units] of each unit; NULL: the unit itself */
    bool all;               /* every allocation was scored; false: so many different ones, drawn at random */
    int64_t n_listed, n_allowed;
    int16_t *arm;     /* [n_listed * n_groups] -1: no arm */
    int64_t *allowed; /* [n_allowed] index of each, in the order of their arms */
} tm_constrained_list;

/* In the caller's scratch. Errors: TEMOIN_ERR_PLAN. */
TEMOIN_MUST_CHECK temoin_status tm_constrained_list_build(temoin_context *ctx, const tm_design_units *units,
                                                          tm_constrained_list *list);

/* Pairs that the constraint binds: together, or apart, in each allowed allocation, though not in each that was listed.
 */
typedef struct tm_constrained_validity {
    bool all;
    int64_t n_listed, n_allowed;
    int64_t n_together, n_apart;
    const char *together[2], *apart[2]; /* the first such pair, by the texts of its clusters or ids; NULL: none */
} tm_constrained_validity;

/* Cites    Moulton 2004: a design in which two clusters always, or never, get the same arm is not a valid one. */
TEMOIN_MUST_CHECK temoin_status tm_constrained_validate(temoin_context *ctx, const tm_design_units *units,
                                                        tm_constrained_validity *validity);

/* What is to be said about it, result arena: fewer than 20 allocations allowed, or pairs that are bound. NULL: nothing.
 */
TEMOIN_MUST_CHECK temoin_status tm_constrained_warning(temoin_context *ctx, const tm_constrained_validity *validity,
                                                       const char **text);

#endif
