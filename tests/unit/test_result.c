/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scratch.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/files.h"
#include "result/notes.h"
#include "result/record.h"

static uint64_t random_state = 88172645463325252u;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13, random_state ^= random_state >> 7, random_state ^= random_state << 17;
    return random_state * 2685821657736338717u;
}

static double nasty_number(void)
{
    static const double nasty[] = {0,
                                   -0.0,
                                   1,
                                   -1,
                                   0.1,
                                   1e15,
                                   1e16,
                                   1e17,
                                   123456789012345680,
                                   5e-324,
                                   2.2250738585072014e-308,
                                   1.7976931348623157e308,
                                   -1e-300,
                                   9007199254740993,
                                   1.0 / 3,
                                   4503599627370497.5};
    double x;
    uint64_t bits = next_random();
    if (bits % 5 == 0) return NAN;
    if (bits % 17 == 0) return bits & 64 ? INFINITY : -INFINITY;
    if (bits % 3 == 0) return nasty[(bits >> 20) % (sizeof nasty / sizeof *nasty)];
    do {
        bits = next_random();
        memcpy(&x, &bits, sizeof x);
    } while (!isfinite(x));
    return x;
}

static const char *nasty_text(temoin_context *ctx)
{
    static const char *const piece[] = {"",     "a",    "é",        "’",       "\"",   "\\",
                                        "\n",   "\r\n", ",",        ";",       "<b>&", "\x01",
                                        "\x7f", "\t",   " ",        "\\u00e9", "null", "\xf0\x9f\x8d\x81",
                                        "=",    "/",    "\xc2\x85", "\u2028"};
    char text[128] = "";
    for (uint64_t n = next_random() % 6; n > 0; n--)
        strcat(text, piece[next_random() % (sizeof piece / sizeof *piece)]);
    return tm_text_copy(ctx, text, strlen(text));
}

static void fill_nastily(temoin_context *ctx, const tm_record *record, char *object, int32_t n_arms)
{
    for (int f = 0; f < record->n_fields; f++) {
        void *at = object + record->fields[f].offset;
        switch (record->fields[f].kind) {
        case TM_FIELD_TEXT:
            *(const char **)at = nasty_text(ctx);
            break;
        case TM_FIELD_LABEL:
            *(temoin_label *)at = (temoin_label){nasty_text(ctx), nasty_text(ctx)};
            break;
        case TM_FIELD_COUNT:
            *(int64_t *)at = next_random() % 4 ? (int64_t)(next_random() >> (1 + next_random() % 63)) : -1;
            break;
        case TM_FIELD_INDEX:
            *(int32_t *)at = (int32_t)(next_random() % (uint64_t)n_arms);
            break;
        case TM_FIELD_NUMBER:
            *(double *)at = nasty_number();
            break;
        case TM_FIELD_FLAG:
            *(bool *)at = next_random() & 1;
            break;
        }
    }
}

static temoin_results *nasty_results(temoin_context *ctx)
{
    temoin_results *results = tm_arena_take(&ctx->results, 1, sizeof *results);
    fill_nastily(ctx, &tm_results_record, (char *)results, 1000);
    static const char *const languages[] = {"en", "fr"};
    results->languages = languages;
    results->n_languages = (int32_t)(next_random() % 3);
    for (int i = 0; i < tm_n_results_lists; i++) {
        const tm_record_list *list = &tm_results_lists[i];
        const int32_t n = 1 + (int32_t)(next_random() % 12);
        const int64_t wide = n;
        char *objects = tm_arena_take(&ctx->results, n, list->record->size);
        for (int32_t o = 0; o < n; o++) fill_nastily(ctx, list->record, objects + (size_t)o * list->record->size, 1);
        memcpy((char *)results + list->offset, &objects, sizeof objects);
        if (list->wide_count)
            memcpy((char *)results + list->count_offset, &wide, sizeof wide);
        else
            memcpy((char *)results + list->count_offset, &n, sizeof n);
    }
    return results;
}

/* -0.0 is written as 0: both are equal, and so they are here. */
static void check_same(const tm_record *record, const char *got, const char *want)
{
    for (int f = 0; f < record->n_fields; f++) {
        const void *g = got + record->fields[f].offset, *w = want + record->fields[f].offset;
        switch (record->fields[f].kind) {
        case TM_FIELD_TEXT:
            assert_string_equal(*(const char *const *)g, *(const char *const *)w);
            break;
        case TM_FIELD_LABEL:
            assert_string_equal(((const temoin_label *)g)->en, ((const temoin_label *)w)->en);
            assert_string_equal(((const temoin_label *)g)->fr, ((const temoin_label *)w)->fr);
            break;
        case TM_FIELD_COUNT:
            assert_true(*(const int64_t *)g == *(const int64_t *)w);
            break;
        case TM_FIELD_INDEX:
            assert_int_equal(*(const int32_t *)g, *(const int32_t *)w);
            break;
        case TM_FIELD_NUMBER: {
            double a = *(const double *)g, b = *(const double *)w;
            assert_true(a == b || (isnan(a) && isnan(b)));
            break;
        }
        case TM_FIELD_FLAG:
            assert_int_equal(*(const bool *)g, *(const bool *)w);
            break;
        }
    }
}

static void check_same_results(const temoin_results *got, const temoin_results *want)
{
    check_same(&tm_results_record, (const char *)got, (const char *)want);
    assert_int_equal(got->n_languages, want->n_languages);
    for (int32_t l = 0; l < want->n_languages; l++) assert_string_equal(got->languages[l], want->languages[l]);
    for (int i = 0; i < tm_n_results_lists; i++) {
        const tm_record_list *list = &tm_results_lists[i];
        int64_t n = tm_record_list_count(list, want);
        assert_true(tm_record_list_count(list, got) == n);
        const char *g, *w;
        memcpy(&g, (const char *)got + list->offset, sizeof g);
        memcpy(&w, (const char *)want + list->offset, sizeof w);
        for (int64_t o = 0; o < n; o++, g += list->record->size, w += list->record->size)
            check_same(list->record, g, w);
    }
}

static const char *scratch_file(void)
{
    static char path[] = "/tmp/temoin-result-XXXXXX";
    static bool made = false;
    if (!made) close(mkstemp(path));
    made = true;
    return path;
}

static void json_reads_back_identically(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++) {
        temoin_context *ctx = check_context();
        const temoin_results *want = nasty_results(ctx), *got;
        const char *text, *again;
        size_t length, length_again;
        check_ok(ctx, temoin_results_render_json(ctx, want, &text, &length));
        write_bytes(scratch_file(), text, length);
        check_ok(ctx, temoin_results_read_json(ctx, scratch_file(), &got));
        check_same_results(got, want);
        check_ok(ctx, temoin_results_render_json(ctx, got, &again, &length_again));
        assert_int_equal(length, length_again);
        assert_memory_equal(text, again, length);
        temoin_context_free(ctx);
    }
}

static temoin_row one_row(void)
{
    return (temoin_row){.estimate = "primary",
                        .measure = "training",
                        .wave = "12",
                        .subgroup = "district=north",
                        .arm = "ocm",
                        .reference = "control",
                        .estimator = "dim",
                        .variance = "neyman",
                        .cluster = "",
                        .n = 110,
                        .n_arm = 55,
                        .n_reference = 55,
                        .n_clusters = -1,
                        .n_rows = 220,
                        .mean_arm = 0.25,
                        .mean_reference = 0.125,
                        .value = 0.125,
                        .se = NAN,
                        .df = INFINITY,
                        .statistic = NAN,
                        .p = NAN,
                        .ci_low = NAN,
                        .ci_high = NAN,
                        .level = 0.95,
                        .effect_size = 0.28125,
                        .p_randomization = 0.25,
                        .p_randomization_low = 0.125,
                        .p_randomization_high = 0.5,
                        .value_randomization = -1.5,
                        .ci_randomization_low = NAN,
                        .ci_randomization_high = 3,
                        .randomization_statistic = "studentized",
                        .n_redraws = 999,
                        .p_bootstrap = NAN,
                        .ci_bootstrap_low = NAN,
                        .ci_bootstrap_high = NAN,
                        .n_bootstrap = -1,
                        .p_simultaneous = NAN,
                        .ci_simultaneous_low = 0.0625,
                        .ci_simultaneous_high = NAN,
                        .p_bonferroni = 0.5,
                        .p_sidak = NAN,
                        .p_holm = NAN,
                        .p_holm_sidak = NAN,
                        .p_hochberg = NAN,
                        .p_hommel = NAN,
                        .p_bh = 1e-9,
                        .p_by = NAN,
                        .p_bky = 0.375,
                        .p_dunnett = NAN,
                        .p_dunnett_step_down = 0.3125,
                        .p_westfall_young = 0.75,
                        .p_westfall_young_single = NAN,
                        .p_westfall_young_min_p = NAN,
                        .p_romano_wolf = NAN,
                        .provider_verdict = "weak",
                        .n_providers_arm = 3,
                        .n_providers_reference = -1,
                        .icc = 0.0625,
                        .icc_low = -0.125,
                        .icc_high = NAN,
                        .icc_tipping = 0.5,
                        .family = "take, up",
                        .note = "few_clusters;collinear:age"};
}

static temoin_results small_results(const temoin_row *rows, int64_t n_rows)
{
    return (temoin_results){.engine = "0.1.0",
                            .trial = "t",
                            .title = {"T", "T"},
                            .registry = "",
                            .design = "blocked",
                            .seed = "",
                            .rows = rows,
                            .n_rows = n_rows};
}

static void csv_is_exactly_this(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const temoin_row row = one_row();
    const temoin_results results = small_results(&row, 1);
    const char *text;
    size_t length;
    check_ok(ctx, temoin_results_render_csv(ctx, &results, &text, &length));
    assert_string_equal(
        text,
        "estimate,measure,wave,subgroup,arm,reference,estimator,variance,cluster,n,n_arm,n_reference,n_clusters,n_rows,"
        "mean_arm,"
        "mean_reference,value,se,df,statistic,p,ci_low,ci_high,level,effect_size,p_randomization,p_randomization_low,"
        "p_randomization_high,value_randomization,ci_randomization_low,ci_randomization_high,randomization_statistic,n_"
        "redraws,p_bootstrap,"
        "ci_bootstrap_low,"
        "ci_bootstrap_high,"
        "n_bootstrap,p_simultaneous,ci_simultaneous_low,ci_simultaneous_high,p_bonferroni,p_sidak,p_holm,p_holm_sidak,"
        "p_hochberg,p_hommel,p_bh,p_by,p_bky,"
        "p_dunnett,p_dunnett_step_down,p_westfall_young,p_westfall_young_single,p_westfall_young_min_p,p_romano_"
        "wolf,provider_verdict,n_providers_arm,n_providers_reference,icc,icc_low,icc_high,icc_tipping,family,note\n"
        "primary,training,12,district=north,ocm,control,dim,neyman,,110,55,55,,220,0.25,0.125,0.125,,inf,,,,,0.95,"
        "0.28125,0.25,0.125,0.5,-1.5,,3,studentized,"
        "999,,,,,,0.0625,,0.5,,,,,,1e-09,,0.375,,0.3125,0.75,,,,weak,3,,0.0625,-0.125,,0.5,\"take, up\","
        "\"few_clusters;collinear:age\"\n");
    assert_int_equal(strlen(text), length);
    temoin_context_free(ctx);
}

static void json_is_one_row_per_line(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const temoin_row rows[] = {one_row(), one_row()};
    const temoin_results results = small_results(rows, 2);
    const char *text;
    size_t length;
    check_ok(ctx, temoin_results_render_json(ctx, &results, &text, &length));
    static const char start[] = "{\n  \"schema\": \"temoin-results\",\n  \"version\": 1,\n  \"engine\": \"0.1.0\",\n";
    assert_memory_equal(text, start, sizeof start - 1);
    assert_non_null(strstr(text, "\n  \"arms\": [],\n"));
    assert_non_null(strstr(text, "\n  \"rows\": [\n    {\"estimate\": \"primary\", \"measure\": \"training\", "));
    assert_non_null(strstr(text, "\"n_clusters\": null, "));
    assert_non_null(strstr(text, "\"se\": null, \"df\": \"inf\", \"statistic\": null, "));
    assert_non_null(strstr(text, "\"note\": \"few_clusters;collinear:age\"}\n  ]\n}\n"));
    temoin_context_free(ctx);
}

static void check_rejected(const char *json, const char *problem)
{
    temoin_context *ctx = check_context();
    const temoin_results *results;
    write_file(scratch_file(), json);
    assert_int_equal(temoin_results_read_json(ctx, scratch_file(), &results), TEMOIN_ERR_DATA);
    if (!strstr(temoin_context_problem(ctx, 0), problem)) print_error("%s\n", temoin_context_problem(ctx, 0));
    assert_non_null(strstr(temoin_context_problem(ctx, 0), problem));
    temoin_context_free(ctx);
}

static const char *replaced(const char *text, const char *from, const char *to)
{
    static char out[8192];
    const char *at = strstr(text, from);
    assert_non_null(at);
    snprintf(out, sizeof out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return out;
}

static void wrong_json_is_rejected_with_its_place(void **state)
{
    (void)state;
    check_rejected("", "line 1, column 0");
    check_rejected("{\n  \"a\": tru\n}", "line 2, column ");
    check_rejected("[]", "\"schema\"");
    check_rejected("{\"schema\": \"temoin-results\", \"version\": 2}", "\"version\": found no version 1");
    temoin_context *ctx = check_context();
    const temoin_row row = one_row();
    temoin_results results = small_results(&row, 1);
    const temoin_arm_summary arm = {"control", {"C", "T"}, 55};
    const temoin_flow_row flow = {"training", "12", 0, 55, 55, 55, 0.5, 0.5};
    results.arms = &arm, results.n_arms = 1, results.flow = &flow, results.n_flow = 1;
    const char *text;
    size_t length;
    check_ok(ctx, temoin_results_render_json(ctx, &results, &text, &length));
    check_rejected(replaced(text, "\"value\": 0.125", "\"value\": \"x\""), "rows[0].value: found no number");
    check_rejected(replaced(text, "\"n_arm\": 55", "\"n_arm\": -2"), "rows[0].n_arm: found no count");
    check_rejected(replaced(text, "\"wave\": \"12\", \"arm\": 0", "\"wave\": \"12\", \"arm\": 1"), "flow[0].arm");
    check_rejected(replaced(text, "\"note\"", "\"nota\""), "rows[0].note: found no text");
    check_rejected(replaced(text, "\"drawn\": false", "\"drawn\": 0"), "\"drawn\": found no true or false");
    temoin_context_free(ctx);
}

static void notes_are_collected_once(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    tm_notes notes;
    const char *text;
    tm_notes_init(&notes, ctx);
    check_ok(ctx, tm_notes_finish(&notes, &text));
    assert_string_equal(text, "");
    tm_notes_add(&notes, "few_clusters");
    tm_notes_add_name(&notes, "collinear", "age; 100%3B=x:y");
    tm_notes_add_count(&notes, "zero_weight", 1234);
    tm_notes_add(&notes, "few_clusters");
    tm_notes_add_name_count(&notes, "missing_outcome", "a=b", 3);
    check_ok(ctx, tm_notes_finish(&notes, &text));
    assert_string_equal(text, "few_clusters;collinear:age%3B 100%253B=x:y;zero_weight:1234;missing_outcome:a=b=3");
    assert_false(tm_notes_refuse(text));
    assert_true(tm_notes_refuse("few_clusters;no_variation"));
    temoin_context_free(ctx);
}

static void check_sentence(temoin_context *ctx, const temoin_results *results, const char *note, tm_language language,
                           const char *want)
{
    const tm_note *found;
    const char *sentence, *rest = note;
    check_ok(ctx, tm_notes_explain_next(ctx, results, language, &rest, &found, &sentence));
    assert_string_equal(sentence, want);
    assert_string_equal(rest, "");
}

static void notes_become_sentences(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    static const temoin_arm_summary arms[] = {{"c", {"Control", "Témoin"}, 1}, {"a=b", {"A", "A"}, 1}};
    const temoin_results results = {.arms = arms, .n_arms = 2};
    check_sentence(ctx, NULL, "collinear:age%3B 100%253B=x:y", TM_ENGLISH,
                   "“age; 100%3B=x:y” was left out of the model: it follows exactly from the other covariates.");
    check_sentence(ctx, NULL, "zero_weight:1234", TM_FRENCH,
                   "Clients de poids nul, absents de l’estimation : 1\u202f234.");
    check_sentence(ctx, &results, "missing_outcome:c=10;missing_outcome:a=b=3", TM_FRENCH,
                   "Clients sans valeur de ce résultat, absents de l’estimation : Témoin\u00a0"
                   "10, A\u00a0"
                   "3.");
    check_sentence(ctx, NULL, "missing_outcome:c=10", TM_ENGLISH,
                   "Clients without a value of this outcome, not in the estimate: c\u00a0"
                   "10.");
    check_sentence(ctx, NULL, "something_new:4", TM_ENGLISH, "something_new:4");
    const tm_note *found;
    const char *sentence, *rest = "few_clusters;missing_outcome:c=1;few_clusters";
    for (int n = 0; n < 3; n++) check_ok(ctx, tm_notes_explain_next(ctx, NULL, TM_ENGLISH, &rest, &found, &sentence));
    assert_string_equal(rest, "");
    temoin_context_free(ctx);
}

static void every_note_speaks_both_languages(void **state)
{
    (void)state;
    const tm_note *note;
    for (int n = 0; (note = tm_note_at(n)); n++) {
        const char *const sentences[] = {note->sentence.en, note->sentence.fr};
        for (int l = 0; l < 2; l++) {
            assert_true(strlen(sentences[l]) > 10 && sentences[l][strlen(sentences[l]) - 1] == '.');
            assert_int_equal(strstr(sentences[l], "{name}") != NULL, note->argument == TM_NOTE_NAME);
            assert_int_equal(strstr(sentences[l], "{n}") != NULL, note->argument == TM_NOTE_COUNT);
            assert_int_equal(strstr(sentences[l], "{list}") != NULL, note->argument == TM_NOTE_NAME_COUNT);
        }
        assert_string_not_equal(note->sentence.en, note->sentence.fr);
        assert_ptr_equal(tm_note_find(note->key), note);
        assert_null(strpbrk(note->key, ":;,"));
    }
    assert_null(tm_note_find("collinea"));
    assert_null(tm_note_find("collinearity:x"));
}

static int remove_scratch_file(void **state)
{
    (void)state;
    return unlink(scratch_file());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_reads_back_identically),      cmocka_unit_test(csv_is_exactly_this),
        cmocka_unit_test(json_is_one_row_per_line),         cmocka_unit_test(wrong_json_is_rejected_with_its_place),
        cmocka_unit_test(notes_are_collected_once),         cmocka_unit_test(notes_become_sentences),
        cmocka_unit_test(every_note_speaks_both_languages),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch_file);
}
