/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Step-down by redraws: Westfall & Young's p values over all assignments, or over drawn ones. */
#include "adjustments/adjustment.h"
#include "golden_redrawn.h"
#include "golden_tally.h"

enum { MOST_MEMBERS = 8, MONTE_CARLO_DRAWS = 50000, MOST_DRAWS = 200000 };

typedef struct scene {
    golden_units units;
    int n_members, own; /* `own` is the place of the result that is asked for */
    double y[MOST_MEMBERS][GOLDEN_MOST_UNITS];
    bool pooled;
    double *statistic[MOST_MEMBERS];
    int64_t n_draws;
} scene;

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* What a member of a family is called: "wave 12", "month 3", "wellbeing wave 6", "change wave 12 - baseline", "y1". */
static const double *member_values(temoin_context *ctx, const golden_data *data, const golden_result *r)
{
    const char *name = json_string_value(json_object_get(r->extra, "member"));
    char outcome[40], wave[8];
    sscanf(r->outcome, "%39[a-z_]", outcome);
    if (sscanf(name, "change wave %7s", wave) == 1) {
        const double *after = golden_values(ctx, data, outcome, wave), *before = golden_values(ctx, data, outcome, "0");
        double *change = golden_take(ctx, data->clients->n_rows, sizeof *change);
        for (int64_t u = 0; u < data->clients->n_rows; u++) change[u] = after[u] - before[u];
        return change;
    }
    if (sscanf(name, "wave %7s", wave) == 1 || sscanf(name, "month %7s", wave) == 1 ||
        sscanf(name, "%39s wave %7s", outcome, wave) == 2)
        return golden_values(ctx, data, outcome, wave);
    return golden_values(ctx, data, name, "1");
}

/* The clients of whom every member of the family is known. */
static void build_scene(temoin_context *ctx, const golden_data *data, const golden_result *r, scene *out)
{
    const double *values[MOST_MEMBERS];
    const temoin_column *arm = temoin_frame_find(data->clients, "arm");
    const temoin_column *strata = r->strata ? temoin_frame_find(data->clients, r->strata) : NULL;
    memset(out, 0, sizeof *out);
    out->own = -1;
    out->pooled = r->formula && strstr(r->formula, "equal");
    out->units.n_strata = strata ? strata->n_levels : 1;
    for (int i = 0; i < golden_n_results(data); i++) {
        const golden_result other = golden_result_at(data, i);
        if (!same_text(other.estimator, r->estimator) || !same_text(other.outcome, r->outcome) ||
            !same_text(other.formula, r->formula) || !same_text(other.strata, r->strata))
            continue;
        if (same_text(other.id, r->id)) out->own = out->n_members;
        values[out->n_members++] = member_values(ctx, data, &other);
    }
    assert_true(out->own >= 0);
    for (int64_t u = 0; u < data->clients->n_rows; u++) {
        bool whole = true;
        for (int m = 0; m < out->n_members; m++) whole &= !isnan(values[m][u]);
        if (!whole) continue;
        for (int m = 0; m < out->n_members; m++) out->y[m][out->units.n] = values[m][u];
        out->units.treated[out->units.n] = strcmp(arm->level[arm->code[u]], data->control) != 0;
        out->units.stratum[out->units.n++] = strata ? strata->code[u] : 0;
    }
    for (int m = 0; m < out->n_members; m++)
        out->statistic[m] = golden_take(ctx, MOST_DRAWS, sizeof *out->statistic[m]);
}

static double statistic_of(const scene *s, int member, const bool *treated)
{
    const double *y = s->y[member];
    double n[2] = {0}, mean[2] = {0}, ss[2] = {0};
    for (int u = 0; u < s->units.n; u++) {
        n[treated[u]]++;
        mean[treated[u]] += y[u];
    }
    mean[0] /= n[0], mean[1] /= n[1];
    for (int u = 0; u < s->units.n; u++) ss[treated[u]] += (y[u] - mean[treated[u]]) * (y[u] - mean[treated[u]]);
    const double pooled = (ss[0] + ss[1]) / (n[0] + n[1] - 2) * (1 / n[0] + 1 / n[1]);
    const double welch = ss[0] / n[0] / (n[0] - 1) + ss[1] / n[1] / (n[1] - 1);
    return (mean[1] - mean[0]) / sqrt(s->pooled ? pooled : welch);
}

static void visit(void *context, const bool *treated)
{
    scene *s = context;
    assert_true(s->n_draws < MOST_DRAWS);
    for (int m = 0; m < s->n_members; m++) s->statistic[m][s->n_draws] = statistic_of(s, m, treated);
    s->n_draws++;
}

static double adjusted_p(temoin_context *ctx, const golden_result *r, const tm_redrawn *redrawn, const scene *s)
{
    double adjusted[MOST_MEMBERS], p;
    if (strcmp(r->estimator, "permutation_raw") == 0) {
        check_ok(ctx, tm_redrawn_p(ctx, redrawn, s->own, &p));
        return p;
    }
    const char *key = strstr(r->estimator, "minP")         ? "westfall_young_min_p"
                      : strstr(r->estimator, "singlestep") ? "westfall_young_single"
                                                           : "westfall_young";
    const tm_family family = {.n = s->n_members, .redrawn = redrawn};
    check_ok(ctx, tm_adjustment_find(key)->run(ctx, &family, adjusted));
    return adjusted[s->own];
}

bool compare_step_down(temoin_context *ctx, golden_tally *t, const golden_data *data, const golden_result *r)
{
    if (strncmp(r->estimator, "westfall_young", 14) != 0 && strcmp(r->estimator, "permutation_raw") != 0) return false;
    const bool exact = strcmp(r->vcov, "exact_enumeration") == 0;
    const tm_mark mark = tm_arena_mark(&ctx->results);
    static scene s;
    double observed[MOST_MEMBERS];
    build_scene(ctx, data, r, &s);
    for (int m = 0; m < s.n_members; m++) observed[m] = statistic_of(&s, m, s.units.treated);
    if (exact)
        golden_list_assignments(&s.units, visit, &s);
    else
        golden_draw_assignments(&s.units, 97, MONTE_CARLO_DRAWS, visit, &s);
    const tm_redrawn redrawn = {s.n_draws, observed, (const double *const *)s.statistic, NULL, 1e-9, NULL, exact, true};
    const double p = adjusted_p(ctx, r, &redrawn, &s);
    t->results++;
    if (exact) {
        golden_compare(t, data, r, "t", observed[s.own], r->t, 0);
        golden_compare(t, data, r, "assignments", (double)s.n_draws,
                       json_number_value(json_object_get(r->extra, "n_assignments")), 0);
        golden_compare(t, data, r, "p", p, r->p, 0);
    } else {
        const golden_result tight = {.id = r->id, .family = r->family, .estimator = r->estimator, .rtol = 1e-9};
        golden_compare(t, data, &tight, "t", fabs(observed[s.own]), r->estimate, 0);
        golden_compare(t, data, r, "n", s.units.n, r->n, 1e-9);
        golden_compare_shares(t, data, r, "p", p, MONTE_CARLO_DRAWS, r->p,
                              json_number_value(json_object_get(r->extra, "draws")));
    }
    tm_arena_rewind(&ctx->results, mark);
    return true;
}
