/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "designs/misfits.h"

#include <string.h>

#include "base/nearest.h"
#include "base/sink.h"
#include "designs/leftovers.h"
#include "designs/places.h"
#include "numeric/counting.h"
#include "numeric/pcg64.h"

static temoin_status check_denominator(temoin_context *ctx, const tm_places *p)
{
    int32_t at = 0;
    if (!tm_places_denominator(p, &at))
        TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                "design: stratum \"%s\": its shares and those of the strata before it have no common denominator up "
                "to 2^53, so leftover units cannot be drawn exactly; write the shares with fewer decimals",
                p->units->stratum_text[at]);
    return TEMOIN_OK;
}

/* Rounds the remainders of rows [begin, end); a last row makes the sums of the columns whole. */
static temoin_status round_rows(temoin_context *ctx, const tm_places *p, int32_t begin, int32_t end, int64_t whole,
                                tm_chance chance)
{
    const int32_t n_arms = p->units->n_arms;
    const int64_t n_rows = (int64_t)(end - begin) + 1;
    int64_t *table, *extra = p->extra + (int64_t)begin * n_arms;
    TM_SCRATCH(ctx, table, n_rows * n_arms);
    int64_t *last = table + (n_rows - 1) * n_arms;
    for (int32_t r = begin; r < end; r++)
        for (int32_t a = 0; a < n_arms; a++) {
            const int64_t rest = p->rest[(int64_t)r * n_arms + a] * (whole / p->sum[p->row[r]]);
            table[(int64_t)(r - begin) * n_arms + a] = rest;
            last[a] = (last[a] + rest) % whole;
        }
    for (int32_t a = 0; a < n_arms; a++) last[a] = (whole - last[a]) % whole;
    TM_TRY(tm_leftovers_round(ctx, table, n_rows, n_arms, whole, (tm_leftover_coin){chance.rises, chance.data}));
    for (int64_t i = 0; i < (n_rows - 1) * n_arms; i++) extra[i] = table[i] == whole;
    return TEMOIN_OK;
}

static temoin_status round_jointly(temoin_context *ctx, tm_places *p, tm_chance chance)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    chance.begin(chance.data, "leftover", "");
    const temoin_status status = round_rows(ctx, p, 0, p->n_rows, p->denominator, chance);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status round_each(temoin_context *ctx, tm_places *p, tm_chance chance)
{
    temoin_status status = TEMOIN_OK;
    for (int32_t r = 0; status == TEMOIN_OK && r < p->n_rows; r++) {
        const tm_mark mark = tm_arena_mark(&ctx->scratch);
        chance.begin(chance.data, "misfit", p->units->stratum_text[p->row[r]]);
        status = round_rows(ctx, p, r, r + 1, p->sum[p->row[r]], chance);
        tm_arena_rewind(&ctx->scratch, mark);
    }
    return status;
}

static temoin_status leave_out(temoin_context *ctx, tm_places *p, tm_chance chance)
{
    (void)ctx, (void)p, (void)chance;
    return TEMOIN_OK;
}

typedef struct pack {
    int64_t *full, *now; /* [n_arms] cards of each arm */
    int64_t n_full, n_now;
} pack;

static void fill_pack(pack *k, const tm_places *p, int32_t s, bool weighted)
{
    k->n_full = k->n_now = 0;
    for (int32_t a = 0; a < p->units->n_arms; a++) {
        const int64_t share = tm_places_share(p, s, a);
        k->full[a] = weighted ? share : share > 0;
        k->now[a] = 0;
        k->n_full += k->full[a];
    }
}

static void take_cards(pack *k, int32_t n_arms, int64_t n, int64_t *taken, tm_chance chance)
{
    while (n > 0) {
        if (k->n_now == 0) {
            memcpy(k->now, k->full, (size_t)n_arms * sizeof *k->now);
            k->n_now = k->n_full;
        }
        const int64_t part = n < k->n_now ? n : k->n_now;
        chance.take(chance.data, k->now, n_arms, part, taken);
        k->n_now -= part;
        n -= part;
    }
}

static temoin_status deal_packs(temoin_context *ctx, tm_places *p, tm_chance chance, bool weighted, bool global)
{
    const int32_t n_arms = p->units->n_arms;
    pack k = {.n_full = 0};
    TM_SCRATCH(ctx, k.full, n_arms);
    TM_SCRATCH(ctx, k.now, n_arms);
    for (int32_t r = 0; r < p->n_rows; r++) {
        const int32_t s = p->row[r];
        if (!global || r == 0) {
            fill_pack(&k, p, s, weighted);
            chance.begin(chance.data, "misfit", global ? "" : p->units->stratum_text[s]);
        }
        take_cards(&k, n_arms, p->left[r], p->extra + (int64_t)r * n_arms, chance);
    }
    return TEMOIN_OK;
}

static temoin_status deal_with(temoin_context *ctx, tm_places *p, tm_chance chance, bool weighted, bool global)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    const temoin_status status = deal_packs(ctx, p, chance, weighted, global);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}

static temoin_status deal_strata(temoin_context *ctx, tm_places *p, tm_chance chance)
{
    return deal_with(ctx, p, chance, false, false);
}

static temoin_status deal_wstrata(temoin_context *ctx, tm_places *p, tm_chance chance)
{
    return deal_with(ctx, p, chance, true, false);
}

static temoin_status deal_global(temoin_context *ctx, tm_places *p, tm_chance chance)
{
    return deal_with(ctx, p, chance, false, true);
}

static temoin_status deal_wglobal(temoin_context *ctx, tm_places *p, tm_chance chance)
{
    return deal_with(ctx, p, chance, true, true);
}

/* One pack serves all strata only where it would be the same in each. */
static temoin_status check_packs(temoin_context *ctx, const tm_places *p, bool weighted)
{
    for (int32_t s = 1; s < p->units->n_strata; s++)
        for (int32_t a = 0; a < p->units->n_arms; a++) {
            const int64_t here = tm_places_share(p, s, a), first = tm_places_share(p, 0, a);
            if (weighted ? here == first : (here > 0) == (first > 0)) continue;
            TM_FAIL(ctx, TEMOIN_ERR_PLAN,
                    "design: misfits \"%s\" deals the leftover units of all strata together and needs %s, but strata "
                    "\"%s\" and \"%s\" differ; use \"pivotal\", or \"%s\"",
                    p->misfit->key, weighted ? "the same shares in all of them" : "the same arms in all of them",
                    p->units->stratum_text[0], p->units->stratum_text[s], weighted ? "wstrata" : "strata");
        }
    return TEMOIN_OK;
}

static temoin_status check_global(temoin_context *ctx, const tm_places *p)
{
    return check_packs(ctx, p, false);
}

static temoin_status check_wglobal(temoin_context *ctx, const tm_places *p)
{
    return check_packs(ctx, p, true);
}

const tm_misfit tm_misfits[] = {
    {.key = "pivotal",
     .title = "Exact shares, balanced over strata together",
     .cites = "Cox 1987; Deville & Tillé 1998",
     .keeps_shares = true,
     .deals_out = true,
     .check = check_denominator,
     .round = round_jointly},
    {.key = "within_stratum",
     .title = "Exact shares, each stratum for itself",
     .cites = "Deville & Tillé 1998",
     .by_stratum = true,
     .keeps_shares = true,
     .deals_out = true,
     .round = round_each},
    {.key = "missing",
     .title = "Units beyond whole blocks of the shares get no arm",
     .cites = "Carril 2017",
     .in_blocks = true,
     .by_stratum = true,
     .round = leave_out},
    {.key = "strata",
     .title = "Equal chances of each arm, balanced in each stratum",
     .cites = "Carril 2017",
     .in_blocks = true,
     .by_stratum = true,
     .deals_out = true,
     .round = deal_strata},
    {.key = "wstrata",
     .title = "Exact shares, dealt from a block of the shares in each stratum",
     .cites = "Carril 2017",
     .in_blocks = true,
     .by_stratum = true,
     .keeps_shares = true,
     .deals_out = true,
     .round = deal_wstrata},
    {.key = "global",
     .title = "Equal chances of each arm, balanced over strata together",
     .cites = "Carril 2017",
     .in_blocks = true,
     .deals_out = true,
     .check = check_global,
     .round = deal_global},
    {.key = "wglobal",
     .title = "Exact shares, dealt from blocks of the shares that run through the strata",
     .cites = "Carril 2017",
     .in_blocks = true,
     .keeps_shares = true,
     .deals_out = true,
     .check = check_wglobal,
     .round = deal_wglobal},
};
const int tm_n_misfits = sizeof tm_misfits / sizeof *tm_misfits;

temoin_status tm_misfit_choose(temoin_context *ctx, const char *name, const tm_misfit **out)
{
    const char *keys[sizeof tm_misfits / sizeof *tm_misfits];
    tm_sink list;
    for (int m = 0; m < tm_n_misfits; m++) {
        *out = &tm_misfits[m];
        if (!name || strcmp(name, tm_misfits[m].key) == 0) return TEMOIN_OK;
        keys[m] = tm_misfits[m].key;
    }
    tm_sink_init(&list, ctx);
    for (int m = 0; m < tm_n_misfits; m++) tm_sink_printf(&list, "%s%s", m ? ", " : "", keys[m]);
    TM_TRY(tm_sink_finish(&list));
    const char *nearest = tm_nearest(name, keys, (size_t)tm_n_misfits);
    TM_FAIL(ctx, TEMOIN_ERR_PLAN, "design: there is no misfit policy \"%s\"; the policies are %s%s%s%s", name,
            list.text, nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}
