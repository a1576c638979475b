/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The effect in full without one caseworker, without one site, and were the best caseworker like the others. */
#include <math.h>
#include <string.h>

#include "document/figure.h"
#include "sections/dossier.h"
#include "sections/wording.h"

enum { MOST_LINES = 60 };
static const double widest = 4; /* times the half width of the interval were caseworkers not to differ */

typedef struct path {
    const tm_dossier *d;
    tm_figure *figure;
    double factor;
    const temoin_influence *largest; /* of workers and sites; NULL: nobody's absence can be borne */
} path;

static bool is_main(const path *p, const temoin_influence *at)
{
    return tm_dossier_is_main(p->d, at->estimate, at->measure, at->wave, at->arm, at->reference);
}

static bool is_kind(const path *p, const temoin_influence *at, const char *kind)
{
    return is_main(p, at) && strcmp(at->kind, kind) == 0;
}

static const temoin_influence *find_largest(const path *p)
{
    const temoin_influence *largest = NULL;
    for (int64_t i = 0; i < p->d->results->n_influence; i++) {
        const temoin_influence *at = &p->d->results->influence[i];
        if (!is_main(p, at) || strcmp(at->kind, "best_provider") == 0 || isnan(at->change)) continue;
        if (!largest || fabs(at->change) > fabs(largest->change)) largest = at;
    }
    return largest;
}

static const char *number_of(const path *p, double value)
{
    const tm_table_cell cell = tm_cell_number(value * p->factor, tm_dossier_decimals(p->d));
    return tm_cell_write(p->d->document->ctx, p->d->document->language, &cell);
}

static void add_line(path *p, const temoin_influence *at)
{
    tm_document *document = p->d->document;
    const bool strong = at == p->largest;
    const tm_tone tone = strong ? TM_TONE_WARM : TM_TONE_ACCENT;
    const tm_figure_row row = {.label = at->left_out, .note = number_of(p, at->value), .strong = strong};
    const double y = tm_figure_add_row(document, p->figure, &row);
    if (isnan(at->value)) return;
    if (!isnan(at->ci_low) && !isnan(at->ci_high))
        tm_figure_add_mark(document, p->figure,
                           &(tm_figure_mark){.kind = TM_MARK_INTERVAL,
                                             .tone = tone,
                                             .x = at->ci_low * p->factor,
                                             .x_end = at->ci_high * p->factor,
                                             .y = y});
    tm_figure_add_mark(document, p->figure,
                       &(tm_figure_mark){.kind = TM_MARK_POINT, .tone = tone, .x = at->value * p->factor, .y = y});
}

/* The lines of a kind, of workers those of an arm; nothing when there are none. More than can be read: those that
 * change most. */
static void add_lines(path *p, const char *kind, const char *arm, const char *head)
{
    const temoin_results *results = p->d->results;
    int n = 0;
    for (int64_t i = 0; i < results->n_influence; i++)
        n += is_kind(p, &results->influence[i], kind) && (!arm || strcmp(results->influence[i].left_out_arm, arm) == 0);
    if (n == 0) return;
    tm_figure_add_row(p->d->document, p->figure, &(tm_figure_row){.label = head, .note = "", .group = true});
    double least = 0;
    for (int64_t i = 0; n > MOST_LINES && i < results->n_influence; i++) {
        const double change = fabs(results->influence[i].change);
        int larger = 0;
        for (int64_t j = 0; j < results->n_influence; j++)
            larger += is_kind(p, &results->influence[j], kind) && fabs(results->influence[j].change) >= change;
        if (is_kind(p, &results->influence[i], kind) && larger <= MOST_LINES && (least == 0 || change < least))
            least = change;
    }
    for (int64_t i = 0; i < results->n_influence; i++) {
        const temoin_influence *at = &results->influence[i];
        if (is_kind(p, at, kind) && (!arm || strcmp(at->left_out_arm, arm) == 0) &&
            (n <= MOST_LINES || fabs(at->change) >= least))
            add_line(p, at);
    }
}

static void add_workers(path *p)
{
    const temoin_results *results = p->d->results;
    for (int32_t a = 0; a < results->n_arms; a++) {
        const char *label = tm_label_text(p->d->document, &results->arms[a].label);
        add_lines(
            p, "provider", results->arms[a].name,
            tm_text(p->d->document->ctx,
                    tm_dossier_say(p->d, "Without this caseworker of “%s”", "Sans cet intervenant du groupe « %s »"),
                    label));
    }
    add_lines(p, "provider", "", tm_dossier_say(p->d, "Without this caseworker", "Sans cet intervenant"));
}

static const char *describe(const path *p)
{
    const temoin_influence *largest = p->largest;
    if (!largest)
        return tm_dossier_say(p->d, "The effect cannot be estimated without any one of them.",
                              "L’effet ne peut être estimé sans aucun d’entre eux.");
    const char *all = tm_effect_words(p->d, largest->value - largest->change, false);
    const char *without = tm_effect_words(p->d, largest->value, false);
    if (!all || !without) return NULL;
    return tm_text(p->d->document->ctx,
                   tm_dossier_say(p->d, "The effect is %s with everybody. It changes most without %s: %s.",
                                  "L’effet est de %s avec tous. C’est sans %s qu’il change le plus : %s."),
                   all, largest->left_out, without);
}

static void add_references(path *p)
{
    tm_document *document = p->d->document;
    const double value = p->largest ? p->largest->value - p->largest->change : p->d->tip->value;
    const char *all = tm_effect_words(p->d, value, false);
    const char *label =
        all ? tm_text(document->ctx, tm_dossier_say(p->d, "with everybody: %s", "avec tous : %s"), all) : NULL;
    tm_figure_add_mark(
        document, p->figure,
        &(tm_figure_mark){
            .kind = TM_MARK_UPRIGHT, .tone = TM_TONE_SOFT, .dashed = true, .x = 0, .y = NAN, .y_end = NAN});
    if (label && !isnan(value))
        tm_figure_add_mark(document, p->figure,
                           &(tm_figure_mark){.kind = TM_MARK_UPRIGHT,
                                             .tone = TM_TONE_INK,
                                             .x = value * p->factor,
                                             .y = NAN,
                                             .y_end = NAN,
                                             .label = label});
    tm_figure_add_key(document, p->figure, &(tm_figure_mark){.kind = TM_MARK_POINT, .tone = TM_TONE_ACCENT},
                      tm_dossier_say(p->d, "effect without one", "effet sans l’un d’eux"));
    if (p->largest)
        tm_figure_add_key(document, p->figure, &(tm_figure_mark){.kind = TM_MARK_POINT, .tone = TM_TONE_WARM},
                          tm_dossier_say(p->d, "largest change", "plus grand changement"));
    tm_figure_add_key(document, p->figure,
                      &(tm_figure_mark){.kind = TM_MARK_UPRIGHT, .tone = TM_TONE_SOFT, .dashed = true},
                      tm_dossier_say(p->d, "no effect", "aucun effet"));
}

/* Half the interval's width were caseworkers not to differ; NaN: not known. */
static double first_half_width(const path *p)
{
    for (int64_t i = 0; i < p->d->results->n_tipping_curves; i++) {
        const temoin_tipping_curve *at = &p->d->results->tipping_curves[i];
        if (tm_dossier_is_main(p->d, at->estimate, at->measure, at->wave, at->arm, at->reference))
            return (at->ci_high - at->ci_low) / 2 * p->factor;
    }
    return NAN;
}

/* One interval that goes far beyond does not press all others into a line: the axis ends, and it gets an arrow. */
static void cut_axis(path *p)
{
    const double value = p->d->tip->value * p->factor, room = widest * first_half_width(p);
    double low = fmin(value - room, 0), high = fmax(value + room, 0), least = low, most = high;
    if (isnan(room) || isnan(value) || !p->figure) return;
    for (int64_t i = 0; i < p->d->results->n_influence; i++) {
        const temoin_influence *at = &p->d->results->influence[i];
        if (!is_main(p, at)) continue;
        low = fmin(low, at->value * p->factor);
        high = fmax(high, at->value * p->factor);
        least = fmin(least, at->ci_low * p->factor);
        most = fmax(most, at->ci_high * p->factor);
    }
    if (least < low) p->figure->across.low = low;
    if (most > high) p->figure->across.high = high;
}

/* What the marks do not say, and why the first number that is missing is missing. */
static const char *remark_of(const path *p)
{
    const char *why = "";
    for (int64_t i = 0; why && !why[0] && i < p->d->results->n_influence; i++) {
        const temoin_influence *at = &p->d->results->influence[i];
        if (is_main(p, at) && isnan(at->se) && at->note[0]) why = tm_note_words(p->d, at->note);
    }
    if (!why) return NULL;
    return tm_text(p->d->document->ctx, "%s%s%s",
                   tm_dossier_say(p->d,
                                  "A dash: the effect cannot be estimated without them. A point alone: its interval "
                                  "cannot be given.",
                                  "Un tiret : l’effet ne peut être estimé sans eux. Un point seul : son intervalle ne "
                                  "peut être donné."),
                   why[0] ? " " : "", why);
}

bool tm_add_influence_figure(const tm_dossier *d)
{
    path p = {.d = d, .factor = tm_dossier_factor(d)};
    bool any = false, sites = false;
    for (int64_t i = 0; i < d->results->n_influence; i++) {
        any |= is_main(&p, &d->results->influence[i]);
        sites |= is_kind(&p, &d->results->influence[i], "site");
    }
    if (!any) return false;
    p.largest = find_largest(&p);
    const char *outcome = tm_outcome_words(d, d->tip->measure, d->tip->wave);
    const tm_figure_words words = {
        .caption = sites ? tm_dossier_say(d, "The effect without one caseworker, or one site",
                                          "L’effet sans un intervenant, ou sans un site")
                         : tm_dossier_say(d, "The effect without one caseworker", "L’effet sans un intervenant"),
        .description = describe(&p),
        .remark = remark_of(&p),
        .across =
            outcome ? tm_text(d->document->ctx, tm_dossier_say(d, "Effect on %s", "Effet sur %s"), outcome) : NULL,
        .upward = "",
        .notes_head = tm_dossier_say(d, "Effect", "Effet"),
    };
    p.figure = tm_document_add_figure(d->document, &words);
    add_workers(&p);
    add_lines(&p, "site", NULL, tm_dossier_say(d, "Without this site", "Sans ce site"));
    add_lines(
        &p, "best_provider", NULL,
        tm_dossier_say(d, "Were the best caseworker like the others", "Si le meilleur intervenant valait les autres"));
    add_references(&p);
    cut_axis(&p);
    return true;
}
