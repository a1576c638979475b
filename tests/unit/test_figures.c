/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include "document/figure.h"
#include "renderers/renderer.h"
#include "renderers/terminal_text.h"

static const tm_figure_words words = {
    "Workers & <b>", "A \"description\"", "How to read it : a remark", "Points", "Effect", "n"};

static void add_rows(tm_document *document)
{
    tm_figure *figure = tm_document_add_figure(document, &words);
    const tm_figure_row rows[] = {
        {.label = "Arm <one> with a name that goes on and on and on", .note = "", .group = true},
        {.label = "Annelien Vandenbroucke-De Ridder van Kortrijk",
         .note = "n\u00a0=\u00a0"
                 "12"},
        {.label = "B", .note = "<5", .strong = true}};
    for (int r = 0; r < 3; r++) assert_int_equal(tm_figure_add_row(document, figure, &rows[r]), figure ? r : 0);
    tm_figure_add_mark(document, figure,
                       &(tm_figure_mark){.kind = TM_MARK_UPRIGHT, .x = 2, .y = 1, .y_end = 2, .dashed = true});
    tm_figure_add_mark(document, figure, &(tm_figure_mark){.kind = TM_MARK_INTERVAL, .x = -1.5, .x_end = 4.25, .y = 1});
    tm_figure_add_mark(document, figure,
                       &(tm_figure_mark){.kind = TM_MARK_INTERVAL, .x = -INFINITY, .x_end = INFINITY, .y = 2});
    tm_figure_add_mark(document, figure, &(tm_figure_mark){.kind = TM_MARK_POINT, .x = 1.25, .y = 1});
    tm_figure_add_mark(document, figure, &(tm_figure_mark){.kind = TM_MARK_RING, .x = 3.5, .y = 2});
    tm_figure_add_key(document, figure, &(tm_figure_mark){.kind = TM_MARK_RING}, "raw mean");
    tm_figure_add_key(document, figure, &(tm_figure_mark){.kind = TM_MARK_POINT}, "shrunken mean");
}

static const double xs[] = {0, 0.1, 0.2, 0.3}, lows[] = {1, 0.25, -0.5, -1.5}, highs[] = {5, 5.75, 6.5, 7.5};

static void add_curve(tm_document *document)
{
    tm_figure *figure = tm_document_add_figure(document, &words);
    if (figure) figure->across.low = 0, figure->across.high = 0.3;
    tm_figure_add_mark(document, figure,
                       &(tm_figure_mark){.kind = TM_MARK_BAND, .xs = xs, .lows = lows, .highs = highs, .n = 4});
    tm_figure_add_mark(document, figure, &(tm_figure_mark){.kind = TM_MARK_CURVE, .xs = xs, .lows = lows, .n = 4});
    tm_figure_add_mark(document, figure, &(tm_figure_mark){.kind = TM_MARK_LEVEL, .y = 0, .dashed = true});
    tm_figure_add_mark(
        document, figure,
        &(tm_figure_mark){.kind = TM_MARK_RANGE, .x = 0.01, .x_end = 0.05, .label = "published : 0.01 to 0.05"});
    tm_figure_add_mark(document, figure,
                       &(tm_figure_mark){.kind = TM_MARK_UPRIGHT, .x = 0.1333, .label = "tipping point, 0.133"});
    tm_figure_add_mark(
        document, figure,
        &(tm_figure_mark){.kind = TM_MARK_SPAN, .x = 0.04, .x_low = 0, .x_end = 0.6, .label = "observed & seen"});
}

static const char *drawn(temoin_context *ctx, tm_language language, const char *format, int width)
{
    const temoin_report_opts opts = {tm_language_name(language), format, width};
    tm_document document;
    tm_sink sink;
    tm_document_init(&document, ctx, language, "T", "");
    tm_document_add_heading(&document, 2, "H");
    add_rows(&document);
    add_curve(&document);
    check_ok(ctx, tm_document_finish(&document));
    tm_sink_init(&sink, ctx);
    check_ok(ctx, tm_renderer_find(format)->render(&document, &opts, &sink));
    check_ok(ctx, tm_sink_finish(&sink));
    return sink.text;
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

static void a_figure_is_drawn_with_its_words(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const char *svg = drawn(ctx, TM_ENGLISH, "html", 0);
    check_has(svg, "role=\"img\" aria-labelledby=\"f1-title\" aria-describedby=\"f1-desc\"");
    check_has(svg, "<title id=\"f1-title\">Workers &amp; &lt;b&gt;</title>");
    check_has(svg, "<desc id=\"f2-desc\">A &quot;description&quot;</desc>");
    check_has(svg, ">0.05</text>");
    check_has(svg, ">\u22121</text>");
    check_has(svg, ">observed &amp; seen</text>");
    check_has(svg, ">&lt;5</text>");
    check_has(svg, ">Annelien Vandenb…n Kortrijk</text>"); /* a long name keeps both its ends */
    check_lacks(svg, "nan");
    check_lacks(svg, "inf");
    check_lacks(svg, "<b>");
    assert_string_equal(svg, drawn(ctx, TM_ENGLISH, "html", 0));
    const char *french = drawn(ctx, TM_FRENCH, "html", 0);
    check_has(french, ">0,05</text>");
    check_has(french, ">published\u00a0: 0.01 to 0.05</text>");
    temoin_context_free(ctx);
}

/* The band's first point is the upper end at zero, its last the lower one: 4% of the range stay free above and below.
 */
static void places_follow_from_the_axes(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    tm_document document;
    tm_document_init(&document, ctx, TM_ENGLISH, "T", "");
    add_curve(&document);
    const tm_figure *figure = document.last->figure;
    const tm_scale across = tm_figure_scale(figure, false), upward = tm_figure_scale(figure, true);
    check_close(across.low, 0, 0);
    check_close(across.high, 0.3, 0);
    check_close(upward.low, -1.5 - 0.04 * 9, 1e-15);
    check_close(upward.high, 7.5 + 0.04 * 9, 1e-15);
    check_close(tm_scale_place(&across, 0.15), 0.5, 1e-15);
    check_close(tm_scale_place(&across, 7), 1, 0);
    check_close(tm_scale_place(&across, -INFINITY), 0, 0);
    temoin_context_free(ctx);
}

/* Whatever the range, ticks are inside it, at most eight, and steps are 1, 2 or 5 times a power of ten. */
static void check_ticks(double low, double high)
{
    tm_figure figure = {.across = {"", low, high}};
    const tm_scale scale = tm_figure_scale(&figure, false);
    double leading = scale.step;
    while (leading >= 9.99) leading /= 10;
    while (leading < 0.99) leading *= 10;
    assert_true(fabs(leading - 1) < 1e-9 || fabs(leading - 2) < 1e-9 || fabs(leading - 5) < 1e-9);
    assert_true(scale.n_ticks >= 2 && scale.n_ticks <= 8);
    for (int t = 0; t < scale.n_ticks; t++) {
        const double tick = tm_scale_tick(&scale, t), slack = 1e-6 * scale.step;
        assert_true(tick >= low - slack && tick <= high + slack);
    }
}

static void ticks_are_round_numbers(void **state)
{
    (void)state;
    check_ticks(0, 0.3);
    check_ticks(-1, 1);
    for (int i = 1; i < 2000; i++) {
        const double low = (i * 37 % 1009 - 500) * 0.013, span = 1e-4 * (i * 101 % 997 + 1) * (i % 7 + 1);
        check_ticks(low, low + span);
        check_ticks(1000 * low, 1000 * (low + span));
    }
    tm_figure odd = {.across = {"", -1e308, 1e308}, .upward = {"", 3, 3}};
    assert_true(tm_figure_scale(&odd, false).n_ticks <= 8);
    assert_true(tm_figure_scale(&odd, true).high > tm_figure_scale(&odd, true).low);
}

static void the_terminal_is_never_overrun(void **state)
{
    (void)state;
    for (int width = 30; width <= 140; width += 5) {
        temoin_context *ctx = check_context();
        for (const char *line = drawn(ctx, TM_FRENCH, "terminal", width); *line;) {
            const size_t length = strcspn(line, "\n");
            if (tm_display_width(line, length) > width) print_error("%d: %.*s\n", width, (int)length, line);
            assert_true(tm_display_width(line, length) <= width);
            assert_true(length == 0 || line[length - 1] != ' ');
            line += length + (line[length] == '\n');
        }
        temoin_context_free(ctx);
    }
}

static void the_terminal_draws_with_characters(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    const char *text = drawn(ctx, TM_ENGLISH, "terminal", 80);
    check_has(text, "├");
    check_has(text, "●");
    check_has(text, "tipping point, 0.133");
    check_has(text, "▒▒");
    check_has(drawn(ctx, TM_ENGLISH, "terminal", 30), "A \"description\"");
    temoin_context_free(ctx);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    for (int f = 0; f < 2; f++) {
        const char *const format = f ? "terminal" : "html";
        temoin_status status = TEMOIN_ERR_MEMORY;
        for (int64_t n = 1; status == TEMOIN_ERR_MEMORY; n++) {
            temoin_context *ctx = check_context();
            const temoin_report_opts opts = {"fr", format, 80};
            tm_document document;
            tm_sink sink;
            tm_arena_fail_after(n);
            tm_document_init(&document, ctx, TM_FRENCH, "T", "");
            add_curve(&document);
            status = tm_document_finish(&document);
            tm_sink_init(&sink, ctx);
            if (status == TEMOIN_OK) status = tm_renderer_find(format)->render(&document, &opts, &sink);
            if (status == TEMOIN_OK) status = tm_sink_finish(&sink);
            tm_arena_fail_after(0);
            assert_true(status == TEMOIN_OK || status == TEMOIN_ERR_MEMORY);
            temoin_context_free(ctx);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_figure_is_drawn_with_its_words),
        cmocka_unit_test(places_follow_from_the_axes),
        cmocka_unit_test(ticks_are_round_numbers),
        cmocka_unit_test(the_terminal_is_never_overrun),
        cmocka_unit_test(the_terminal_draws_with_characters),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
