/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The figures of the section on caseworkers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/sink.h"
#include "document/figure.h"
#include "sections/dossier.h"
#include "sections/wording.h"

enum { MOST_LINES = 60 };
static const double widest = 4; /* an axis is cut where the interval is wider than so many times its first width */

static tm_tone tone_of(int32_t arm)
{
    return arm == 0 ? TM_TONE_INK : arm == 1 ? TM_TONE_ACCENT : TM_TONE_WARM;
}

/* "In training, wave 12 (%)", "Income, wave 12 (EUR per month)". */
static const char *axis_title(const tm_dossier *d, const char *name, const char *wave)
{
    const temoin_measure_summary *measure = tm_measure_find(d->results, name);
    const char *at = tm_wave_text(d->document, wave);
    const char *unit = tm_measure_is_binary(d->results, name) ? "%" : measure ? measure->unit : "";
    if (!at) return NULL;
    return tm_text(d->document->ctx, "%s%s%s%s%s%s", tm_measure_text(d->results, d->document, name), at[0] ? ", " : "",
                   at, unit[0] ? " (" : "", unit, unit[0] ? ")" : "");
}

/* Caterpillar: workers' means by arm, the highest first; those of fewer clients than may be shown come last, without.
 */

typedef struct caterpillar {
    const tm_dossier *d;
    const char *measure, *wave;
    double factor;
    const temoin_provider_mean **order; /* [n] */
    int n, hidden;
    tm_figure *figure;
} caterpillar;

static bool is_hidden(const temoin_results *results, const temoin_provider_mean *mean)
{
    return mean->n < results->min_cell;
}

/* By arm, the highest first; ties as the results have them. */
static int compare_means(const void *one, const void *other)
{
    const temoin_provider_mean *a = *(const temoin_provider_mean *const *)one;
    const temoin_provider_mean *b = *(const temoin_provider_mean *const *)other;
    if (a->arm != b->arm) return a->arm < b->arm ? -1 : 1;
    if (a->shrunken != b->shrunken && !isnan(a->shrunken) && !isnan(b->shrunken))
        return a->shrunken > b->shrunken ? -1 : 1;
    return a < b ? -1 : a > b;
}

static void collect_means(caterpillar *c)
{
    const temoin_results *results = c->d->results;
    c->order = tm_document_take(c->d->document, results->n_provider_means, sizeof *c->order);
    for (int64_t m = 0; c->order && m < results->n_provider_means; m++) {
        const temoin_provider_mean *mean = &results->provider_means[m];
        if (strcmp(mean->measure, c->measure) == 0 && strcmp(mean->wave, c->wave) == 0) c->order[c->n++] = mean;
    }
    if (c->order) qsort(c->order, (size_t)c->n, sizeof *c->order, compare_means);
}

static void add_worker(caterpillar *c, const temoin_provider_mean *mean)
{
    tm_document *document = c->d->document;
    const tm_table_cell count = tm_cell_masked_count(mean->n, c->d->results->min_cell);
    const tm_tone tone = tone_of(mean->arm);
    const tm_figure_row row = {.label = mean->provider,
                               .note = tm_cell_write(document->ctx, document->language, &count)};
    const double y = tm_figure_add_row(document, c->figure, &row);
    if (is_hidden(c->d->results, mean)) {
        c->hidden++;
        return;
    }
    if (!isnan(mean->ci_low))
        tm_figure_add_mark(document, c->figure,
                           &(tm_figure_mark){.kind = TM_MARK_INTERVAL,
                                             .tone = tone,
                                             .x = mean->ci_low * c->factor,
                                             .x_end = mean->ci_high * c->factor,
                                             .y = y});
    tm_figure_add_mark(document, c->figure,
                       &(tm_figure_mark){.kind = TM_MARK_RING, .tone = tone, .x = mean->mean * c->factor, .y = y});
    if (!isnan(mean->shrunken))
        tm_figure_add_mark(
            document, c->figure,
            &(tm_figure_mark){.kind = TM_MARK_POINT, .tone = tone, .x = mean->shrunken * c->factor, .y = y});
}

/* One arm's workers, those in the middle left out when there are too many, and the mean of their clients. */
static void add_arm(caterpillar *c, int first, int n, int quota)
{
    tm_document *document = c->d->document;
    const int32_t arm = c->order[first]->arm;
    double sum = 0, clients = 0;
    const tm_figure_row head = {
        .label = tm_label_text(document, &c->d->results->arms[arm].label), .note = "", .group = true};
    const int from = tm_figure_add_row(document, c->figure, &head) + 1;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < n; i++) {
            const temoin_provider_mean *mean = c->order[first + i];
            const bool last = is_hidden(c->d->results, mean);
            if (pass == 0) sum += mean->mean * (double)mean->n, clients += (double)mean->n;
            if (last == (pass == 1) && (n <= quota || i < quota / 2 || i >= n - quota / 2)) add_worker(c, mean);
        }
    const int rows = c->figure ? c->figure->n_rows : 0;
    if (clients < (double)c->d->results->min_cell) return;
    tm_figure_add_mark(document, c->figure,
                       &(tm_figure_mark){.kind = TM_MARK_UPRIGHT,
                                         .tone = TM_TONE_SOFT,
                                         .dashed = true,
                                         .x = sum / clients * c->factor,
                                         .y = from,
                                         .y_end = rows - 1});
}

static const char *caterpillar_remark(const caterpillar *c, bool cut)
{
    const tm_dossier *d = c->d;
    char least[TM_WRITTEN_SIZE];
    tm_write_number(d->document->language, (double)d->results->min_cell, 0, least);
    const char *hidden = tm_text(d->document->ctx,
                                 tm_dossier_say(d, " Means of fewer than %s clients are not shown.",
                                                " Les moyennes de moins de %s clients ne sont pas montrées."),
                                 least);
    if (!hidden) return NULL;
    return tm_text(d->document->ctx, "%s%s%s",
                   tm_dossier_say(d,
                                  "A shrunken mean is drawn towards the mean of the arm, the more the fewer clients it "
                                  "rests on: it is the better guess of what a caseworker would reach with others.",
                                  "Une moyenne ramenée est rapprochée de celle du groupe, d’autant plus qu’elle repose "
                                  "sur peu de clients : c’est la meilleure idée de ce qu’un intervenant obtiendrait "
                                  "avec d’autres."),
                   cut ? tm_dossier_say(d, " The lowest and the highest of each arm are shown.",
                                        " Seuls les plus bas et les plus hauts de chaque groupe sont montrés.")
                       : "",
                   c->hidden ? hidden : "");
}

/* The extremes of what is shown, in words. */
static const char *caterpillar_description(const caterpillar *c)
{
    const temoin_provider_mean *low = NULL, *high = NULL;
    for (int i = 0; i < c->n; i++) {
        const temoin_provider_mean *mean = c->order[i];
        if (is_hidden(c->d->results, mean) || isnan(mean->shrunken)) continue;
        if (!low || mean->shrunken < low->shrunken) low = mean;
        if (!high || mean->shrunken > high->shrunken) high = mean;
    }
    char from[TM_WRITTEN_SIZE], to[TM_WRITTEN_SIZE];
    const tm_language language = c->d->document->language;
    const int decimals = tm_effect_decimals(c->d->results, c->measure);
    const char *outcome = tm_outcome_words(c->d, c->measure, c->wave);
    if (!outcome || !low) return outcome;
    return tm_text(c->d->document->ctx,
                   tm_dossier_say(c->d, "Means of %s by caseworker. Shrunken means range from %s (%s) to %s (%s).",
                                  "Moyennes de %s par intervenant. Les moyennes ramenées vont de %s (%s) à %s (%s)."),
                   outcome, tm_write_number(language, low->shrunken * c->factor, decimals, from), low->provider,
                   tm_write_number(language, high->shrunken * c->factor, decimals, to), high->provider);
}

static void add_caterpillar_keys(const caterpillar *c, double level)
{
    tm_document *document = c->d->document;
    const char *percent = tm_level_words(c->d, level);
    const char *shrunken = percent ? tm_text(document->ctx,
                                             tm_dossier_say(c->d, "shrunken mean, with its %s interval",
                                                            "moyenne ramenée, avec son intervalle à %s"),
                                             percent)
                                   : NULL;
    tm_figure_add_key(document, c->figure, &(tm_figure_mark){.kind = TM_MARK_POINT}, shrunken);
    tm_figure_add_key(document, c->figure, &(tm_figure_mark){.kind = TM_MARK_RING},
                      tm_dossier_say(c->d, "mean of the clients", "moyenne des clients"));
    tm_figure_add_key(document, c->figure,
                      &(tm_figure_mark){.kind = TM_MARK_UPRIGHT, .tone = TM_TONE_SOFT, .dashed = true},
                      tm_dossier_say(c->d, "mean of the arm", "moyenne du groupe"));
}

static int count_arms(const caterpillar *c)
{
    int n = 0;
    for (int i = 0; i < c->n; i++) n += i == 0 || c->order[i]->arm != c->order[i - 1]->arm;
    return n;
}

static int arm_size(const caterpillar *c, int first)
{
    int n = 1;
    while (first + n < c->n && c->order[first + n]->arm == c->order[first]->arm) n++;
    return n;
}

bool tm_add_caterpillar(const tm_dossier *d)
{
    const temoin_results *results = d->results;
    if (results->n_provider_means == 0) return false;
    caterpillar c = {.d = d, .measure = results->provider_means[0].measure, .wave = results->provider_means[0].wave};
    for (int64_t m = 0; d->tip && m < results->n_provider_means; m++)
        if (strcmp(results->provider_means[m].measure, d->tip->measure) == 0 &&
            strcmp(results->provider_means[m].wave, d->tip->wave) == 0)
            c.measure = d->tip->measure, c.wave = d->tip->wave;
    c.factor = tm_measure_is_binary(results, c.measure) ? 100 : 1;
    collect_means(&c);
    const int quota = MOST_LINES / (count_arms(&c) + (c.n == 0));
    bool cut = false;
    for (int i = 0; i < c.n; i += arm_size(&c, i)) cut |= arm_size(&c, i) > quota;
    const tm_figure_words words = {
        .caption = tm_dossier_say(d, "Outcomes by caseworker", "Résultats par intervenant"),
        .description = caterpillar_description(&c),
        .remark = "",
        .across = axis_title(d, c.measure, c.wave),
        .upward = "",
        .notes_head = tm_dossier_say(d, "Clients", "Clients"),
    };
    c.figure = tm_document_add_figure(d->document, &words);
    for (int i = 0; i < c.n; i += arm_size(&c, i)) add_arm(&c, i, arm_size(&c, i), quota);
    if (c.n > 0) add_caterpillar_keys(&c, c.order[0]->level);
    if (c.figure) c.figure->remark = tm_document_text(d->document, caterpillar_remark(&c, cut));
    return true;
}

/* Tipping point: the interval of the effect over the intraclass correlation. */

typedef struct curve {
    double *rho, *low, *high;
    int n;
} curve;

static curve collect_curve(const tm_dossier *d, double factor)
{
    const temoin_results *results = d->results;
    curve c = {tm_document_take(d->document, results->n_tipping_curves, sizeof *c.rho),
               tm_document_take(d->document, results->n_tipping_curves, sizeof *c.low),
               tm_document_take(d->document, results->n_tipping_curves, sizeof *c.high), 0};
    for (int64_t i = 0; c.rho && c.low && c.high && i < results->n_tipping_curves; i++) {
        const temoin_tipping_curve *at = &results->tipping_curves[i];
        if (!tm_dossier_is_main(d, at->estimate, at->measure, at->wave, at->arm, at->reference)) continue;
        if (!isfinite(at->ci_low) || !isfinite(at->ci_high)) continue;
        c.rho[c.n] = at->rho;
        c.low[c.n] = at->ci_low * factor;
        c.high[c.n++] = at->ci_high * factor;
    }
    return c;
}

/* The axes end a little beyond what matters: the tipping point, what was published, what was observed. */
static void cut_axes(const tm_dossier *d, curve *c, tm_figure *figure, double value)
{
    const double mattering[] = {d->tip->rho, d->tip->published_high, d->tip->icc};
    double end = 0.2, half = value - c->low[0], most = 0;
    for (int i = 0; i < 3; i++)
        if (1.5 * mattering[i] > end) end = 1.5 * mattering[i];
    while (c->n > 2 && c->rho[c->n - 2] >= end) c->n--;
    figure->across.low = 0;
    figure->across.high = c->rho[c->n - 1];
    for (int i = 0; i < c->n; i++) most = fmax(most, c->high[i] - value);
    if (!(most > widest * half)) return;
    figure->upward.low = fmin(value - widest * half, 0);
    figure->upward.high = fmax(value + widest * half, 0);
}

static const char *rho_text(const tm_dossier *d, const char *en, const char *fr, double a, double b)
{
    char first[TM_WRITTEN_SIZE], second[TM_WRITTEN_SIZE];
    tm_write_number(d->document->language, a, 3, first);
    tm_write_number(d->document->language, b, 3, second);
    tm_sink sink;
    tm_sink_init(&sink, d->document->ctx);
    tm_sink_put(&sink, tm_dossier_say(d, en, fr));
    tm_sink_put(&sink, first);
    if (!isnan(b)) tm_sink_printf(&sink, "%s%s", tm_dossier_say(d, " to ", " à "), second);
    return sink.out_of_memory ? NULL : sink.text;
}

static void mark_correlations(const tm_dossier *d, tm_figure *figure)
{
    const temoin_tipping_point *tip = d->tip;
    if (!isnan(tip->published_low) && !isnan(tip->published_high))
        tm_figure_add_mark(d->document, figure,
                           &(tm_figure_mark){.kind = TM_MARK_RANGE,
                                             .tone = TM_TONE_SOFT,
                                             .x = tip->published_low,
                                             .x_end = tip->published_high,
                                             .label = rho_text(d, "published: ", "publiés : ", tip->published_low,
                                                               tip->published_high)});
    if (!isnan(tip->icc))
        tm_figure_add_mark(
            d->document, figure,
            &(tm_figure_mark){.kind = TM_MARK_SPAN,
                              .tone = TM_TONE_INK,
                              .dashed = true,
                              .x = tip->icc,
                              .x_low = tip->icc_low,
                              .x_end = tip->icc_high,
                              .label = rho_text(d, "in these data: ", "dans ces données : ", tip->icc, NAN)});
    if (!isnan(tip->rho))
        tm_figure_add_mark(
            d->document, figure,
            &(tm_figure_mark){.kind = TM_MARK_UPRIGHT,
                              .tone = TM_TONE_WARM,
                              .x = tip->rho,
                              .label = rho_text(d, "tipping point: ", "point de bascule : ", tip->rho, NAN)});
}

static void mark_curve(const tm_dossier *d, tm_figure *figure, const curve *c, double value)
{
    double *level = tm_document_take(d->document, c->n, sizeof *level);
    for (int i = 0; level && i < c->n; i++) level[i] = value;
    tm_figure_add_mark(
        d->document, figure,
        &(tm_figure_mark){
            .kind = TM_MARK_BAND, .tone = TM_TONE_ACCENT, .xs = c->rho, .lows = c->low, .highs = c->high, .n = c->n});
    if (level)
        tm_figure_add_mark(
            d->document, figure,
            &(tm_figure_mark){.kind = TM_MARK_CURVE, .tone = TM_TONE_ACCENT, .xs = c->rho, .lows = level, .n = c->n});
    tm_figure_add_mark(d->document, figure,
                       &(tm_figure_mark){.kind = TM_MARK_LEVEL, .tone = TM_TONE_INK, .dashed = true, .y = 0});
    const char *percent = tm_level_words(d, d->tip->level);
    tm_figure_add_key(d->document, figure, &(tm_figure_mark){.kind = TM_MARK_CURVE, .tone = TM_TONE_ACCENT},
                      tm_dossier_say(d, "effect", "effet"));
    tm_figure_add_key(
        d->document, figure, &(tm_figure_mark){.kind = TM_MARK_BAND, .tone = TM_TONE_ACCENT},
        percent ? tm_text(d->document->ctx, tm_dossier_say(d, "its %s interval", "son intervalle à %s"), percent)
                : NULL);
    tm_figure_add_key(d->document, figure, &(tm_figure_mark){.kind = TM_MARK_LEVEL, .dashed = true},
                      tm_dossier_say(d, "no effect", "aucun effet"));
}

static const char *tipping_description(const tm_dossier *d, const curve *c)
{
    const temoin_tipping_point *tip = d->tip;
    const char *effect = tm_effect_words(d, tip->value, false);
    char low[TM_WRITTEN_SIZE], high[TM_WRITTEN_SIZE];
    const int decimals = tm_dossier_decimals(d);
    tm_write_number(d->document->language, c->low[0], decimals, low);
    tm_write_number(d->document->language, c->high[0], decimals, high);
    const char *where = isnan(tip->rho)
                            ? tm_dossier_say(d, "It has no tipping point.", "Il n’a pas de point de bascule.")
                            : rho_text(d, "The interval touches zero at a correlation of ",
                                       "L’intervalle touche zéro à une corrélation de ", tip->rho, NAN);
    if (!effect || !where) return NULL;
    return tm_text(d->document->ctx,
                   tm_dossier_say(d,
                                  "The effect, %s, has an interval from %s to %s if caseworkers do not differ, which "
                                  "widens as they do. %s",
                                  "L’effet, %s, a un intervalle de %s à %s si les intervenants ne diffèrent pas ; il "
                                  "s’élargit s’ils diffèrent. %s"),
                   effect, low, high, where);
}

bool tm_add_tipping_figure(const tm_dossier *d)
{
    if (!d->tip || isnan(d->tip->value)) return false;
    const double factor = tm_dossier_factor(d), value = d->tip->value * factor;
    curve c = collect_curve(d, factor);
    const char *outcome = tm_outcome_words(d, d->tip->measure, d->tip->wave);
    const temoin_measure_summary *measure = tm_measure_find(d->results, d->tip->measure);
    if (c.n < 2) return false;
    const tm_figure_words words = {
        .caption = outcome
                       ? tm_text(d->document->ctx,
                                 tm_dossier_say(d, "The effect on %s, were caseworkers to differ more or less",
                                                "L’effet sur %s, selon que les intervenants diffèrent plus ou moins"),
                                 outcome)
                       : NULL,
        .description = tipping_description(d, &c),
        .remark = tm_dossier_say(d,
                                 "Intraclass correlation: the share of the differences between clients that lies "
                                 "between caseworkers. 0: all caseworkers are alike.",
                                 "Corrélation intraclasse : la part des différences entre clients qui tient aux "
                                 "intervenants. 0 : tous les intervenants se valent."),
        .across = tm_dossier_say(d, "Intraclass correlation", "Corrélation intraclasse"),
        .upward = factor == 100 ? tm_dossier_say(d, "percentage points", "points de pourcentage")
                  : measure     ? measure->unit
                                : "",
        .notes_head = "",
    };
    tm_figure *figure = tm_document_add_figure(d->document, &words);
    if (!figure) return true;
    cut_axes(d, &c, figure, value);
    mark_curve(d, figure, &c, value);
    mark_correlations(d, figure);
    return true;
}
