/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "designs/pair_strata.h"

#include <string.h>

#include "designs/pair_groups.h"

static temoin_status check_size(temoin_context *ctx, const tm_design_units *units, int32_t g, int64_t size)
{
    const int32_t most = units->options && units->options->group_size ? units->options->group_size : 2;
    if (size > most)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "design: pair \"%s\" has %lld units, but pairs have at most %d; correct the column, or say "
                "design.group_size",
                units->pair_text[g], (long long)size, (int)most);
    return TEMOIN_OK;
}

static temoin_status check_pairs(temoin_context *ctx, const tm_design_units *units)
{
    int32_t *stratum;
    int64_t *size;
    TM_SCRATCH(ctx, stratum, units->n_pairs);
    TM_SCRATCH(ctx, size, units->n_pairs);
    for (int64_t u = 0; u < units->n_units; u++) {
        const int32_t g = units->pair[u], s = units->stratum ? units->stratum[u] : 0;
        if (size[g]++ && stratum[g] != s)
            TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                    "design: pair \"%s\" has units in the strata \"%s\" and \"%s\"; a pair must lie within one stratum",
                    units->pair_text[g], units->stratum_text[stratum[g]], units->stratum_text[s]);
        stratum[g] = s;
    }
    for (int32_t g = 0; g < units->n_pairs; g++) TM_TRY(check_size(ctx, units, g, size[g]));
    return TEMOIN_OK;
}

temoin_status tm_pair_strata_build(temoin_context *ctx, const tm_design_units *units, tm_design_units *paired)
{
    const char **text;
    int64_t *shares;
    int32_t *group;
    *paired = *units;
    if (units->pair && units->n_covariates)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "design: kind \"pairs\" takes pairs from design.pair or makes them from design.covariates; leave one "
                "of them out");
    if (units->options && units->options->group_size > units->n_units)
        TM_FAIL(ctx, TEMOIN_ERR_PLAN, "design: group_size: found %d, but there are %lld units; ask for smaller groups",
                (int)units->options->group_size, (long long)units->n_units);
    if (units->pair) {
        TM_TRY(check_pairs(ctx, units));
        paired->stratum = units->pair;
        paired->n_strata = units->n_pairs;
        paired->stratum_text = units->pair_text;
    } else {
        TM_TRY(tm_pair_groups_build(ctx, units, &group, &paired->n_strata));
        TM_SCRATCH(ctx, text, paired->n_strata);
        for (int64_t u = units->n_units - 1; u >= 0; u--) text[group[u]] = units->id[u];
        paired->stratum = group;
        paired->stratum_text = text;
    }
    TM_SCRATCH(ctx, shares, (int64_t)paired->n_strata * units->n_arms);
    for (int64_t u = 0; u < units->n_units; u++)
        memcpy(shares + (int64_t)paired->stratum[u] * units->n_arms,
               units->shares + (int64_t)(units->stratum ? units->stratum[u] : 0) * units->n_arms,
               (size_t)units->n_arms * sizeof *shares);
    paired->shares = shares;
    return TEMOIN_OK;
}
