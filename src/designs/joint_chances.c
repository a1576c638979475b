/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "designs/joint_chances.h"

#include <math.h>
#include <string.h>

#include "designs/places.h"
#include "designs/redraws.h"

enum { MOST_ASKED_OF_PLACES = 20000, MOST_ASKED = 2000, MOST_SEATS = 1024 /* class × arm, of a whole table */ };

/* Exact sums of fractions may leave this much of what is impossible. */
static const double impossible = 1e-12;

temoin_status tm_joint_chances_of_counts(temoin_context *ctx, int32_t n_classes, int32_t n_arms, const int64_t *n,
                                         tm_joint_chances *out)
{
    double *chance, *within;
    TM_SCRATCH(ctx, chance, (int64_t)n_classes * n_arms);
    TM_SCRATCH(ctx, within, (int64_t)n_classes * n_arms * n_arms);
    for (int32_t c = 0; c < n_classes; c++) {
        const int64_t *in_arm = n + (int64_t)c * n_arms;
        double all = 0;
        for (int32_t a = 0; a < n_arms; a++) all += (double)in_arm[a];
        for (int32_t a = 0; a < n_arms; a++) {
            chance[c * n_arms + a] = all > 0 ? (double)in_arm[a] / all : 0;
            for (int32_t b = 0; b < n_arms && all > 1; b++)
                within[((int64_t)c * n_arms + a) * n_arms + b] =
                    (double)in_arm[a] * (double)(in_arm[b] - (a == b)) / (all * (all - 1));
        }
    }
    *out =
        (tm_joint_chances){.n_classes = n_classes, .n_arms = n_arms, .chance = chance, .known = true, .within = within};
    return TEMOIN_OK;
}

static temoin_status take_counts(temoin_context *ctx, const temoin_assignment *assignment, tm_joint_chances *out)
{
    const temoin_trial *trial = assignment->trial;
    int64_t *n;
    TM_SCRATCH(ctx, n, (int64_t)trial->n_strata * trial->n_arms);
    for (int64_t u = 0; u < trial->n_units; u++)
        if (assignment->arm[u] >= 0) n[(int64_t)trial->stratum[u] * trial->n_arms + assignment->arm[u]]++;
    TM_TRY(tm_joint_chances_of_counts(ctx, trial->n_strata, trial->n_arms, n, out));
    out->class_of = trial->stratum;
    return TEMOIN_OK;
}

/* Only the chance of the own arm, by which analyses weigh. */
static temoin_status take_weights(temoin_context *ctx, const temoin_assignment *assignment, tm_joint_chances *out)
{
    const temoin_trial *trial = assignment->trial;
    const int32_t n_arms = trial->n_arms;
    int32_t *class_of;
    double *chance;
    TM_SCRATCH(ctx, class_of, trial->n_units);
    TM_SCRATCH(ctx, chance, trial->n_units * n_arms);
    for (int64_t u = 0; u < trial->n_units; u++) {
        class_of[u] = (int32_t)u;
        for (int32_t a = 0; a < n_arms; a++)
            chance[u * n_arms + a] = a == assignment->arm[u] ? assignment->chance[u] : NAN;
    }
    *out = (tm_joint_chances){
        .n_classes = (int32_t)trial->n_units, .n_arms = n_arms, .class_of = class_of, .chance = chance};
    return TEMOIN_OK;
}

/* How the design is asked: two units stand for each class. */
typedef struct asking {
    const tm_design *design;
    const tm_design_units *units;
    const tm_places *places; /* of designs that deal them to units; NULL: others */
    int32_t n_classes, n_arms;
    const int32_t *class_of;
    int64_t *first, *second; /* [n_classes] -1: none */
    double *chance, *within, *across;
    bool counting; /* only how often the design would be asked */
    int64_t n_asked;
    bool unknown;
} asking;

static temoin_status ask(temoin_context *ctx, asking *q, int64_t u, int32_t a, int64_t v, int32_t b, double *p)
{
    q->n_asked++;
    *p = 0;
    if (q->counting || q->unknown) return TEMOIN_OK;
    TM_TRY(q->design->pairwise(ctx, q->units, u, a, v, b, p));
    if (isnan(*p)) q->unknown = true;
    if (*p < impossible) *p = 0;
    return TEMOIN_OK;
}

static bool has_leftovers(const asking *q, int32_t c)
{
    return tm_places_row(q->places, q->places->extra, c) != NULL;
}

static temoin_status find_chances(temoin_context *ctx, asking *q)
{
    for (int32_t c = 0; c < q->n_classes; c++)
        for (int32_t a = 0; a < q->n_arms && q->first[c] >= 0; a++) {
            double *p = &q->chance[c * q->n_arms + a];
            if (q->places)
                *p = tm_places_chance(q->places, c, a);
            else
                TM_TRY(ask(ctx, q, q->first[c], a, q->first[c], a, p));
        }
    return TEMOIN_OK;
}

/* Of a cluster, whose units share an arm. */
static double in_cluster(const asking *q, int32_t c, int32_t a, int32_t b)
{
    return a == b ? q->chance[c * q->n_arms + a] : 0;
}

static temoin_status find_within(temoin_context *ctx, asking *q)
{
    for (int32_t c = 0; c < q->n_classes; c++)
        for (int32_t a = 0; a < q->n_arms && q->second[c] >= 0; a++)
            for (int32_t b = 0; b < q->n_arms; b++) {
                double *p = &q->within[((int64_t)c * q->n_arms + a) * q->n_arms + b];
                if (q->design->deals_to == TM_DEALS_TO_CLUSTERS)
                    *p = in_cluster(q, c, a, b);
                else if (q->places && !has_leftovers(q, c)) {
                    const double n = (double)tm_places_size(q->places, c);
                    *p = (double)tm_places_number(q->places, c, NULL, a) *
                         (double)(tm_places_number(q->places, c, NULL, b) - (a == b)) / (n * (n - 1));
                } else
                    TM_TRY(ask(ctx, q, q->first[c], a, q->second[c], b, p));
            }
    return TEMOIN_OK;
}

static temoin_status find_across(temoin_context *ctx, asking *q)
{
    const int64_t width = (int64_t)q->n_classes * q->n_arms;
    for (int64_t x = 0; x < width; x++)
        for (int64_t y = 0; y < x - x % q->n_arms; y++) {
            const int32_t c = (int32_t)(x / q->n_arms), d = (int32_t)(y / q->n_arms);
            double p = 0;
            if (q->first[c] < 0 || q->first[d] < 0) continue;
            if (q->places && (!has_leftovers(q, c) || !has_leftovers(q, d)))
                p = q->counting ? 0 : q->chance[x] * q->chance[y];
            else
                TM_TRY(ask(ctx, q, q->first[c], (int32_t)(x % q->n_arms), q->first[d], (int32_t)(y % q->n_arms), &p));
            if (!q->counting) q->across[x * width + y] = q->across[y * width + x] = p;
        }
    return TEMOIN_OK;
}

static temoin_status find_all(temoin_context *ctx, asking *q, bool independent, bool counting)
{
    q->counting = counting;
    q->n_asked = 0;
    TM_TRY(find_chances(ctx, q));
    TM_TRY(find_within(ctx, q));
    return independent ? TEMOIN_OK : find_across(ctx, q);
}

static temoin_status stand_for_classes(temoin_context *ctx, asking *q)
{
    TM_SCRATCH(ctx, q->first, q->n_classes);
    TM_SCRATCH(ctx, q->second, q->n_classes);
    for (int32_t c = 0; c < q->n_classes; c++) q->first[c] = q->second[c] = -1;
    for (int64_t u = q->units->n_units - 1; u >= 0; u--) {
        q->second[q->class_of[u]] = q->first[q->class_of[u]];
        q->first[q->class_of[u]] = u;
    }
    return TEMOIN_OK;
}

static temoin_status ask_design(temoin_context *ctx, asking *q, tm_joint_chances *out)
{
    const int64_t width = (int64_t)q->n_classes * q->n_arms;
    const int64_t most = q->design->deals_to == TM_DEALS_OTHERWISE ? MOST_ASKED : MOST_ASKED_OF_PLACES;
    const bool independent = q->places && (q->places->n_rows < 2 || q->places->misfit->by_stratum);
    *out = (tm_joint_chances){.n_classes = q->n_classes, .n_arms = q->n_arms, .class_of = q->class_of};
    if (!independent && width > MOST_SEATS) return TEMOIN_OK;
    TM_TRY(stand_for_classes(ctx, q));
    TM_SCRATCH(ctx, q->chance, width);
    TM_SCRATCH(ctx, q->within, width * q->n_arms);
    if (!independent) TM_SCRATCH(ctx, q->across, width * width);
    TM_TRY(find_all(ctx, q, independent, true));
    if (q->n_asked > most) return TEMOIN_OK;
    TM_TRY(find_all(ctx, q, independent, false));
    out->chance = q->chance;
    out->within = q->within;
    out->across = q->across;
    out->known = !q->unknown;
    return TEMOIN_OK;
}

/* Units that nothing tells apart but their stratum, or whole clusters, or each by itself. */
static temoin_status choose_classes(temoin_context *ctx, asking *q)
{
    const tm_design_units *units = q->units;
    tm_places *places;
    int32_t *own;
    q->n_arms = units->n_arms;
    if (q->design->deals_to == TM_DEALS_TO_CLUSTERS) {
        q->n_classes = units->n_clusters;
        q->class_of = units->cluster;
    } else if (q->design->deals_to == TM_DEALS_TO_UNITS) {
        TM_SCRATCH(ctx, places, 1);
        TM_TRY(tm_places_build(ctx, units, places));
        q->places = places;
        q->n_classes = units->n_strata;
        TM_SCRATCH(ctx, own, units->n_units);
        for (int64_t u = 0; u < units->n_units; u++) own[u] = units->stratum ? units->stratum[u] : 0;
        q->class_of = own;
    } else {
        TM_SCRATCH(ctx, own, units->n_units);
        for (int64_t u = 0; u < units->n_units; u++) own[u] = (int32_t)u;
        q->n_classes = (int32_t)units->n_units;
        q->class_of = own;
    }
    return TEMOIN_OK;
}

temoin_status tm_joint_chances_ask(temoin_context *ctx, const tm_design *design, const tm_design_units *units,
                                   tm_joint_chances *out)
{
    asking *q;
    *out = (tm_joint_chances){0};
    if (!design->pairwise || design->simulated) return TEMOIN_OK;
    TM_SCRATCH(ctx, q, 1);
    q->design = design;
    q->units = units;
    TM_TRY(choose_classes(ctx, q));
    return ask_design(ctx, q, out);
}

static bool is_dealt_by_counts(const temoin_assignment *assignment)
{
    static const char *const keys[] = {"simple", "complete", "blocked"};
    const tm_plan_design *design = &assignment->trial->plan->design;
    bool found = false;
    for (int k = 0; k < 3; k++) found |= strcmp(design->kind, keys[k]) == 0;
    return found && !design->probability;
}

temoin_status tm_joint_chances_build(temoin_context *ctx, const temoin_assignment *assignment, tm_joint_chances *out)
{
    tm_redraws *redraws;
    *out = (tm_joint_chances){0};
    if (!assignment->drawn && is_dealt_by_counts(assignment)) return take_counts(ctx, assignment, out);
    if (assignment->drawn) {
        TM_SCRATCH(ctx, redraws, 1);
        TM_TRY(tm_redraws_build(ctx, assignment, redraws));
        if (redraws->known && !redraws->member)
            TM_TRY(tm_joint_chances_ask(ctx, redraws->design, &redraws->units, out));
    }
    return out->known ? TEMOIN_OK : take_weights(ctx, assignment, out);
}
