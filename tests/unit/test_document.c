/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

#include <locale.h>

#include "document/document.h"

#define NARROW "\u202f"
#define MINUS "\u2212"

static void check_number(double x, int decimals, const char *en, const char *fr)
{
    char text[TM_WRITTEN_SIZE];
    assert_string_equal(tm_write_number(TM_ENGLISH, x, decimals, text), en);
    assert_string_equal(tm_write_number(TM_FRENCH, x, decimals, text), fr);
}

static void numbers_are_written_as_each_language_does(void **state)
{
    (void)state;
    check_number(1794.34, 2, "1,794.34", "1" NARROW "794,34");
    check_number(-1234567.5, 1, MINUS "1,234,567.5", MINUS "1" NARROW "234" NARROW "567,5");
    check_number(0, 0, "0", "0");
    check_number(-0.0, 1, "0.0", "0,0");
    check_number(-0.04, 1, "0.0", "0,0");
    check_number(999, 0, "999", "999");
    check_number(1000, 0, "1,000", "1" NARROW "000");
    check_number(999.995, 1, "1,000.0", "1" NARROW "000,0");
    check_number(0.995, 2, "0.99", "0,99"); /* the double lies below 0.995 */
    check_number(1.995, 2, "2.00", "2,00"); /* this one above */
    check_number(0.125, 2, "0.12", "0,12"); /* a true half goes to the even digit */
    check_number(1e15, 2, "1,000,000,000,000,000",
                 "1" NARROW "000" NARROW "000" NARROW "000" NARROW "000" NARROW "000");
    check_number(1.5e300, 2, "1.5e+300", "1,5e+300");
    check_number(NAN, 2, "", "");
    check_number(INFINITY, 2, "∞", "∞");
    check_number(-INFINITY, 2, MINUS "∞", MINUS "∞");
    check_number(99999.99, 0, "100,000", "100" NARROW "000");
}

static void percents_and_p_values(void **state)
{
    (void)state;
    char text[TM_WRITTEN_SIZE];
    assert_string_equal(tm_write_percent(TM_ENGLISH, 0.035, 1, text), "3.5%");
    assert_string_equal(tm_write_percent(TM_FRENCH, 0.035, 1, text), "3,5\u00a0%");
    assert_string_equal(tm_write_percent(TM_FRENCH, NAN, 1, text), "");
    assert_string_equal(tm_write_p(TM_ENGLISH, 0.00099999, text), "<\u00a00.001");
    assert_string_equal(tm_write_p(TM_FRENCH, 0, text), "<\u00a00,001");
    assert_string_equal(tm_write_p(TM_ENGLISH, 0.001, text), "0.001");
    assert_string_equal(tm_write_p(TM_ENGLISH, 0.9996, text), ">\u00a00.999");
    assert_string_equal(tm_write_p(TM_ENGLISH, 1, text), "1.000");
    assert_string_equal(tm_write_p(TM_FRENCH, NAN, text), "");
}

static void check_cell(temoin_context *ctx, tm_table_cell cell, const char *en, const char *fr)
{
    assert_string_equal(tm_cell_write(ctx, TM_ENGLISH, &cell), en);
    assert_string_equal(tm_cell_write(ctx, TM_FRENCH, &cell), fr);
}

static void cells_say_what_they_hold(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    check_cell(ctx, (tm_table_cell){0}, "", "");
    check_cell(ctx, tm_cell_text("<b>"), "<b>", "<b>");
    check_cell(ctx, tm_cell_number(NAN, 2), "–", "–");
    check_cell(ctx, tm_cell_percent(NAN, 2), "–", "–");
    check_cell(ctx, tm_cell_percent(0.12345, 1), "12.3%", "12,3\u00a0%");
    check_cell(ctx, tm_cell_p(NAN), "–", "–");
    check_cell(ctx, tm_cell_interval(-1.25, 3, 1), MINUS "1.2 to 3.0", MINUS "1,2 à 3,0");
    check_cell(ctx, tm_cell_interval(NAN, NAN, 1), "–", "–");
    check_cell(ctx, tm_cell_interval(NAN, 3, 1), "−∞ to 3.0", "−∞ à 3,0");
    check_cell(ctx, tm_cell_interval(2, NAN, 1), "2.0 to ∞", "2,0 à ∞");
    check_cell(ctx, tm_cell_interval(-INFINITY, 3, 0), MINUS "∞ to 3", MINUS "∞ à 3");
    check_cell(ctx, tm_cell_count(-1), "–", "–");
    check_cell(ctx, tm_cell_count(12345), "12,345", "12" NARROW "345");
    check_cell(ctx, tm_cell_masked_count(0, 5), "0", "0");
    check_cell(ctx, tm_cell_masked_count(1, 5), "<\u00a05", "<\u00a05");
    check_cell(ctx, tm_cell_masked_count(4, 5), "<\u00a05", "<\u00a05");
    check_cell(ctx, tm_cell_masked_count(5, 5), "5", "5");
    check_cell(ctx, tm_cell_masked_count(-1, 5), "–", "–");
    temoin_context_free(ctx);
}

static void a_decimal_comma_locale_changes_nothing(void **state)
{
    const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++)
        if (setlocale(LC_ALL, names[n])) break;
    numbers_are_written_as_each_language_does(state);
    percents_and_p_values(state);
    setlocale(LC_ALL, "C");
}

static void footnotes_are_shared_and_marked(void **state)
{
    (void)state;
    temoin_context *ctx = check_context();
    tm_document document;
    tm_document_init(&document, ctx, TM_ENGLISH, "T", "");
    const tm_column columns[] = {{.head = "A"}, {.head = "B", .number = true}};
    tm_table *table = tm_document_add_table(&document, "C", columns, 2);
    tm_table_cell *first = tm_table_add_row(&document, table);
    tm_table_cell *second = tm_table_add_row(&document, table);
    tm_table_add_footnote(&document, table, &first[1], "x");
    tm_table_add_footnote(&document, table, &first[1], "y");
    tm_table_add_footnote(&document, table, &second[1], "y");
    check_ok(ctx, tm_document_finish(&document));
    assert_int_equal(first[1].references->footnote, 0);
    assert_int_equal(first[1].references->next->footnote, 1);
    assert_int_equal(second[1].references->footnote, 1);
    assert_string_equal(table->footnotes->next->text, "y");
    assert_null(table->footnotes->next->next);
    char mark[TM_FOOTNOTE_MARK_SIZE];
    assert_string_equal(tm_footnote_mark(0, mark), "a");
    assert_string_equal(tm_footnote_mark(25, mark), "z");
    assert_string_equal(tm_footnote_mark(26, mark), "aa");
    assert_string_equal(tm_footnote_mark(26 * 27, mark), "aaa");
    assert_true(strlen(tm_footnote_mark(INT32_MAX - 1, mark)) < TM_FOOTNOTE_MARK_SIZE);
    temoin_context_free(ctx);
}

static void memory_that_runs_out_is_said_at_the_end(void **state)
{
    (void)state;
    for (int64_t n = 1; n < 12; n++) {
        temoin_context *ctx = check_context();
        tm_document document;
        tm_document_init(&document, ctx, TM_ENGLISH, "T", "");
        tm_arena_fail_after(n);
        const tm_column columns[] = {{.head = "A"}};
        tm_document_add_heading(&document, 2, "H");
        tm_table *table = tm_document_add_table(&document, "C", columns, 1);
        tm_table_cell *cells = tm_table_add_row(&document, table);
        tm_table_add_footnote(&document, table, cells, "x");
        tm_table_add_group(&document, table, "G");
        tm_fact_add(&document, tm_document_add_facts(&document), "L", "V", "");
        tm_arena_fail_after(0);
        if (n < 10) assert_int_equal(tm_document_finish(&document), TEMOIN_ERR_MEMORY);
        temoin_context_free(ctx);
    }
}

static void languages_are_found(void **state)
{
    (void)state;
    tm_language language = TM_ENGLISH;
    assert_true(tm_language_find("fr", &language) && language == TM_FRENCH);
    assert_false(tm_language_find("FR", &language));
    assert_false(tm_language_find("", &language));
    assert_string_equal(tm_language_name(TM_ENGLISH), "en");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_written_as_each_language_does),
        cmocka_unit_test(percents_and_p_values),
        cmocka_unit_test(cells_say_what_they_hold),
        cmocka_unit_test(a_decimal_comma_locale_changes_nothing),
        cmocka_unit_test(footnotes_are_shared_and_marked),
        cmocka_unit_test(memory_that_runs_out_is_said_at_the_end),
        cmocka_unit_test(languages_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
