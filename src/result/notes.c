/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "result/notes.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sink.h"

const tm_note tm_note_table[] = {
    {"no_variation",
     TM_NOTE_PLAIN,
     true,
     {"The outcome has the same value for every client, so there is nothing to estimate the uncertainty from.",
      "Le résultat est le même pour tous les clients : rien ne permet d’estimer l’incertitude."}},
    {"perfect_fit",
     TM_NOTE_PLAIN,
     true,
     {"The model reproduces the outcome exactly; a standard error of zero would not be evidence.",
      "Le modèle reproduit exactement le résultat ; une erreur type nulle ne serait pas une preuve."}},
    {"one_cluster",
     TM_NOTE_PLAIN,
     true,
     {"There is only one cluster, so differences between clusters cannot be estimated.",
      "Il n’y a qu’une seule grappe : la variation entre grappes ne peut pas être estimée."}},
    {"one_cluster_in_arm",
     TM_NOTE_PLAIN,
     true,
     {"An arm has only one cluster, so the effect cannot be told apart from what is particular to that cluster.",
      "Un groupe ne compte qu’une seule grappe : l’effet ne se distingue pas de ce qui est propre à cette grappe."}},
    {"few_clusters",
     TM_NOTE_PLAIN,
     false,
     {"There are few clusters; the interval and the p value are approximate.",
      "Les grappes sont peu nombreuses ; l’intervalle et la valeur p sont approximatifs."}},
    {"joint_singular",
     TM_NOTE_PLAIN,
     true,
     {"The contrasts cannot be tested together: there are too few clusters or clients for so many.",
      "Les contrastes ne peuvent pas être testés ensemble : il y a trop peu de grappes ou de clients pour leur "
      "nombre."}},
    {"joint_incomplete",
     TM_NOTE_PLAIN,
     true,
     {"The contrasts are not tested together: one of them has no standard error.",
      "Les contrastes ne sont pas testés ensemble : l’un d’eux n’a pas d’erreur type."}},
    {"joint_undefined",
     TM_NOTE_PLAIN,
     true,
     {"With this variance the contrasts cannot be tested together.",
      "Avec cette variance, les contrastes ne peuvent pas être testés ensemble."}},
    {"few_treated_clusters",
     TM_NOTE_PLAIN,
     false,
     {"An arm has fewer than six clusters: a bootstrap that draws whole clusters hardly ever rejects then. Drawing "
      "parts "
      "of clusters (subclusters: client) may do better.",
      "Un groupe compte moins de six grappes : un bootstrap qui tire des grappes entières ne rejette alors presque "
      "jamais. Tirer des parties de grappes (subclusters: client) peut mieux convenir."}},
    {"bootstrap_enumerated",
     TM_NOTE_COUNT,
     false,
     {"The bootstrap went through all combinations of signs, {n} of them: its p value has no simulation error.",
      "Le bootstrap a parcouru toutes les combinaisons de signes, soit {n} : sa valeur p est sans erreur de "
      "simulation."}},
    {"bootstrap_unbounded",
     TM_NOTE_PLAIN,
     false,
     {"The bootstrap does not reject effects of any size on a side, so its interval has no bound there.",
      "Le bootstrap ne rejette, d’un côté, aucun effet si grand soit-il : son intervalle n’y a pas de borne."}},
    {"bootstrap_disjoint",
     TM_NOTE_PLAIN,
     false,
     {"The bootstrap rejects some effects inside its interval; the interval is the smallest that holds all the others.",
      "Le bootstrap rejette certains effets à l’intérieur de son intervalle, qui est le plus petit à contenir tous les "
      "autres."}},
    {"no_bootstrap",
     TM_NOTE_PLAIN,
     false,
     {"The wild cluster bootstrap is for linear models, and was not run.",
      "Le bootstrap par grappes vaut pour les modèles linéaires ; il n’a pas été calculé."}},
    {"single_unit_in_block",
     TM_NOTE_PLAIN,
     true,
     {"A block has only one client in an arm, so the variance within that block cannot be estimated.",
      "Un bloc ne compte qu’un seul client dans un groupe : la variance dans ce bloc ne peut pas être estimée."}},
    {"leverage_one",
     TM_NOTE_PLAIN,
     true,
     {"The model fits some observations exactly whatever their outcome (leverage of one), so this variance is not "
      "defined.",
      "Le modèle ajuste exactement certaines observations quel que soit leur résultat (levier égal à un) : cette "
      "variance "
      "n’est pas définie."}},
    {"cluster_leverage_one",
     TM_NOTE_PLAIN,
     true,
     {"A part of the effect rests on one cluster alone (in some stratum, say), so it cannot be told apart from what is "
      "particular to that cluster. Leaving strata or covariates out of the model may help.",
      "Une partie de l’effet ne repose que sur une seule grappe (dans une strate, par exemple) : elle ne se distingue "
      "pas de ce qui est propre à cette grappe. Un modèle sans strates ou avec moins de covariables peut aider."}},
    {"collinear",
     TM_NOTE_NAME,
     false,
     {"“{name}” was left out of the model: it follows exactly from the other covariates.",
      "« {name} » a été écartée du modèle : elle se déduit exactement des autres covariables."}},
    {"constant_in_arm",
     TM_NOTE_NAME,
     false,
     {"“{name}” was left out of the model: it does not vary within one of the arms.",
      "« {name} » a été écartée du modèle : elle ne varie pas dans l’un des groupes."}},
    {"stratum_without_contrast",
     TM_NOTE_COUNT,
     false,
     {"Clients left out because their stratum has clients of one arm only: {n}.",
      "Clients écartés parce que leur strate ne compte qu’un seul groupe : {n}."}},
    {"no_contrast",
     TM_NOTE_PLAIN,
     true,
     {"No stratum has clients of both arms, so the arms cannot be compared.",
      "Aucune strate ne compte des clients des deux groupes : la comparaison est impossible."}},
    {"arm_empty",
     TM_NOTE_PLAIN,
     true,
     {"One of the arms has no client with a value.", "L’un des groupes n’a aucun client dont la valeur soit connue."}},
    {"outcome_not_binary",
     TM_NOTE_PLAIN,
     true,
     {"This model is for outcomes that are 0 or 1.", "Ce modèle est fait pour des résultats qui valent 0 ou 1."}},
    {"outcome_negative",
     TM_NOTE_PLAIN,
     true,
     {"This model is for outcomes that are not negative.",
      "Ce modèle est fait pour des résultats qui ne sont pas négatifs."}},
    {"separation",
     TM_NOTE_PLAIN,
     true,
     {"The arms, with the strata and covariates, predict the outcome of some clients without error, so that the "
      "coefficient has no finite value; differences in means need none.",
      "Les groupes, avec les strates et les covariables, prédisent sans erreur le résultat de certains clients : le "
      "coefficient n’a pas de valeur finie ; une différence de moyennes s’en passe."}},
    {"separated_clients",
     TM_NOTE_COUNT,
     false,
     {"Clients whose outcome strata or covariates predict without error, so that they say nothing about the "
      "coefficients: {n}.",
      "Clients dont les strates ou les covariables prédisent le résultat sans erreur et qui n’apprennent donc rien sur "
      "les coefficients : {n}."}},
    {"event_not_binary",
     TM_NOTE_PLAIN,
     true,
     {"Whether the event happened must be told by 0 and 1.", "L’événement doit être indiqué par 0 et 1."}},
    {"no_events", TM_NOTE_PLAIN, true, {"The event happened to nobody.", "L’événement n’est survenu pour personne."}},
    {"arm_without_events",
     TM_NOTE_PLAIN,
     true,
     {"In one arm the event happened to nobody.", "Dans l’un des groupes, l’événement n’est survenu pour personne."}},
    {"arm_without_variation",
     TM_NOTE_PLAIN,
     true,
     {"In one arm the event happened to everybody, so that the uncertainty there cannot be estimated.",
      "Dans l’un des groupes, l’événement est survenu pour tous : l’incertitude ne peut pas y être estimée."}},
    {"horizon_too_far",
     TM_NOTE_PLAIN,
     true,
     {"In an arm, or in an arm of a stratum, nobody was seen for so long.",
      "Dans un groupe, ou dans un groupe d’une strate, personne n’a été suivi aussi longtemps."}},
    {"monotone_likelihood",
     TM_NOTE_PLAIN,
     true,
     {"At every event, those to whom it happened stand out among all others in the same way, so that the hazard ratio "
      "has "
      "no finite value.",
      "À chaque événement, les clients concernés se distinguent des autres de la même façon : le rapport de risques "
      "n’a "
      "pas de valeur finie."}},
    {"two_arms_only",
     TM_NOTE_PLAIN,
     true,
     {"This estimator compares one arm with one other.", "Cet estimateur compare un groupe à un seul autre."}},
    {"weights_not_taken",
     TM_NOTE_PLAIN,
     true,
     {"This estimator takes no weights; weights: none leaves them out.",
      "Cet estimateur n’accepte pas de poids ; weights: none les écarte."}},
    {"not_converged",
     TM_NOTE_PLAIN,
     true,
     {"The computation did not arrive at a solution.", "Le calcul n’a pas abouti à une solution."}},
    {"weights_scale",
     TM_NOTE_PLAIN,
     true,
     {"With weights this variance would depend on their unit; hc0 does not.",
      "Avec des poids, cette variance dépendrait de leur unité ; hc0 n’en dépend pas."}},
    {"missing_outcome",
     TM_NOTE_NAME_COUNT,
     false,
     {"Clients without a value of this outcome, not in the estimate: {list}.",
      "Clients sans valeur de ce résultat, absents de l’estimation : {list}."}},
    {"missing_waves",
     TM_NOTE_NAME_COUNT,
     false,
     {"Clients without a value at some of the waves, in the estimate with the others: {list}.",
      "Clients sans valeur à certaines des vagues, présents dans l’estimation avec les autres : {list}."}},
    {"missing_covariate_indicator",
     TM_NOTE_NAME_COUNT,
     false,
     {"Clients without a value of a covariate, kept in the estimate through a missingness indicator: {list}.",
      "Clients sans valeur d’une covariable, gardés dans l’estimation par une indicatrice de valeur manquante : "
      "{list}."}},
    {"missing_covariate_dropped",
     TM_NOTE_COUNT,
     false,
     {"Clients left out because a covariate is missing: {n}.",
      "Clients écartés parce qu’une covariable manque : {n}."}},
    {"zero_weight",
     TM_NOTE_COUNT,
     false,
     {"Clients with a weight of zero, not in the estimate: {n}.",
      "Clients de poids nul, absents de l’estimation : {n}."}},
    {"missing_received",
     TM_NOTE_COUNT,
     false,
     {"Clients of whom it is not known whether they took part, not in the estimate: {n}.",
      "Clients dont on ignore s’ils ont participé, absents de l’estimation : {n}."}},
    {"no_compliers",
     TM_NOTE_PLAIN,
     true,
     {"The arms do not differ in who took part, so there is nobody whom assignment moved to take part.",
      "La participation ne diffère pas entre les groupes : l’assignation n’a fait participer personne."}},
    {"weak_first_stage",
     TM_NOTE_PLAIN,
     true,
     {"Assignment moved too few clients to take part (first-stage F below 10) for a standard error of the effect of "
      "taking part; the interval of Anderson and Rubin, which holds nevertheless, is in the results file.",
      "L’assignation a fait participer trop peu de clients (F de première étape inférieur à 10) pour une erreur type "
      "de "
      "l’effet de la participation ; l’intervalle d’Anderson et Rubin, qui reste valable, est dans le fichier des "
      "résultats."}},
    {"no_standard_error",
     TM_NOTE_PLAIN,
     true,
     {"This estimate has no standard error of its own; a randomization test can say how surprising it is.",
      "Cette estimation n’a pas d’erreur type propre ; un test de randomisation peut dire à quel point elle "
      "surprend."}},
    {"density_unknown",
     TM_NOTE_PLAIN,
     true,
     {"The density of the outcome at this quantile, which the standard error needs, cannot be estimated.",
      "La densité du résultat à ce quantile, dont dépend l’erreur type, ne peut pas être estimée."}},
    {"quantile_not_unique",
     TM_NOTE_PLAIN,
     false,
     {"Other values of the effect fit this quantile equally well; one of them is given.",
      "D’autres valeurs de l’effet s’ajustent aussi bien à ce quantile ; l’une d’elles est donnée."}},
    {"quantiles_cross",
     TM_NOTE_COUNT,
     false,
     {"Clients for whom the quantiles just above and below are in the wrong order, left out of the standard error: "
      "{n}.",
      "Clients pour qui les quantiles voisins sont dans le mauvais ordre, écartés du calcul de l’erreur type : {n}."}},
    {"missing_cluster_own",
     TM_NOTE_COUNT,
     false,
     {"Clients without a cluster, each counted as a cluster of one: {n}.",
      "Clients sans grappe, comptés chacun comme une grappe : {n}."}},
    {"probability_weights",
     TM_NOTE_PLAIN,
     false,
     {"Clients are weighted by the inverse of the probability with which they were assigned to their arm.",
      "Les clients sont pondérés par l’inverse de la probabilité d’être assignés à leur groupe."}},
    {"weights_undefined",
     TM_NOTE_PLAIN,
     true,
     {"This variance is not defined for weighted means; hc2 is.",
      "Cette variance n’est pas définie pour des moyennes pondérées ; hc2 l’est."}},
    {"table_weighted",
     TM_NOTE_PLAIN,
     true,
     {"Counts of clients cannot be weighted; estimators over strata (mantel_haenszel_rd) or hc2 take unequal chances "
      "into "
      "account.",
      "Des nombres de clients ne se pondèrent pas ; les estimateurs par strates (mantel_haenszel_rd) ou hc2 tiennent "
      "compte "
      "de chances inégales."}},
    {"contrast_of_two",
     TM_NOTE_PLAIN,
     true,
     {"This method compares one arm with one other.", "Cette méthode compare un groupe à un autre."}},
    {"strata_pooled",
     TM_NOTE_PLAIN,
     false,
     {"Clients of all strata are counted together.", "Les clients de toutes les strates sont comptés ensemble."}},
    {"empty_cell",
     TM_NOTE_PLAIN,
     true,
     {"An arm has no event, or nothing but events, so the logarithm of the ratio has no standard error.",
      "Un groupe ne compte aucun événement, ou rien d’autre : le logarithme du rapport n’a pas d’erreur type."}},
    {"unbounded_ratio",
     TM_NOTE_PLAIN,
     false,
     {"An arm has no event, or nothing but events: the ratio is zero or infinite, and its interval has one end only.",
      "Un groupe ne compte aucun événement, ou rien d’autre : le rapport est nul ou infini, et son intervalle n’a "
      "qu’une "
      "borne."}},
    {"not_decimal",
     TM_NOTE_PLAIN,
     true,
     {"The exact test is for outcomes of at most six decimals.",
      "Le test exact est fait pour des résultats d’au plus six décimales."}},
    {"exact_too_large",
     TM_NOTE_PLAIN,
     true,
     {"There are too many clients for this exact method; with so many, approximate ones serve.",
      "Il y a trop de clients pour cette méthode exacte ; à cette taille, les méthodes approchées suffisent."}},
    {"too_few_units",
     TM_NOTE_PLAIN,
     true,
     {"There are too few clients for the number of coefficients.",
      "Il y a trop peu de clients pour le nombre de coefficients."}},
    {"no_redraw",
     TM_NOTE_PLAIN,
     false,
     {"No randomization test: how the arms were drawn is not known well enough to draw them again.",
      "Pas de test de randomisation : on ne sait pas assez bien comment les groupes ont été tirés pour refaire le "
      "tirage."}},
    {"split_clusters",
     TM_NOTE_PLAIN,
     false,
     {"No randomization test: clusters were drawn as a whole, but some have clients in several arms.",
      "Pas de test de randomisation : les grappes ont été tirées en bloc, mais certaines ont des clients dans "
      "plusieurs "
      "groupes."}},
    {"redraw_weights",
     TM_NOTE_PLAIN,
     false,
     {"No randomization test: the weights that clients would have had in another arm are not known.",
      "Pas de test de randomisation : les poids que les clients auraient eus dans un autre groupe ne sont pas "
      "connus."}},
    {"exact_distribution",
     TM_NOTE_PLAIN,
     false,
     {"The randomization test counts all assignments, without drawing.",
      "Le test de randomisation compte toutes les assignations, sans tirage."}},
    {"scores_of_waves",
     TM_NOTE_PLAIN,
     false,
     {"No randomization test: its statistic ranks clients by one value each, and here they have several.",
      "Pas de test de randomisation : sa statistique classe les clients selon une seule valeur, et ils en ont ici "
      "plusieurs."}},
    {"undefined_in_redraws",
     TM_NOTE_COUNT,
     false,
     {"Draws of the randomization test in which its statistic does not exist, each counted as extreme: {n}.",
      "Tirages du test de randomisation où sa statistique n’existe pas, chacun compté comme extrême : {n}."}},
    {"interval_unbounded",
     TM_NOTE_PLAIN,
     false,
     {"The interval of the randomization test has no end on a side where none is printed: the test rejects no effect "
      "there, however large.",
      "L’intervalle du test de randomisation n’a pas de borne là où aucune n’est imprimée : le test n’y rejette aucun "
      "effet, si grand soit-il."}},
    {"interval_redraws",
     TM_NOTE_COUNT,
     false,
     {"The interval of the randomization test rests on the first {n} redraws.",
      "L’intervalle du test de randomisation repose sur les {n} premiers tirages."}},
    {"interval_disjoint",
     TM_NOTE_PLAIN,
     false,
     {"The effects that the randomization test does not reject have gaps between them; the interval printed is the "
      "smallest that holds them all.",
      "Les effets que le test de randomisation ne rejette pas ne se suivent pas ; l’intervalle imprimé est le plus "
      "petit "
      "qui les contient tous."}},
    {"too_few_assignments",
     TM_NOTE_PLAIN,
     false,
     {"The draw had so few possible outcomes that the randomization test cannot be significant at this level, whatever "
      "the "
      "effect.",
      "Le tirage avait si peu d’issues possibles que le test de randomisation ne peut pas être significatif à ce "
      "seuil, "
      "quel que soit l’effet."}},
    {"unassigned",
     TM_NOTE_COUNT,
     false,
     {"Clients without an arm, not in the estimate: {n}.", "Clients sans groupe, absents de l’estimation : {n}."}},
    {"too_large",
     TM_NOTE_PLAIN,
     true,
     {"There are too many clients and characteristics to test the balance of all at once.",
      "Les clients et les caractéristiques sont trop nombreux pour tester l’équilibre d’ensemble."}},
    {"too_slow",
     TM_NOTE_PLAIN,
     false,
     {"Drawing the arms again would take long, and was not done.",
      "Tirer à nouveau les groupes prendrait longtemps et n’a pas été fait."}},
};
const int tm_n_notes = sizeof tm_note_table / sizeof *tm_note_table;

static const tm_note *find_key(const char *key, size_t length)
{
    for (int n = 0; n < tm_n_notes; n++)
        if (strncmp(tm_note_table[n].key, key, length) == 0 && tm_note_table[n].key[length] == '\0')
            return &tm_note_table[n];
    return NULL;
}

const tm_note *tm_note_find(const char *note)
{
    return find_key(note, strcspn(note, ":;"));
}

bool tm_notes_refuse(const char *notes)
{
    while (*notes) {
        const tm_note *note = tm_note_find(notes);
        if (note && note->refuses) return true;
        notes += strcspn(notes, ";");
        notes += *notes == ';';
    }
    return false;
}

void tm_notes_init(tm_notes *notes, temoin_context *ctx)
{
    *notes = (tm_notes){.ctx = ctx, .text = ""};
}

static bool is_there(const char *list, const char *note)
{
    size_t length = strlen(note);
    for (const char *at = list; *at; at += strcspn(at, ";"), at += *at == ';')
        if (strcspn(at, ";") == length && strncmp(at, note, length) == 0) return true;
    return false;
}

/* `added` NULL: memory was out when it was made. */
static void append(tm_notes *notes, const char *key, tm_note_argument argument, const char *added)
{
    const tm_note *note = find_key(key, strlen(key));
    assert(note && note->argument == argument);
    (void)note, (void)argument;
    if (added && is_there(notes->text, added)) return;
    const char *text = added && notes->text[0] ? tm_text(notes->ctx, "%s;%s", notes->text, added) : added;
    if (text)
        notes->text = text;
    else
        notes->out_of_memory = true;
}

/* Names come from data: the semicolon that ends a note, and the percent sign itself, are written %3B and %25. */
static const char *escape_name(temoin_context *ctx, const char *name)
{
    char *text = tm_arena_take(&ctx->results, (int64_t)strlen(name) + 1, 3);
    char *to = text;
    for (; text && *name; name++) {
        if (*name == ';' || *name == '%')
            to = stpcpy(to, *name == ';' ? "%3B" : "%25");
        else
            *to++ = *name;
    }
    return text;
}

static char *unescape_name(char *name)
{
    char *to = name;
    for (const char *from = name; *from; from++) {
        bool semicolon = strncmp(from, "%3B", 3) == 0;
        *to++ = semicolon ? ';' : *from;
        if (semicolon || strncmp(from, "%25", 3) == 0) from += 2;
    }
    *to = '\0';
    return name;
}

void tm_notes_add(tm_notes *notes, const char *key)
{
    append(notes, key, TM_NOTE_PLAIN, key);
}

void tm_notes_add_name(tm_notes *notes, const char *key, const char *name)
{
    const char *escaped = escape_name(notes->ctx, name);
    append(notes, key, TM_NOTE_NAME, escaped ? tm_text(notes->ctx, "%s:%s", key, escaped) : NULL);
}

void tm_notes_add_count(tm_notes *notes, const char *key, int64_t n)
{
    append(notes, key, TM_NOTE_COUNT, tm_text(notes->ctx, "%s:%" PRId64, key, n));
}

void tm_notes_add_name_count(tm_notes *notes, const char *key, const char *name, int64_t n)
{
    const char *escaped = escape_name(notes->ctx, name);
    append(notes, key, TM_NOTE_NAME_COUNT, escaped ? tm_text(notes->ctx, "%s:%s=%" PRId64, key, escaped, n) : NULL);
}

temoin_status tm_notes_finish(const tm_notes *notes, const char **text)
{
    *text = notes->text;
    return notes->out_of_memory ? tm_fail_memory(notes->ctx) : TEMOIN_OK;
}

/* What a sentence is filled with. */
typedef struct filling {
    tm_language language;
    const temoin_results *results;
    const char *name, *count; /* behind the colon of the first note */
    const char *list;         /* "Control 10, OCM 7", a number never torn from its name */
} filling;

static const char *label_of(const filling *f, const char *name)
{
    const temoin_results *results = f->results;
    for (int32_t a = 0; results && a < results->n_arms; a++)
        if (strcmp(results->arms[a].name, name) == 0)
            return tm_say(f->language, results->arms[a].label.en, results->arms[a].label.fr);
    for (int64_t b = 0; results && b < results->n_baseline; b++)
        if (strcmp(results->baseline[b].variable, name) == 0)
            return tm_say(f->language, results->baseline[b].label.en, results->baseline[b].label.fr);
    return name;
}

static void put_count(tm_sink *sink, const char *digits, tm_language language)
{
    char written[TM_WRITTEN_SIZE];
    tm_sink_put(sink, tm_write_number(language, (double)strtoll(digits, NULL, 10), 0, written));
}

/* Fills {name}, {n} and {list} in. */
static void put_sentence(tm_sink *sink, const char *sentence, const filling *f)
{
    for (const char *at = sentence; *at;) {
        size_t length = strcspn(at, "{");
        tm_sink_put_bytes(sink, at, length);
        at += length;
        if (strncmp(at, "{name}", 6) == 0)
            tm_sink_put(sink, label_of(f, f->name));
        else if (strncmp(at, "{list}", 6) == 0)
            tm_sink_put(sink, f->list);
        else if (*at)
            put_count(sink, f->count, f->language);
        at += strcspn(at, "}");
        at += *at == '}';
    }
}

/* The part behind the colon of the note that starts here, as a text of its own; NULL when memory is out. */
static char *copy_argument(temoin_context *ctx, const char *note)
{
    const size_t length = strcspn(note, ";"), key = strcspn(note, ":;"), skip = key + (note[key] == ':');
    char *argument = tm_arena_take(&ctx->results, (int64_t)(length - key) + 1, 1);
    if (argument && skip < length) memcpy(argument, note + skip, length - skip);
    return argument;
}

/* Adds "name count" of "name=count" to the list. */
static void put_listed(tm_sink *list, const filling *f, char *argument)
{
    char *equals = strrchr(argument, '=');
    if (equals) *equals = '\0';
    tm_sink_printf(list, "%s%s\u00a0", list->length ? ", " : "", label_of(f, unescape_name(argument)));
    put_count(list, equals ? equals + 1 : "", f->language);
}

static const char *behind(const char *note)
{
    note += strcspn(note, ";");
    return note + (*note == ';');
}

temoin_status tm_notes_explain_next(temoin_context *ctx, const temoin_results *results, tm_language language,
                                    const char **rest, const tm_note **note, const char **sentence)
{
    filling f = {.language = language, .results = results, .list = ""};
    const char *first = *rest;
    *note = tm_note_find(first);
    *rest = behind(first);
    if (!*note) {
        *sentence = tm_text_copy(ctx, first, strcspn(first, ";"));
        return *sentence ? TEMOIN_OK : tm_fail_memory(ctx);
    }
    tm_sink sink, list;
    tm_sink_init(&sink, ctx);
    tm_sink_init(&list, ctx);
    char *argument = copy_argument(ctx, first);
    if (!argument) return tm_fail_memory(ctx);
    if ((*note)->argument == TM_NOTE_NAME_COUNT) {
        put_listed(&list, &f, argument);
        for (; **rest && tm_note_find(*rest) == *note; *rest = behind(*rest)) {
            argument = copy_argument(ctx, *rest);
            if (!argument) return tm_fail_memory(ctx);
            put_listed(&list, &f, argument);
        }
        TM_TRY(tm_sink_finish(&list));
        f.list = list.text;
    } else {
        f.count = argument;
        f.name = (*note)->argument == TM_NOTE_NAME ? unescape_name(argument) : argument;
    }
    put_sentence(&sink, tm_say(language, (*note)->sentence.en, (*note)->sentence.fr), &f);
    *sentence = sink.text;
    return tm_sink_finish(&sink);
}
