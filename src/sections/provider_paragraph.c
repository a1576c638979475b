/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The paragraph on caseworkers that can be pasted: who worked with whom, what the effect is when their differences
 * count, how far those would have to go to explain it away, what is left open, and what would close it. */
#include <math.h>
#include <string.h>

#include "base/sink.h"
#include "sections/dossier.h"
#include "sections/wording.h"

typedef struct writer {
    const tm_dossier *d;
    tm_sink *sink;
} writer;

static const char *say(const writer *w, const char *en, const char *fr)
{
    return tm_dossier_say(w->d, en, fr);
}

/* A piece that could not be made is remembered. */
static const char *piece(const writer *w, const char *text)
{
    if (!text) w->sink->out_of_memory = true;
    return text ? text : "";
}

static bool verdict_is(const writer *w, const char *verdict)
{
    return strcmp(w->d->structure->verdict, verdict) == 0;
}

static bool reason_is(const writer *w, const char *reason)
{
    return strcmp(w->d->structure->reason, reason) == 0;
}

/* Of each arm how many workers served its clients. */
static void put_arms(const writer *w)
{
    const temoin_results *results = w->d->results;
    int put = 0;
    for (int64_t a = 0; a < results->n_provider_arms; a++) {
        const temoin_provider_arm *arm = &results->provider_arms[a];
        if (arm->n_providers <= 0) continue;
        tm_sink_printf(w->sink,
                       put == 0 ? say(w, "Clients of “%s” were served by %s (%s)",
                                      "Les clients du groupe « %s » ont été suivis par %s (%s)")
                                : say(w, ", those of “%s” by %s (%s)", ", ceux du groupe « %s » par %s (%s)"),
                       tm_label_text(w->d->document, &results->arms[arm->arm].label),
                       piece(w, tm_workers_words(w->d, arm->n_providers)),
                       piece(w, tm_clients_words(w->d, arm->n_clients)));
        put++;
    }
    for (int64_t a = 0; put && a < results->n_provider_arms; a++)
        if (results->provider_arms[a].n_providers <= 0)
            tm_sink_printf(w->sink, say(w, "; those of “%s” had none", " ; ceux du groupe « %s » n’en avaient pas"),
                           tm_label_text(w->d->document, &results->arms[results->provider_arms[a].arm].label));
    if (put) tm_sink_put(w->sink, ". ");
}

static bool is_one_for_all(const writer *w)
{
    int n_arms = 0;
    for (int64_t a = 0; a < w->d->results->n_provider_arms; a++)
        n_arms += w->d->results->provider_arms[a].n_providers > 0;
    return w->d->structure->n_providers == 1 && n_arms > 1;
}

/* Of workers who serve several arms how many they are. */
static void put_crossed(const writer *w)
{
    const temoin_provider_structure *s = w->d->structure;
    const tm_language language = w->d->document->language;
    char n[TM_WRITTEN_SIZE];
    tm_sink_printf(w->sink, say(w, "The clients (%s) were served by %s, ", "Les clients (%s) ont été suivis par %s, "),
                   tm_write_number(language, (double)s->n_clients, 0, n),
                   piece(w, tm_workers_words(w->d, s->n_providers)));
    tm_write_number(language, (double)s->n_crossed, 0, n);
    if (s->n_crossed == 1)
        tm_sink_put(w->sink, say(w, "one of whom worked in more than one arm. ",
                                 "dont un est intervenu dans plusieurs groupes. "));
    else
        tm_sink_printf(
            w->sink,
            say(w, "%s of whom worked in more than one arm. ", "dont %s sont intervenus dans plusieurs groupes. "), n);
}

/* Why worker and programme are one: the reason decides. */
static void put_obstacle(const writer *w)
{
    if (reason_is(w, "one_worker_in_total"))
        tm_sink_put(w->sink, say(w,
                                 "With one caseworker in the whole trial, nothing in the data says how much the "
                                 "results hang on that person. ",
                                 "Avec un seul intervenant dans tout l’essai, rien dans les données ne dit à quel "
                                 "point les résultats tiennent à cette personne. "));
    else if (reason_is(w, "every_worker_one_client"))
        tm_sink_put(w->sink,
                    say(w,
                        "As each caseworker has one client only, what the caseworker brings cannot be told from what "
                        "the client brings; the usual margin of error covers both together, and no more can be said. ",
                        "Comme chaque intervenant n’a qu’un client, ce qu’apporte l’intervenant ne se distingue pas de "
                        "ce qu’apporte le client ; la marge d’erreur habituelle couvre les deux ensemble, et on ne "
                        "peut rien dire de plus. "));
    else if (reason_is(w, "worker_is_stratum"))
        tm_sink_put(w->sink, say(w,
                                 "Within each stratum of the trial an arm rests on one caseworker, so that comparing "
                                 "the arms there means comparing persons. ",
                                 "Dans chaque strate de l’essai, un groupe repose sur un seul intervenant : y comparer "
                                 "les groupes revient à comparer des personnes. "));
    else
        tm_sink_put(w->sink, say(w,
                                 "Because an arm rests on one caseworker, the data cannot tell what the programme did "
                                 "from what this person did: a difference between the arms can be put down to either. ",
                                 "Comme un groupe repose sur un seul intervenant, les données ne séparent pas ce qu’a "
                                 "fait le programme de ce qu’a fait cette personne : une différence entre les groupes "
                                 "peut tenir à l’un comme à l’autre. "));
}

static bool is_settled(const temoin_row *row)
{
    return row && !isnan(row->value) && !isnan(row->ci_low) && !isnan(row->ci_high);
}

static bool holds_zero(const temoin_row *row)
{
    return row->ci_low <= 0 && row->ci_high >= 0;
}

static const char *interval_words(const writer *w, const temoin_row *row)
{
    const double factor = tm_dossier_factor(w->d);
    const tm_table_cell cell = tm_cell_interval(row->ci_low * factor, row->ci_high * factor, tm_dossier_decimals(w->d));
    return piece(w, tm_cell_write(w->d->document->ctx, w->d->document->language, &cell));
}

/* Of the other ways to allow for caseworkers, those whose interval includes zero. */
static int64_t count_doubting(const writer *w, int64_t *n_others)
{
    int64_t n = 0;
    *n_others = 0;
    for (int64_t r = 0; r < w->d->results->n_provider_rows; r++) {
        const temoin_row *row = &w->d->results->provider_rows[r];
        if (row == w->d->recommended || !row->cluster[0] || !is_settled(row) ||
            !tm_dossier_is_main(w->d, row->estimate, row->measure, row->wave, row->arm, row->reference))
            continue;
        ++*n_others;
        n += holds_zero(row);
    }
    return n;
}

static void put_doubt(const writer *w, int64_t n_doubting, int64_t n_others)
{
    char doubting[TM_WRITTEN_SIZE], others[TM_WRITTEN_SIZE];
    tm_write_number(w->d->document->language, (double)n_doubting, 0, doubting);
    tm_write_number(w->d->document->language, (double)n_others, 0, others);
    if (n_doubting == n_others)
        tm_sink_put(w->sink,
                    say(w,
                        "This interval excludes zero, but those of all other methods that allow for "
                        "caseworkers include it: the finding hangs on the method. ",
                        "Cet intervalle ne contient pas zéro, mais ceux de toutes les autres méthodes qui "
                        "tiennent compte des intervenants le contiennent : le constat dépend de la méthode. "));
    else
        tm_sink_printf(w->sink,
                       say(w,
                           "This interval excludes zero, but %s of the %s other intervals that allow for caseworkers "
                           "include%s it: the finding is fragile. ",
                           "Cet intervalle ne contient pas zéro, mais %s des %s autres intervalles qui tiennent compte "
                           "des intervenants le contien%s : le constat est fragile. "),
                       doubting, others, n_doubting == 1 ? say(w, "s", "t") : say(w, "", "nent"));
}

static void put_interval(const writer *w, const temoin_row *row)
{
    tm_sink_printf(w->sink,
                   say(w,
                       "Allowing for differences between caseworkers, the estimated effect on %s is %s, with a %s "
                       "confidence interval from %s. ",
                       "Compte tenu des différences entre intervenants, l’effet estimé sur %s est de %s, avec un "
                       "intervalle de confiance à %s de %s. "),
                   piece(w, tm_outcome_words(w->d, row->measure, row->wave)),
                   piece(w, tm_effect_words(w->d, row->value, false)), piece(w, tm_level_words(w->d, row->level)),
                   interval_words(w, row));
    if (holds_zero(row)) {
        tm_sink_put(w->sink, say(w,
                                 "As this interval includes zero, the trial shows neither that the programme changes "
                                 "this outcome nor that it leaves it as it is. ",
                                 "Comme cet intervalle contient zéro, l’essai ne montre ni que le programme change ce "
                                 "résultat, ni qu’il le laisse tel quel. "));
        return;
    }
    int64_t n_others = 0;
    const int64_t n_doubting = count_doubting(w, &n_others);
    if (n_doubting == 0)
        tm_sink_put(w->sink, say(w,
                                 "As this interval excludes zero, neither the chance of the draw nor the usual "
                                 "differences from one caseworker to the next suffice to explain it. ",
                                 "Comme cet intervalle ne contient pas zéro, ni le hasard du tirage ni les différences "
                                 "habituelles d’un intervenant à l’autre ne suffisent à l’expliquer. "));
    else
        put_doubt(w, n_doubting, n_others);
}

/* Without an interval that allows for caseworkers. */
static void put_difference(const writer *w, bool identified)
{
    const temoin_tipping_point *tip = w->d->tip;
    tm_sink_printf(w->sink, say(w, "On %s the arms differ by %s", "Pour %s, l’écart entre les groupes est de %s"),
                   piece(w, tm_outcome_words(w->d, tip->measure, tip->wave)),
                   piece(w, tm_effect_words(w->d, tip->value, false)));
    if (identified)
        tm_sink_put(w->sink,
                    say(w,
                        ", but no margin of error that allows for caseworkers can be given, so that this is no "
                        "evidence of an effect",
                        ", mais aucune marge d’erreur qui tienne compte des intervenants ne peut être donnée : "
                        "ce n’est pas la preuve d’un effet"));
    else if (!reason_is(w, "every_worker_one_client"))
        tm_sink_put(w->sink, say(w, ", but this is not an estimate of what the programme does",
                                 ", mais ce n’est pas une estimation de ce que fait le programme"));
    tm_sink_put(w->sink, ". ");
}

static void put_effect(const writer *w)
{
    const temoin_tipping_point *tip = w->d->tip;
    const bool identified = !verdict_is(w, "not_identifiable");
    if (identified && is_settled(w->d->recommended)) {
        put_interval(w, w->d->recommended);
    } else if (tip && !isnan(tip->value)) {
        put_difference(w, identified);
    } else {
        tm_sink_put(w->sink,
                    say(w, "No effect is stated here: these data do not give one that allows for caseworkers. ",
                        "Aucun effet n’est avancé ici : ces données n’en donnent pas qui tienne compte des "
                        "intervenants. "));
    }
}

static void put_icc(const writer *w)
{
    const temoin_tipping_point *tip = w->d->tip;
    if (!tip || isnan(tip->icc)) {
        if (tip && !isnan(tip->value))
            tm_sink_put(w->sink, say(w, "How much caseworkers differ cannot be estimated from these data. ",
                                     "À quel point les intervenants diffèrent, ces données ne permettent pas de "
                                     "l’estimer. "));
        return;
    }
    const char *most = isnan(tip->icc_high) ? NULL : piece(w, tm_share_words(w->d, tip->icc_high, true));
    const bool none = tip->icc <= 0.0005;
    if (none)
        tm_sink_put(w->sink, say(w, "The clients of one caseworker are no more alike here than others",
                                 "Les clients d’un même intervenant ne se ressemblent ici pas plus que les autres"));
    else
        tm_sink_printf(w->sink,
                       say(w, "Caseworkers account for about %s of the differences between clients in this outcome",
                           "Les intervenants expliquent environ %s des différences entre clients sur ce résultat"),
                       piece(w, tm_share_words(w->d, tip->icc, true)));
    if (most)
        tm_sink_printf(
            w->sink,
            none ? say(w,
                       ", but the data allow for caseworkers who account for up to %s of the differences "
                       "between clients",
                       ", mais les données admettent des intervenants qui expliquent jusqu’à %s des "
                       "différences entre clients")
                 : say(w, "; the data allow for anything up to %s", " ; les données admettent toute part jusqu’à %s"),
            most);
    tm_sink_put(w->sink, ". ");
}

/* What others found. */
static void put_published(const writer *w)
{
    const temoin_tipping_point *tip = w->d->tip;
    if (isnan(tip->published_low) || isnan(tip->published_high)) return;
    tm_sink_printf(w->sink,
                   say(w, "; published studies report %s to %s", " ; des études publiées rapportent de %s à %s"),
                   piece(w, tm_share_words(w->d, tip->published_low, false)),
                   piece(w, tm_share_words(w->d, tip->published_high, false)));
}

static void put_tipping(const writer *w)
{
    const temoin_tipping_point *tip = w->d->tip;
    if (!tip || isnan(tip->value)) return;
    if (strcmp(tip->note, "touches_zero") == 0)
        tm_sink_put(w->sink, say(w, "Even if caseworkers did not differ at all, the interval would include zero. ",
                                 "Même si les intervenants ne différaient en rien, l’intervalle contiendrait zéro. "));
    else if (strcmp(tip->note, "holds_everywhere") == 0)
        tm_sink_put(w->sink, say(w, "However much caseworkers differed, the interval would exclude zero. ",
                                 "Si fort que les intervenants diffèrent, l’intervalle ne contiendrait pas zéro. "));
    if (isnan(tip->rho)) return;
    const bool lost = is_settled(w->d->recommended) && holds_zero(w->d->recommended);
    const char *share = piece(w, tm_share_words(w->d, tip->rho, false));
    if (lost || verdict_is(w, "not_identifiable"))
        tm_sink_printf(w->sink,
                       say(w,
                           "An effect could be claimed only if caseworkers were known to account for less than %s of "
                           "the differences between clients",
                           "On ne pourrait affirmer un effet que si l’on savait que les intervenants expliquent moins "
                           "de %s des différences entre clients"),
                       share);
    else
        tm_sink_printf(w->sink,
                       say(w,
                           "The conclusion would no longer hold if caseworkers accounted for more than %s of the "
                           "differences between clients",
                           "La conclusion ne tiendrait plus si les intervenants expliquaient plus de %s des "
                           "différences entre clients"),
                       share);
    put_published(w);
    tm_sink_put(w->sink, ". ");
}

const char *tm_shift_words(const tm_dossier *d)
{
    const temoin_tipping_point *tip = d->tip;
    if (!tip || isnan(tip->worker_shift) || isnan(tip->worker_percentile) || strcmp(tip->note, "touches_zero") == 0)
        return "";
    const double tail = tip->worker_percentile > 0.5 ? 1 - tip->worker_percentile : tip->worker_percentile;
    const char *apart = tm_effect_words(d, fabs(tip->worker_shift), true), *share = tm_share_words(d, tail, true);
    if (!apart || !share) return NULL;
    return tm_text(
        d->document->ctx,
        tm_dossier_say(d,
                       "For caseworkers alone to make the whole difference, those of “%s” would have to stand %s apart "
                       "from others on average. Were caseworkers to differ %s, %s%s of such groups would be that far "
                       "off in that direction.",
                       "Pour faire à eux seuls toute la différence, les intervenants du groupe « %s » devraient se "
                       "situer en moyenne à %s des autres. Si les intervenants diffèrent %s, %s%s de tels groupes "
                       "seraient aussi éloignés dans ce sens."),
        tm_arm_text(d->results, d->document, tip->arm), apart,
        isnan(tip->icc) || tip->icc <= 0 ? tm_dossier_say(d, "as published", "comme publié ailleurs")
                                         : tm_dossier_say(d, "as in these data", "comme dans ces données"),
        tail < 0.001 ? "" : tm_dossier_say(d, "about ", "environ "), share);
}

/* The placebo at a correlation that was published, else at the largest; NULL: none. */
static const temoin_provider_test *find_placebo(const writer *w)
{
    const temoin_provider_test *found = NULL;
    for (int64_t t = 0; t < w->d->results->n_provider_tests; t++) {
        const temoin_provider_test *test = &w->d->results->provider_tests[t];
        if (strcmp(test->test, "placebo") != 0 || isnan(test->p) ||
            !tm_dossier_is_main(w->d, test->estimate, test->measure, test->wave, test->arm, test->reference))
            continue;
        if (!found || !(test->rho > w->d->tip->published_high)) found = test;
    }
    return found;
}

static void put_placebo(const writer *w)
{
    const temoin_provider_test *placebo = find_placebo(w);
    if (!placebo) {
        const char *shift = piece(w, tm_shift_words(w->d));
        if (shift[0]) tm_sink_printf(w->sink, "%s ", shift);
        return;
    }
    tm_sink_printf(
        w->sink,
        say(w,
            "If the programme did nothing and caseworkers accounted for %s of the differences, %s%s of such "
            "trials would still show arms at least this far apart. ",
            "Si le programme ne faisait rien et que les intervenants expliquaient %s des différences, %s%s de "
            "tels essais montreraient encore des groupes au moins aussi éloignés. "),
        piece(w, tm_share_words(w->d, placebo->rho, true)), placebo->p < 0.001 ? "" : say(w, "about ", "environ "),
        piece(w, tm_share_words(w->d, placebo->p, true)));
}

/* "+9.3", to which the unit of the next effect belongs. */
static const char *bare_effect(const writer *w, double value, char text[TM_WRITTEN_SIZE + 1])
{
    char number[TM_WRITTEN_SIZE];
    tm_write_number(w->d->document->language, value * tm_dossier_factor(w->d), tm_dossier_decimals(w->d), number);
    strcpy(stpcpy(text, value > 0 && strpbrk(number, "123456789") ? "+" : ""), number);
    return text;
}

/* Does it hang on one person: whose absence changes it by more than half of it? */
static void put_influence(const writer *w)
{
    const temoin_results *results = w->d->results;
    const temoin_influence *low = NULL, *high = NULL, *largest = NULL;
    char number[TM_WRITTEN_SIZE + 1];
    for (int64_t i = 0; i < results->n_influence; i++) {
        const temoin_influence *at = &results->influence[i];
        if (strcmp(at->kind, "provider") != 0 ||
            !tm_dossier_is_main(w->d, at->estimate, at->measure, at->wave, at->arm, at->reference))
            continue;
        if (isnan(at->value) || isnan(at->change)) return;
        if (!low || at->value < low->value) low = at;
        if (!high || at->value > high->value) high = at;
        if (!largest || fabs(at->change) > fabs(largest->change)) largest = at;
    }
    if (low == high || verdict_is(w, "not_identifiable") || strcmp(w->d->tip->note, "touches_zero") == 0) return;
    const double whole = largest->value - largest->change;
    if (fabs(largest->change) > fabs(whole) / 2)
        tm_sink_printf(
            w->sink,
            say(w,
                "The effect depends much on one caseworker: without that person’s clients it would be %s "
                "instead of %s. ",
                "L’effet dépend beaucoup d’un intervenant : sans les clients de cette personne, il serait de "
                "%s au lieu de %s. "),
            bare_effect(w, largest->value, number), piece(w, tm_effect_words(w->d, whole, false)));
    else
        tm_sink_printf(w->sink,
                       say(w,
                           "The effect does not hang on one person: without any one caseworker it lies between %s and "
                           "%s. ",
                           "L’effet ne tient pas à une seule personne : sans l’un quelconque des intervenants, il se "
                           "situe entre %s et %s. "),
                       bare_effect(w, low->value, number), piece(w, tm_effect_words(w->d, high->value, false)));
}

typedef struct closing {
    const char *verdict;
    temoin_label open, design; /* what is left open; what would close it */
} closing;

static const closing closings[] = {
    {"not_identifiable",
     {"What can be claimed is how the clients of these persons fared, not that others would reach the same with the "
      "same method.",
      "Ce qu’on peut affirmer, c’est ce que sont devenus les clients de ces personnes, non que d’autres obtiendraient "
      "autant avec la même méthode."},
     {"To settle it, a trial needs several caseworkers in each arm, at least five, drawn by lot for it, or caseworkers "
      "who each serve clients of both arms.",
      "Pour trancher, il faut un essai avec plusieurs intervenants dans chaque groupe, cinq au moins, tirés au sort, "
      "ou "
      "des intervenants qui suivent chacun des clients des deux groupes."}},
    {"weak",
     {"With so few caseworkers, and none drawn by lot for an arm, it cannot be ruled out that the persons make the "
      "difference rather than the method.",
      "Avec si peu d’intervenants, et sans tirage au sort entre les groupes, on ne peut exclure que les personnes "
      "fassent la différence plutôt que la méthode."},
     {"To settle it, a trial needs at least five caseworkers in each arm, drawn by lot for it, or caseworkers who each "
      "serve clients of both arms; more clients for the same caseworkers would help little.",
      "Pour trancher, il faut un essai avec au moins cinq intervenants par groupe, tirés au sort, ou des intervenants "
      "qui suivent chacun des clients des deux groupes ; davantage de clients pour les mêmes intervenants n’aiderait "
      "guère."}},
    {"adequate",
     {"As caseworkers were not drawn by lot for the arms, whatever is found holds on one condition: that those of each "
      "arm would have done equally well with the other’s method.",
      "Comme les intervenants n’ont pas été tirés au sort entre les groupes, tout constat suppose une condition : que "
      "ceux de chaque groupe auraient réussi aussi bien avec la méthode de l’autre."},
     {"A trial that draws the caseworkers for the arms by lot, as it draws the clients, would do without that "
      "condition.",
      "Un essai qui tire au sort les intervenants entre les groupes, comme il tire les clients, se passerait de cette "
      "condition."}},
    {"crossed",
     {"Where the same person works in several arms, what sets that person apart drops out of the comparison; what is "
      "left open is whether someone who knows both ways of working keeps them apart.",
      "Là où la même personne intervient dans plusieurs groupes, ce qui la distingue disparaît de la comparaison ; "
      "reste "
      "à savoir si quelqu’un qui connaît les deux façons de faire les tient séparées."},
     {"A trial in which caseworkers are drawn by lot for one arm each would answer that too, but it needs more of "
      "them.",
      "Un essai où chaque intervenant est tiré au sort pour un seul groupe y répondrait aussi, mais il en demande "
      "davantage."}},
    {"one_arm",
     {"The trial compares this help, as these persons give it, with having no caseworker at all: how much belongs to "
      "the method and how much to the persons, it cannot say.",
      "L’essai compare cette aide, telle que ces personnes la donnent, à l’absence d’intervenant : quelle part revient "
      "à "
      "la méthode et quelle part aux personnes, il ne peut le dire."},
     {"To say it, a trial needs more caseworkers, drawn by lot for two ways of working; more clients for the same "
      "caseworkers would help little.",
      "Pour le dire, il faut davantage d’intervenants, tirés au sort entre deux façons de faire ; davantage de clients "
      "pour les mêmes intervenants n’aiderait guère."}},
    {"randomized_workers",
     {"As the caseworkers too were drawn by lot, their differences are part of the chance that the margin of error "
      "counts: what stands up to it belongs to the programme.",
      "Comme les intervenants aussi ont été tirés au sort, leurs différences font partie du hasard que compte la marge "
      "d’erreur : ce qui y résiste revient au programme."},
     {"This is the design that answers the question; to be more precise, it needs more caseworkers rather than more "
      "clients for each.",
      "C’est le plan d’essai qui répond à la question ; pour plus de précision, il faut davantage d’intervenants "
      "plutôt "
      "que davantage de clients pour chacun."}},
};

static void put_closing(const writer *w)
{
    for (size_t c = 0; c < sizeof closings / sizeof *closings; c++) {
        if (!verdict_is(w, closings[c].verdict)) continue;
        if (verdict_is(w, "not_identifiable") && w->d->structure->n_providers == 1)
            tm_sink_put(w->sink, say(w,
                                     "What can be claimed is how the clients of this person fared, not that another "
                                     "would reach the same with the same method. ",
                                     "Ce qu’on peut affirmer, c’est ce que sont devenus les clients de cette personne, "
                                     "non qu’une autre obtiendrait autant avec la même méthode. "));
        else if (!reason_is(w, "every_worker_one_client"))
            tm_sink_printf(w->sink, "%s ", tm_label_text(w->d->document, &closings[c].open));
        tm_sink_put(w->sink, tm_label_text(w->d->document, &closings[c].design));
    }
}

const char *tm_provider_paragraph(const tm_dossier *d)
{
    tm_sink sink;
    tm_sink_init(&sink, d->document->ctx);
    const writer w = {d, &sink};
    if (is_one_for_all(&w))
        tm_sink_printf(&sink,
                       say(&w, "One caseworker served the clients of all arms (%s). ",
                           "Un même intervenant a suivi les clients de tous les groupes (%s). "),
                       piece(&w, tm_clients_words(d, d->structure->n_clients)));
    else if (verdict_is(&w, "crossed"))
        put_crossed(&w);
    else
        put_arms(&w);
    if (verdict_is(&w, "not_identifiable")) put_obstacle(&w);
    put_effect(&w);
    put_influence(&w);
    put_icc(&w);
    put_tipping(&w);
    put_placebo(&w);
    put_closing(&w);
    return sink.out_of_memory ? NULL : sink.text;
}
