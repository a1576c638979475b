/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The wild cluster bootstrap: all signs to the last digit, draws within their Monte Carlo error. */
#include "golden_sample.h"
#include "golden_tally.h"

#include "estimators/estimator.h"
#include "inference/bootstrap.h"
#include "numeric/stream.h"

static double extra_number(const golden_result *r, const char *key)
{
    return json_number_value(json_object_get(r->extra, key));
}

static tm_bootstrap_options choose_options(const golden_result *r)
{
    tm_bootstrap_options o = {.draws = 99999, .null_value = extra_number(r, "null"), .level = r->level};
    o.unrestricted = strncmp(r->estimator, "wcu", 3) == 0;
    if (strstr(r->estimator, "webb")) o.weights = TM_BOOTSTRAP_WEBB;
    if (strstr(r->estimator, "mammen")) o.weights = TM_BOOTSTRAP_MAMMEN;
    tm_stream_init(&o.stream, "golden", "1", "bootstrap", "");
    return o;
}

/* t has no factors here; the reference's has those of its vcov. */
static double factor_of(const golden_result *r, const tm_fit *fit)
{
    double g = fit->n_clusters, n = (double)fit->n, k = fit->n_parameters;
    return strcmp(r->vcov, "CR1S") == 0 ? sqrt(g / (g - 1) * (n - 1) / (n - k)) : 1;
}

static void compare_draws(golden_tally *t, const golden_data *data, const golden_result *r, const tm_fit *fit,
                          const tm_bootstrap *b)
{
    golden_result close = *r;
    close.rtol = r->rtol > 0 ? r->rtol : 1e-9;
    t->results++;
    golden_compare(t, data, &close, "n", (double)fit->n, r->n, 0);
    golden_compare(t, data, &close, "estimate", fit->value[0], r->estimate, 0);
    golden_compare(t, data, &close, "t", b->statistic / factor_of(r, fit), r->t, 0);
    if (strstr(r->estimator, "enumerated")) {
        double n = extra_number(r, "n_draws");
        golden_compare(t, data, &close, "draws", (double)b->n_draws, n, 0);
        golden_compare(t, data, &close, "p", b->p, r->p, 0);
        golden_compare(t, data, &close, "p_strict", b->p_strict, extra_number(r, "p_strict"), 0);
        /* the reference counts no ties in each tail */
        golden_compare(t, data, &close, "p_equal_tail", b->p_equal_tail - extra_number(r, "n_ties") / n,
                       extra_number(r, "p_equal_tail"), 0);
        return;
    }
    double width = 0.02 * (r->ci_high - r->ci_low);
    golden_compare_shares(t, data, r, "p", b->p_strict, (double)b->n_draws, r->p, extra_number(r, "draws"));
    /* Multipliers of two values give p steps. Here it goes from 0.0474 at -4.02 to 0.0552 at -4.01, by the
     * probabilities of all 2^12 draws, and stays between 0.04375 and 0.04377 from -5 to -4.3; the reference's search
     * stops at -4.354. */
    bool stops_short = strcmp(r->id, "ab0c3a5dbf98") == 0;
    golden_compare(t, data, &close, "ci_low", b->ci_low, stops_short ? -4.015 : r->ci_low, stops_short ? 0.005 : width);
    golden_compare(t, data, &close, "ci_high", b->ci_high, r->ci_high, width);
}

/* The reference program counts draws with |t*| > |t|. Where all multipliers are the same, t* is t or -t exactly: with
 * Mammen's, whose smaller value has a chance of 0.72, that is 2 percent of the draws of 12 clusters. They are ties at
 * every hypothesis, so that the interval without them is one of a smaller level. */
bool compare_bootstrap(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r)
{
    golden_formula formula;
    golden_sample s;
    const char *why;
    const tm_fit *fit;
    int64_t left_out;
    tm_bootstrap b;
    if (strcmp(r->family, "wild_bootstrap") != 0) return false;
    assert_true(golden_formula_read(r->formula, &formula));
    if (!golden_sample_build(ctx, data, r, &formula, &(golden_options){0}, &s, &why)) {
        golden_leave(t, r, why);
        return true;
    }
    tm_model model = {.sample = &s.sample, .n_contrasts = 1, .arm_weight = s.arm_weight};
    check_ok(ctx, tm_estimator_find("ols")->build(ctx, &model, &left_out));
    check_ok(ctx, tm_fit_build(ctx, &model, &fit));
    tm_bootstrap_options options = choose_options(r);
    check_ok(ctx, tm_bootstrap_run(ctx, fit, 0, &options, &b));
    if (!b.refused && !b.enumerated) { /* the interval without ties */
        options.level -= b.p - b.p_strict;
        check_ok(ctx, tm_bootstrap_run(ctx, fit, 0, &options, &b));
    }
    if (b.refused)
        golden_wrong(t, data, r, b.refused, NAN, r->p);
    else
        compare_draws(t, data, r, fit, &b);
    return true;
}
