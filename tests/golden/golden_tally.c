/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "golden_tally.h"

golden_comparer *const golden_comparers[] = {
    compare_linear,      compare_glm,          compare_mixed, compare_survival,  compare_binary,        compare_rank,
    compare_effect_size, compare_multiplicity, compare_iv,    compare_quantile,  compare_pooled,        compare_partial,
    compare_icc,         compare_bootstrap,    compare_joint, compare_step_down, compare_randomization, NULL,
};

void golden_leave(golden_tally *t, const golden_result *r, const char *reason)
{
    for (int i = 0; i < t->n_left; i++)
        if (strcmp(t->left[i].family, r->family) == 0 && strcmp(t->left[i].estimator, r->estimator) == 0 &&
            strcmp(t->left[i].reason, reason) == 0) {
            t->left[i].n++;
            return;
        }
    assert_true(t->n_left < 200);
    snprintf(t->left[t->n_left].family, sizeof t->left->family, "%s", r->family);
    snprintf(t->left[t->n_left].estimator, sizeof t->left->estimator, "%s", r->estimator);
    t->left[t->n_left].reason = reason;
    t->left[t->n_left++].n = 1;
}

void golden_wrong(golden_tally *t, const golden_data *data, const golden_result *r, const char *what, double got,
                  double want)
{
    t->wrong++;
    print_error("%s %s %s/%s %s %s %s \"%s\" %s: %s is %.17g, want %.17g (%.2g)\n", data->name, r->id, r->family,
                r->estimator, r->vcov ? r->vcov : "", r->outcome ? r->outcome : "", r->wave ? r->wave : "",
                r->formula ? r->formula : "",
                r->term       ? r->term
                : r->contrast ? r->contrast
                              : "",
                what, got, want, fabs(got - want) / fabs(want));
}

void golden_compare(golden_tally *t, const golden_data *data, const golden_result *r, const char *what, double got,
                    double want, double slack)
{
    if (isnan(want)) return;
    t->numbers++;
    if (isnan(got) || fabs(got - want) > fmax(r->rtol * fabs(want), slack)) golden_wrong(t, data, r, what, got, want);
}

void golden_compare_shares(golden_tally *t, const golden_data *data, const golden_result *r, const char *what,
                           double got, double got_draws, double want, double want_draws)
{
    t->numbers++;
    const double share = (got * got_draws + want * want_draws) / (got_draws + want_draws);
    const double se = sqrt(share * (1 - share) * (1 / got_draws + 1 / want_draws));
    if (!(fabs(got - want) <= 4 * se)) golden_wrong(t, data, r, what, got, want);
}
