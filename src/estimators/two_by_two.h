/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events in two arms: the table, and what can be said of its difference, ratio and odds ratio. Everything here is a
 * function of the counts alone, which are whole. */
#ifndef TM_TWO_BY_TWO_H
#define TM_TWO_BY_TWO_H

#include "estimators/estimator.h"

typedef struct tm_two_by_two {
    double a, n1; /* events and clients in the arm */
    double c, n0; /* in the reference */
} tm_two_by_two;

/* The methods of an estimator on one contrast. `tables` [n_tables]: one for each stratum in which both arms have
 * somebody, or a single one of all rows. Sets what of value, se, df, statistic, p and interval exists. */
typedef temoin_status tm_table_method(temoin_context *ctx, const tm_two_by_two *tables, int32_t n_tables,
                                      const tm_request *request, tm_effect *out);

/* Makes the tables of every contrast and calls the method, by strata or on the pooled table.
 *
 * Notes    outcome_not_binary, table_weighted, contrast_of_two (one arm against one other is all that a table can
 * hold), no_variation (nobody has the event, or all), strata_pooled, stratum_without_contrast, no_contrast. */
TEMOIN_MUST_CHECK temoin_status tm_tables_run(temoin_context *ctx, const tm_request *request, bool by_strata,
                                              tm_table_method *method, tm_effect *out);

/* The arms of a plain contrast: one has weight 1, one -1, the others 0. */
bool tm_contrast_arms(const double *arm_weight, int32_t n_arms, int32_t *arm, int32_t *reference);

/* True when the request's variance has that key. */
bool tm_request_is(const tm_request *request, const char *variance);

/* Wilson's interval of a proportion (1927). */
void tm_wilson_interval(double events, double n, double z, double *low, double *high);

/* The difference: Newcombe 1998, method 10; Agresti & Caffo 2000, with *se of the difference after adding one client
 * with and one without the event to both arms, and the difference then. */
void tm_newcombe_interval(const tm_two_by_two *t, double z, double *low, double *high);
void tm_agresti_caffo(const tm_two_by_two *t, double *difference, double *se);

/* The score statistic of the hypothesis that the difference is delta: (p1 - p0 - delta) over its standard error at the
 * most likely p1 and p0 that differ by delta (Farrington & Manning 1990), the variance times N / (N - 1) (Miettinen &
 * Nurminen 1985) if `corrected`. The most likely values are the root of the score, which falls, by bisection: the
 * closed form needs an arc cosine. +-inf where the hypothesis leaves no variance. */
double tm_score_difference(const tm_two_by_two *t, double delta, bool corrected);
/* Where it is +-z. */
void tm_score_difference_interval(const tm_two_by_two *t, double z, bool corrected, double *low, double *high);

/* The same for the ratio p1 / p0 = ratio (Koopman 1984; Miettinen & Nurminen 1985 if corrected), on the logarithmic
 * scale; -inf and inf where the interval has no such end. */
double tm_score_ratio(const tm_two_by_two *t, double log_ratio, bool corrected);
void tm_score_ratio_interval(const tm_two_by_two *t, double z, bool corrected, double *low, double *high);

/* Conditional on both margins. Odds ratios as logarithms, -inf and inf where they are 0 or infinite. */
typedef struct tm_exact_table {
    double two_sided;     /* tables no more probable than this one, within 1e-7 (as R's fisher.test) */
    double less, greater; /* that so few, so many events are in the arm */
    double likely;        /* conditional maximum likelihood */
    double low, high;     /* exact interval of level `level`: both tails (Cornfield 1956) */
    double mid_p;         /* twice the smaller tail with half of this table, at most 1 */
    double median;        /* where both tails with half of this table are 1/2 */
    double mid_low, mid_high;
    /* The middle of the two odds ratios, as logarithms, at which the observed number or fewer, and it or more, have a
     * chance of 1/2 (Hirji, Tsiatis & Mehta 1989); where only one of them exists, that one: always finite. */
    double middle;
} tm_exact_table;

TEMOIN_MUST_CHECK temoin_status tm_exact_table_run(temoin_context *ctx, const tm_two_by_two *t, double level,
                                                   tm_exact_table *out);

/* Unconditional exact tests: the probability of tables as extreme, at its largest over the probability of the event
 * that the arms share. Found on a grid of 512 and refined at the best places by golden section. *fits: false, and
 * nothing is done, with more than 250,000 tables.
 * Barnard: by the pooled z statistic, two-sided (Suissa & Shuster 1985). Boschloo 1970: by the two-sided p of Fisher's
 * test, as R's Exact; scipy doubles the smaller one-sided p instead. */
TEMOIN_MUST_CHECK temoin_status tm_barnard_run(temoin_context *ctx, const tm_two_by_two *t, double *p, bool *fits);
TEMOIN_MUST_CHECK temoin_status tm_boschloo_run(temoin_context *ctx, const tm_two_by_two *t, double *p, bool *fits);

/* Exact unconditional interval of the difference from two one-sided tests ordered by the score statistic (Chan & Zhang
 * 1999), and p, twice the smaller one-sided p at 0. The lower end is the first delta, in steps of 1/32 and then by
 * bisection, at which the tail's largest probability exceeds half of 1 - level. *fits: as above, and at most 1000
 * clients. */
TEMOIN_MUST_CHECK temoin_status tm_chan_zhang_run(temoin_context *ctx, const tm_two_by_two *t, double level,
                                                  double *low, double *high, double *p, bool *fits);

/* Over strata (Mantel & Haenszel 1959); NaN where a sum that divides is zero. */
typedef struct tm_pooled {
    double value, variance;
} tm_pooled;

tm_pooled tm_mh_difference(const tm_two_by_two *t, int32_t n); /* Sato, Greenland & Robins 1989 */
tm_pooled tm_mh_log_ratio(const tm_two_by_two *t, int32_t n);  /* Greenland & Robins 1985 */
tm_pooled tm_mh_log_odds(const tm_two_by_two *t, int32_t n);   /* Robins, Breslow & Greenland 1986 */
/* The signed root of the Cochran-Mantel-Haenszel chi-square: events in the arm less their mean, given all margins;
 * `less` (1/2: continuity) is taken from its size. */
double tm_mh_score(const tm_two_by_two *t, int32_t n, double less);
/* The pooled effect with its own standard error, or with the score test if the request names that. */
void tm_mh_finish(tm_pooled pooled, const tm_two_by_two *t, int32_t n, const tm_request *request, tm_effect *out);

#endif
