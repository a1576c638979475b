/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include "made_results.h"
#include "renderers/renderer.h"
#include "renderers/terminal_text.h"
#include "result/notes.h"
#include "sections/section.h"
#include "sections/wording.h"

static const char *rendered(temoin_context *ctx, const temoin_results *results, const char *language,
                            const char *format, int width)
{
    const temoin_report_opts opts = {language, format, width};
    const char *text;
    size_t length;
    check_ok(ctx, temoin_report_render(ctx, results, &opts, &text, &length));
    assert_int_equal(strlen(text), length);
    return text;
}

static void check_has(const char *text, const char *part)
{
    if (!strstr(text, part)) print_error("not there: %s\n", part);
    assert_non_null(strstr(text, part));
}

static void check_lacks(const char *text, const char *part)
{
    if (strstr(text, part)) print_error("there: %s\n", part);
    assert_null(strstr(text, part));
}

static void registries_are_complete(void **state)
{
    (void)state;
    assert_int_equal(tm_n_sections, 6);
    for (int s = 0; s < tm_n_sections; s++) {
        assert_non_null(tm_sections[s]->build);
        assert_int_equal(tm_sections[s]->title.en[0] == '\0', tm_sections[s]->title.fr[0] == '\0');
        for (int t = 0; t < s; t++) {
            assert_string_not_equal(tm_sections[s]->key, tm_sections[t]->key);
            assert_int_not_equal(tm_sections[s]->order, tm_sections[t]->order);
        }
    }
    for (int r = 0; r < tm_n_renderers; r++) {
        assert_ptr_equal(tm_renderer_find(tm_renderers[r]->key), tm_renderers[r]);
        assert_true(tm_renderers[r]->render && tm_renderers[r]->extension[0] && tm_renderers[r]->title[0]);
    }
    assert_null(tm_renderer_find("pdf"));
}

static void english_page(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const char *html = rendered(ctx, &made_results, "en", "html", 0);
    check_has(html, "<html lang=\"en\">");
    check_has(html, "<h1>Outreaching case management &lt;for families&gt;</h1>");
    check_has(html, "<dd class=\"value\">+12.3\u00a0points</dd><dd class=\"detail\">95% CI \u22125.8 to 30.5, "
                    "p\u00a0=\u00a00.137</dd>");
    check_has(html, "Stable &lt;b&gt;housing&lt;/b&gt; &amp; &quot;home&quot;'s");
    check_lacks(html, "<b>");
    check_has(html, "<td class=\"number below\">&lt;\u00a05</td>");
    temoin_context_free(ctx);
}

static void french_page(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const char *html = rendered(ctx, &made_results, "fr", "html", 0);
    check_has(html, "<html lang=\"fr\">");
    check_has(html, "<td class=\"number\">1\u202f794</td>");
    check_has(html, "<td class=\"number\">22,9\u00a0%</td>");
    check_has(html, "IC à 95\u00a0%\u00a0: \u22125,8 à 30,5\u202f; p\u00a0=\u00a00,137");
    check_has(html, "absents de l’estimation\u00a0: Aide habituelle\u00a0"
                    "9, Accompagnement proactif\u00a0"
                    "8.");
    check_has(html, "Quartier\u00a0: Saint-Étienne");
    check_lacks(html, "« ");
    check_lacks(html, " »");
    check_lacks(html, " :<");
    check_lacks(html, " the ");
    temoin_context_free(ctx);
}

static void nothing_is_loaded_or_run(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const char *html = rendered(ctx, &made_results, "en", "html", 0);
    const char *const never[] = {"<script", "http://", "https://", "url(",       "@import",
                                 "<link",   "<img",    "onload",   "javascript:"};
    for (size_t n = 0; n < sizeof never / sizeof *never; n++) check_lacks(html, never[n]);
    temoin_context_free(ctx);
}

static void refused_numbers_are_dashes_with_reasons(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const char *html = rendered(ctx, &made_results, "en", "html", 0);
    check_has(html, "<td class=\"number dash\">–<sup><a href=\"#t5-a\">a</a></sup></td>");
    check_has(html, "<p id=\"t5-a\"><span class=\"mark\">a</span> One of the arms has no client with a value.</p>");
    check_has(html, "<strong>7.25</strong></td><td class=\"number dash\">–<sup><a href=\"#t5-b\">b</a></sup></td>");
    check_lacks(html, "nan");
    check_lacks(html, "NaN");
    temoin_context_free(ctx);
}

static void tables_say_what_effects_rest_on(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const char *html = rendered(ctx, &made_results, "en", "html", 0);
    check_has(html, "What clustered effects rest on");
    check_has(html, "<td class=\"number\"><strong>9.2</strong></td>");
    check_has(html, "All contrasts zero? Income, wave 12: F(2, 17.0) = 3.39, p\u00a0=\u00a00.058.");
    check_has(html,
              "Family “take-up”, no effect at all: p\u00a0=\u00a00.222 by its largest statistic in 10,000 redraws.");
    check_has(html, "Caseworkers’ ICC (tipping): In training, wave 12: 0.03 (0.08); Income, wave 12: 0.03 (0.08).");
    check_has(html, "<td class=\"number\">0.03 (0.08)</td>");
    check_has(html, "Caseworkers: Outreach, 5; Usual help, 0 (caseworkers in one arm only).");
    check_has(html, "<blockquote class=\"quotable\">");
    temoin_results none = made_results;
    none.n_provider_structure = 0;
    check_lacks(rendered(ctx, &none, "fr", "html", 0), "<h2>Intervenants</h2>");
    temoin_context_free(ctx);
}

static void the_terminal_is_never_overrun(void **state)
{
    (void)state;
    for (int width = 30; width <= 160; width++) {
        temoin_context *ctx = check_context();
        const char *text = rendered(ctx, &made_results, width % 2 ? "fr" : "en", "terminal", width);
        for (const char *line = text; *line;) {
            const size_t length = strcspn(line, "\n");
            if (tm_display_width(line, length) > width) print_error("%d: %.*s\n", width, (int)length, line);
            assert_true(tm_display_width(line, length) <= width);
            assert_true(length == 0 || line[length - 1] != ' ');
            line += length + (line[length] == '\n');
        }
        temoin_context_free(ctx);
    }
}

static void columns_are_counted_not_bytes(void **state)
{
    (void)state;
    assert_int_equal(tm_display_width("é’–", strlen("é’–")), 3);
    assert_int_equal(tm_display_width("e\u0301", 3), 1);
    assert_int_equal(tm_display_width("漢字", strlen("漢字")), 4);
    assert_int_equal(tm_display_width("\xff\xc3", 2), 2);
    size_t length;
    const char *text = "un été  chaud";
    const char *next = tm_wrap_line(text, 7, &length);
    assert_int_equal(length, strlen("un été"));
    assert_string_equal(next, "chaud");
    next = tm_wrap_line("abcdefgh", 3, &length);
    assert_int_equal(length, 3);
    assert_string_equal(next, "defgh");
    next = tm_wrap_line("été", 1, &length);
    assert_int_equal(length, 2);
    next = tm_wrap_line("ab", 2, &length);
    assert_int_equal(length, 2);
    assert_string_equal(next, "");
    next = tm_wrap_line("ab cd", 2, &length);
    assert_string_equal(next, "cd");
}

static void control_characters_cannot_steer_the_terminal(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    temoin_results results = made_results;
    results.title = (temoin_label){"a\x1b[31mb\x07", "a\xc2\x9b"
                                                     "31mb"};
    check_lacks(rendered(ctx, &results, "en", "terminal", 80), "\x1b");
    check_lacks(rendered(ctx, &results, "fr", "terminal", 80), "\xc2\x9b");
    check_lacks(rendered(ctx, &results, "en", "html", 80), "\x07");
    temoin_context_free(ctx);
}

static void empty_results_make_a_page_too(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const temoin_results nothing = {
        .trial = "t", .title = {"T", "T"}, .registry = "", .design = "complete", .seed = ""};
    check_has(rendered(ctx, &nothing, "en", "html", 0), "</html>");
    check_has(rendered(ctx, &nothing, "fr", "terminal", 40), "Le plan ne demande aucune estimation.");
    temoin_context_free(ctx);
}

static void three_arms_and_contrasts(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    static const temoin_arm_summary arms[] = {{"c", {"C", "C"}, 10}, {"a", {"A", "A"}, 20}, {"b", {"B", "B"}, 30}};
    temoin_row rows[3] = {made_rows[0], made_rows[0], made_rows[0]};
    rows[0].arm = "a", rows[1].arm = "b", rows[2].arm = "any_help";
    rows[0].reference = rows[1].reference = "c", rows[2].reference = "";
    temoin_results results = made_results;
    results.arms = arms, results.n_arms = 3, results.rows = rows, results.n_rows = 3, results.n_flow = 0;
    const char *html = rendered(ctx, &results, "en", "html", 0);
    check_has(html, "<td>A \u2212 C</td>");
    check_has(html, "<td>any_help</td>");
    check_has(html, "In training, wave 12 · B \u2212 C");
    temoin_context_free(ctx);
}

static void unknown_language_and_format_are_named(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const char *text;
    size_t length;
    const temoin_report_opts german = {"de", "html", 80}, pdf = {"en", "pdf", 80};
    assert_int_equal(temoin_report_render(ctx, &made_results, &german, &text, &length), TEMOIN_ERR_USAGE);
    assert_int_equal(temoin_report_render(ctx, &made_results, &pdf, &text, &length), TEMOIN_ERR_USAGE);
    assert_string_equal(temoin_context_problem(ctx, 0), "report language: found \"de\"; there are \"en\", \"fr\"");
    assert_string_equal(temoin_context_problem(ctx, 1),
                        "report format: found \"pdf\"; there are \"html\", \"terminal\"");
    temoin_context_free(ctx);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    const char *const formats[] = {"html", "terminal"};
    for (int f = 0; f < 2; f++) {
        temoin_status status = TEMOIN_ERR_MEMORY;
        for (int64_t n = 1; status == TEMOIN_ERR_MEMORY; n += 1 + n / 40) {
            temoin_context *ctx = check_context();
            const temoin_report_opts opts = {"fr", formats[f], 80};
            const char *text;
            size_t length;
            tm_arena_fail_after(n);
            status = temoin_report_render(ctx, &made_results, &opts, &text, &length);
            tm_arena_fail_after(0);
            assert_true(status == TEMOIN_OK || status == TEMOIN_ERR_MEMORY);
            temoin_context_free(ctx);
        }
    }
}

static void effects_are_written_with_their_units(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    tm_document document;
    tm_document_init(&document, ctx, TM_ENGLISH, "T", "");
    assert_string_equal(tm_effect_text(&made_results, &document, &made_rows[0]), "+12.3\u00a0points");
    assert_string_equal(tm_effect_text(&made_results, &document, &made_rows[1]), "+152\u00a0EUR per month");
    assert_string_equal(tm_effect_text(&made_results, &document, &made_rows[3]), "–");
    temoin_row row = made_rows[0];
    row.value = 0.0004; /* rounds to nothing: no sign */
    assert_string_equal(tm_effect_text(&made_results, &document, &row), "0.0\u00a0points");
    assert_int_equal(tm_decimals_for(41.6), 0);
    assert_int_equal(tm_decimals_for(6.8), 1);
    assert_int_equal(tm_decimals_for(0.068), 3);
    assert_int_equal(tm_decimals_for(1e-9), 4);
    assert_int_equal(tm_decimals_for(NAN), 2);
    temoin_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registries_are_complete),
        cmocka_unit_test(english_page),
        cmocka_unit_test(french_page),
        cmocka_unit_test(nothing_is_loaded_or_run),
        cmocka_unit_test(refused_numbers_are_dashes_with_reasons),
        cmocka_unit_test(tables_say_what_effects_rest_on),
        cmocka_unit_test(the_terminal_is_never_overrun),
        cmocka_unit_test(columns_are_counted_not_bytes),
        cmocka_unit_test(control_characters_cannot_steer_the_terminal),
        cmocka_unit_test(empty_results_make_a_page_too),
        cmocka_unit_test(three_arms_and_contrasts),
        cmocka_unit_test(unknown_language_and_format_are_named),
        cmocka_unit_test(memory_may_run_out_anywhere),
        cmocka_unit_test(effects_are_written_with_their_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
