/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "golden_redrawn.h"
#include "randsample.h"

typedef struct listing {
    const golden_units *units;
    golden_visit *visit;
    void *context;
    bool treated[GOLDEN_MOST_UNITS];
    int64_t n;
} listing;

static int members_of(const golden_units *units, int stratum, int *member)
{
    int n = 0;
    for (int u = 0; u < units->n; u++)
        if (units->stratum[u] == stratum) member[n++] = u;
    return n;
}

static void list_from(listing *l, int stratum)
{
    int member[GOLDEN_MOST_UNITS], n_treated = 0;
    if (stratum == l->units->n_strata) {
        l->visit(l->context, l->treated);
        l->n++;
        return;
    }
    const int n = members_of(l->units, stratum, member);
    assert_true(n <= 22);
    for (int i = 0; i < n; i++) n_treated += l->units->treated[member[i]];
    for (uint32_t set = 0; set < 1u << n; set++) {
        if (__builtin_popcount(set) != n_treated) continue;
        for (int i = 0; i < n; i++) l->treated[member[i]] = set >> i & 1;
        list_from(l, stratum + 1);
    }
}

int64_t golden_list_assignments(const golden_units *units, golden_visit *visit, void *context)
{
    listing l = {.units = units, .visit = visit, .context = context};
    list_from(&l, 0);
    return l.n;
}

void golden_draw_assignments(const golden_units *units, uint64_t seed, int64_t n_draws, golden_visit *visit,
                             void *context)
{
    bool treated[GOLDEN_MOST_UNITS];
    int member[GOLDEN_MOST_UNITS];
    memcpy(treated, units->treated, sizeof treated);
    for (int64_t r = 0; r < n_draws; r++) {
        for (int s = 0; s < units->n_strata; s++) {
            const int n = members_of(units, s, member);
            for (int i = n - 1; i > 0; i--) {
                const int j = rand_below(&seed, i + 1);
                const bool kept = treated[member[i]];
                treated[member[i]] = treated[member[j]];
                treated[member[j]] = kept;
            }
        }
        visit(context, treated);
    }
}
