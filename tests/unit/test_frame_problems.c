/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each way in which a file is rejected, with the exact message. */
#include "frame_text.h"

#define REJECT(text, want, ...) check_rejected((text), sizeof(text) - 1, AS(__VA_ARGS__), (want))

/* The text is rejected with exactly these problems, one per line of `want`. */
static void check_problems(const char *text, size_t length, const temoin_csv_opts *opts, temoin_status status,
                           const char *want)
{
    temoin_context *ctx = check_context();
    const temoin_frame *frame = (const temoin_frame *)text;
    assert_int_equal(tm_frame_parse(ctx, "x.csv", text, length, opts, &frame), status);
    assert_null(frame);
    char got[8192] = "";
    for (size_t i = 0; i < temoin_context_n_problems(ctx); i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", i ? "\n" : "", temoin_context_problem(ctx, i));
    assert_string_equal(got, want);
    temoin_context_free(ctx);
}

static void check_rejected(const char *text, size_t length, const temoin_csv_opts *opts, const char *want)
{
    check_problems(text, length, opts, TEMOIN_ERR_DATA, want);
}

static void wrong_delimiters_are_named(void **state)
{
    (void)state;
    REJECT("\nid;age;arm\n1;2;3\n",
           "x.csv: line 2: found one column, \"id;age;arm\", with the declared delimiter (comma); declare \"delimiter: "
           "semicolon\" or \"delimiter: auto\", or put the name in quotes if there is only one column",
           .delimiter = ',');
    REJECT("id,age\n1,2\n",
           "x.csv: line 1: found one column, \"id,age\", with the declared delimiter (tab); declare \"delimiter: "
           "comma\" or "
           "\"delimiter: auto\", or put the name in quotes if there is only one column",
           .delimiter = '\t');
    check_problems("a\n1\n", 4, AS(.delimiter = '|'), TEMOIN_ERR_USAGE,
                   "x.csv: a delimiter is a comma, a semicolon or a tab; declare one of these");
    check_problems("a\n1\n", 4, AS(.decimal = ' '), TEMOIN_ERR_USAGE,
                   "x.csv: a decimal separator is a point or a comma; declare one of these");
}

static void files_without_rows(void **state)
{
    (void)state;
    static const char empty[] = "x.csv: the file is empty; it needs a header line and at least one row";
    REJECT("", empty);
    REJECT("\xef\xbb\xbf", empty);
    REJECT("\n \r\n\t\n", empty);
    REJECT("\n\n", empty, .encoding = "windows-1252");
    REJECT("a,b", "x.csv: found a header and no rows; it needs at least one row");
    REJECT("a,b\r\n\r\n", "x.csv: found a header and no rows; it needs at least one row");
}

static void ragged_rows(void **state)
{
    (void)state;
    REJECT("a,b,c\n1,2,3\n1,2\n\"x\ny\",2,3,4\n1,2,3\n5", "x.csv: line 3: too few cells: found 2, the header has 3; "
                                                          "add the delimiters (\",\") of the empty cells, or join "
                                                          "the parts of a row that was broken over lines\n"
                                                          "x.csv: line 4: too many cells: found 4, the header has 3; "
                                                          "put quotes around a cell that contains the delimiter "
                                                          "(\",\"), or take away the surplus\n"
                                                          "x.csv: line 7: too few cells: found 1, the header has 3; "
                                                          "add the delimiters (\",\") of the empty cells, or join "
                                                          "the parts of a row that was broken over lines");
    REJECT("a\tb\n1\t2\t\n", "x.csv: line 2: too many cells: found 3, the header has 2; put quotes around a cell that "
                             "contains the delimiter "
                             "(tab), or take away the surplus");
}

static void quotes_out_of_place(void **state)
{
    (void)state;
    REJECT("a,b\n1,\"2\n3,4\n", "x.csv: line 2, column \"b\": the quote opened here is never closed; close it, or "
                                "write a quote that belongs to "
                                "the text twice (\"\")");
    REJECT("a,b\n\"1\n\",x\n\"\n\n3\",\"4,5\n6", "x.csv: line 6, column \"b\": the quote opened here is never closed; "
                                                 "close it, or write a quote that belongs to "
                                                 "the text twice (\"\")");
    REJECT("a,\"b\n1,2\n", "x.csv: line 1, column 2: the quote opened here is never closed; close it, or write a quote "
                           "that belongs to the "
                           "text twice (\"\")");
    REJECT(
        "size,b\n1,2\n5\" pipe,3\n4,\"say \"hi\" now\"\n\n7,x\"",
        "x.csv: line 3, column \"size\": found a quote inside the cell \"5\" pipe\"; put the cell in quotes and write "
        "the "
        "quote inside twice (\"\")\n"
        "x.csv: line 4, column \"b\": found \"hi\" now\"\" after the closing quote; write a quote inside a quoted cell "
        "twice (\"\")\n"
        "x.csv: line 6, column \"b\": found a quote inside the cell \"x\"\"; put the cell in quotes and write the "
        "quote "
        "inside twice (\"\")");
    REJECT(
        "a,b\n1,\"2\n3,\"4\n5,6,7\n",
        "x.csv: line 3, column \"b\": found \"4\" after the closing quote (opened on line 2); write a quote inside a "
        "quoted cell twice (\"\")");
    REJECT(
        "a\"b,c\n1,2\n",
        "x.csv: line 1, column 1: found a quote inside the cell \"a\"b\"; put the cell in quotes and write the quote "
        "inside twice (\"\")");
}

static void header_names(void **state)
{
    (void)state;
    REJECT("id,age,id,,age,id\n1,2,3,4,5,6\n",
           "x.csv: line 1: columns 1 and 3 are both named \"id\"; give every column its own name\n"
           "x.csv: line 1, column 4: the header has no name here; name every column\n"
           "x.csv: line 1: columns 2 and 5 are both named \"age\"; give every column its own name\n"
           "x.csv: line 1: columns 1 and 6 are both named \"id\"; give every column its own name");
    REJECT("\na,\"\n\",\n1,2,3\n", "x.csv: line 2, column 3: the header has no name here; name every column, or take "
                                   "away the delimiter at the end of "
                                   "the lines");
}

static void bytes_that_are_no_text(void **state)
{
    (void)state;
    REJECT("a,b\n1,\0\0\n3,4\n",
           "x.csv: line 2, byte 3: found a NUL byte (2 in the file); a CSV file is plain text: the file "
           "is damaged or not CSV, export it again");
    REJECT("a\0,\0b\0\n\0",
           "x.csv: line 1, byte 2: found a NUL byte (4 in the file); it looks like UTF-16: save the file as "
           "\"CSV UTF-8\"");
    REJECT("\xff\xfe"
           "a\0",
           "x.csv: line 1: the file is UTF-16; save it as \"CSV UTF-8\"");
    REJECT("\xfe\xff\0a", "x.csv: line 1: the file is UTF-16; save it as \"CSV UTF-8\"", .encoding = "windows-1252");
    REJECT(
        "\xef\xbb\xbf"
        "a\n\xc3\xa9\n",
        "x.csv: line 1: the file says that it is UTF-8 (byte order mark), iso-8859-15 is declared; declare \"encoding: "
        "utf-8\"",
        .encoding = "ISO-8859-15");
    REJECT("name,x\r\nAndr\xe9,\xe9\r\nok,\xc3\xa9\rZo\xc3,1\n",
           "x.csv: line 2, byte 5: found byte 0xE9, which is not valid UTF-8; declare \"encoding: windows-1252\" if an "
           "older "
           "Windows program wrote the file, or save it again as UTF-8\n"
           "x.csv: line 4, byte 3: found byte 0xC3, which is not valid UTF-8; declare \"encoding: windows-1252\" if an "
           "older "
           "Windows program wrote the file, or save it again as UTF-8");
    REJECT("a\n\x80\x81\n",
           "x.csv: line 2, byte 2: found byte 0x81, which does not exist in windows-1252; declare the "
           "encoding in which the file was saved, or save it again as UTF-8",
           .encoding = "windows-1252");
    REJECT("a\n\x80\n",
           "x.csv: line 2, byte 1: found byte 0x80, which is a control character in iso-8859-1; declare "
           "\"encoding: windows-1252\", or save the file again as UTF-8",
           .encoding = "iso-8859-1");
    check_problems("a\n1\n", 4, AS(.encoding = "windows-1251"), TEMOIN_ERR_USAGE,
                   "x.csv: the encoding \"windows-1251\" is not known, the nearest is windows-1252; declare utf-8, "
                   "windows-1252, iso-8859-1 or iso-8859-15");
    check_problems(
        "a\n1\n", 4, AS(.encoding = "ebcdic"), TEMOIN_ERR_USAGE,
        "x.csv: the encoding \"ebcdic\" is not known; declare utf-8, windows-1252, iso-8859-1 or iso-8859-15");
}

/* Unicode 15, table 3-7: both sides of each limit. */
static void utf8_limits(void **state)
{
    (void)state;
    static const char *const good[] = {
        "\x7f",         "\xc2\x80",         "\xdf\xbf",         "\xe0\xa0\x80",    "\xed\x9f\xbf",
        "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "12345678\xc3\xa9"};
    static const char *const bad[] = {"\x80",
                                      "\xc1\xbf",
                                      "\xc2",
                                      "\xc2\x41",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xe2\x82",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff",
                                      "1234567\xf0\x9f\x98"};
    for (size_t i = 0; i < sizeof good / sizeof *good + sizeof bad / sizeof *bad; i++) {
        bool is_good = i < sizeof good / sizeof *good;
        const char *piece = is_good ? good[i] : bad[i - sizeof good / sizeof *good];
        temoin_context *ctx = check_context();
        const temoin_frame *frame;
        char text[64];
        int n = snprintf(text, sizeof text, "a\n%s", piece);
        temoin_status status = tm_frame_parse(ctx, "x.csv", text, (size_t)n, AS(.delimiter = 0), &frame);
        assert_int_equal(status, is_good ? TEMOIN_OK : TEMOIN_ERR_DATA);
        if (is_good) assert_string_equal(text_at(frame, "a", 0), piece);
        temoin_context_free(ctx);
    }
}

static void numbers_that_need_another_decimal(void **state)
{
    (void)state;
    const temoin_column_request number = {"x", TEMOIN_COLUMN_NUMBER, false};
    REJECT("id;x\n1;2\n2;3,25\n",
           "x.csv: line 3, column \"x\": found \"3,25\" where a number is expected; declare \"decimal: comma\"",
           .requests = &number, .n_requests = 1);
    REJECT("id;x\n1;2\n2;3.25\n",
           "x.csv: line 3, column \"x\": found \"3.25\" where a number is expected; declare \"decimal: point\"",
           .requests = &number, .n_requests = 1, .decimal = ',');
}

static void requests_that_do_not_fit(void **state)
{
    (void)state;
    const temoin_column_request requests[] = {{"ag", TEMOIN_COLUMN_NUMBER, false},
                                              {"age", TEMOIN_COLUMN_NUMBER, false},
                                              {"far", TEMOIN_COLUMN_FLAG, false},
                                              {"entry", TEMOIN_COLUMN_DATE, true},
                                              {"caseworker", TEMOIN_COLUMN_AUTO, true}};
    REJECT(
        "age,far,entry\nforty,yes,2019-02-29\n41,maybe,01/02/2019\n\"a\nvery long cell that goes on and on, "
        "ééééééééééé, and on"
        "\",,\n1,2\n",
        "x.csv: line 6: too few cells: found 2, the header has 3; add the delimiters (\",\") of the empty cells, or "
        "join the "
        "parts of a row that was broken over lines\n"
        "x.csv: there is no column \"ag\"; the columns are \"age\", \"far\", \"entry\"; did you mean \"age\"?\n"
        "x.csv: there is no column \"caseworker\"; the columns are \"age\", \"far\", \"entry\"\n"
        "x.csv: line 2, column \"age\": found \"forty\" where a number is expected; correct the cell, or add \"forty\" "
        "to "
        "\"missing\"\n"
        "x.csv: line 4, column \"age\": found \"a very long cell that goes on and on, ééééééééé…\" where a number is "
        "expected; correct the cell, or add \"a very long cell that goes on and on, ééééééééé…\" to \"missing\"\n"
        "x.csv: line 3, column \"far\": found \"maybe\" where a flag (0/1, yes/no, oui/non, true/false, vrai/faux, "
        "y/n, o/n) "
        "is expected; correct the cell, or add \"maybe\" to \"missing\"\n"
        "x.csv: line 2, column \"entry\": found \"2019-02-29\" where a date (a day of the calendar as yyyy-mm-dd) is "
        "expected; correct the cell, or add \"2019-02-29\" to \"missing\"\n"
        "x.csv: line 3, column \"entry\": found \"01/02/2019\" where a date (a day of the calendar as yyyy-mm-dd) is "
        "expected; correct the cell, or add \"01/02/2019\" to \"missing\"",
        .requests = requests, .n_requests = 5);
    temoin_context *ctx = check_context();
    const temoin_frame *f = READ(ctx, "age\n1\n", .requests = requests, .n_requests = 5, .absent_allowed = true);
    assert_int_equal(f->n_columns, 1);
    assert_int_equal(f->columns[0].type, TEMOIN_COLUMN_NUMBER);
    temoin_context_free(ctx);
}

static void twenty_problems_are_kept_and_a_thousand_counted(void **state)
{
    (void)state;
    char text[4096] = "a,b\n";
    for (int i = 0; i < 200; i++) strcat(text, i % 2 ? "1\n" : "1,2,3\n");
    temoin_context *ctx = check_context();
    const temoin_frame *frame;
    assert_int_equal(tm_frame_parse(ctx, "x.csv", text, strlen(text), AS(.delimiter = ','), &frame), TEMOIN_ERR_DATA);
    assert_int_equal(temoin_context_n_problems(ctx), 20);
    assert_int_equal(temoin_context_n_problems_dropped(ctx), 180);
    for (int again = 0; again < 5; again++)
        assert_int_equal(tm_frame_parse(ctx, "x.csv", text, strlen(text), AS(.delimiter = ','), &frame),
                         TEMOIN_ERR_DATA);
    assert_int_equal(temoin_context_n_problems_dropped(ctx), 1000);
    assert_int_equal(tm_frame_parse(ctx, "y.csv", "a\n1\n", 4, AS(.delimiter = ','), &frame), TEMOIN_ERR_DATA);
    assert_null(frame);
    temoin_context_free(ctx);
}

static void memory_that_runs_out_is_an_error(void **state)
{
    (void)state;
    static const char text[] = "pr\xe9nom;x;y\na;1;2019-01-01\nb;2;\n";
    for (int64_t n = 1, failed = 1; failed; n++) {
        temoin_context *ctx = check_context();
        const temoin_frame *frame;
        tm_arena_fail_after(n);
        temoin_status status =
            tm_frame_parse(ctx, "x.csv", text, sizeof text - 1, AS(.encoding = "windows-1252"), &frame);
        tm_arena_fail_after(0);
        failed = status != TEMOIN_OK;
        if (failed) assert_int_equal(status, TEMOIN_ERR_MEMORY);
        assert_true(n < 1000);
        temoin_context_free(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_delimiters_are_named),
        cmocka_unit_test(files_without_rows),
        cmocka_unit_test(ragged_rows),
        cmocka_unit_test(quotes_out_of_place),
        cmocka_unit_test(header_names),
        cmocka_unit_test(bytes_that_are_no_text),
        cmocka_unit_test(utf8_limits),
        cmocka_unit_test(numbers_that_need_another_decimal),
        cmocka_unit_test(requests_that_do_not_fit),
        cmocka_unit_test(twenty_problems_are_kept_and_a_thousand_counted),
        cmocka_unit_test(memory_that_runs_out_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
