/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the trial found: a sentence for each primary effect, then a table for each estimate of the plan. */
#include <math.h>
#include <string.h>

#include "adjustments/adjustment.h"
#include "base/sink.h"
#include "result/notes.h"
#include "sections/dossier.h"
#include "sections/effect_remarks.h"
#include "sections/section.h"
#include "sections/wording.h"

enum { MOST_ADJUSTMENTS = 24, MOST_COLUMNS = 11 }; /* beyond, ICCs stand below the table */
/* What stands before the column in the name of a test of subgroups. */
static const char subgroups[] = "subgroups: ";

/* One estimate's rows and which columns they need; a column's place, -1 when it is left out. */
typedef struct view {
    const temoin_results *results;
    tm_document *document;
    const temoin_row *first;
    tm_table *table;
    tm_column columns[18 + MOST_ADJUSTMENTS];
    int n_columns;
    int subgroup, wave, contrast, mean_arm, mean_reference, effect, interval, p, n, clusters, icc;
    bool iccs; /* some row has one */
    int interval_redrawn, p_redrawn, interval_bootstrap, p_bootstrap, interval_simultaneous, p_simultaneous;
    int adjusted[MOST_ADJUSTMENTS];
} view;

static const char *say(const view *v, const char *en, const char *fr)
{
    return tm_say(v->document->language, en, fr);
}

static const temoin_row *row_of(const view *v, int64_t r)
{
    const temoin_row *row = &v->results->rows[r];
    return strcmp(row->estimate, v->first->estimate) == 0 ? row : NULL;
}

/* "23.2% of the 56 clients in OCM", "a mean of 1,794 among the 56 clients in OCM". */
static void put_mean(const view *v, const temoin_row *row, tm_sink *sink, double mean, int64_t n, const char *arm)
{
    char value[TM_WRITTEN_SIZE], clients[TM_WRITTEN_SIZE];
    const bool binary = tm_measure_is_binary(v->results, row->measure);
    const tm_language language = v->document->language;
    if (binary)
        tm_write_percent(language, mean, 1, value);
    else
        tm_write_number(language, mean, tm_effect_decimals(v->results, row->measure), value);
    tm_write_number(language, (double)n, 0, clients);
    tm_sink_printf(sink,
                   binary ? say(v, "%s of the %s clients in “%s”", "%s des %s clients du groupe « %s »")
                          : say(v, "a mean of %s among the %s clients in “%s”",
                                "une moyenne de %s pour les %s clients du groupe « %s »"),
                   value, clients, tm_arm_text(v->results, v->document, arm));
}

static void put_means(const view *v, const temoin_row *row, tm_sink *sink)
{
    if (isnan(row->mean_arm) || isnan(row->mean_reference) || row->n_arm < 0 || row->n_reference < 0 ||
        !row->reference[0])
        return;
    put_mean(v, row, sink, row->mean_arm, row->n_arm, row->arm);
    tm_sink_put(sink, say(v, ", against ", ", contre "));
    put_mean(v, row, sink, row->mean_reference, row->n_reference, row->reference);
    tm_sink_put(sink, ". ");
}

static void put_estimate(const view *v, const temoin_row *row, tm_sink *sink)
{
    const char *effect = tm_effect_text(v->results, v->document, row);
    const char *uncertainty = tm_uncertainty_text(v->results, v->document, row);
    const char *reasons = tm_reasons_text(v->results, v->document, row, true);
    if (!effect || !uncertainty || !reasons) {
        sink->out_of_memory = true;
        return;
    }
    if (isnan(row->value))
        tm_sink_put(sink, say(v, "No effect is estimated.", "Aucun effet n’est estimé."));
    else
        tm_sink_printf(sink, say(v, "Estimated effect: %s", "Effet estimé : %s"), effect);
    if (!isnan(row->value)) tm_sink_printf(sink, uncertainty[0] ? " (%s)." : ".", uncertainty);
    if (!isnan(row->ci_low) && !isnan(row->ci_high))
        tm_sink_put(sink, row->ci_low <= 0 && row->ci_high >= 0
                              ? say(v, " The interval includes zero: these data do not settle the sign of the effect.",
                                    " L’intervalle contient zéro : ces données ne tranchent pas le signe de l’effet.")
                              : say(v, " The interval excludes zero.", " L’intervalle ne contient pas zéro."));
    if (reasons[0]) tm_sink_printf(sink, " %s", reasons);
}

static void add_sentence(const view *v, const temoin_row *row)
{
    tm_sink sink;
    tm_sink_init(&sink, v->document->ctx);
    const char *wave = tm_wave_text(v->document, row->wave);
    const char *contrast = v->results->n_arms > 2 ? tm_contrast_text(v->results, v->document, row) : "";
    const char *subgroup = tm_subgroup_text(v->results, v->document, row->subgroup);
    if (!wave || !contrast || !subgroup) {
        tm_document_add_paragraph(v->document, NULL);
        return;
    }
    tm_sink_printf(&sink, "%s%s%s%s%s", tm_measure_text(v->results, v->document, row->measure), wave[0] ? ", " : "",
                   wave, contrast[0] ? ", " : "", contrast);
    if (row->subgroup[0]) tm_sink_printf(&sink, " (%s)", subgroup);
    tm_sink_put(&sink, say(v, ": ", " : "));
    put_means(v, row, &sink);
    put_estimate(v, row, &sink);
    tm_document_add_paragraph(v->document, sink.out_of_memory ? NULL : sink.text);
}

static int add_column(view *v, bool wanted, const char *head, bool number)
{
    if (!wanted) return -1;
    v->columns[v->n_columns] = (tm_column){head, number, NULL};
    return v->n_columns++;
}

/* The same under a heading that its neighbours share. */
static int add_column_under(view *v, bool wanted, const char *over, const char *head)
{
    const int place = add_column(v, wanted, head, true);
    if (place >= 0) v->columns[place].over = over;
    return place;
}

/* Which columns hold anything at all. */
typedef struct need {
    bool subgroup, wave, contrast, clusters, redrawn, interval_redrawn, bootstrap, interval_bootstrap, simultaneous,
        icc;
    bool adjusted[MOST_ADJUSTMENTS];
} need;

static need needs_of(const view *v)
{
    need any = {0};
    for (int64_t r = 0; r < v->results->n_rows; r++) {
        const temoin_row *row = row_of(v, r);
        if (!row) continue;
        any.subgroup |= row->subgroup[0] != '\0';
        any.wave |= row->wave[0] != '\0';
        any.contrast |=
            !row->reference[0] || strcmp(row->arm, v->first->arm) || strcmp(row->reference, v->first->reference);
        any.redrawn |= !isnan(row->p_randomization);
        any.interval_redrawn |= !isnan(row->ci_randomization_low) || !isnan(row->ci_randomization_high);
        any.bootstrap |= !isnan(row->p_bootstrap);
        any.simultaneous |= !isnan(row->p_simultaneous);
        any.interval_bootstrap |= !isnan(row->ci_bootstrap_low) || !isnan(row->ci_bootstrap_high);
        for (int a = 0; a < tm_n_adjustments; a++)
            any.adjusted[a] |= !isnan(tm_adjustment_value(tm_adjustments[a], row));
        any.clusters |= row->cluster[0] && row->n_clusters >= 0;
        any.icc |= !isnan(row->icc) || !isnan(row->icc_tipping);
    }
    return any;
}

/* Each way of testing has its interval and its p side by side; they are named when there are several. */
static void name_tests(view *v, const need *any, const char *interval)
{
    const bool several = any->redrawn || any->bootstrap || any->simultaneous;
    const char *asymptotic = several ? say(v, "Large-sample", "Asymptotique") : NULL;
    const char *simultaneous = say(v, "Simultaneous", "Simultané");
    const char *redrawn = say(v, "Randomization test", "Test de randomisation");
    const char *bootstrap = say(v, "Wild cluster bootstrap", "Bootstrap par grappes");
    const char *adjusted = say(v, "Adjusted p", "p corrigée");
    v->interval = add_column_under(v, true, asymptotic, interval);
    v->p = add_column_under(v, true, asymptotic, "p");
    v->interval_simultaneous = add_column_under(v, any->simultaneous, simultaneous, interval);
    v->p_simultaneous = add_column_under(v, any->simultaneous, simultaneous, "p");
    v->interval_redrawn = add_column_under(v, any->interval_redrawn, redrawn, interval);
    v->p_redrawn = add_column_under(v, any->redrawn, redrawn, "p");
    v->interval_bootstrap = add_column_under(v, any->interval_bootstrap, bootstrap, interval);
    v->p_bootstrap = add_column_under(v, any->bootstrap, bootstrap, "p");
    for (int a = 0; a < tm_n_adjustments; a++)
        v->adjusted[a] = add_column_under(v, any->adjusted[a], adjusted, tm_adjustments[a]->name);
}

static void name_columns(view *v)
{
    const need any = needs_of(v);
    const char *arm = tm_arm_text(v->results, v->document, v->first->arm);
    const char *reference = tm_arm_text(v->results, v->document, v->first->reference);
    char level[TM_WRITTEN_SIZE];
    const double percent = v->first->level * 100;
    tm_write_percent(v->document->language, v->first->level, fabs(percent - round(percent)) < 1e-9 ? 0 : 1, level);
    add_column(v, true, say(v, "Outcome", "Résultat"), false);
    v->subgroup = add_column(v, any.subgroup, say(v, "Clients", "Clients"), false);
    v->wave = add_column(v, any.wave, say(v, "Wave", "Vague"), false);
    v->contrast = add_column(v, any.contrast, say(v, "Contrast", "Contraste"), false);
    v->mean_arm = add_column(v, true, any.contrast ? say(v, "Arm", "Groupe") : arm, true);
    v->mean_reference = add_column(v, true, any.contrast ? say(v, "Reference", "Référence") : reference, true);
    v->effect = add_column(v, true, say(v, "Effect", "Effet"), true);
    name_tests(v, &any, tm_text(v->document->ctx, say(v, "%s CI", "IC à %s"), level));
    v->n = add_column(v, true, "n", true);
    v->clusters = add_column(v, any.clusters, say(v, "Clusters", "Grappes"), true);
    v->iccs = any.icc;
    v->icc = add_column(v, any.icc && v->n_columns < MOST_COLUMNS,
                        say(v, "Caseworkers’ ICC (tipping)", "ICC des intervenants (bascule)"), true);
}

static const char *measure_with_unit(const view *v, const temoin_row *row)
{
    const temoin_measure_summary *measure = tm_measure_find(v->results, row->measure);
    const char *label = tm_measure_text(v->results, v->document, row->measure);
    if (!measure || !measure->unit[0] || tm_measure_is_binary(v->results, row->measure)) return label;
    return tm_text(v->document->ctx, "%s (%s)", label, measure->unit);
}

/* What refuses a number stands at the first number that is not there; what informs stands at the outcome's name. */
static void add_notes(const view *v, const temoin_row *row, tm_table_cell *cells)
{
    tm_table_cell *refused = cells;
    const int order[] = {v->p, v->interval, v->effect};
    for (int i = 0; i < 3; i++)
        if (cells[order[i]].kind == TM_CELL_DASH) refused = &cells[order[i]];
    const char *rest = row->note, *sentence;
    const tm_note *note;
    while (*rest) {
        if (tm_notes_explain_next(v->document->ctx, v->results, v->document->language, &rest, &note, &sentence) !=
            TEMOIN_OK) {
            v->document->out_of_memory = true;
            return;
        }
        tm_table_add_footnote(v->document, v->table, note && note->refuses ? refused : cells, sentence);
    }
}

static void put(tm_table_cell *cells, int place, tm_table_cell cell)
{
    if (place >= 0) cells[place] = cell;
}

/* "0.03 (0.08)": what the data say, and what would turn the conclusion. */
static tm_table_cell icc_cell(const view *v, const temoin_row *row)
{
    char tipping[TM_WRITTEN_SIZE];
    if (!isnan(row->icc) || isnan(row->icc_tipping)) return tm_cell_mean_sd(row->icc, row->icc_tipping, 2);
    tm_write_number(v->document->language, row->icc_tipping, 2, tipping);
    return tm_cell_text(tm_text(v->document->ctx, "– (%s)", tipping));
}

static void add_row(const view *v, const temoin_row *row)
{
    tm_table_cell *cells = tm_table_add_row(v->document, v->table);
    if (!cells) return;
    const bool binary = tm_measure_is_binary(v->results, row->measure);
    const int decimals = tm_row_decimals(v->results, row), own = tm_effect_decimals(v->results, row->measure);
    const double factor = tm_row_factor(v->results, row);
    put(cells, 0, tm_cell_text(measure_with_unit(v, row)));
    put(cells, v->subgroup, tm_cell_text(tm_subgroup_text(v->results, v->document, row->subgroup)));
    put(cells, v->wave, tm_cell_text(row->wave));
    put(cells, v->contrast, tm_cell_text(tm_contrast_text(v->results, v->document, row)));
    put(cells, v->mean_arm, binary ? tm_cell_percent(row->mean_arm, 1) : tm_cell_number(row->mean_arm, own));
    put(cells, v->mean_reference,
        binary ? tm_cell_percent(row->mean_reference, 1) : tm_cell_number(row->mean_reference, own));
    put(cells, v->effect, tm_cell_number(row->value * factor, decimals));
    cells[v->effect].strong = true;
    put(cells, v->interval, tm_cell_interval(row->ci_low * factor, row->ci_high * factor, decimals));
    put(cells, v->p, tm_cell_p(row->p));
    put(cells, v->interval_simultaneous,
        tm_cell_interval(row->ci_simultaneous_low * factor, row->ci_simultaneous_high * factor, decimals));
    put(cells, v->p_simultaneous, tm_cell_p(row->p_simultaneous));
    put(cells, v->interval_redrawn,
        tm_cell_interval(row->ci_randomization_low * factor, row->ci_randomization_high * factor, decimals));
    put(cells, v->p_redrawn, tm_cell_p(row->p_randomization));
    put(cells, v->interval_bootstrap,
        tm_cell_interval(row->ci_bootstrap_low * factor, row->ci_bootstrap_high * factor, decimals));
    put(cells, v->p_bootstrap, tm_cell_p(row->p_bootstrap));
    for (int a = 0; a < tm_n_adjustments; a++)
        put(cells, v->adjusted[a], tm_cell_p(tm_adjustment_value(tm_adjustments[a], row)));
    put(cells, v->n, tm_cell_count(row->n));
    put(cells, v->clusters, tm_cell_count(row->cluster[0] ? row->n_clusters : -1));
    put(cells, v->icc, icc_cell(v, row));
    add_notes(v, row, cells);
}

static void add_method(const view *v)
{
    const char *cluster = v->first->cluster;
    tm_table_add_remark(v->document, v->table,
                        tm_text(v->document->ctx,
                                say(v, "Estimator %s, variance %s%s%s: see Methods.",
                                    "Estimateur %s, variance %s%s%s : voir Méthodes."),
                                v->first->estimator, v->first->variance,
                                cluster[0] ? say(v, ", clusters ", ", grappes ") : "", cluster));
}

/* "F(3, 41.2) = 1.27, p = 0.298.", or why there is none. */
static void put_test(const view *v, const temoin_joint_test *test, tm_sink *sink)
{
    const tm_language language = v->document->language;
    const char *rest = test->note, *sentence;
    char f[TM_WRITTEN_SIZE], df1[TM_WRITTEN_SIZE], df2[TM_WRITTEN_SIZE], p[TM_WRITTEN_SIZE];
    const tm_note *note;
    if (rest[0]) {
        if (tm_notes_explain_next(v->document->ctx, v->results, language, &rest, &note, &sentence) == TEMOIN_OK)
            tm_sink_put(sink, sentence);
        else
            sink->out_of_memory = true;
        return;
    }
    tm_write_number(language, test->statistic, 2, f);
    tm_write_number(language, test->df1, 0, df1);
    tm_write_number(language, test->df2, 1, df2);
    tm_write_p(language, test->p, p);
    tm_sink_printf(sink, say(v, "F(%s, %s) = %s, p\u00a0%s%s.", "F(%s ; %s) = %s, p\u00a0%s%s."), df1,
                   isinf(test->df2) ? "\u221e" : df2, f, p[0] == '<' || p[0] == '>' ? "" : "=\u00a0", p);
}

/* "Same effect in all groups of “District”? In training, wave 12: F(3, 41.2) = 1.27, p = 0.298." */
static void add_subgroup_test(const view *v, const temoin_joint_test *test)
{
    const temoin_row row = {.arm = test->arm, .reference = test->reference};
    const char *wave = tm_wave_text(v->document, test->wave);
    const char *contrast = v->contrast >= 0 ? tm_contrast_text(v->results, v->document, &row) : "";
    tm_sink sink;
    tm_sink_init(&sink, v->document->ctx);
    tm_sink_printf(&sink,
                   say(v, "Same effect in all groups of “%s”? %s", "Même effet dans tous les groupes de « %s » ? %s"),
                   tm_variable_text(v->results, v->document, test->test + strlen(subgroups)),
                   tm_measure_text(v->results, v->document, test->measure));
    if (wave && wave[0]) tm_sink_printf(&sink, ", %s", wave);
    if (contrast && contrast[0]) tm_sink_printf(&sink, ", %s", contrast);
    tm_sink_put(&sink, say(v, ": ", " : "));
    put_test(v, test, &sink);
    const bool whole = wave && contrast && !sink.out_of_memory;
    tm_table_add_remark(v->document, v->table, whole ? sink.text : NULL);
}

/* "All contrasts zero? In training, wave 12: F(2, 41.2) = 1.27, p = 0.298." */
static void add_contrast_test(const view *v, const temoin_joint_test *test)
{
    const char *wave = tm_wave_text(v->document, test->wave);
    tm_sink sink;
    tm_sink_init(&sink, v->document->ctx);
    tm_sink_printf(&sink, say(v, "All contrasts zero? %s", "Tous les contrastes nuls ? %s"),
                   tm_measure_text(v->results, v->document, test->measure));
    if (wave && wave[0]) tm_sink_printf(&sink, ", %s", wave);
    if (test->subgroup[0]) tm_sink_printf(&sink, ", %s", tm_subgroup_text(v->results, v->document, test->subgroup));
    tm_sink_put(&sink, say(v, ": ", " : "));
    put_test(v, test, &sink);
    tm_table_add_remark(v->document, v->table, wave && !sink.out_of_memory ? sink.text : NULL);
}

static void add_joint_tests(const view *v)
{
    for (int64_t t = 0; t < v->results->n_joint_tests; t++) {
        const temoin_joint_test *test = &v->results->joint_tests[t];
        if (strcmp(test->estimate, v->first->estimate) != 0) continue;
        if (strncmp(test->test, subgroups, strlen(subgroups)) == 0)
            add_subgroup_test(v, test);
        else if (strcmp(test->test, "contrasts") == 0)
            add_contrast_test(v, test);
    }
}

/* Caseworkers of an arm: the same in all rows, or from fewest to most. */
static const char *providers_text(const view *v, bool reference)
{
    int64_t least = INT64_MAX, most = -1;
    char low[TM_WRITTEN_SIZE], high[TM_WRITTEN_SIZE];
    for (int64_t r = 0; r < v->results->n_rows; r++) {
        const temoin_row *row = row_of(v, r);
        const int64_t n = !row ? -1 : reference ? row->n_providers_reference : row->n_providers_arm;
        if (n < 0) continue;
        least = n < least ? n : least;
        most = n > most ? n : most;
    }
    if (most < 0) return NULL;
    tm_write_number(v->document->language, (double)least, 0, low);
    tm_write_number(v->document->language, (double)most, 0, high);
    return tm_text(v->document->ctx, "%s%s%s", low, least < most ? say(v, " to ", " à ") : "",
                   least < most ? high : "");
}

/* In place of the column: "ICC (tipping): In training, wave 12, 0.03 (0.08); …". */
static void add_icc_remark(const view *v)
{
    tm_sink sink;
    int n = 0;
    tm_sink_init(&sink, v->document->ctx);
    tm_sink_put(&sink, say(v, "Caseworkers’ ICC (tipping): ", "ICC des intervenants (bascule) : "));
    for (int64_t r = 0; r < v->results->n_rows; r++) {
        const temoin_row *row = row_of(v, r);
        if (!row || (isnan(row->icc) && isnan(row->icc_tipping))) continue;
        const tm_table_cell cell = icc_cell(v, row);
        const char *wave = tm_wave_text(v->document, row->wave);
        const char *contrast = v->contrast >= 0 ? tm_contrast_text(v->results, v->document, row) : "";
        const char *icc = tm_cell_write(v->document->ctx, v->document->language, &cell);
        if (!wave || !contrast || !icc) sink.out_of_memory = true;
        if (sink.out_of_memory) break;
        tm_sink_printf(&sink, "%s%s%s%s", n++ ? say(v, "; ", " ; ") : "",
                       tm_measure_text(v->results, v->document, row->measure), wave[0] ? ", " : "", wave);
        if (row->subgroup[0]) tm_sink_printf(&sink, ", %s", tm_subgroup_text(v->results, v->document, row->subgroup));
        tm_sink_printf(&sink, "%s%s%s%s", contrast[0] ? ", " : "", contrast, say(v, ": ", " : "), icc);
    }
    tm_sink_put(&sink, ".");
    tm_table_add_remark(v->document, v->table, sink.out_of_memory ? NULL : sink.text);
}

/* Every effect stands beside what is known of its caseworkers. */
static void add_providers(const view *v)
{
    if (!v->first->provider_verdict[0]) return;
    const char *arm = providers_text(v, false), *reference = providers_text(v, true);
    const char *several = say(v, "in the arm", "dans le groupe"),
               *compared = say(v, "in the reference", "dans la référence");
    if (v->contrast < 0) several = tm_arm_text(v->results, v->document, v->first->arm);
    if (v->contrast < 0) compared = tm_arm_text(v->results, v->document, v->first->reference);
    if (arm && reference)
        tm_table_add_remark(v->document, v->table,
                            tm_text(v->document->ctx,
                                    say(v, "Caseworkers: %s, %s; %s, %s (%s).", "Intervenants : %s, %s ; %s, %s (%s)."),
                                    several, arm, compared, reference,
                                    tm_verdict_name(v->document, v->first->provider_verdict)));
    if (v->iccs && v->icc < 0) add_icc_remark(v);
    if (v->iccs)
        tm_table_add_remark(
            v->document, v->table,
            say(v,
                "ICC: share of the variance between caseworkers; in brackets the one at which the interval would touch "
                "zero, none where it always or never does.",
                "ICC : part de la variance entre intervenants ; entre parenthèses celle à laquelle l’intervalle "
                "toucherait zéro, aucune s’il le fait toujours ou jamais."));
}

static void add_remarks(const view *v)
{
    bool binary = false;
    for (int64_t r = 0; r < v->results->n_rows; r++) {
        const temoin_row *row = row_of(v, r);
        if (!row) continue;
        binary |= tm_row_factor(v->results, row) == 100;
    }
    if (binary)
        tm_table_add_remark(v->document, v->table,
                            say(v, "Effects on yes/no outcomes are in percentage points.",
                                "Les effets sur les résultats oui/non sont en points de pourcentage."));
    if (v->p_simultaneous >= 0)
        tm_table_add_remark(v->document, v->table,
                            say(v, "Simultaneous: intervals that hold for all waves of the path at once.",
                                "Simultané : intervalles valables pour toutes les vagues à la fois."));
    for (int a = 0; a < tm_n_adjustments; a++)
        if (v->adjusted[a] >= 0) {
            tm_table_add_remark(v->document, v->table,
                                tm_text(v->document->ctx,
                                        say(v, "Adjusted p: for the comparisons of the family “%s”.",
                                            "p corrigée : pour les comparaisons de la famille « %s »."),
                                        v->first->family));
            tm_add_family_remark(v->results, v->document, v->table, v->first->family);
            return;
        }
}

static void add_estimate(const temoin_results *results, tm_document *document, const temoin_row *first)
{
    view v = {.results = results, .document = document, .first = first};
    if (strcmp(first->estimate, tm_primary_estimate(results)) == 0)
        for (int64_t r = 0; r < results->n_rows; r++)
            if (row_of(&v, r)) add_sentence(&v, row_of(&v, r));
    name_columns(&v);
    const char *contrast = v.contrast < 0 ? tm_contrast_text(results, document, first) : "";
    const char *caption = contrast ? tm_text(document->ctx, say(&v, "Estimate “%s”%s%s", "Estimation « %s »%s%s"),
                                             first->estimate, contrast[0] ? say(&v, ": ", " : ") : "", contrast)
                                   : NULL;
    v.table = tm_document_add_table(document, caption, v.columns, v.n_columns);
    for (int64_t r = 0; r < results->n_rows; r++)
        if (row_of(&v, r)) add_row(&v, row_of(&v, r));
    add_remarks(&v);
    add_providers(&v);
    add_joint_tests(&v);
    add_method(&v);
}

static temoin_status build(const temoin_results *results, tm_document *document)
{
    if (results->n_rows == 0)
        tm_document_add_paragraph(document, tm_say(document->language, "The plan asks for no estimate.",
                                                   "Le plan ne demande aucune estimation."));
    for (int64_t r = 0; r < results->n_rows; r++)
        if (tm_row_opens_estimate(results, r)) add_estimate(results, document, &results->rows[r]);
    tm_add_clusters_table(results, document);
    return TEMOIN_OK;
}

const tm_section tm_section_effects = {.key = "effects", .title = {"Effects", "Effets"}, .order = 30, .build = build};
