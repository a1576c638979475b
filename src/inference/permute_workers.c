/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inference/permute_workers.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "numeric/count_halves.h"
#include "numeric/counting.h"
#include "numeric/distributions.h"
#include "numeric/elementary.h"
#include "numeric/stream.h"

static const double listed_most = 1e6;
/* Differences between means below this share of them are rounding. */
static const double negligible = 1e-13;

/* Workers of sites with a contrast, site after site. */
typedef struct standing {
    const tm_permute_request *request;
    int32_t n, n_sites;
    int32_t *from;  /* [n_sites + 1] */
    int32_t *k;     /* [n_sites] treated */
    double *mean;   /* [n] about the site's mean, in units of the largest of these distances */
    double *share;  /* [n_sites] K_s / K */
    bool *treated;  /* [n] */
    double largest; /* one of the units */
    double size;    /* of the means */
} standing;

static temoin_status sort_sites(temoin_context *ctx, standing *s)
{
    const tm_permuted_workers *w = s->request->workers;
    TM_SCRATCH(ctx, s->from, w->n_sites + 1);
    TM_SCRATCH(ctx, s->k, w->n_sites);
    TM_SCRATCH(ctx, s->mean, w->n);
    TM_SCRATCH(ctx, s->share, w->n_sites);
    TM_SCRATCH(ctx, s->treated, w->n);
    for (int32_t site = 0; site < w->n_sites; site++) {
        int32_t n = 0, k = 0;
        for (int32_t i = 0; i < w->n; i++) {
            if (w->site[i] != site) continue;
            s->treated[s->n + n] = w->treated[i];
            s->mean[s->n + n++] = w->mean[i];
            k += w->treated[i];
        }
        if (k == 0 || k == n) continue;
        s->k[s->n_sites] = k;
        s->n += n;
        s->from[++s->n_sites] = s->n;
    }
    return TEMOIN_OK;
}

static void center(standing *s)
{
    for (int32_t i = 0; i < s->n; i++) s->size = fmax(s->size, fabs(s->mean[i]));
    for (int32_t t = 0; t < s->n_sites; t++) {
        const int32_t n = s->from[t + 1] - s->from[t];
        double sum = 0;
        s->share[t] = (double)n / s->n;
        for (int32_t i = s->from[t]; i < s->from[t + 1]; i++) sum += s->mean[i] / n;
        for (int32_t i = s->from[t]; i < s->from[t + 1]; i++) {
            s->mean[i] -= sum;
            s->largest = fmax(s->largest, fabs(s->mean[i]));
        }
    }
    for (int32_t i = 0; i < s->n && s->largest > 0; i++) s->mean[i] /= s->largest;
}

/* Of one site, its workers' means being about their average: the share's difference and its variance. */
static void compare(const standing *s, int32_t t, const bool *treated, double *difference, double *variance)
{
    const double k = s->k[t], n = s->from[t + 1] - s->from[t];
    const double *mean = s->mean + s->from[t];
    double sum = 0, all = 0, square = 0, square_0 = 0;
    for (int32_t i = 0; i < (int32_t)n; i++) {
        sum += treated[i] ? mean[i] : 0;
        all += mean[i];
    }
    const double average = sum / k, average_0 = (all - sum) / (n - k);
    for (int32_t i = 0; i < (int32_t)n; i++) {
        const double d = mean[i] - (treated[i] ? average : average_0);
        *(treated[i] ? &square : &square_0) += d * d;
    }
    *difference = s->share[t] * (average - average_0);
    *variance = s->share[t] * s->share[t] * (square / (k * (k - 1)) + square_0 / ((n - k) * (n - k - 1)));
}

/* NaN: there is no variance, and it cannot be said how extreme this is. */
static double statistic(const standing *s, double difference, double variance)
{
    if (!s->request->studentized) return difference;
    return variance > negligible * negligible ? difference / sqrt(variance) : NAN;
}

static double observe(const standing *s)
{
    double difference = 0, variance = 0;
    for (int32_t t = 0; t < s->n_sites; t++) {
        double d, v;
        compare(s, t, s->treated + s->from[t], &d, &v);
        difference += d;
        variance += v;
    }
    return statistic(s, difference, variance);
}

/* Natural logarithm of the number of assignments. */
static double log_count(const standing *s)
{
    double sum = 0;
    for (int32_t t = 0; t < s->n_sites; t++) {
        const int64_t n = s->from[t + 1] - s->from[t];
        sum += tm_log_factorial(n) - tm_log_factorial(s->k[t]) - tm_log_factorial(n - s->k[t]);
    }
    return sum;
}

/* The assignment in which all change sides is one of them: it is as extreme. */
static bool has_mirror(const standing *s)
{
    for (int32_t t = 0; t < s->n_sites; t++)
        if (2 * s->k[t] != s->from[t + 1] - s->from[t]) return false;
    return true;
}

static double bound(const standing *s, double observed)
{
    const double unit = s->request->studentized ? 1 : 1 / sqrt((double)s->n);
    return fabs(observed) - s->request->tolerance * fmax(fabs(observed), unit);
}

/* What each worker brings to T when treated: means are about the site's average, so nothing else changes. */
static temoin_status count_all(temoin_context *ctx, const standing *s, double observed, double *extreme, double *all)
{
    double *brings;
    TM_SCRATCH(ctx, brings, s->n);
    for (int32_t t = 0; t < s->n_sites; t++) {
        const double k = s->k[t], n = s->from[t + 1] - s->from[t];
        for (int32_t i = s->from[t]; i < s->from[t + 1]; i++)
            brings[i] = s->share[t] * s->mean[i] * (1 / k + 1 / (n - k));
    }
    const tm_choices choices = {s->n_sites, s->from, s->k, brings};
    return tm_choices_count(ctx, &choices, bound(s, observed), extreme, all);
}

/* The differences and variances of every choice in a site. */
typedef struct site_list {
    int64_t n;
    double *difference, *variance;
} site_list;

/* The next choice in the order of dictionaries; false: that was the last. */
static bool choose_next(bool *treated, int32_t n)
{
    int32_t last = n - 1, behind = 0;
    while (last >= 0 && treated[last]) last--, behind++;
    while (last >= 0 && !treated[last]) last--;
    if (last < 0) return false;
    treated[last] = false;
    for (int32_t i = last + 1; i < n; i++) treated[i] = behind-- >= 0;
    return true;
}

static temoin_status list_site(temoin_context *ctx, const standing *s, int32_t t, site_list *out)
{
    const int32_t n = s->from[t + 1] - s->from[t];
    double count = 1;
    bool *treated;
    for (int32_t i = 0; i < s->k[t]; i++) count = count * (n - i) / (i + 1);
    TM_SCRATCH(ctx, treated, n);
    TM_SCRATCH(ctx, out->difference, (int64_t)round(count));
    TM_SCRATCH(ctx, out->variance, (int64_t)round(count));
    for (int32_t i = 0; i < s->k[t]; i++) treated[i] = true;
    do {
        compare(s, t, treated, &out->difference[out->n], &out->variance[out->n]);
        out->n++;
    } while (choose_next(treated, n));
    return TEMOIN_OK;
}

static void visit(const standing *s, const site_list *list, int32_t t, double difference, double variance, double least,
                  double *extreme, double *all)
{
    if (t == s->n_sites) {
        const double one = statistic(s, difference, variance);
        *extreme += isnan(one) || fabs(one) >= least;
        ++*all;
        return;
    }
    for (int64_t c = 0; c < list[t].n; c++)
        visit(s, list, t + 1, difference + list[t].difference[c], variance + list[t].variance[c], least, extreme, all);
}

static temoin_status visit_all(temoin_context *ctx, const standing *s, double observed, double *extreme, double *all)
{
    site_list *list;
    *extreme = *all = 0;
    if (log_count(s) > tm_log(listed_most)) return TEMOIN_OK;
    TM_SCRATCH(ctx, list, s->n_sites);
    for (int32_t t = 0; t < s->n_sites; t++) TM_TRY(list_site(ctx, s, t, &list[t]));
    visit(s, list, 0, 0, 0, bound(s, observed), extreme, all);
    return TEMOIN_OK;
}

static double redraw(const standing *s, int64_t r, bool *treated)
{
    tm_pcg64 stream;
    char purpose[48];
    double difference = 0, variance = 0;
    snprintf(purpose, sizeof purpose, "workers-permuted/%" PRId64, r);
    tm_stream_init(&stream, s->request->trial_id, "", purpose, "");
    for (int32_t t = 0; t < s->n_sites; t++) {
        bool *at = treated + s->from[t];
        double d, v;
        for (int32_t i = s->from[t + 1] - s->from[t] - 1; i > 0; i--) {
            const int32_t other = (int32_t)tm_pcg64_bounded(&stream, (uint64_t)i + 1);
            const bool kept = at[i];
            at[i] = at[other];
            at[other] = kept;
        }
        compare(s, t, at, &d, &v);
        difference += d;
        variance += v;
    }
    return statistic(s, difference, variance);
}

static temoin_status redraw_all(temoin_context *ctx, const standing *s, double observed, tm_permuted *out)
{
    const double least = bound(s, observed);
    const int64_t n = s->request->draws;
    int64_t c = 0;
    bool *treated;
    TM_SCRATCH(ctx, treated, s->n);
    for (int64_t r = 1; r <= n; r++) {
        memcpy(treated, s->treated, (size_t)s->n * sizeof *treated);
        const double one = redraw(s, r, treated);
        c += isnan(one) || fabs(one) >= least;
    }
    out->p = (double)(c + 1) / (double)(n + 1);
    tm_binomial_interval((double)c, (double)n, s->request->level, &out->p_low, &out->p_high);
    out->smallest_p = fmax(out->smallest_p, 1 / (double)(n + 1));
    out->n_redraws = n;
    return TEMOIN_OK;
}

static const char *refuse(const standing *s)
{
    if (s->n_sites == 0) return "no_contrast";
    if (!(s->largest > negligible * s->size)) return "no_variation";
    for (int32_t t = 0; s->request->studentized && t < s->n_sites; t++)
        if (s->k[t] < 2 || s->from[t + 1] - s->from[t] - s->k[t] < 2) return "single_worker";
    return NULL;
}

static temoin_status permute(temoin_context *ctx, standing *s, tm_permuted *out)
{
    double extreme, all;
    const double observed = observe(s);
    if (isnan(observed)) {
        out->refused = "no_variation";
        return TEMOIN_OK;
    }
    out->statistic = s->request->studentized ? observed : observed * s->largest;
    out->smallest_p = fmin(1, tm_exp((has_mirror(s) ? M_LN2 : 0) - log_count(s)));
    if (s->request->studentized)
        TM_TRY(visit_all(ctx, s, observed, &extreme, &all));
    else
        TM_TRY(count_all(ctx, s, observed, &extreme, &all));
    out->exact = all > 0;
    if (out->exact) {
        out->p = out->p_low = out->p_high = extreme / all;
        out->smallest_p = fmin(1, (has_mirror(s) ? 2 : 1) / all);
        out->n_redraws = (int64_t)all;
        return TEMOIN_OK;
    }
    if (s->request->draws > 0) return redraw_all(ctx, s, observed, out);
    out->refused = "too_many_assignments";
    return TEMOIN_OK;
}

temoin_status tm_workers_permute(temoin_context *ctx, const tm_permute_request *request, tm_permuted *out)
{
    const tm_mark mark = tm_arena_mark(&ctx->scratch);
    standing s = {.request = request};
    *out = (tm_permuted){NAN, NAN, NAN, NAN, NAN, -1, false, NULL};
    TM_TRY(sort_sites(ctx, &s));
    center(&s);
    out->refused = refuse(&s);
    const temoin_status status = out->refused ? TEMOIN_OK : permute(ctx, &s, out);
    tm_arena_rewind(&ctx->scratch, mark);
    return status;
}
