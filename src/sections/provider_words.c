/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "estimators/estimator.h"
#include "result/notes.h"
#include "sections/dossier.h"
#include "sections/wording.h"
#include "variances/variance.h"

const char *tm_dossier_say(const tm_dossier *dossier, const char *en, const char *fr)
{
    return tm_say(dossier->document->language, en, fr);
}

bool tm_dossier_is_main(const tm_dossier *dossier, const char *estimate, const char *measure, const char *wave,
                        const char *arm, const char *reference)
{
    const temoin_tipping_point *tip = dossier->tip;
    return tip && strcmp(tip->estimate, estimate) == 0 && strcmp(tip->measure, measure) == 0 &&
           strcmp(tip->wave, wave) == 0 && strcmp(tip->arm, arm) == 0 && strcmp(tip->reference, reference) == 0;
}

/* Is this note among a row's? */
static bool has_note(const char *notes, const char *key)
{
    const size_t length = strlen(key);
    for (const char *at = notes; at; at = strchr(at, ';')) {
        at += *at == ';';
        if (strncmp(at, key, length) == 0 && (at[length] == ';' || !at[length])) return true;
    }
    return false;
}

bool tm_row_is_recommended(const temoin_row *row)
{
    return has_note(row->note, "recommended");
}

void tm_dossier_init(tm_dossier *dossier, const temoin_results *results, tm_document *document)
{
    *dossier = (tm_dossier){.results = results, .document = document};
    if (results->n_provider_structure > 0) dossier->structure = results->provider_structure;
    if (results->n_tipping_points > 0) dossier->tip = results->tipping_points;
    for (int64_t r = 0; dossier->tip && !dossier->recommended && r < results->n_provider_rows; r++) {
        const temoin_row *row = &results->provider_rows[r];
        if (tm_dossier_is_main(dossier, row->estimate, row->measure, row->wave, row->arm, row->reference) &&
            tm_row_is_recommended(row))
            dossier->recommended = row;
    }
}

static const char *number_word(tm_language language, int64_t n)
{
    static const char *const en[] = {"no",  "one",   "two",   "three", "four", "five",
                                     "six", "seven", "eight", "nine",  "ten"};
    static const char *const fr[] = {"aucun", "un",   "deux", "trois", "quatre", "cinq",
                                     "six",   "sept", "huit", "neuf",  "dix"};
    return n < 0 || n > 10 ? NULL : tm_say(language, en[n], fr[n]);
}

const char *tm_workers_words(const tm_dossier *dossier, int64_t n)
{
    const tm_language language = dossier->document->language;
    char digits[TM_WRITTEN_SIZE];
    const char *word = number_word(language, n);
    const bool one = language == TM_FRENCH ? n < 2 : n == 1;
    return tm_text(dossier->document->ctx, "%s %s", word ? word : tm_write_number(language, (double)n, 0, digits),
                   one ? tm_say(language, "caseworker", "intervenant")
                       : tm_say(language, "caseworkers", "intervenants"));
}

const char *tm_clients_words(const tm_dossier *dossier, int64_t n)
{
    const tm_language language = dossier->document->language;
    const int64_t least = dossier->results->min_cell;
    char digits[TM_WRITTEN_SIZE];
    if (n > 0 && n < least)
        return tm_text(dossier->document->ctx, tm_say(language, "fewer than %s clients", "moins de %s clients"),
                       tm_write_number(language, (double)least, 0, digits));
    const bool one = language == TM_FRENCH ? n < 2 : n == 1;
    return tm_text(dossier->document->ctx, "%s client%s", tm_write_number(language, (double)n, 0, digits),
                   one ? "" : "s");
}

const char *tm_share_words(const tm_dossier *dossier, double share, bool about)
{
    const tm_language language = dossier->document->language;
    char text[TM_WRITTEN_SIZE];
    if (share > 0 && share < 0.001)
        return tm_text(dossier->document->ctx, tm_say(language, "less than %s", "moins de %s"),
                       tm_write_percent(language, 0.001, 1, text));
    const bool whole = share >= (about ? 0.0195 : 0.0995) || fabs(share * 100 - round(share * 100)) < 0.05;
    return tm_text(dossier->document->ctx, "%s", tm_write_percent(language, share, whole ? 0 : 1, text));
}

/* Effects in full are differences of the measure, whatever estimated them. */
static temoin_row row_of(const tm_dossier *dossier)
{
    return (temoin_row){.measure = dossier->tip ? dossier->tip->measure : "", .estimator = "dim"};
}

double tm_dossier_factor(const tm_dossier *dossier)
{
    const temoin_row row = row_of(dossier);
    return tm_row_factor(dossier->results, &row);
}

int tm_dossier_decimals(const tm_dossier *dossier)
{
    const temoin_row row = row_of(dossier);
    return tm_row_decimals(dossier->results, &row);
}

const char *tm_effect_words(const tm_dossier *dossier, double value, bool size)
{
    const tm_language language = dossier->document->language;
    const double factor = tm_dossier_factor(dossier);
    const temoin_measure_summary *measure = tm_measure_find(dossier->results, row_of(dossier).measure);
    char number[TM_WRITTEN_SIZE];
    tm_write_number(language, value * factor, tm_dossier_decimals(dossier), number);
    const char *sign = !size && value > 0 && strpbrk(number, "123456789") ? "+" : "";
    const char *unit = factor == 100 ? tm_say(language, "percentage points", "points de pourcentage")
                       : measure     ? measure->unit
                                     : "";
    return tm_text(dossier->document->ctx, "%s%s%s%s", sign, number, unit[0] ? " " : "", unit);
}

const char *tm_outcome_words(const tm_dossier *dossier, const char *measure, const char *wave)
{
    const char *label = tm_measure_text(dossier->results, dossier->document, measure);
    const char *at = tm_wave_text(dossier->document, wave);
    if (!at) return NULL;
    return tm_text(dossier->document->ctx, tm_dossier_say(dossier, "“%s”%s%s%s", "« %s »%s%s%s"), label,
                   at[0] ? " (" : "", at, at[0] ? ")" : "");
}

typedef struct saying {
    const char *key;
    temoin_label name, sentence;
} saying;

static const saying verdicts[] = {
    {"not_identifiable",
     {"not identifiable", "non identifiable"},
     {"What caseworkers do and what the programme does cannot be told apart in these data.",
      "Ce que font les intervenants et ce que fait le programme ne se distinguent pas dans ces données."}},
    {"randomized_workers",
     {"caseworkers drawn by lot", "intervenants tirés au sort"},
     {"Caseworkers were drawn by lot for the arms: an effect that stands up to their differences is the programme’s.",
      "Les intervenants ont été tirés au sort entre les groupes : un effet qui résiste à leurs différences est celui "
      "du "
      "programme."}},
    {"crossed",
     {"caseworkers in several arms", "intervenants de plusieurs groupes"},
     {"Some caseworkers serve several arms: there the programme can be seen at work with the person unchanged.",
      "Des intervenants servent plusieurs groupes : on y voit agir le programme, la personne restant la même."}},
    {"one_arm",
     {"caseworkers in one arm only", "intervenants d’un seul groupe"},
     {"One arm alone has caseworkers: what is measured is the programme as these people deliver it.",
      "Un seul groupe a des intervenants : ce qui est mesuré est le programme tel que ces personnes le mènent."}},
    {"weak",
     {"few caseworkers", "peu d’intervenants"},
     {"Few caseworkers carry an arm, and they were not drawn for it: an effect may be theirs rather than the "
      "programme’s.",
      "Peu d’intervenants portent un groupe, et ils n’ont pas été tirés au sort : un effet peut être le leur plutôt "
      "que "
      "celui du programme."}},
    {"adequate",
     {"enough caseworkers", "assez d’intervenants"},
     {"Each arm has enough caseworkers for their differences to be counted, but they were not drawn by lot for the "
      "arms.",
      "Chaque groupe compte assez d’intervenants pour que leurs différences soient prises en compte, mais ils n’ont "
      "pas "
      "été tirés au sort."}},
};

static const saying *find_verdict(const char *key)
{
    for (size_t v = 0; v < sizeof verdicts / sizeof *verdicts; v++)
        if (strcmp(verdicts[v].key, key) == 0) return &verdicts[v];
    return NULL;
}

const char *tm_verdict_words(const tm_dossier *dossier)
{
    const saying *found = find_verdict(dossier->structure->verdict);
    return found ? tm_label_text(dossier->document, &found->sentence) : dossier->structure->verdict;
}

const char *tm_verdict_name(const tm_document *document, const char *verdict)
{
    const saying *found = find_verdict(verdict);
    return found ? tm_label_text(document, &found->name) : verdict;
}

static const struct {
    const char *key;
    temoin_label name;
} names[] = {
    {"searle", {"Searle, exact", "Searle, exact"}},
    {"smith", {"Smith", "Smith"}},
    {"profile", {"profile likelihood", "vraisemblance profilée"}},
    {"bootstrap", {"bootstrap of caseworkers", "bootstrap des intervenants"}},
    {"anova", {"analysis of variance", "analyse de variance"}},
    {"reml", {"mixed model (REML)", "modèle mixte (REML)"}},
    {"latent", {"logistic scale", "échelle logistique"}},
};

static const char *name_of(const tm_document *document, const char *key)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].key, key) == 0) return tm_label_text(document, &names[i].name);
    return key;
}

const char *tm_interval_words(const tm_document *document, const char *interval)
{
    return name_of(document, interval);
}

const char *tm_icc_method_words(const tm_document *document, const char *method)
{
    return name_of(document, method);
}

const char *tm_method_words(const tm_dossier *dossier, const temoin_row *row)
{
    const tm_estimator *estimator = tm_estimator_find(row->estimator);
    const tm_variance *variance = tm_variance_find(row->variance);
    return tm_text(dossier->document->ctx, "%s, %s",
                   estimator ? tm_dossier_say(dossier, estimator->title_en, estimator->title_fr) : row->estimator,
                   variance ? tm_dossier_say(dossier, variance->title_en, variance->title_fr) : row->variance);
}

const char *tm_note_words(const tm_dossier *dossier, const char *notes)
{
    const char *rest = notes, *sentence = "";
    const tm_note *note;
    if (rest[0] && tm_notes_explain_next(dossier->document->ctx, dossier->results, dossier->document->language, &rest,
                                         &note, &sentence) != TEMOIN_OK)
        return NULL;
    return sentence;
}

void tm_put_note(const tm_dossier *dossier, tm_table *table, tm_table_cell *cell, const char *note)
{
    if (note[0]) tm_table_add_footnote(dossier->document, table, cell, tm_note_words(dossier, note));
}

const char *tm_effect_title(const tm_dossier *dossier, const temoin_row *row)
{
    const char *wave = tm_wave_text(dossier->document, row->wave);
    const char *contrast =
        dossier->results->n_arms > 2 ? tm_contrast_text(dossier->results, dossier->document, row) : "";
    if (!wave || !contrast) return NULL;
    return tm_text(dossier->document->ctx, "%s%s%s%s%s",
                   tm_measure_text(dossier->results, dossier->document, row->measure), wave[0] ? ", " : "", wave,
                   contrast[0] ? " · " : "", contrast);
}

const char *tm_level_words(const tm_dossier *dossier, double level)
{
    char text[TM_WRITTEN_SIZE];
    const bool whole = fabs(level * 100 - round(level * 100)) < 1e-9;
    tm_write_percent(dossier->document->language, level, whole ? 0 : 1, text);
    return tm_text(dossier->document->ctx, "%s", text);
}
