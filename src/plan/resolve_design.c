/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How arms are drawn, or where they stand. */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/signature.h"
#include "plan/schema.h"

#define LINE(...) tm_plan_line(plan, __VA_ARGS__)

static temoin_status resolve_one_stratum(tm_plan_reader *r, const tm_raw_stratum_shares *raw, const temoin_plan *plan,
                                         unsigned s, tm_plan_stratum_shares *out)
{
    int64_t *shares, sum;
    TM_ALLOC(r->ctx, shares, plan->n_arms);
    out->shares = shares;
    TM_TRY(tm_raw_names_copy(r->ctx, raw->stratum, raw->stratum_count, &out->stratum));
    if (out->stratum.n != plan->design.strata.n)
        tm_trouble_add(
            r, LINE("design.stratum_shares[%u].stratum", s),
            "values in \"design.stratum_shares.stratum\": %d; columns in \"design.strata\": %d; give one value "
            "for each column, in the same order",
            out->stratum.n, plan->design.strata.n);
    if ((int32_t)raw->shares_count != plan->n_arms) {
        tm_trouble_add(r, LINE("design.stratum_shares[%u].shares", s),
                       "shares in \"design.stratum_shares.shares\": %u; arms: %d; give one share for each arm",
                       raw->shares_count, plan->n_arms);
        return TEMOIN_OK;
    }
    char where[64];
    snprintf(where, sizeof where, "design.stratum_shares[%u].shares", s);
    tm_raw_shares(r, (const char *const *)raw->shares, shares, plan->n_arms, where, &sum);
    return TEMOIN_OK;
}

static bool same_names(const tm_names *a, const tm_names *b)
{
    if (a->n != b->n) return false;
    for (int32_t i = 0; i < a->n; i++)
        if (strcmp(a->name[i], b->name[i]) != 0) return false;
    return true;
}

static temoin_status resolve_stratum_shares(tm_plan_reader *r, const tm_raw_design *raw, temoin_plan *plan)
{
    tm_plan_stratum_shares *list;
    TM_ALLOC(r->ctx, list, raw->stratum_shares_count);
    for (unsigned s = 0; s < raw->stratum_shares_count; s++) {
        TM_TRY(resolve_one_stratum(r, &raw->stratum_shares[s], plan, s, &list[s]));
        for (unsigned before = 0; before < s; before++)
            if (same_names(&list[s].stratum, &list[before].stratum)) {
                tm_trouble_add(r, LINE("design.stratum_shares[%u]", s),
                               "this stratum has its shares already on line %d",
                               LINE("design.stratum_shares[%u]", before));
                break;
            }
    }
    plan->design.stratum_shares = list;
    plan->design.n_stratum_shares = (int32_t)raw->stratum_shares_count;
    return TEMOIN_OK;
}

static void check_commitment(tm_plan_reader *r, const temoin_plan *plan)
{
    const tm_plan_design *d = &plan->design;
    uint8_t digest[TM_SHA256_BYTES];
    if (!d->commitment && tm_plan_hides_seed(plan))
        tm_trouble_add(
            r, LINE(d->seed_file ? "design.seed_file" : "design.seed_env"),
            "a seed that is not in the plan needs \"design.seed_commitment\", the SHA-256 of its text: 64 digits, "
            "from `printf %%s \"SEED\" | sha256sum`");
    if (d->commitment && d->assigned)
        tm_trouble_add(
            r, LINE("design.seed_commitment"),
            "\"design.seed_commitment\" goes with a seed; where the arms were drawn elsewhere there is none");
    if (d->commitment && !tm_hex_read(d->commitment, strlen(d->commitment), digest, sizeof digest))
        tm_trouble_add(
            r, LINE("design.seed_commitment"),
            "\"design.seed_commitment\" is %s; it must be a SHA-256: 64 digits 0-9 and a-f, from `printf %%s "
            "\"SEED\" | sha256sum`",
            tm_excerpt(r, d->commitment));
}

static void check_design(tm_plan_reader *r, const temoin_plan *plan)
{
    const tm_plan_design *d = &plan->design;
    const int n_seeds = !!d->seed + !!d->seed_file + !!d->seed_env;
    if (n_seeds > 0 && d->assigned)
        tm_trouble_add(r, LINE("design.assigned"),
                       "\"design\" has both \"%s\" and \"assigned\"; keep \"%s\" if temoin "
                       "draws the arms, \"assigned\" if they were drawn elsewhere",
                       d->seed        ? "seed"
                       : d->seed_file ? "seed_file"
                                      : "seed_env",
                       d->seed        ? "seed"
                       : d->seed_file ? "seed_file"
                                      : "seed_env");
    if (d->seed && strpbrk(d->seed, "\r\n"))
        tm_trouble_add(r, LINE("design.seed"), "\"design.seed\" holds a line end; write a text of one line");
    if (n_seeds > 1)
        tm_trouble_add(r, LINE(d->seed_env ? "design.seed_env" : "design.seed_file"),
                       "there must be one of \"design.seed\", \"design.seed_file\" and \"design.seed_env\", not %d",
                       n_seeds);
    check_commitment(r, plan);
    if (n_seeds == 0 && !d->assigned)
        tm_trouble_add(r, LINE("design"),
                       "\"design\" needs \"seed\" (any text, if temoin draws the arms) or \"assigned\" "
                       "(the column that holds the arms, if they were drawn elsewhere)");
    if (d->probability && !d->assigned)
        tm_trouble_add(r, LINE("design.probability"),
                       "\"design.probability\" needs \"design.assigned\": where temoin draws, "
                       "it knows the probabilities");
}

temoin_status tm_plan_resolve_design(tm_plan_reader *r, const tm_raw_design *raw, temoin_plan *plan)
{
    tm_plan_design *d = &plan->design;
    TM_TRY(tm_raw_text_copy(r->ctx, raw->kind ? raw->kind : "complete", &d->kind));
    TM_TRY(tm_raw_names_copy(r->ctx, raw->strata, raw->strata_count, &d->strata));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->seed, &d->seed));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->seed_file, &d->seed_file));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->seed_env, &d->seed_env));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->seed_commitment, &d->commitment));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->assigned, &d->assigned));
    TM_TRY(tm_raw_text_copy(r->ctx, raw->probability, &d->probability));
    tm_names_check_unique(r, &d->strata, "design.strata");
    check_design(r, plan);
    TM_TRY(tm_plan_resolve_options(r, raw, &d->options));
    return resolve_stratum_shares(r, raw, plan);
}
